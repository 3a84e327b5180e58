import { beforeEach, describe, expect, it } from 'vitest';
import type { VirtualClock } from '../clock/index.ts';
import {
  commitTo,
  entry,
  type Fixture,
  keysOf,
  put,
  remove,
  type Watching,
  watching,
} from './conformance-words.ts';
import { CompactedError, type ReadOptions, type Store, type Watch, type Write } from './store.ts';

/** What watches show, and what compaction takes away from them. */
export function describeWatches(current: () => Fixture): void {
  let store: Store;
  let clock: VirtualClock;
  beforeEach(() => {
    ({ store, clock } = current());
  });
  const commit = (...writes: Write[]): Promise<number> => commitTo(store, writes);
  const keys = async (prefix: string, options?: ReadOptions): Promise<string[]> =>
    keysOf((await store.read(prefix, options)).entries);
  describe('watches', () => {
    it('show past and live commits in order, one batch per commit, none twice', async () => {
      await commit(put('/w/1', 1));
      await commit(put('/w/2', 2), put('/x'), remove('/w/1'));
      await commit(put('/x'));
      using seen = watching(store, '/w/', 1);
      await commit(put('/w/3', 3));
      await clock.advance(0);
      expect(seen.batches).toEqual([
        { revision: 1, changes: [{ type: 'put', key: '/w/1', entry: entry('/w/1', 1, 1) }] },
        {
          revision: 2,
          changes: [
            { type: 'put', key: '/w/2', entry: entry('/w/2', 2, 2) },
            { type: 'delete', key: '/w/1' },
          ],
        },
        { revision: 4, changes: [{ type: 'put', key: '/w/3', entry: entry('/w/3', 3, 4) }] },
      ]);
      expect(seen.errors).toEqual([]);
    });

    it('start in the middle of the past, now, or in the future', async () => {
      for (const key of ['/1', '/2', '/3']) await commit(put(key));
      using middle = watching(store, '/', 2);
      using now = watching(store, '/', 4);
      using future = watching(store, '/', 5);
      await commit(put('/4'));
      await commit(put('/5'));
      expect(middle.revisions).toEqual([2, 3, 4, 5]);
      expect(now.revisions).toEqual([4, 5]);
      expect(future.revisions).toEqual([5]);
    });

    it('have seen a commit when it resolves', async () => {
      using seen = watching(store, '', 1);
      for (let revision = 1; revision <= 10; revision++) {
        expect(await commit(put('/a', revision))).toBe(revision);
        expect(seen.revisions.at(-1)).toBe(revision);
      }
      const many = await Promise.all(Array.from({ length: 10 }, (_, place) => commit(put(`/${place}`))));
      expect(seen.revisions.slice(10)).toEqual(many);
    });

    it('say nothing of commits that changed nothing, or failed', async () => {
      using seen = watching(store, '', 1);
      await commit(remove('/never'));
      await store.commit([{ key: '/a', revision: 9 }], [put('/a')]);
      await commit(put('/a'));
      expect(seen.revisions).toEqual([1]);
    });

    it('are not called again after they were disposed of, not even from within a batch', async () => {
      await commit(put('/1'));
      await commit(put('/2'));
      const before = watching(store, '', 1);
      before[Symbol.dispose]();
      const seen: number[] = [];
      const watch: Watch = store.watch('', 1, {
        onBatch: ({ revision }) => {
          seen.push(revision);
          if (revision === 3) watch[Symbol.dispose]();
        },
        onError: (error) => expect.unreachable(error.message),
      });
      await commit(put('/3'));
      await commit(put('/4'));
      expect(before.revisions).toEqual([]);
      expect(seen).toEqual([1, 2, 3]);
    });

    it('may commit from within a batch, and everybody sees both in order', async () => {
      const echoes: Promise<number>[] = [];
      using first = watching(store, '', 1, ({ revision }) => {
        if (revision === 1) echoes.push(commit(put('/echo')));
      });
      using second = watching(store, '', 1);
      await commit(put('/call'));
      expect(await Promise.all(echoes)).toEqual([2]);
      expect(first.revisions).toEqual([1, 2]);
      expect(second.revisions).toEqual([1, 2]);
    });

    it('may be opened from within a batch, and miss nothing', async () => {
      const inner: Watching[] = [];
      using outer = watching(store, '', 1, ({ revision }) => {
        if (revision === 2) inner.push(watching(store, '', 1));
      });
      for (const key of ['/1', '/2', '/3']) await commit(put(key));
      await clock.advance(0);
      expect(outer.revisions).toEqual([1, 2, 3]);
      expect(inner[0]?.revisions).toEqual([1, 2, 3]);
    });

    it('end alone when their observer throws', async () => {
      using throwing = watching(store, '', 1, () => {
        throw new Error('observer');
      });
      using other = watching(store, '', 1);
      await commit(put('/1'));
      await commit(put('/2'));
      expect(throwing.revisions).toEqual([1]);
      expect(throwing.errors).toEqual([new Error('observer')]);
      expect(other.revisions).toEqual([1, 2]);
    });
  });

  describe('compaction', () => {
    beforeEach(async () => {
      await commit(put('/a', 1));
      await commit(put('/a', 2), put('/b', 1));
      await commit(remove('/b'), put('/c', 1));
      await commit(put('/a', 3));
    });

    it('forgets what was before, and keeps the current values and the revision', async () => {
      await store.compact(3);
      expect(await store.revision()).toBe(4);
      expect(keysOf((await store.read('')).entries)).toEqual(['/a', '/c']);
      await expect(store.read('', { revision: 2 })).rejects.toThrow(CompactedError);
      expect(await keys('', { revision: 3 })).toEqual(['/a', '/c']);
      expect((await store.read('/a', { revision: 3 })).entries[0]?.value).toBe(2);
      using atBoundary = watching(store, '', 3);
      using tooEarly = watching(store, '', 2);
      await commit(put('/d'));
      expect(atBoundary.revisions).toEqual([3, 4, 5]);
      expect(tooEarly.revisions).toEqual([]);
      expect(tooEarly.errors).toEqual([expect.any(CompactedError)]);
      expect(tooEarly.errors[0]).toMatchObject({ compactRevision: 3 });
    });

    it('does not disturb a watch that is running, or was opened just before', async () => {
      using running = watching(store, '', 1);
      await store.compact(4);
      await commit(put('/d'));
      expect(running.revisions).toEqual([1, 2, 3, 4, 5]);
      expect(running.errors).toEqual([]);
    });

    it('may be asked for again, or for less, but not for the future', async () => {
      await store.compact(4);
      await store.compact(4);
      await store.compact(2);
      await expect(store.read('', { revision: 3 })).rejects.toThrow(CompactedError);
      await expect(store.compact(5)).rejects.toThrow(RangeError);
      expect(await keys('', { revision: 4 })).toEqual(['/a', '/c']);
      expect(await commit(put('/d'))).toBe(5);
    });
  });
}
