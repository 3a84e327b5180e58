import type { Clock } from '../../clock/index.ts';
import { localVolumeId, localVolumeReports, localVolumes } from '../../kubernetes/index.ts';
import type { Log } from '../../log.ts';
import { type LocalVolumes, VolumeRefusal } from '../../node/index.ts';
import type { State } from '../../reconcile/index.ts';
import { followKeys } from '../follow-keys.ts';
import type { NodeHome } from './node-home.ts';

export interface VolumeParts {
  /** What volumes there are to be, and what was told of them. */
  readonly state: State;
  readonly home: Pick<NodeHome, 'reportVolume'>;
  readonly machineId: string;
  readonly volumes: Pick<LocalVolumes, 'grow' | 'make' | 'remove'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Makes, grows and removes this machine's volumes as their records say, and tells what it has. Only what was told of is
 * removed: data that no record knows of is not touched.
 */
export function followVolumes({ state, home, machineId, volumes, clock, log }: VolumeParts): AsyncDisposable {
  const isOwn = ({ value }: { readonly value: { readonly machineId: string } }): boolean =>
    value.machineId === machineId;
  const make = async (id: string): Promise<void> => {
    const [clusterId = '', name = ''] = id.split('/');
    const volume = { clusterId, name };
    const wanted = state.byIndex(localVolumes, 'volume', id).find(isOwn);
    const told = state.byIndex(localVolumeReports, 'volume', id).find(isOwn);
    if (wanted === undefined) {
      if (told === undefined) return;
      await volumes.remove(volume);
      await home.reportVolume(told.key, undefined);
      return;
    }
    const { askedAt, sizeBytes } = wanted.value;
    const isThere = (told?.value.sizeBytes ?? 0) > 0;
    if (isThere && told?.value.askedAt === askedAt && told.value.refusal === undefined) return;
    try {
      const has = await (isThere ? volumes.grow(volume, sizeBytes) : volumes.make(volume, sizeBytes));
      await home.reportVolume(wanted.key, { askedAt, sizeBytes: has });
    } catch (error) {
      if (!(error instanceof VolumeRefusal)) throw error;
      const refusal = { code: error.code, message: error.message };
      await home.reportVolume(wanted.key, { askedAt, sizeBytes: told?.value.sizeBytes ?? 0, refusal });
    }
  };
  return followKeys(
    {
      keys: () => [
        ...new Set(
          [...state.list(localVolumes), ...state.list(localVolumeReports)].map(({ key }) =>
            localVolumeId(key),
          ),
        ),
      ],
      subscribe: (changed) => state.subscribe(localVolumes, ({ key }) => changed(localVolumeId(key))),
    },
    make,
    (volume, error) =>
      log.warn('A volume could not be brought where it is wanted: it is tried again', { volume, error }),
    clock,
  );
}
