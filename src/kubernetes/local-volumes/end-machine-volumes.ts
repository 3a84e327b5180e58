import type { State } from '../../reconcile/index.ts';
import { localVolumeName, localVolumeReportKey, localVolumeReports, localVolumes } from './records.ts';

/**
 * A machine has left the installation, and its volumes are gone with it: nobody waits for it to remove what is to go, and claims
 * that wait for it are placed anew. A PersistentVolume that was there stays until somebody deletes it, as that of a lost disk does.
 */
export async function endMachineVolumes(state: State, machineId: string): Promise<void> {
  await state.transact((tx) => {
    for (const { key, value } of [...tx.list(localVolumeReports)])
      if (value.machineId === machineId) tx.delete(localVolumeReports, key);
    for (const { key, value } of [...tx.list(localVolumes)]) {
      if (value.machineId !== machineId || value.hasVolume) continue;
      tx.put(localVolumeReports, localVolumeReportKey(key, localVolumeName(key)), {
        ...{ machineId, askedAt: value.askedAt, sizeBytes: 0 },
        refusal: { code: 'Unavailable', message: `the machine ${machineId} has left the installation` },
      });
    }
  });
}
