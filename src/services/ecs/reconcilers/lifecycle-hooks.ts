import { withTimeout } from '../../../clock/index.ts';
import {
  again,
  done,
  type Outcome,
  type Reader,
  type Reconciler,
  type RecordKey,
  watching,
} from '../../../reconcile/index.ts';
import { type Scope, scopeOfKey } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import type { PendingFunction } from '../records/lifecycle.ts';
import {
  type DeploymentRecord,
  type ServiceDeploymentRecord,
  type ServiceRecord,
  serviceDeployments,
  services,
} from '../records.ts';
import { serviceDeploymentKey } from '../service-history.ts';
import {
  type FunctionAnswer,
  type HookFunctions,
  hookEvent,
  readReply,
  waitingForFunctions,
  withReply,
} from '../traffic-shift/hook-calls.ts';

/** A call takes up to 15 minutes, and keeps nobody else's waiting. */
const calledAtOnce = 64;

/**
 * Calls the functions that stages of deployments wait for, and writes what they say on the service deployment, where the
 * scheduler takes it. A key of work is that of a service's record and a hook's id. A call that was cut off is made again,
 * with the same `executionId`.
 */
export function lifecycleHooks(ecs: EcsContext, functions: HookFunctions): Reconciler {
  return {
    name: 'lifecycle-hooks',
    concurrency: calledAtOnce,
    watches: [
      watching(services, ({ key, after }) =>
        (waitingForFunctions(after)?.hooks ?? []).map(({ id }) => `${key}#${id}`),
      ),
    ],
    reconcile: async (key, signal): Promise<Outcome> => {
      const [serviceKey = '', hookId = ''] = key.split('#');
      const scope = scopeOfKey(serviceKey);
      const waiting = findWaiting(ecs.state, scope, serviceKey as RecordKey, hookId);
      if (waiting === undefined) return done;
      const { hook, current } = waiting;
      const now = ecs.clock.now();
      const callAt = current.hookCallbacks?.[hookId]?.at ?? now;
      // The scheduler says that its time is over.
      if (hook.expiresAt <= now) return done;
      if (callAt > now) return again(callAt - now);

      const answer = await ask(ecs, functions, scope, waiting, signal);
      if (answer === undefined) return done;
      const reply = readReply(answer, ecs.clock.now());
      if (reply.status === 'FAILED')
        ecs.log.warn('A lifecycle hook failed', { hookId, functionArn: hook.functionArn, why: reply.why });
      await ecs.state.transact((tx) => {
        const fresh = findWaiting(tx, scope, serviceKey as RecordKey, hookId);
        if (fresh === undefined) return;
        const { lifecycle } = fresh.deployment;
        const ids = new Set(lifecycle?.hooks.map(({ id }) => id));
        const record = withReply(fresh.current, hookId, reply, ids);
        tx.put(serviceDeployments, fresh.currentKey, { ...record, updatedAt: ecs.clock.now() });
      });
      return again(0);
    },
  };
}

interface Waiting {
  readonly service: ServiceRecord;
  readonly deployment: DeploymentRecord;
  readonly current: ServiceDeploymentRecord;
  readonly currentKey: RecordKey;
  readonly hook: PendingFunction;
}

/** Undefined: it has been answered, or nobody waits for it any more. */
function findWaiting(
  reader: Reader,
  scope: Scope,
  serviceKey: RecordKey,
  hookId: string,
): Waiting | undefined {
  const service = reader.get(services, serviceKey);
  const waiting = waitingForFunctions(service);
  const hook = waiting?.hooks.find(({ id }) => id === hookId);
  if (service === undefined || waiting === undefined || hook === undefined) return undefined;
  const { deployment } = waiting;
  const currentKey = serviceDeploymentKey(scope, service, service.serviceDeploymentId ?? '');
  const current = reader.get(serviceDeployments, currentKey);
  if (current === undefined || current.hookAnswers?.[hookId] !== undefined) return undefined;
  return { service, deployment, current, currentKey, hook };
}

/** Undefined: the hook's time was over first. */
async function ask(
  ecs: EcsContext,
  functions: HookFunctions,
  scope: Scope,
  waiting: Waiting,
  signal: AbortSignal,
): Promise<FunctionAnswer | undefined> {
  const { functionArn, roleArn, expiresAt } = waiting.hook;
  const asked = { roleArn, action: 'lambda:InvokeFunction', resource: functionArn };
  const obstacle = ecs.infrastructureRoleObstacle(scope, asked);
  if (obstacle !== undefined) return { isAnswered: false, why: obstacle };
  using deadline = withTimeout(ecs.clock, Math.max(0, expiresAt - ecs.clock.now()), signal);
  try {
    return await functions.invoke(functionArn, hookEvent(scope, waiting), deadline.signal);
  } catch (error) {
    if (signal.aborted || !deadline.signal.aborted) throw error;
    return undefined;
  }
}
