import { done, type Reconciler, type RecordKey, type State, watching } from '../../../reconcile/index.ts';
import {
  type LocalVolumeRecord,
  localVolumeName,
  localVolumeReportKey,
  localVolumeReports,
  localVolumes,
} from '../records.ts';

/** A machine that has so much room, without a disk. */
export class FakeMachine {
  /** Bytes by name: what is there, also as long as nothing was told of it. */
  readonly volumes = new Map<string, number>();
  capacityBytes = Number.MAX_SAFE_INTEGER;
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  /** Makes and removes what records say, and tells of it. */
  reconciler(state: State): Reconciler {
    return {
      name: 'fake-machine',
      watches: [watching<LocalVolumeRecord>(localVolumes, ({ key }) => [key])],
      reconcile: async (workKey) => {
        const key = workKey as RecordKey;
        const [name, reportKey] = [localVolumeName(key), localVolumeReportKey(key, localVolumeName(key))];
        const wanted = state.get(localVolumes, key);
        if (wanted === undefined) {
          this.volumes.delete(name);
          await state.transact((tx) => tx.delete(localVolumeReports, reportKey));
          return done;
        }
        const { askedAt, machineId } = wanted;
        const has = this.volumes.get(name) ?? 0;
        const others = [...this.volumes.values()].reduce((sum, size) => sum + size, -has);
        const hasRoom = others + wanted.sizeBytes <= this.capacityBytes;
        if (hasRoom) this.volumes.set(name, Math.max(has, wanted.sizeBytes));
        const refusal = { code: 'ResourceExhausted', message: 'the machine is full' };
        await state.transact((tx) =>
          tx.put(localVolumeReports, reportKey, {
            ...{ machineId, askedAt, sizeBytes: this.volumes.get(name) ?? 0 },
            ...(!hasRoom && { refusal }),
          }),
        );
        return done;
      },
    };
  }
}
