import type { RecordKey, Transaction } from '../../../reconcile/index.ts';
import { accessEntries } from '../access-entries/record.ts';
import { clusters, clusterText, scopeOfKey } from '../records.ts';
import { updates } from '../updates/record.ts';

/** Takes away a cluster whose control plane is gone, with all that was kept of it. */
export function forgetCluster(tx: Transaction, key: RecordKey, id: string): void {
  const cluster = tx.get(clusters, key);
  // One that was made later under its name has nothing to do with it.
  if (cluster?.id !== id) return;
  const ofCluster = clusterText(scopeOfKey(key), cluster.name);
  for (const entry of tx.byIndex(accessEntries, 'cluster', ofCluster)) tx.delete(accessEntries, entry.key);
  for (const update of tx.byIndex(updates, 'cluster', ofCluster)) tx.delete(updates, update.key);
  tx.delete(clusters, key);
}
