import type { Collection, RecordKey, Transaction } from '../../../reconcile/index.ts';
import { deleteServiceInterface, removeServiceGroup } from '../../ec2/index.ts';
import { type AccessEntryRecord, accessEntries } from '../access-entries/record.ts';
import { addons } from '../addons/record.ts';
import { identityProviders } from '../identity-providers/record.ts';
import { insights } from '../insights/record.ts';
import { type PodIdentityRecord, podIdentities } from '../pod-identity/record.ts';
import { clusters, clusterText, scopeOfKey } from '../records.ts';
import { updates } from '../updates/record.ts';

/** Takes away a cluster whose control plane is gone, with all that was kept of it. */
export function forgetCluster(tx: Transaction, key: RecordKey, id: string): void {
  const cluster = tx.get(clusters, key);
  // One that was made later under its name has nothing to do with it.
  if (cluster?.id !== id) return;
  const ofCluster = clusterText(scopeOfKey(key), cluster.name);
  const forget = <T extends object>(collection: Collection<T, 'cluster'>): void => {
    for (const stored of tx.byIndex(collection, 'cluster', ofCluster)) tx.delete(collection, stored.key);
  };
  forget<AccessEntryRecord>(accessEntries);
  forget(addons);
  forget(identityProviders);
  forget(insights);
  forget<PodIdentityRecord>(podIdentities);
  forget(updates);
  const scope = scopeOfKey(key);
  for (const { id: interfaceId } of cluster.networkInterfaces ?? [])
    deleteServiceInterface(tx, scope, interfaceId);
  if (cluster.clusterSecurityGroupId !== undefined)
    removeServiceGroup(tx, scope, cluster.clusterSecurityGroupId);
  tx.delete(clusters, key);
}
