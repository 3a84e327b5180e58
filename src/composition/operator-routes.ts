import {
  type AddInstanceRequest,
  type InterruptSpotResponse,
  type ListInstancesResponse,
  operatorPaths,
  type ShutdownResponse,
} from '../cli/index.ts';
import type { RouteAnswer, SignedRoute } from '../gateway/index.ts';
import { Refusal } from '../protocols/index.ts';
import type { Principal } from '../services/service.ts';
import { identityRoutes } from './identity-routes.ts';
import { machineOperatorRoutes } from './machines/machine-routes.ts';
import { networkRoutes } from './network-routes.ts';
import type { OperatorParts } from './operator.ts';
import { answerBalancerLogs } from './operator-balancer-logs.ts';
import { answerEvents } from './operator-events.ts';

/** Loaded with the first question: the front door opens before the node side, which they ask, is read. */
const operator = () => import('./operator.ts');

/**
 * What a person asks of the installation itself: see `cli/operator-api.ts`. The installation is no account's to give
 * away, so whatever policies say, it answers the root user of its first account alone.
 */
export function operatorRoutes(
  accountId: string,
  parts: () => OperatorParts,
  shutDown: () => void,
): readonly SignedRoute[] {
  return routes(parts, shutDown).map((route) => ({
    ...route,
    handle: (request, call) => {
      requireOperator(accountId, route.action, call.principal);
      return route.handle(request, call);
    },
  }));
}

/** @throws {Refusal} it is anybody else than the root user of the installation's first account. */
export function requireOperator(accountId: string, action: string, principal: Principal): void {
  const isRoot = principal.identity.kind === 'root' && principal.accountId === accountId;
  if (isRoot) return;
  throw new Refusal(
    'AccessDeniedException',
    `User: ${principal.arn} is not authorized to perform: ${action} ` +
      `because only the root user of account ${accountId} may`,
    { status: 403 },
  );
}

function routes(parts: () => OperatorParts, shutDown: () => void): readonly SignedRoute[] {
  return [
    {
      isSigned: true,
      method: 'GET',
      path: operatorPaths.status,
      action: 'catamaran:GetStatus',
      handle: async () => ok(await (await operator()).status(parts())),
    },
    {
      isSigned: true,
      method: 'GET',
      path: operatorPaths.instances,
      action: 'catamaran:ListInstances',
      handle: async ({ query }) => {
        const { listInstances, listNodes } = await operator();
        const cluster = query.get('cluster') ?? undefined;
        const [instances, nodes] = [await listInstances(parts(), cluster), listNodes(parts(), cluster)];
        return ok({ instances, nodes } satisfies ListInstancesResponse);
      },
    },
    {
      isSigned: true,
      method: 'POST',
      path: operatorPaths.instances,
      action: 'catamaran:AddInstance',
      handle: async ({ body }) => {
        const { addInstance } = await operator();
        return ok(await refusing(() => addInstance(parts(), readAddInstance(body))));
      },
    },
    {
      isSigned: true,
      method: 'DELETE',
      path: `${operatorPaths.instances}/{id}`,
      action: 'catamaran:RemoveInstance',
      handle: async ({ labels, query }, { signal }) => {
        const { removeInstance } = await operator();
        const force = query.get('force') === 'true';
        return ok(await refusing(() => removeInstance(parts(), labels.get('id') ?? '', { force, signal })));
      },
    },
    {
      isSigned: true,
      method: 'GET',
      path: operatorPaths.events,
      action: 'catamaran:ListEvents',
      handle: (request, { signal }) => {
        const { eventLog, clock } = parts();
        return answerEvents(eventLog, request, { signal, clock });
      },
    },
    {
      isSigned: true,
      method: 'GET',
      path: operatorPaths.balancerLogs,
      action: 'catamaran:GetBalancerLogs',
      handle: (request, { signal }) => {
        const { balancerLogs, clock } = parts();
        return answerBalancerLogs(balancerLogs, request, { signal, clock });
      },
    },
    {
      isSigned: true,
      method: 'POST',
      path: operatorPaths.spotInterruptions,
      action: 'catamaran:InterruptSpot',
      handle: async ({ body }) => {
        const task = readInterruptedTask(body);
        const taskArns = await parts().interruptSpot(task);
        if (task !== undefined && taskArns.length === 0)
          throw new Refusal(
            'InvalidRequest',
            `No task ${task} runs on Fargate Spot: see aws ecs list-tasks`,
            {
              status: 400,
            },
          );
        return ok({ taskArns } satisfies InterruptSpotResponse);
      },
    },
    ...identityRoutes(async () => parts().loadIdentities()),
    ...networkRoutes(() => parts().network),
    ...machineOperatorRoutes(() => parts().machines),
    {
      isSigned: true,
      method: 'POST',
      path: operatorPaths.shutdown,
      action: 'catamaran:ShutDown',
      handle: () => {
        shutDown();
        return ok({ pid: process.pid } satisfies ShutdownResponse);
      },
    },
  ];
}

const ok = (body: unknown): RouteAnswer => ({ status: 200, body });

/** What the machine can't do is the asker's to know, not a fault of the server. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // As `operator`.
    const { MachineError } = await import('../node/index.ts');
    if (error instanceof MachineError)
      throw new Refusal('InvalidRequest', error.message, { status: 400, cause: error });
    throw error;
  }
}

function readAddInstance(body: unknown): AddInstanceRequest {
  const given = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  const { cluster, name, availabilityZone, capacityProvider, cpu, memory } = given;
  return {
    ...(cluster === undefined ? {} : { cluster: requireName('cluster', cluster) }),
    ...(name === undefined ? {} : { name: requireName('name', name) }),
    ...(capacityProvider === undefined
      ? {}
      : { capacityProvider: requireName('capacityProvider', capacityProvider) }),
    ...(availabilityZone === undefined
      ? {}
      : { availabilityZone: requireName('availabilityZone', availabilityZone) }),
    ...(cpu === undefined ? {} : { cpu: requireWhole('cpu', cpu) }),
    ...(memory === undefined ? {} : { memory: requireWhole('memory', memory) }),
  };
}

function readInterruptedTask(body: unknown): string | undefined {
  const task = typeof body === 'object' && body !== null && 'task' in body ? body.task : undefined;
  if (task === undefined || typeof task === 'string') return task;
  throw new Refusal('InvalidRequest', 'Invalid task: its id or ARN is expected', { status: 400 });
}

function requireName(member: string, value: unknown): string {
  if (typeof value === 'string' && /^[a-zA-Z0-9_-]{1,255}$/.test(value)) return value;
  throw new Refusal(
    'InvalidRequest',
    `Invalid ${member}: letters, digits, - and _ are allowed, at most 255 of them`,
    { status: 400 },
  );
}

function requireWhole(member: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new Refusal('InvalidRequest', `Invalid ${member}: a whole number above 0 is expected`, {
    status: 400,
  });
}
