import type { ClusterStatus } from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { type EksContext, requireCluster } from '../context.ts';
import { invalidRequest } from '../errors.ts';
import type { ClusterRecord } from '../records.ts';

type Asked = Pick<EksContext, 'controlPlaneOf'>;

/** ACTIVE is what its control plane has earned by answering. */
export function clusterStatus(
  { controlPlaneOf }: Asked,
  reader: Reader,
  scope: Scope,
  { id, isDeleting, updateId }: ClusterRecord,
): ClusterStatus {
  if (isDeleting) return 'DELETING';
  if (controlPlaneOf(reader, scope, id) === undefined) return 'CREATING';
  return updateId === undefined ? 'ACTIVE' : 'UPDATING';
}

/** A cluster that something is to be made in: its control plane answers. @throws ResourceNotFoundException, InvalidRequestException */
export function requireActiveCluster(
  context: Asked,
  reader: Reader,
  scope: Scope,
  clusterName: string,
): ClusterRecord {
  const cluster = requireCluster(reader, scope, clusterName);
  const status = clusterStatus(context, reader, scope, cluster);
  if (status === 'ACTIVE' || status === 'UPDATING') return cluster;
  throw invalidRequest(`Cluster '${clusterName}' is not in ACTIVE status`, { clusterName });
}
