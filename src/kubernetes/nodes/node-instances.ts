import { done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import {
  instanceIdOfKey,
  instanceIdOfProvider,
  type NodeInstanceRecord,
  nodeInstanceKey,
  nodeInstances,
  nodeReports,
  scopeOfKey,
} from '../../services/eks/index.ts';
import type { KubernetesContext } from '../context.ts';
import type { RunningClusters } from '../controllers/controller.ts';
import { memberOf, textOf } from '../objects/object.ts';
import { objectRecords, placeOfObject } from '../objects/object-records.ts';

const nodes = objectRecords('nodes');

/**
 * What EKS does inside of clusters to the nodes of its node groups and of Fargate: labels and taints, emptying a node before it ends,
 * taking it out of the cluster afterwards; and telling EKS of what it sees.
 */
export function nodeInstanceFollower(context: KubernetesContext, running: RunningClusters): Reconciler {
  return {
    name: 'kubernetes-node-instances',
    watches: [
      watching<NodeInstanceRecord>(nodeInstances, ({ key, after }) => (after === undefined ? [] : [key])),
      watching(nodeReports, ({ key }) => [nodeInstanceKey(scopeOfKey(key), instanceIdOfKey(key))]),
      watching(nodes, ({ key, before, after }) => {
        const node = after ?? before;
        const id = node && instanceIdOfProvider(textOf(memberOf(node, 'spec'), 'providerID'));
        return id === undefined ? [] : [nodeInstanceKey(placeOfObject(key), id)];
      }),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      if (context.state.get(nodeInstances, key)?.launched === undefined) return done;
      const { followNode } = await import('./follow-node.ts');
      return followNode(context, running, key);
    },
  };
}
