import { expect, it } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { machineIdOf, machineKey, machines } from '../../machines/index.ts';
import type { Machines } from '../../network/index.ts';
import { openState } from '../../reconcile/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import { followMachines, machineSource } from './follow-machines.ts';

const account = '111122223333';
const record = (id: string, address?: string) => ({
  ...{ id, name: id, version: '1', joinedAt: 0, isHome: false },
  ...(address !== undefined && { address }),
});

it('tells the network of the machines that can be reached, once for each change', async () => {
  const clock = new VirtualClock(0);
  await using state = await openState(openMemoryStore({ clock }), { clock });
  const [own, other] = [machineIdOf('a'), machineIdOf('b')];
  const put = (id: string, address?: string) =>
    state.transact((tx) => tx.put(machines, machineKey(account, id), record(id, address)));
  const told: (Machines | undefined)[] = [];
  let failures = 1;
  const network = {
    setMachines: async (now: Machines | undefined) => {
      if (failures-- > 0) throw new Error('no buffer space');
      told.push(now);
    },
  };
  const source = machineSource(state, own);
  const following = followMachines({ machines: source, network, clock, log: recordingLog() });
  await put(own, '192.0.2.1');
  await put(other);
  await put(other, '192.0.2.2');
  await clock.advance(1_000);
  await put(other, '192.0.2.2');
  await state.transact((tx) => tx.delete(machines, machineKey(account, other)));
  await following[Symbol.asyncDispose]();
  expect(told).toEqual([
    {
      own: { id: own, underlayAddress: '192.0.2.1' },
      peers: [{ id: other, underlayAddress: '192.0.2.2' }],
    },
    undefined,
  ]);
});
