import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock/index.ts';
import { checkAgainstModel } from './conformance-model.ts';
import { entry, keysOf, put, remove, settled, type Watching, watching } from './conformance-words.ts';
import type { Json } from './json.ts';
import {
  CompactedError,
  LeaseNotFoundError,
  type Store,
  StoreClosedError,
  type Watch,
  type Write,
} from './store.ts';

/** Opens an empty store of the driver under test; the suite closes it. */
export type OpenStore = (clock: VirtualClock) => Promise<Store>;

/** What every driver must do, whatever it keeps the keys in. */
export function describeStoreConformance(name: string, open: OpenStore): void {
  describe(`${name} store`, () => {
    let clock: VirtualClock;
    let store: Store;
    beforeEach(async () => {
      clock = new VirtualClock(1_700_000_000_000);
      store = await open(clock);
    });
    afterEach(() => store.close());

    const commit = async (...writes: Write[]): Promise<number> => {
      const outcome = await store.commit([], writes);
      if (!outcome.committed) throw new Error(`Conflicts without preconditions: ${JSON.stringify(outcome)}`);
      return outcome.revision;
    };
    const keys = async (prefix: string, options?: Parameters<Store['read']>[1]): Promise<string[]> =>
      keysOf((await store.read(prefix, options)).entries);

    describe('commits', () => {
      it('start at revision 0 and count by one', async () => {
        expect(await store.revision()).toBe(0);
        expect(await commit(put('/a'))).toBe(1);
        expect(await commit(put('/b'), put('/c'))).toBe(2);
        expect(await store.revision()).toBe(2);
      });

      it('give an entry the revision that wrote it and the one that created it', async () => {
        await commit(put('/a', 1));
        await commit(put('/a', 2));
        expect(await store.get('/a')).toEqual({ key: '/a', value: 2, revision: 2, createRevision: 1 });
        await commit(remove('/a'));
        expect(await store.get('/a')).toBeUndefined();
        await commit(put('/a', 3));
        expect(await store.get('/a')).toEqual({ key: '/a', value: 3, revision: 4, createRevision: 4 });
      });

      it('that write nothing make no revision', async () => {
        await commit(put('/a'));
        expect(await commit()).toBe(1);
        expect(await commit(remove('/never'))).toBe(1);
        expect(await store.revision()).toBe(1);
      });

      it('hold only if every precondition does, and then change nothing at all', async () => {
        await commit(put('/a', 'old'));
        const conflicting = await store.commit(
          [
            { key: '/a', revision: 1 },
            { key: '/b', revision: 7 },
            { key: '/c', revision: 0 },
          ],
          [put('/a', 'new'), put('/d')],
        );
        expect(conflicting).toEqual({ committed: false, conflicts: [{ key: '/b', revision: 7 }] });
        expect((await store.get('/a'))?.value).toBe('old');
        expect(await store.get('/d')).toBeUndefined();
        expect(await store.revision()).toBe(1);
      });

      it('take revision 0 to mean absent', async () => {
        expect((await store.commit([{ key: '/a', revision: 0 }], [put('/a')])).committed).toBe(true);
        expect((await store.commit([{ key: '/a', revision: 0 }], [put('/a')])).committed).toBe(false);
        await commit(remove('/a'));
        expect((await store.commit([{ key: '/a', revision: 0 }], [put('/a')])).committed).toBe(true);
      });

      it('sent at once are judged one after the other', async () => {
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, writer) =>
            store.commit([{ key: '/only-one', revision: 0 }], [put('/only-one', writer)]),
          ),
        );
        expect(outcomes.filter(({ committed }) => committed)).toEqual([{ committed: true, revision: 1 }]);
        const revisions = await Promise.all(
          Array.from({ length: 50 }, (_, writer) => commit(put(`/many/${writer}`))),
        );
        expect(new Set(revisions).size).toBe(50);
        expect(await store.revision()).toBe(51);
      });

      it('keep the value as it was handed in, and hand it out frozen', async () => {
        const value = { name: 'web', ports: [{ from: 80 }], gone: undefined } as unknown as {
          name: string;
          ports: { from: number }[];
        };
        await commit(put('/a', value));
        value.name = 'changed';
        value.ports.push({ from: 81 });
        const stored = (await store.get('/a'))?.value;
        expect(stored).toStrictEqual({ name: 'web', ports: [{ from: 80 }] });
        expect(Object.isFrozen(stored)).toBe(true);
        expect(Object.isFrozen((stored as { ports: Json[] }).ports[0])).toBe(true);
      });

      it.each([
        ['null', null],
        ['false', false],
        ['zero', 0],
        ['an empty string', ''],
        ['text beyond ASCII', 'Grüße, 世界 \u0000 \ud83d\udea2'],
        ['large and small numbers', [1e308, 5e-324, -1.5, 2 ** 53]],
        ['an empty object', {}],
        ['nested arrays', [[[]], [null, [1]]]],
        ['members with odd names', JSON.parse('{"__proto__":{"a":1},"constructor":2,"":3}')],
      ])('keep %s', async (_, value) => {
        await commit(put('/a', value));
        expect((await store.get('/a'))?.value).toStrictEqual(value);
      });

      it('refuse what is not JSON, naming the place', async () => {
        const notJson: [unknown, string][] = [
          [{ at: new Date(0) }, 'Date at at'],
          [{ list: [1, Number.NaN] }, 'NaN at list.1'],
          [[() => 1], '0'],
          [10n, '10'],
        ];
        for (const [value, message] of notJson)
          await expect(commit(put('/a', value as Json))).rejects.toThrow(message);
        expect(await store.revision()).toBe(0);
      });

      it('refuse a key written twice, an empty key, and keys beyond printable ASCII', async () => {
        await expect(commit(put('/a'), remove('/a'))).rejects.toThrow(TypeError);
        for (const key of ['', '/ü', '/tab\t', '/line\n'])
          await expect(commit(put(key))).rejects.toThrow(TypeError);
        expect(await store.revision()).toBe(0);
      });
    });

    describe('reads', () => {
      it('list keys in byte order', async () => {
        const unordered = ['/b', '/a/b', '/a', '/B', '/a-b', '/a/', '/a0', '/~', '/ '];
        await commit(...unordered.map((key) => put(key)));
        expect(await keys('')).toEqual([...unordered].sort());
      });

      it('take the prefix literally', async () => {
        await commit(put('/task'), put('/task/1'), put('/task/10'), put('/tasks/1'), put('/tas'));
        expect(await keys('/task')).toEqual(['/task', '/task/1', '/task/10', '/tasks/1']);
        expect(await keys('/task/')).toEqual(['/task/1', '/task/10']);
        expect(await keys('/task/1')).toEqual(['/task/1', '/task/10']);
        expect(await keys('/none')).toEqual([]);
        expect(await keys('')).toHaveLength(5);
      });

      it('page with limit and after', async () => {
        await commit(...['/p/1', '/p/2', '/p/3', '/p/4', '/q'].map((key) => put(key)));
        const first = await store.read('/p/', { limit: 2 });
        expect([keysOf(first.entries), first.more]).toEqual([['/p/1', '/p/2'], true]);
        const second = await store.read('/p/', { limit: 2, after: '/p/2' });
        expect([keysOf(second.entries), second.more]).toEqual([['/p/3', '/p/4'], false]);
        expect(await keys('/p/', { after: '/p/25' })).toEqual(['/p/3', '/p/4']);
        expect(await keys('/p/', { after: '/a' })).toHaveLength(4);
        expect(await keys('/p/', { after: '/q' })).toEqual([]);
        await expect(store.read('/p/', { limit: 0 })).rejects.toThrow(RangeError);
      });

      it('show the past at a revision, page by page, while commits go on', async () => {
        await commit(put('/p/1', 'one'), put('/p/2', 'two'), put('/p/4', 'four'));
        await commit(put('/p/2', 'zwei'), remove('/p/4'));
        await commit(put('/p/3', 'drei'), remove('/p/1'));
        expect(await keys('/p/', { revision: 1 })).toEqual(['/p/1', '/p/2', '/p/4']);
        expect((await store.read('/p/2', { revision: 1 })).entries[0]).toEqual({
          key: '/p/2',
          value: 'two',
          revision: 1,
          createRevision: 1,
        });
        expect(await keys('/p/', { revision: 2 })).toEqual(['/p/1', '/p/2']);
        const page = await store.read('/p/', { revision: 1, limit: 1, after: '/p/1' });
        expect([keysOf(page.entries), page.more, page.revision]).toEqual([['/p/2'], true, 1]);
        expect(await keys('/p/', { revision: 1, after: '/p/2' })).toEqual(['/p/4']);
        expect(await keys('/p/', { revision: 0 })).toEqual([]);
        expect((await store.read('/p/')).revision).toBe(3);
        await expect(store.read('/p/', { revision: 4 })).rejects.toThrow(RangeError);
      });
    });

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

    describe('when closed', () => {
      it('refuses everything, ends watches, and has finished what was under way', async () => {
        const lease = await store.grantLease(1_000);
        using seen = watching(store, '', 1);
        const underWay = Promise.all(Array.from({ length: 10 }, (_, place) => commit(put(`/${place}`))));
        const closed = store.close();
        await expect(commit(put('/late'))).rejects.toThrow(StoreClosedError);
        expect(await underWay).toHaveLength(10);
        await closed;
        await store.close();
        expect(seen.revisions).toHaveLength(10);
        expect(seen.errors).toEqual([expect.any(StoreClosedError)]);
        await expect(store.read('')).rejects.toThrow(StoreClosedError);
        await expect(store.get('/0')).rejects.toThrow(StoreClosedError);
        await expect(store.grantLease(1)).rejects.toThrow(StoreClosedError);
        await expect(store.keepAlive(lease)).rejects.toThrow(StoreClosedError);
        await expect(store.compact(1)).rejects.toThrow(StoreClosedError);
        expect(() => store.watch('', 1, { onBatch: () => {}, onError: () => {} })).toThrow(StoreClosedError);
        await clock.advance(10_000);
      });
    });

    it('holds a hundred thousand keys, and finds a page among them at once', async () => {
      const total = 100_000;
      const name = (place: number): string => `/k/${String((place * 7919) % total).padStart(6, '0')}`;
      for (let start = 0; start < total; start += 10_000)
        await commit(...Array.from({ length: 10_000 }, (_, place) => put(name(start + place), { place })));
      expect(await store.revision()).toBe(10);
      const page = await store.read('/k/', { limit: 3, after: '/k/077776' });
      expect(keysOf(page.entries)).toEqual(['/k/077777', '/k/077778', '/k/077779']);
      expect((await store.read('/k/', { revision: 5 })).entries).toHaveLength(50_000);
      let counted = 0;
      let last: string | undefined;
      do {
        const { entries, more } = await store.read('/k/', {
          limit: 9_999,
          ...(last === undefined ? {} : { after: last }),
        });
        counted += entries.length;
        last = more ? entries.at(-1)?.key : undefined;
      } while (last !== undefined);
      expect(counted).toBe(total);
    });

    it('does what the model does', async () => {
      await checkAgainstModel(open);
    });
  });
}
