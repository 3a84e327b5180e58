import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock/index.ts';
import { describeLeases } from './conformance-leases.ts';
import { checkAgainstModel, type OpenStore } from './conformance-model.ts';
import { describeWatches } from './conformance-watches.ts';
import { commitTo, keysOf, put, remove, watching } from './conformance-words.ts';
import type { Json } from './json.ts';
import { type ReadOptions, type Store, StoreClosedError, type Write } from './store.ts';

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

    const commit = (...writes: Write[]): Promise<number> => commitTo(store, writes);
    const keys = async (prefix: string, options?: ReadOptions): Promise<string[]> =>
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
        expect([keysOf(first.entries), first.more, first.left]).toEqual([['/p/1', '/p/2'], true, 2]);
        const second = await store.read('/p/', { limit: 2, after: '/p/2' });
        expect([keysOf(second.entries), second.more, second.left]).toEqual([['/p/3', '/p/4'], false, 0]);
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
        expect([keysOf(page.entries), page.more, page.left, page.revision]).toEqual([['/p/2'], true, 1, 1]);
        expect(await keys('/p/', { revision: 1, after: '/p/2' })).toEqual(['/p/4']);
        expect(await keys('/p/', { revision: 0 })).toEqual([]);
        expect((await store.read('/p/')).revision).toBe(3);
        await expect(store.read('/p/', { revision: 4 })).rejects.toThrow(RangeError);
      });
    });

    describeWatches(() => ({ store, clock }));
    describeLeases(() => ({ store, clock }));

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
