import type {
  DeleteServiceCommandInput,
  DeleteServiceResponse,
  DescribeServicesCommandInput,
  DescribeServicesResponse,
  ListServicesCommandInput,
  ListServicesResponse,
} from '@aws-sdk/client-ecs';
import type { Call } from '../../service.ts';
import { clusterName, serviceArn, serviceName } from '../arn.ts';
import { requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { invalidParameter, serviceNotFound } from '../errors.ts';
import { readInclude } from '../include.ts';
import { readLaunchTypeFilter } from '../launch-type-filter.ts';
import { page } from '../pagination.ts';
import { type ServiceRecord, services } from '../records.ts';
import { findService, requireService, serviceKey } from '../service-lookup.ts';
import { serviceView } from '../service-view.ts';

export { createService } from './create-service.ts';
export { updateService } from './update-service.ts';

const maxDescribed = 10;
const defaultPage = 10;
const maxPage = 100;

/**
 * Ends a service that is scaled to 0 or, with `force`, any. It is DRAINING while its tasks stop, then INACTIVE
 * for an hour, in which it is still described and its name is free again.
 */
export async function deleteService(
  ecs: EcsContext,
  input: DeleteServiceCommandInput,
  call: Call,
): Promise<DeleteServiceResponse> {
  return transactInTurn(ecs, call, clusterName(input.cluster), (tx) => {
    const { name: cluster } = requireCluster(tx, call, input.cluster);
    const before = requireService(tx, call, cluster, input.service);
    if (before.status === 'INACTIVE') throw serviceNotFound();
    if (before.status === 'ACTIVE' && before.desiredCount > 0 && !input.force)
      throw invalidParameter('The service cannot be stopped while it is scaled above 0.');
    const { steadyAt: _steadyAt, ...rest } = before;
    const draining: ServiceRecord = { ...rest, status: 'DRAINING', desiredCount: 0 };
    tx.put(services, serviceKey(call, cluster, before.name), draining);
    return { service: serviceView(tx, call, draining, { withTags: true }) };
  });
}

/** Up to ten services, also those that are being deleted or were lately; those unknown are told as MISSING. */
export function describeServices(
  ecs: EcsContext,
  input: DescribeServicesCommandInput,
  call: Call,
): DescribeServicesResponse {
  const { name: cluster } = requireCluster(ecs.state, call, input.cluster);
  const identifiers = input.services ?? [];
  if (identifiers.length === 0) throw invalidParameter('Services cannot be empty.');
  if (identifiers.length > maxDescribed)
    throw invalidParameter(`Services can have at most ${maxDescribed} items.`);
  const withTags = readInclude(input.include, ['TAGS']).has('TAGS');

  const found: ServiceRecord[] = [];
  const missing: string[] = [];
  for (const identifier of new Set(identifiers)) {
    const service = findService(ecs.state, call, cluster, identifier);
    if (service) found.push(service);
    else
      missing.push(
        identifier.startsWith('arn:') ? identifier : serviceArn(call, cluster, serviceName(identifier)),
      );
  }
  return {
    services: found.map((service) => serviceView(ecs.state, call, service, { withTags })),
    failures: missing.map((arn) => ({ arn, reason: 'MISSING' })),
  };
}

/** The ARNs of a cluster's ACTIVE services, by name; ten to a page unless asked for more. */
export function listServices(
  ecs: EcsContext,
  input: ListServicesCommandInput,
  call: Call,
): ListServicesResponse {
  const { name: cluster } = requireCluster(ecs.state, call, input.cluster);
  const wantedType = readLaunchTypeFilter(input.launchType);
  const { schedulingStrategy: wantedStrategy, resourceManagementType: wantedManagement } = input;
  if (wantedStrategy !== undefined && wantedStrategy !== 'REPLICA' && wantedStrategy !== 'DAEMON')
    throw invalidParameter('schedulingStrategy should be one of [REPLICA,DAEMON].');
  if (wantedManagement !== undefined && wantedManagement !== 'CUSTOMER' && wantedManagement !== 'ECS')
    throw invalidParameter('resourceManagementType should be one of [CUSTOMER,ECS].');
  const listed = ecs.state
    .byIndex(services, 'byCluster', `${call.accountId}/${call.region}/${cluster}`)
    .map(({ value }) => value)
    .filter(
      ({ status, launchType, schedulingStrategy, resourceManagementType = 'CUSTOMER' }) =>
        status === 'ACTIVE' &&
        (wantedManagement === undefined || resourceManagementType === wantedManagement) &&
        (wantedStrategy === undefined || schedulingStrategy === wantedStrategy) &&
        (wantedType === undefined || launchType === wantedType),
    );
  const { items, nextToken } = page(listed, ({ name }) => name, {
    maxResults: input.maxResults,
    nextToken: input.nextToken,
    defaultSize: defaultPage,
    maxSize: maxPage,
  });
  return {
    serviceArns: items.map(({ name }) => serviceArn(call, cluster, name)),
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}
