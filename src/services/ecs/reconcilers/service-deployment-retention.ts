import {
  again,
  done,
  type Outcome,
  type Reader,
  type Reconciler,
  type RecordKey,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import { scopeOfKey } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { type ServiceDeploymentRecord, serviceDeployments, serviceRevisions, services } from '../records.ts';
import { serviceIndexValue, serviceRevisionKey } from '../service-history.ts';
import { serviceKey } from '../service-lookup.ts';

const dayMs = 24 * 3_600_000;
/** So long, a service deployment is described after it has ended. */
const retentionMs = 90 * dayMs;

/** Forgets service deployments that ended 90 days ago, and their revisions when nothing else shows them. */
export function serviceDeploymentRetention(ecs: EcsContext): Reconciler {
  return {
    name: 'service-deployment-retention',
    watches: [
      watching(serviceDeployments, ({ key, after }) => (after?.finishedAt === undefined ? [] : [key])),
    ],
    reconcile: async (key): Promise<Outcome> => {
      const now = ecs.clock.now();
      const waitMs = await ecs.state.transact((tx) => {
        const record = tx.get(serviceDeployments, key as RecordKey);
        if (record?.finishedAt === undefined) return undefined;
        const endsAt = record.finishedAt + retentionMs;
        if (endsAt > now) return endsAt - now;
        // What a service calls its current one stays, however long it has been steady.
        if (isCurrent(tx, key, record)) return dayMs;
        tx.delete(serviceDeployments, key as RecordKey);
        forgetRevisions(tx, key, record);
        return undefined;
      });
      return waitMs === undefined ? done : again(waitMs);
    },
  };
}

function isCurrent(reader: Reader, key: string, record: ServiceDeploymentRecord): boolean {
  return serviceOf(reader, key, record)?.serviceDeploymentId === record.id;
}

/** Of the revisions that it was about, those that neither the service nor another service deployment shows. */
function forgetRevisions(tx: Transaction, key: string, record: ServiceDeploymentRecord): void {
  const { cluster, service: name } = record;
  const scope = scopeOfKey(key);
  const service = serviceOf(tx, key, record);
  const others = tx
    .byIndex(serviceDeployments, 'byService', serviceIndexValue(scope, { cluster, name }))
    .flatMap(({ value }) => (value.id === record.id ? [] : revisionIdsOf(value)));
  const used = new Set([
    ...others,
    ...(service?.deployments ?? []).map(({ serviceRevisionId }) => serviceRevisionId),
    service?.lastCompleted?.serviceRevisionId,
  ]);
  for (const id of revisionIdsOf(record))
    if (!used.has(id)) tx.delete(serviceRevisions, serviceRevisionKey(scope, { cluster, name }, id));
}

function revisionIdsOf({ sources, target, rollback }: ServiceDeploymentRecord): readonly string[] {
  return [...sources, target].map(({ revisionId }) => revisionId).concat(rollback?.revisionId ?? []);
}

function serviceOf(reader: Reader, key: string, { cluster, service }: ServiceDeploymentRecord) {
  return reader.get(services, serviceKey(scopeOfKey(key), cluster, service));
}
