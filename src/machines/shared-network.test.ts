import { expect, it } from 'vitest';
import { VirtualClock } from '../clock/index.ts';
import { openState } from '../reconcile/index.ts';
import { openMemoryStore } from '../store/index.ts';
import { type MachineRecord, machineKey, machines, ownArchitecture } from './records.ts';
import { carriersOfNodes } from './shared-network.ts';

it('nodes are carried by machines that are connected and run the same images', async () => {
  const clock = new VirtualClock(0);
  await using state = await openState(openMemoryStore({ clock }), { clock });
  const architecture = ownArchitecture();
  const foreign = architecture === 'arm64' ? 'x86_64' : 'arm64';
  const machine = (id: string, more: Partial<MachineRecord> = {}): MachineRecord => ({
    ...{ id, name: id, version: '1', joinedAt: 0, isHome: false, architecture },
    ...more,
  });
  const known = [
    machine('m-home', { isHome: true }),
    ...[machine('m-a'), machine('m-away'), machine('m-foreign', { architecture: foreign })],
  ];
  await state.transact((tx) => {
    for (const each of known) tx.put(machines, machineKey('1', each.id), each);
  });
  const connected = new Set(['m-home', 'm-a', 'm-foreign', 'm-removed']);
  expect(carriersOfNodes(state, connected)).toEqual(['m-a']);
});
