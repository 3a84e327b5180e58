import { done, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import { removeDiscoveryService } from '../../servicediscovery/index.ts';
import { scopeOfKey } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { type ServiceRecord, services } from '../records.ts';

/** Takes the services of Cloud Map away that were made for endpoints of a service which no deployment of it has any more. */
export function serviceConnectNames(ecs: EcsContext): Reconciler {
  return {
    name: 'service-connect-names',
    watches: [
      watching(services, ({ key, after }) =>
        after !== undefined && unneeded(after).length > 0 ? [key] : [],
      ),
    ],
    reconcile: async (key) => {
      await ecs.state.transact((tx) => {
        const service = tx.get(services, key as RecordKey);
        const arns = service === undefined ? [] : unneeded(service);
        if (service === undefined || arns.length === 0) return;
        for (const arn of arns) removeDiscoveryService(tx, scopeOfKey(key), arn);
        const { discoveryServices = [], ...rest } = service;
        const kept = discoveryServices.filter((arn) => !arns.includes(arn));
        tx.put(services, key as RecordKey, {
          ...rest,
          ...(kept.length > 0 && { discoveryServices: kept }),
        });
      });
      return done;
    },
  };
}

function unneeded({
  status,
  deployments,
  lastCompleted,
  discoveryServices = [],
}: ServiceRecord): readonly string[] {
  if (status === 'INACTIVE') return discoveryServices;
  const needed = new Set(
    // A rollback would need those of the deployment that it goes back to.
    [...deployments, ...(lastCompleted === undefined ? [] : [lastCompleted])].flatMap(
      ({ serviceConnectConfiguration }) =>
        (serviceConnectConfiguration?.endpoints ?? []).map(({ discoveryArn }) => discoveryArn),
    ),
  );
  return discoveryServices.filter((arn) => !needed.has(arn));
}
