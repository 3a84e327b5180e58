import { type Reader, type RecordKey, recordKey } from '../../reconcile/index.ts';
import { clusterName, isForeign, isName, type Scope } from './arn.ts';
import { clusterNotFound } from './errors.ts';
import { type ClusterRecord, clusters } from './records.ts';

export function clusterKey(scope: Scope, name: string): RecordKey {
  return recordKey(clusters, scope.accountId, scope.region, name);
}

/** The cluster that a parameter names (its name or ARN; omitted means `default`), whatever its status. */
export function findCluster(
  reader: Reader,
  scope: Scope,
  identifier: string | undefined,
): ClusterRecord | undefined {
  const name = clusterName(identifier);
  if (!isName(name) || (identifier !== undefined && isForeign(identifier, scope))) return undefined;
  return reader.get(clusters, clusterKey(scope, name));
}

/**
 * The ACTIVE cluster that a parameter names.
 * @throws ClusterNotFoundException there is none, or it was deleted.
 * @throws InvalidParameterException the identifier is malformed.
 */
export function requireCluster(reader: Reader, scope: Scope, identifier: string | undefined): ClusterRecord {
  const cluster = findCluster(reader, scope, identifier);
  if (cluster?.status !== 'ACTIVE') throw clusterNotFound();
  return cluster;
}
