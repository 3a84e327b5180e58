import { watching } from '../../../reconcile/index.ts';
import { clusterWide, namespaces, nodeKey, nodeLeases, nodeLeasesKey, nodes, pods } from '../collections.ts';
import type { Controller } from '../controller.ts';
import type { Node } from '../node-fit.ts';
import type { Kept, Pod } from '../objects.ts';
import { isTerminal } from '../pods.ts';
import { isOutOfService, mostTerminated } from './plan.ts';

/** Pods of which no kubelet takes care: their node is gone or off, or they never had one and are to go. */
export const podGarbageCollector: Controller<Pod> = {
  name: 'pod-garbage',
  account: 'pod-garbage-collector',
  component: 'pod-garbage-collector',
  collection: pods,
  own: (state) =>
    watching<Pod>(pods, ({ key, before, after }) => {
      if (after === undefined) return [];
      const { nodeName = '' } = after.spec;
      const isTerminating = after.metadata.deletionTimestamp !== undefined;
      if (nodeName === '') return isTerminating ? [key] : [];
      if (before?.spec.nodeName === nodeName && !isTerminating) return [];
      const node = state.get(nodes, nodeKey(key, nodeName));
      return node === undefined || (isTerminating && isOutOfService(node)) ? [key] : [];
    }),
  watches: (state) => [
    watching<Node>(nodes, ({ key, after }) =>
      after !== undefined && !isOutOfService(after)
        ? []
        : state.byIndex(pods, 'node', key).map((record) => record.key),
    ),
  ],
  load: async () => (await import('./sync.ts')).podGarbageSync(),
};

/** Pods that have ended, of a cluster where there are too many of them. */
export const terminatedPodsController: Controller<Kept> = {
  name: 'terminated-pods',
  account: 'pod-garbage-collector',
  component: 'pod-garbage-collector',
  collection: namespaces,
  concerns: ({ metadata }) => metadata.name === nodeLeases,
  watches: (state) => [
    watching<Pod>(pods, ({ key, before, after }) => {
      if (after === undefined || !isTerminal(after) || (before !== undefined && isTerminal(before)))
        return [];
      const count = state.countByIndex(pods, 'terminated', clusterWide(key, pods));
      return count > mostTerminated ? [nodeLeasesKey(key)] : [];
    }),
  ],
  load: async () => (await import('./sync.ts')).syncTerminatedPods,
};
