import { type RecordKey, type State, watching } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import {
  claims,
  clusterKey,
  clusterWide,
  keyWithin,
  nodes,
  storageClasses,
  volumes,
} from '../controllers/collections.ts';
import type { Controller } from '../controllers/controller.ts';
import type { Node } from '../controllers/node-fit.ts';
import {
  annotationOf,
  type Claim,
  type StorageClass,
  storageProvisioner,
  type Volume,
} from '../controllers/volumes/objects.ts';
import { isLocalVolume } from './local-volume.ts';
import { localDriver, machineLabel } from './names.ts';
import {
  type LocalVolumeReport,
  localVolumeKey,
  localVolumeName,
  localVolumeReports,
  localVolumes,
} from './records.ts';
import { bytesOf } from './sizes.ts';

const account = 'local-volume-provisioner';

/** Whether a claim's volume is to be made by a machine. */
const isAwaited = (claim: Claim): boolean =>
  (claim.spec.volumeName ?? '') === '' && annotationOf(claim, storageProvisioner) === localDriver;

/** The key of the claim that what a report is of was made for. */
function claimOf(state: State, key: string): readonly RecordKey[] {
  const claim = state.get(localVolumes, localVolumeKey(key, localVolumeName(key)))?.claim;
  return claim === undefined ? [] : [keyWithin(key, claims, claim.namespace, claim.name)];
}

/** Volumes for claims. */
export const localProvisioner = (context: KubernetesContext): Controller<Claim> => ({
  ...{ name: 'local-provisioner', account, component: localDriver, collection: claims },
  concerns: isAwaited,
  watches: (state) => {
    const awaiting = (key: string, storageClass: string) =>
      state
        .byIndex(claims, 'pending', `${clusterWide(key, claims)}${storageClass}`)
        .filter(({ value }) => isAwaited(value));
    return [
      watching<LocalVolumeReport>(localVolumeReports, ({ key }) => claimOf(state, key)),
      watching<StorageClass>(storageClasses, ({ key, before, after }) =>
        before !== undefined || after === undefined
          ? []
          : awaiting(key, after.metadata.name).map((record) => record.key),
      ),
      // Classes that do not wait for pods wait for a machine.
      watching<Node>(nodes, ({ key, before, after }) =>
        after?.metadata.labels?.[machineLabel] === before?.metadata.labels?.[machineLabel]
          ? []
          : [...state.list(claims, clusterWide(key, claims))].flatMap((record) =>
              isAwaited(record.value) ? [record.key] : [],
            ),
      ),
    ];
  },
  load: async () => (await import('./sync-claim.ts')).syncClaim(context),
});

/** Volumes of claims that ask for more. */
export const localVolumeGrowth = (context: KubernetesContext): Controller<Claim> => ({
  ...{
    name: 'local-volume-growth',
    account,
    component: `external-resizer ${localDriver}`,
    collection: claims,
  },
  concerns: ({ spec, status }) =>
    (spec.volumeName ?? '') !== '' &&
    status?.phase === 'Bound' &&
    (bytesOf(spec.resources?.requests) > bytesOf(status.capacity) ||
      status.allocatedResourceStatuses?.storage !== undefined),
  watches: (state) => [watching<LocalVolumeReport>(localVolumeReports, ({ key }) => claimOf(state, key))],
  load: async () => (await import('./sync-growth.ts')).syncGrowth(context),
});

/** What becomes of volumes whose claims are gone. */
export const localVolumeRemoval = (context: KubernetesContext): Controller<Volume> => ({
  ...{ name: 'local-volume-removal', account, component: localDriver, collection: volumes },
  concerns: isLocalVolume,
  watches: (state) => [
    watching<LocalVolumeReport>(localVolumeReports, ({ key, after }) => {
      const volumeKey = clusterKey(key, volumes, localVolumeName(key));
      const volume = after === undefined ? state.get(volumes, volumeKey) : undefined;
      return volume !== undefined && isLocalVolume(volume) ? [volumeKey] : [];
    }),
  ],
  load: async () => (await import('./sync-volume.ts')).syncVolume(context),
});
