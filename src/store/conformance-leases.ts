import { beforeEach, describe, expect, it } from 'vitest';
import type { VirtualClock } from '../clock/index.ts';
import { commitTo, type Fixture, keysOf, put, remove, settled, watching } from './conformance-words.ts';
import { LeaseNotFoundError, type ReadOptions, type Store, type Write } from './store.ts';

/** When leases end, and which keys end with them. */
export function describeLeases(current: () => Fixture): void {
  let store: Store;
  let clock: VirtualClock;
  beforeEach(() => {
    ({ store, clock } = current());
  });
  const commit = (...writes: Write[]): Promise<number> => commitTo(store, writes);
  const keys = async (prefix: string, options?: ReadOptions): Promise<string[]> =>
    keysOf((await store.read(prefix, options)).entries);
  describe('leases', () => {
    it('delete their keys in one commit when their time is over', async () => {
      const lease = await store.grantLease(10_000);
      await commit(put('/kept'), put('/l/1', 1, lease), put('/l/2', 2, lease));
      using seen = watching(store, '', 2);
      await clock.advance(9_999);
      expect(await keys('')).toHaveLength(3);
      await clock.advance(1);
      await settled(
        clock,
        () => seen.batches.length === 1,
        () => seen.batches,
      );
      expect(seen.batches).toEqual([
        {
          revision: 2,
          changes: [
            { type: 'delete', key: '/l/1' },
            { type: 'delete', key: '/l/2' },
          ],
        },
      ]);
      expect(await keys('')).toEqual(['/kept']);
      await expect(store.keepAlive(lease)).rejects.toThrow(LeaseNotFoundError);
    });

    it('start anew when kept alive', async () => {
      const lease = await store.grantLease(10_000);
      await commit(put('/l', 1, lease));
      for (let beat = 0; beat < 5; beat++) {
        await clock.advance(9_000);
        await store.keepAlive(lease);
      }
      expect(await keys('')).toEqual(['/l']);
      await clock.advance(10_000);
      await settled(
        clock,
        async () => (await keys('')).length === 0,
        () => keys(''),
      );
    });

    it('end at once when revoked, which may be done again', async () => {
      const lease = await store.grantLease(10_000);
      await commit(put('/l', 1, lease));
      await store.revokeLease(lease);
      expect(await keys('')).toEqual([]);
      await store.revokeLease(lease);
      await expect(store.keepAlive(lease)).rejects.toThrow(LeaseNotFoundError);
      await expect(commit(put('/l', 1, lease), put('/other'))).rejects.toThrow(LeaseNotFoundError);
      expect(await keys('')).toEqual([]);
    });

    it('let go of keys that were put without them, put with another, or deleted', async () => {
      const first = await store.grantLease(1_000);
      const second = await store.grantLease(5_000);
      expect(first).not.toBe(second);
      await commit(put('/free', 1, first), put('/moved', 1, first), put('/gone', 1, first));
      await commit(put('/free', 2), put('/moved', 2, second), remove('/gone'));
      await commit(put('/gone', 2));
      await store.revokeLease(first);
      expect(await keys('')).toEqual(['/free', '/gone', '/moved']);
      await store.revokeLease(second);
      expect(await keys('')).toEqual(['/free', '/gone']);
    });

    it('are judged in order with commits sent at once', async () => {
      const lease = await store.grantLease(1_000);
      const before = commit(put('/l/1', 1, lease));
      const revoked = store.revokeLease(lease);
      const after = commit(put('/l/2', 1, lease));
      await Promise.allSettled([before, revoked, after]);
      await expect(after).rejects.toThrow(LeaseNotFoundError);
      expect(await keys('')).toEqual([]);
    });

    it('refuse a time that is none', async () => {
      for (const ttlMs of [0, -1, 1.5, Number.NaN])
        await expect(store.grantLease(ttlMs)).rejects.toThrow(RangeError);
    });
  });
}
