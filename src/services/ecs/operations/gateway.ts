import type {
  CreateGatewayCommandInput,
  CreateGatewayResponse,
  DeleteGatewayCommandInput,
  DeleteGatewayResponse,
  DescribeGatewayCommandInput,
  DescribeGatewayResourcesCommandInput,
  DescribeGatewayResourcesResponse,
  DescribeGatewayResponse,
  ListGatewaysCommandInput,
  ListGatewaysResponse,
  UpdateGatewayCommandInput,
  UpdateGatewayResponse,
} from '@aws-sdk/client-ecs';
import type { Call } from '../../service.ts';
import { gatewayArn, isName } from '../arn.ts';
import { readClientToken } from '../client-token.ts';
import type { EcsContext } from '../context.ts';
import { clientError, invalidParameter } from '../errors.ts';
import { readRoleArn } from '../express/express-input.ts';
import { readChangedGateway, readNewGateway } from '../gateway/gateway-input.ts';
import { requireGateway } from '../gateway/gateway-lookup.ts';
import { gatewaySummary, gatewayView, loadBalancerView } from '../gateway/gateway-view.ts';
import {
  associationsOfGateway,
  type GatewayRecord,
  gatewayKey,
  gateways,
  loadBalancersOfGateway,
  routesOfGateway,
} from '../gateway/records.ts';
import { given } from '../given.ts';
import { page } from '../pagination.ts';
import { requestHash } from '../request-hash.ts';
import { validateTags } from '../tags.ts';

const maxTokenLength = 64;

/**
 * Writes the gateway, which is ACTIVE at once: its load balancers come with the services that join it. The same request with
 * the same clientToken is answered with the gateway as it now stands; any other for a name in use is refused.
 */
export async function createGateway(
  ecs: EcsContext,
  input: CreateGatewayCommandInput,
  call: Call,
): Promise<CreateGatewayResponse> {
  const { name = '' } = input;
  if (!isName(name))
    throw invalidParameter(
      'Gateway names can have up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens.',
    );
  const clientToken = readClientToken(input.clientToken, maxTokenLength);
  const infrastructureRoleArn = readRoleArn('infrastructureRoleArn', input.infrastructureRoleArn, call);
  const tags = validateTags(input.tags);
  const parametersHash = requestHash(input);
  await ecs.ensureServiceLinkedRole(call.accountId);
  const gateway = await ecs.state.transact((tx): GatewayRecord => {
    const existing = tx.get(gateways, gatewayKey(call, name));
    if (existing !== undefined) {
      const isRepetition =
        clientToken !== undefined &&
        existing.clientToken === clientToken &&
        existing.parametersHash === parametersHash;
      if (!isRepetition) throw clientError(`A gateway with the name ${name} already exists.`);
      return existing;
    }
    const created: GatewayRecord = {
      ...{ name, createdAt: call.now, updatedAt: call.now, status: 'ACTIVE', tags, parametersHash },
      ...given('clientToken', clientToken),
      infrastructureRoleArn,
      ...readNewGateway(tx, call, input),
    };
    requireRole(ecs, call, created);
    tx.put(gateways, gatewayKey(call, name), created);
    return created;
  });
  return { gatewayArn: gatewayArn(call, name), name, status: gateway.status };
}

/** Changes what is said; each of the load balancers is then changed by `reconcilers/gateway-infrastructure.ts`. */
export async function updateGateway(
  ecs: EcsContext,
  input: UpdateGatewayCommandInput,
  call: Call,
): Promise<UpdateGatewayResponse> {
  return ecs.state.transact((tx) => {
    const before = requireGateway(tx, call, input.gateway);
    if (before.status === 'UPDATE_IN_PROGRESS')
      throw clientError('The gateway is being updated: wait until its status is UPDATE_COMPLETE.');
    const { failures: _failures, ...kept } = readChangedGateway(tx, call, before, input);
    const { infrastructureRoleArn: role } = input;
    const after: GatewayRecord = {
      ...kept,
      ...(role !== undefined && {
        infrastructureRoleArn: readRoleArn('infrastructureRoleArn', role, call),
      }),
      ...{ status: 'UPDATE_IN_PROGRESS', updatedAt: call.now },
    };
    const count = loadBalancersOfGateway(tx, call, before.name).length;
    if (after.maxAlbCount < count)
      throw invalidParameter(
        `maxAlbCount can not be less than the number of load balancers that the gateway has (${count}).`,
      );
    if (role !== undefined) requireRole(ecs, call, after);
    tx.put(gateways, gatewayKey(call, before.name), after);
    return { gatewayArn: gatewayArn(call, before.name), name: before.name, status: after.status };
  });
}

/** @throws {Refusal} AccessDeniedException ECS can't take the role. */
function requireRole(ecs: EcsContext, call: Call, { name, infrastructureRoleArn }: GatewayRecord): void {
  ecs.infrastructure.assumeRole({
    ...{ scope: call, roleArn: infrastructureRoleArn, sourceArn: gatewayArn(call, name) },
  });
}

/** Without an association there is no route, and without a route there is no load balancer. */
export async function deleteGateway(
  ecs: EcsContext,
  input: DeleteGatewayCommandInput,
  call: Call,
): Promise<DeleteGatewayResponse> {
  return ecs.state.transact((tx) => {
    const { name, deletionProtection } = requireGateway(tx, call, input.gateway);
    if (deletionProtection)
      throw clientError(
        'The gateway cannot be deleted because deletion protection is enabled: disable it with UpdateGateway.',
      );
    if (associationsOfGateway(tx, call, name).length > 0)
      throw clientError('The gateway cannot be deleted while it is associated with clusters.');
    tx.delete(gateways, gatewayKey(call, name));
    return { gatewayArn: gatewayArn(call, name), name, status: 'DELETED' };
  });
}

export function describeGateway(
  ecs: EcsContext,
  { gateway }: DescribeGatewayCommandInput,
  call: Call,
): DescribeGatewayResponse {
  return { gateway: gatewayView(ecs.state, call, requireGateway(ecs.state, call, gateway)) };
}

const maxNames = 10;
const statuses = ['ACTIVE', 'DELETED', 'UPDATE_COMPLETE', 'UPDATE_FAILED', 'UPDATE_IN_PROGRESS'];

export function listGateways(
  ecs: EcsContext,
  { names, status, maxResults, nextToken }: ListGatewaysCommandInput,
  call: Call,
): ListGatewaysResponse {
  if ((names?.length ?? 0) > maxNames) throw invalidParameter(`names can have at most ${maxNames} items.`);
  const hasStatus = statusFilter(status, statuses);
  const found = ecs.state
    .byIndex(gateways, 'byScope', `${call.accountId}/${call.region}`)
    .map(({ value }) => value)
    .filter((gateway) => hasStatus(gateway.status) && (!names?.length || names.includes(gateway.name)))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const { items, nextToken: next } = page(found, ({ name }) => name, {
    ...{ maxResults, nextToken, ...listing },
  });
  return { gateways: items.map((gateway) => gatewaySummary(call, gateway)), ...given('nextToken', next) };
}

/** The pages of what is listed of gateways. */
export const listing = { defaultSize: 100, maxSize: 100 };

/** None given lets all through. @throws InvalidParameterException */
export function statusFilter(
  asked: readonly string[] | undefined,
  known: readonly string[],
): (status: string) => boolean {
  const unknown = asked?.find((status) => !known.includes(status));
  if (unknown !== undefined) throw invalidParameter(`status should be one of [${known}].`);
  return (status) => !asked?.length || asked.includes(status);
}

export function describeGatewayResources(
  ecs: EcsContext,
  { gateway, maxResults, nextToken }: DescribeGatewayResourcesCommandInput,
  call: Call,
): DescribeGatewayResourcesResponse {
  const { name } = requireGateway(ecs.state, call, gateway);
  const routes = routesOfGateway(ecs.state, call, name);
  const sorted = loadBalancersOfGateway(ecs.state, call, name).toSorted((one, other) =>
    one.name < other.name ? -1 : 1,
  );
  const { items, nextToken: next } = page(sorted, (each) => each.name, {
    ...{ maxResults, nextToken, defaultSize: 10, maxSize: 20 },
  });
  return {
    gatewayResources: {
      gatewayArn: gatewayArn(call, name),
      resources: { hostSharedAlb: items.map((each) => loadBalancerView(call, each, routes)) },
    },
    ...given('nextToken', next),
  };
}
