import { again, done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import {
  type ClusterRecord,
  clusterKey,
  clusters,
  type NodegroupRecord,
  nodegroups,
  nodegroupsOf,
  scopeOfKey,
} from '../../services/eks/index.ts';
import type { KubernetesContext } from '../context.ts';
import type { RunningClusters } from '../controllers/controller.ts';

const notRunningMs = 250;

/**
 * Keeps the roles of node groups in the ConfigMap `aws-auth` of clusters that look at it, as EKS does: a row comes with the
 * first node group of a role and goes with the last.
 */
export function nodeRoles(context: KubernetesContext, running: RunningClusters): Reconciler {
  const { state } = context;
  return {
    name: 'kubernetes-node-roles',
    watches: [
      watching<NodegroupRecord>(nodegroups, ({ key, before, after }) => {
        const group = after ?? before;
        // What a group is otherwise does not matter here.
        if (group === undefined || (before !== undefined && after !== undefined)) return [];
        return [`${clusterKey(scopeOfKey(key), group.clusterName)} ${group.nodeRole}`];
      }),
    ],
    reconcile: async (workKey) => {
      const [key = '', role = ''] = workKey.split(' ');
      const cluster: ClusterRecord | undefined = state.get(clusters, key as RecordKey);
      if (cluster === undefined || cluster.isDeleting || cluster.authenticationMode === 'API') return done;
      const scope = scopeOfKey(key as RecordKey);
      const present = running.clusterOf({ ...scope, id: cluster.id });
      if (present === undefined) return again(notRunningMs);
      const { nodegroupRole, putNodeRole } = await import('./aws-auth-rows.ts');
      const isUsed = nodegroupsOf(state, scope, cluster.name).some(({ nodeRole }) => nodeRole === role);
      await putNodeRole(present, nodegroupRole(role), isUsed);
      return done;
    },
  };
}
