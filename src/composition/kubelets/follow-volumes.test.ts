import { expect, it, vi } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { localVolumeReportKey, localVolumeReports, localVolumes } from '../../kubernetes/index.ts';
import { recordingLog } from '../../log.ts';
import { VolumeRefusal } from '../../node/index.ts';
import { openState, recordKey } from '../../reconcile/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import { followVolumes } from './follow-volumes.ts';
import { nodeHome } from './node-home.ts';

const key = (name: string) => recordKey(localVolumes, '111122223333', 'eu-west-1', 'c', name);
const wanted = { machineId: 'm', sizeBytes: 10, askedAt: 1, claim: { namespace: 'n', name: 'c', uid: 'u' } };

it('makes what is wanted of the machine, tells what there is, and removes only what it told of', async () => {
  const clock = new VirtualClock(0);
  const store = openMemoryStore({ clock });
  await using state = await openState(store, { clock });
  const disk = new Map([['c/stranger', 7]]);
  const asked: string[] = [];
  let room = 20;
  const has = (size: number): number => {
    if (size > room) throw new VolumeRefusal('ResourceExhausted', 'full');
    return size;
  };
  const volumes = {
    make: async ({ clusterId, name }: { clusterId: string; name: string }, size: number) => {
      asked.push(`make ${name}`);
      disk.set(`${clusterId}/${name}`, disk.get(`${clusterId}/${name}`) ?? has(size));
      return size;
    },
    grow: async ({ clusterId, name }: { clusterId: string; name: string }, size: number) => {
      asked.push(`grow ${name}`);
      disk.set(`${clusterId}/${name}`, has(size));
      return size;
    },
    remove: async ({ clusterId, name }: { clusterId: string; name: string }) => {
      disk.delete(`${clusterId}/${name}`);
    },
  };
  const home = nodeHome({
    ...{ state, clock, random: seededRandom(1), machineId: 'm', isHome: true },
    iam: { assumeRoleForService: () => Promise.reject(new Error('nobody asks for a role')) as never },
  });
  const follow = () => followVolumes({ state, home, machineId: 'm', volumes, clock, log: recordingLog() });
  const report = (name: string) => state.get(localVolumeReports, localVolumeReportKey(key(name), name));
  const put = (name: string, change: object = {}) =>
    state.transact((tx) => tx.put(localVolumes, key(name), { ...wanted, ...change }));
  const drop = (name: string) => state.transact((tx) => tx.delete(localVolumes, key(name)));

  let following = follow();
  await put('a');
  await put('others', { machineId: 'other' });
  await vi.waitFor(() => expect(report('a')).toEqual({ machineId: 'm', askedAt: 1, sizeBytes: 10 }));
  await put('a', { sizeBytes: 30, askedAt: 2 });
  const refusal = { code: 'ResourceExhausted', message: 'full' };
  await vi.waitFor(() => expect(report('a')).toEqual({ machineId: 'm', askedAt: 2, sizeBytes: 10, refusal }));
  room = 40;
  await put('a', { sizeBytes: 30, askedAt: 3 });
  await vi.waitFor(() => expect(report('a')).toEqual({ machineId: 'm', askedAt: 3, sizeBytes: 30 }));
  await following[Symbol.asyncDispose]();

  // What changed while nobody looked; what did not is left alone.
  asked.length = 0;
  await put('b');
  following = follow();
  await vi.waitFor(() => expect(report('b')?.sizeBytes).toBe(10));
  expect(asked).toEqual(['make b']);
  await following[Symbol.asyncDispose]();
  await drop('a');
  following = follow();
  await vi.waitFor(() => expect(report('a')).toBeUndefined());
  await drop('b');
  await vi.waitFor(() => expect(report('b')).toBeUndefined());
  await following[Symbol.asyncDispose]();
  expect([...disk.keys()]).toEqual(['c/stranger']);
  expect(report('others')).toBeUndefined();
});
