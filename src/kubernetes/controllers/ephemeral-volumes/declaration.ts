import { watching } from '../../../reconcile/index.ts';
import { claims, pods, siblingKey } from '../collections.ts';
import type { Controller } from '../controller.ts';
import { controllerOf, type Pod } from '../objects.ts';
import { isActive } from '../pods.ts';
import type { Claim } from '../volumes/objects.ts';
import { ephemeralVolumes } from './plan.ts';

/** The claims of volumes that pods have made for themselves, and that go with them. */
export const ephemeralVolumeController: Controller<Pod> = {
  account: 'ephemeral-volume-controller',
  component: 'ephemeral_volume',
  collection: pods,
  own: () =>
    watching<Pod>(pods, ({ key, before, after }) =>
      before === undefined && after !== undefined && isActive(after) && ephemeralVolumes(after).length > 0
        ? [key]
        : [],
    ),
  watches: (state) => [
    watching<Claim>(claims, ({ key, before, after }) => {
      const owner = after === undefined && before !== undefined ? controllerOf(before) : undefined;
      if (owner?.kind !== 'Pod') return [];
      const own = siblingKey(key, pods, owner.name);
      return state.get(pods, own)?.metadata.uid === owner.uid ? [own] : [];
    }),
  ],
  load: async () => (await import('./sync.ts')).syncEphemeralVolumes,
};
