import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocatePrivateAddress, prefixLength, releasePrivateAddress } from './private-addresses.ts';
import { tasks } from './records.ts';
import { key, openRoom, type TestRoom } from './testing/room.ts';

/** Sixteen addresses: .4 to .14 are for tasks. */
const tiny = { subnetId: 'subnet-0a', securityGroupId: 'sg-0a', cidr: '10.0.0.0/28', gateway: '10.0.0.1' };

const allocate = (room: TestRoom, id: string) =>
  room.write((tx) => allocatePrivateAddress(tx, tiny, key(tasks, 'default', id))?.ipv4);
const release = (room: TestRoom, ipv4: string, id: string) =>
  room.write((tx) => releasePrivateAddress(tx, ipv4, key(tasks, 'default', id)));

describe('addresses of the private network', () => {
  it('leaves the first four and the last alone, and says when none is left', async () => {
    await using room = await openRoom();
    const given: (string | undefined)[] = [];
    for (let id = 0; id < 12; id += 1) given.push(await allocate(room, `t${id}`));
    expect(given).toEqual([...Array.from({ length: 11 }, (_, index) => `10.0.0.${index + 4}`), undefined]);
  });

  it('makes the MAC address of the address', async () => {
    await using room = await openRoom();
    const address = await room.write((tx) => allocatePrivateAddress(tx, tiny, key(tasks, 'default', 't')));
    expect(address).toEqual({ ipv4: '10.0.0.4', macAddress: '02:42:0a:00:00:04' });
    expect(prefixLength(tiny.cidr)).toBe(28);
  });

  it('lets a released address rest as long as there are others', async () => {
    await using room = await openRoom();
    await allocate(room, 'a');
    await release(room, '10.0.0.4', 'a');
    expect(await allocate(room, 'b')).toBe('10.0.0.5');
  });

  it('is released by the task that has it only', async () => {
    await using room = await openRoom();
    for (let id = 0; id < 11; id += 1) await allocate(room, `t${id}`);
    await release(room, '10.0.0.4', 'other');
    expect(await allocate(room, 'late')).toBeUndefined();
    await release(room, '10.0.0.4', 't0');
    expect(await allocate(room, 'late')).toBe('10.0.0.4');
  });

  it('never gives one address to two, in whatever order they come and go', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 14 }), { maxLength: 40 }), async (toggles) => {
        await using room = await openRoom();
        const held = new Map<string, string>();
        for (const toggle of toggles) {
          const id = `t${toggle}`;
          const mine = held.get(id);
          if (mine !== undefined) {
            await release(room, mine, id);
            held.delete(id);
            continue;
          }
          const ipv4 = await allocate(room, id);
          if (ipv4 === undefined) expect(held.size).toBe(11);
          else {
            expect([...held.values()]).not.toContain(ipv4);
            held.set(id, ipv4);
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});
