import { watching } from '../../../reconcile/index.ts';
import { jsonEqual } from '../../../store/index.ts';
import { clusterWide, daemonSets, nodes, pods } from '../collections.ts';
import { type Controller, watchingOwned } from '../controller.ts';
import { selects } from '../label-selector.ts';
import type { Node } from '../node-fit.ts';
import type { DaemonSet } from './objects.ts';

/** A pod on every node that is meant. */
export const daemonSetController: Controller<DaemonSet> = {
  account: 'daemon-set-controller',
  component: 'daemonset-controller',
  collection: daemonSets,
  watches: (state) => [
    watchingOwned(state, pods, {
      ...{ collection: daemonSets, kind: 'DaemonSet' },
      selects: ({ spec }) => selects(spec.selector),
    }),
    watching<Node>(nodes, ({ key, before, after }) =>
      isSame(before, after)
        ? []
        : [...state.list(daemonSets, clusterWide(key, daemonSets))].map((it) => it.key),
    ),
  ],
  load: async () => (await import('./sync.ts')).daemonSetSync(),
};

/** As far as DaemonSets go: that a node still lives says nothing new. */
const isSame = (before: Node | undefined, after: Node | undefined): boolean =>
  before !== undefined &&
  after !== undefined &&
  jsonEqual((before.metadata.labels ?? {}) as never, (after.metadata.labels ?? {}) as never) &&
  jsonEqual((before.spec ?? {}) as never, (after.spec ?? {}) as never);
