import { watching } from '../../../reconcile/index.ts';
import { jsonEqual } from '../../../store/index.ts';
import { autoscalers } from '../collections.ts';
import type { Controller } from '../controller.ts';
import type { Autoscaler } from './objects.ts';

/** How many pods a target has, by what they use. */
export const autoscalerController: Controller<Autoscaler> = {
  account: 'horizontal-pod-autoscaler',
  component: 'horizontal-pod-autoscaler',
  collection: autoscalers,
  // What it says itself is no news: it looks again in its own time.
  own: () =>
    watching<Autoscaler>(autoscalers, ({ key, before, after }) =>
      after === undefined || (before !== undefined && jsonEqual(before.spec as never, after.spec as never))
        ? []
        : [key],
    ),
  watches: () => [],
  load: async () => (await import('./sync.ts')).autoscalerSync(),
};
