import { expect, it } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import { openState, recordKey } from '../../reconcile/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import { endMachineVolumes } from './end-machine-volumes.ts';
import { localVolumeReportKey, localVolumeReports, localVolumes } from './records.ts';

const key = (name: string) => recordKey(localVolumes, '111122223333', 'eu-west-1', 'H', name);

it('nobody waits for the volumes of a machine that has left', async () => {
  const clock = new VirtualClock(0);
  await using state = await openState(openMemoryStore({ clock }), { clock });
  const claim = { namespace: 'n', name: 'c', uid: 'u' };
  const [gone, here] = [
    { machineId: 'm-gone', sizeBytes: 10, askedAt: 1, claim },
    { machineId: 'm-here', sizeBytes: 10, askedAt: 1, claim },
  ];
  await state.transact((tx) => {
    tx.put(localVolumes, key('asked'), gone);
    tx.put(localVolumes, key('bound'), { ...gone, hasVolume: true });
    tx.put(localVolumes, key('other'), here);
    for (const [name, { machineId }] of Object.entries({ bound: gone, deleted: gone, other: here }))
      tx.put(localVolumeReports, localVolumeReportKey(key(name), name), {
        ...{ machineId, askedAt: 1, sizeBytes: 10 },
      });
  });
  await endMachineVolumes(state, 'm-gone');
  const report = (name: string) => state.get(localVolumeReports, localVolumeReportKey(key(name), name));
  expect(report('asked')).toMatchObject({ askedAt: 1, sizeBytes: 0, refusal: { code: 'Unavailable' } });
  expect(report('bound')).toBeUndefined();
  expect(report('deleted')).toBeUndefined();
  expect(report('other')).toEqual({ machineId: 'm-here', askedAt: 1, sizeBytes: 10 });
});
