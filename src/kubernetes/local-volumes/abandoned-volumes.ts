import { done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import { claims, clusterKey, keyWithin, volumes } from '../controllers/collections.ts';
import type { Claim, Volume } from '../controllers/volumes/objects.ts';
import { isLocalVolume, volumeNameOf } from './local-volume.ts';
import { type LocalVolumeRecord, localVolumeKey, localVolumeName, localVolumes } from './records.ts';

/** What was asked of a machine for a claim that is gone, and never became a PersistentVolume, is not wanted any more. */
export function abandonedVolumes({ state }: Pick<KubernetesContext, 'state'>): Reconciler {
  return {
    name: 'kubernetes-abandoned-volumes',
    watches: [
      watching<LocalVolumeRecord>(localVolumes, ({ key, after }) =>
        after === undefined || after.hasVolume ? [] : [key],
      ),
      watching<Claim>(claims, ({ key, before, after }) =>
        before !== undefined && after?.metadata.uid !== before.metadata.uid
          ? [localVolumeKey(key, volumeNameOf(before))]
          : [],
      ),
      watching<Volume>(volumes, ({ key, before, after }) =>
        before === undefined && after !== undefined && isLocalVolume(after)
          ? [localVolumeKey(key, after.spec.csi?.volumeHandle ?? '')]
          : [],
      ),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      await state.transact((tx) => {
        const record = tx.get(localVolumes, key);
        if (record === undefined || record.hasVolume) return;
        const { namespace, name, uid } = record.claim;
        const claim = tx.get(claims, keyWithin(key, claims, namespace, name));
        // Read too, so that one that is written meanwhile is not overlooked.
        const volume = tx.get(volumes, clusterKey(key, volumes, localVolumeName(key)));
        if (volume !== undefined) tx.put(localVolumes, key, { ...record, hasVolume: true });
        else if (claim?.metadata.uid !== uid) tx.delete(localVolumes, key);
      });
      return done;
    },
  };
}
