import { watching } from '../../../reconcile/index.ts';
import {
  claimKeysOf,
  claims,
  clusterKey,
  clusterWide,
  keyWithin,
  pods,
  storageClasses,
  volumes,
} from '../collections.ts';
import type { Controller } from '../controller.ts';
import type { Kept, Pod } from '../objects.ts';
import { type Claim, claimProtection, type StorageClass, type Volume, volumeProtection } from './objects.ts';

const isEnding = ({ metadata }: Kept, finalizer: string): boolean =>
  metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(finalizer) === true;

/** Which volume a claim has. */
export const claimBinder: Controller<Claim> = {
  name: 'claim-binder',
  account: 'persistent-volume-binder',
  component: 'persistentvolume-controller',
  collection: claims,
  watches: (state) => [
    watching<Volume>(volumes, ({ key, before, after }) => [
      ...[before, after].flatMap((volume) => {
        const { namespace = '', name = '' } = volume?.spec.claimRef ?? {};
        return name === '' || namespace === '' ? [] : [keyWithin(key, claims, namespace, name)];
      }),
      ...state.byIndex(claims, 'volume', key).map((record) => record.key),
      // Whoever waits for one of its class.
      ...(after === undefined || after.spec.claimRef !== undefined
        ? []
        : state
            .byIndex(claims, 'pending', waitingFor(key, after.spec.storageClassName))
            .map((record) => record.key)),
    ]),
    watching<StorageClass>(storageClasses, ({ key, before, after }) =>
      before !== undefined || after === undefined
        ? []
        : state.byIndex(claims, 'pending', waitingFor(key, after.metadata.name)).map((record) => record.key),
    ),
  ],
  load: async () => (await import('./sync-claim.ts')).syncClaim,
};

/** As claims without a volume are found. */
const waitingFor = (key: string, storageClass = ''): string => `${clusterWide(key, claims)}${storageClass}`;

/** What becomes of a volume when its claim comes and goes. */
export const volumeBinder: Controller<Volume> = {
  name: 'volume-binder',
  account: 'persistent-volume-binder',
  component: 'persistentvolume-controller',
  collection: volumes,
  watches: (state) => [
    watching<Claim>(claims, ({ key, before, after }) => [
      ...[before, after].flatMap((claim) => {
        const { volumeName = '' } = claim?.spec ?? {};
        return volumeName === '' ? [] : [clusterKey(key, volumes, volumeName)];
      }),
      ...state.byIndex(volumes, 'claim', key).map((record) => record.key),
    ]),
  ],
  load: async () => (await import('./sync-volume.ts')).syncVolume,
};

/** Claims that are deleted stay as long as pods use them. */
export const claimProtectionController: Controller<Claim> = {
  name: 'claim-protection',
  account: 'pvc-protection-controller',
  component: 'pvc-protection-controller',
  collection: claims,
  concerns: (claim) => isEnding(claim, claimProtection),
  watches: (state) => [
    watching<Pod>(pods, ({ before, after, key }) =>
      before === undefined || after !== undefined
        ? []
        : claimKeysOf(before, key).filter((claim) => {
            const present = state.get(claims, claim);
            return present !== undefined && isEnding(present, claimProtection);
          }),
    ),
  ],
  load: async () => (await import('./protection.ts')).syncClaimProtection,
};

/** Volumes that are deleted stay as long as a claim has them. */
export const volumeProtectionController: Controller<Volume> = {
  name: 'volume-protection',
  account: 'pv-protection-controller',
  component: 'pv-protection-controller',
  collection: volumes,
  concerns: (volume) => isEnding(volume, volumeProtection),
  watches: () => [],
  load: async () => (await import('./protection.ts')).syncVolumeProtection,
};
