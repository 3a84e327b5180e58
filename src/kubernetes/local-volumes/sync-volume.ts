import { done, type Outcome } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import type { Work } from '../controllers/controller.ts';
import { withoutFinalizer } from '../controllers/finalizer.ts';
import type { Volume } from '../controllers/volumes/objects.ts';
import { volumeResource } from '../controllers/volumes/resources.ts';
import { withoutVersion } from '../controllers/writer.ts';
import { dataFinalizer } from './local-volume.ts';
import { localVolumeKey, localVolumeReportKey, localVolumeReports, localVolumes } from './records.ts';

/**
 * Takes a volume away that is to go with its data: its machine is told, and when that has nothing of it any more the
 * PersistentVolume goes. Under `Retain` the data stays, and nobody here holds the PersistentVolume.
 */
export const syncVolume =
  ({ state }: Pick<KubernetesContext, 'state'>) =>
  async ({ key, object: volume, reader, writer }: Work<Volume>): Promise<Outcome> => {
    const { metadata, spec, status } = volume;
    const handle = spec.csi?.volumeHandle ?? '';
    const isDeleted = metadata.deletionTimestamp !== undefined;
    const hasFinalizer = metadata.finalizers?.includes(dataFinalizer) === true;
    if (spec.persistentVolumeReclaimPolicy !== 'Delete') {
      if (hasFinalizer) await withoutFinalizer(writer, volumeResource, volume, dataFinalizer);
      return done;
    }
    if (!isDeleted && !hasFinalizer) {
      await writer.change<Volume>(volumeResource, volume, ({ metadata: present, ...rest }) => ({
        ...rest,
        metadata: { ...withoutVersion(present), finalizers: [...(present.finalizers ?? []), dataFinalizer] },
      }));
      return done;
    }
    const isToGo = status?.phase === 'Released' || (isDeleted && status?.phase !== 'Bound');
    if (!isToGo) return done;
    const recordKey = localVolumeKey(key, handle);
    if (reader.get(localVolumes, recordKey) !== undefined)
      await state.transact((tx) => tx.delete(localVolumes, recordKey));
    // Its machine says when it is done.
    if (reader.get(localVolumeReports, localVolumeReportKey(key, handle)) !== undefined) return done;
    if (!isDeleted) await writer.remove(volumeResource, volume);
    if (hasFinalizer) await withoutFinalizer(writer, volumeResource, volume, dataFinalizer);
    return done;
  };
