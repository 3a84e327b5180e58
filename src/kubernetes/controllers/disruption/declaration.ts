import { watching } from '../../../reconcile/index.ts';
import { budgets, pods, siblingsOf } from '../collections.ts';
import type { Controller } from '../controller.ts';
import { selects } from '../label-selector.ts';
import type { Pod } from '../objects.ts';
import type { DisruptionBudget } from './objects.ts';

/** How many pods may be evicted. */
export const disruptionController: Controller<DisruptionBudget> = {
  account: 'disruption-controller',
  component: 'controllermanager',
  collection: budgets,
  watches: (state) => [
    watching<Pod>(pods, ({ key, before, after }) =>
      [...state.list(budgets, siblingsOf(key, budgets))]
        .filter(({ value: { spec } }) => {
          const matches = selects(spec.selector);
          return [before, after].some((pod) => pod !== undefined && matches(pod.metadata.labels));
        })
        .map((record) => record.key),
    ),
  ],
  load: async () => (await import('./sync.ts')).syncBudget,
};
