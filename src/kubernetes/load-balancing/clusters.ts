import type { Reader } from '../../reconcile/index.ts';
import { type ClusterRecord, clusterByPlace } from '../../services/eks/index.ts';
import type { KubernetesContext } from '../context.ts';
import { parsedKey } from '../controllers/collections.ts';
import { clusterTag, type Site } from './infrastructure.ts';

/** Where load balancers of an object's cluster are made: with the cluster's role. @throws {Refusal} it can't be assumed. */
export function siteOf(
  { assumeRole, store }: Pick<KubernetesContext, 'assumeRole' | 'store'>,
  reader: Reader,
  key: string,
): Site | undefined {
  const { place } = parsedKey(key);
  const cluster: ClusterRecord | undefined = clusterByPlace(reader, place, place.id);
  if (cluster === undefined) return undefined;
  const ask = assumeRole({
    ...{ scope: place, roleArn: cluster.roleArn, sourceArn: cluster.arn },
    tags: { [clusterTag]: cluster.name },
  });
  return { ask, cluster, store };
}
