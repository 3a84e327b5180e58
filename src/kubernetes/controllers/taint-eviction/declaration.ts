import { watching } from '../../../reconcile/index.ts';
import { jsonEqual } from '../../../store/index.ts';
import { nodeKey, nodes, pods } from '../collections.ts';
import type { Controller } from '../controller.ts';
import type { Node, Placement, Taint } from '../node-fit.ts';
import type { Pod } from '../objects.ts';

/** Pods whose nodes have taints that evict. */
export const taintEvictionController: Controller<Pod> = {
  account: 'taint-eviction-controller',
  component: 'taint-eviction-controller',
  collection: pods,
  own: (state) =>
    watching<Pod>(pods, ({ key, before, after }) => {
      const { nodeName = '' } = after?.spec ?? {};
      if (after === undefined || nodeName === '' || isSame(before, after)) return [];
      const node = state.get(nodes, nodeKey(key, nodeName));
      return node === undefined || evicting(node).length === 0 ? [] : [key];
    }),
  watches: (state) => [
    watching<Node>(nodes, ({ key, before, after }) =>
      jsonEqual(evicting(before) as never, evicting(after) as never)
        ? []
        : state.byIndex(pods, 'node', key).map((record) => record.key),
    ),
  ],
  load: async () => (await import('./sync.ts')).taintEvictionSync(),
};

const evicting = (node: Node | undefined): readonly Taint[] =>
  (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');

const tolerations = ({ spec }: Pod) => (spec as Placement).tolerations ?? [];

const isSame = (before: Pod | undefined, after: Pod): boolean =>
  before !== undefined &&
  before.spec.nodeName === after.spec.nodeName &&
  before.metadata.deletionTimestamp === after.metadata.deletionTimestamp &&
  jsonEqual(tolerations(before) as never, tolerations(after) as never);
