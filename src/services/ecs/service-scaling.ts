import type { Random } from '../../clock/index.ts';
import { uuid } from '../../clock/index.ts';
import type { Reader, Transaction, Watched } from '../../reconcile/index.ts';
import { watching } from '../../reconcile/index.ts';
import { type Scope, scopeOfKey } from './arn.ts';
import { withoutPauses } from './deployment/new-deployment.ts';
import { eventMessages, withEvent } from './deployment/service-events.ts';
import { type ServiceRecord, services } from './records.ts';
import { serviceKey } from './service-lookup.ts';
import type { ServiceName } from './service-name.ts';
import { countTasks } from './service-view.ts';

/** How much of a service is wanted and runs. */
export interface ServiceCapacity {
  readonly schedulingStrategy: ServiceRecord['schedulingStrategy'];
  readonly desiredCount: number;
  readonly runningCount: number;
  /** Whether a deployment of it is IN_PROGRESS. */
  readonly isDeploying: boolean;
}

/** Undefined: there is no such service, or it is not ACTIVE. */
export function serviceCapacity(
  reader: Reader,
  scope: Scope,
  { cluster, service: name }: ServiceName,
): ServiceCapacity | undefined {
  const service = reader.get(services, serviceKey(scope, cluster, name));
  if (service?.status !== 'ACTIVE') return undefined;
  const { schedulingStrategy, desiredCount } = service;
  return {
    ...{ schedulingStrategy, desiredCount },
    runningCount: countTasks(reader, scope, service).all.running,
    isDeploying: service.deployments.some(({ rolloutState }) => rolloutState === 'IN_PROGRESS'),
  };
}

/**
 * As UpdateService with a desired count, in the caller's own transaction, and told in an event, since no user did it. Does
 * nothing to a service that isn't ACTIVE.
 */
export function setDesiredCount(
  tx: Transaction,
  random: Random,
  scope: Scope,
  { cluster, service: name }: ServiceName,
  { desiredCount, now }: { readonly desiredCount: number; readonly now: number },
): void {
  const key = serviceKey(scope, cluster, name);
  const service = tx.get(services, key);
  if (service?.status !== 'ACTIVE' || service.desiredCount === desiredCount) return;
  const event = { serviceName: name, now, newEventId: () => uuid(random) };
  tx.put(services, key, {
    ...service,
    desiredCount,
    deployments: service.deployments.map(withoutPauses),
    events: withEvent(service.events, eventMessages.updatedDesiredCount(desiredCount), event),
  });
}

/** Changes of services ask for work under the keys that these names give. */
export function watchingServices(keyOf: (scope: Scope, name: ServiceName) => string): Watched {
  return watching<ServiceRecord>(services, ({ key, before, after }) => {
    const record = after ?? before;
    return record === undefined
      ? []
      : [keyOf(scopeOfKey(key), { cluster: record.cluster, service: record.name })];
  });
}
