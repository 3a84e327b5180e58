import type { Transaction } from '../../reconcile/index.ts';
import { clusterByPlace } from '../../services/eks/index.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { apiEndpointKey, apiEndpoints } from '../records.ts';

const port = 443;

/** Says at which addresses of its VPC a cluster's API server answers; nothing is said of a cluster that is gone. */
export function noteApiEndpoint(tx: Transaction, place: ClusterPlace, addresses: readonly string[]): void {
  const cluster = clusterByPlace(tx, place, place.id);
  if (cluster === undefined || cluster.isDeleting) return;
  const key = apiEndpointKey(place);
  const before = tx.get(apiEndpoints, key);
  if (before?.addresses.join() !== addresses.join()) tx.put(apiEndpoints, key, { addresses, port });
}
