import {
  type Reader,
  type RecordKey,
  recordKey,
  type Stored,
  type Transaction,
} from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';
import type { ServiceRecord } from './records.ts';
import { type ServiceDeploymentRecord, serviceDeployments, serviceRevisions } from './records.ts';

/** What a service has rolled out and how that went: its service deployments and service revisions. */
type ServiceId = Pick<ServiceRecord, 'cluster' | 'name'>;

export function serviceDeploymentKey(scope: Scope, { cluster, name }: ServiceId, id: string): RecordKey {
  return recordKey(serviceDeployments, scope.accountId, scope.region, cluster, name, id);
}

export function serviceRevisionKey(scope: Scope, { cluster, name }: ServiceId, id: string): RecordKey {
  return recordKey(serviceRevisions, scope.accountId, scope.region, cluster, name, id);
}

/** Those under way: the current one, and superseded ones that haven't stopped yet. */
export function unfinishedServiceDeployments(
  reader: Reader,
  scope: Scope,
  service: ServiceId,
): readonly Stored<ServiceDeploymentRecord>[] {
  return reader.byIndex(serviceDeployments, 'unfinishedByService', serviceIndexValue(scope, service));
}

/** The history ends with the service. */
export function deleteServiceHistory(tx: Transaction, scope: Scope, service: ServiceId): void {
  const indexValue = serviceIndexValue(scope, service);
  for (const { key } of tx.byIndex(serviceDeployments, 'byService', indexValue))
    tx.delete(serviceDeployments, key);
  for (const { key } of tx.byIndex(serviceRevisions, 'byService', indexValue))
    tx.delete(serviceRevisions, key);
}

/** The value under which the indexes by service find what is its. */
export function serviceIndexValue(scope: Scope, { cluster, name }: ServiceId): string {
  return `${scope.accountId}/${scope.region}/${cluster}/${name}`;
}
