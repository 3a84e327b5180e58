import { pods, statefulSets } from '../collections.ts';
import { type Controller, watchingOwned } from '../controller.ts';
import { selects } from '../label-selector.ts';
import type { StatefulSet } from './objects.ts';

/** Pods that keep their names and their claims. */
export const statefulSetController: Controller<StatefulSet> = {
  account: 'statefulset-controller',
  component: 'statefulset-controller',
  collection: statefulSets,
  watches: (state) => [
    watchingOwned(state, pods, {
      ...{ collection: statefulSets, kind: 'StatefulSet' },
      selects: ({ spec }) => selects(spec.selector),
    }),
  ],
  load: async () => (await import('./sync.ts')).syncStatefulSet,
};
