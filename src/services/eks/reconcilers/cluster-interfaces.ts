import { done, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import { settleClusterInterfaces } from '../clusters/cluster-interfaces.ts';
import type { EksContext } from '../context.ts';
import { type ClusterRecord, clusters, scopeOfKey } from '../records.ts';

/** Gives clusters their interfaces that were made before control planes had any. */
export function clusterInterfaces(context: EksContext): Reconciler {
  const { state } = context;
  return {
    name: 'eks-cluster-interfaces',
    watches: [
      watching<ClusterRecord>(clusters, ({ key, after }) =>
        after === undefined || after.networkInterfaces !== undefined ? [] : [key],
      ),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      await state.transact((tx) => {
        const cluster = tx.get(clusters, key);
        if (cluster === undefined || cluster.isDeleting) return;
        const settled = settleClusterInterfaces(context, tx, scopeOfKey(key), cluster);
        if (settled !== cluster) tx.put(clusters, key, settled);
      });
      return done;
    },
  };
}
