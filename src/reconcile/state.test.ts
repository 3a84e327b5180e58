import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock/index.ts';
import { openMemoryStore, type Store, StoreFullError } from '../store/index.ts';
import { type OpenState, openState } from './open-state.ts';
import {
  type Collection,
  ContentionError,
  everyNoun,
  type RecordChange,
  recordKey,
  type Transaction,
} from './state.ts';
import { type Boat, boat, boatKey, boats, harbours, names } from './testing/boats.ts';
import { dawdling, delegate, slowCommits } from './testing/stores.ts';

let clock: VirtualClock;
let store: Store;
let state: OpenState;
let errors: unknown[];
beforeEach(async () => {
  clock = new VirtualClock(0);
  store = openMemoryStore({ clock });
  errors = [];
  state = await openState(store, { clock, onError: (error) => errors.push(error) });
});
afterEach(async () => {
  await state.close();
  await store.close();
});

const putBoats = (...some: Boat[]): Promise<void> =>
  state.transact((tx) => {
    for (const one of some) tx.put(boats, boatKey(one.name), one);
  });

describe('reading', () => {
  it('shows what the store held before, of this kind and no other', async () => {
    await putBoats(boat('argo'));
    await state.transact((tx) => tx.put(harbours, recordKey(harbours, '111', 'eu', 'kiel'), { berths: 3 }));
    await store.commit([], [{ type: 'put', key: '/leases/reconcilers', value: {} }]);
    await using second = await openState(store, { clock });
    expect(second.get(boats, boatKey('argo'))).toEqual(boat('argo'));
    expect(second.get(boats, boatKey('none'))).toBeUndefined();
    expect([...second.list(harbours)]).toMatchObject([{ value: { berths: 3 }, revision: 2 }]);
    expect(names(second.list(boats))).toEqual(['argo']);
  });

  it('lists in key order, all of the kind or under a prefix', async () => {
    await putBoats(boat('b'), boat('a'), boat('ab'));
    await state.transact((tx) => tx.put(boats, boatKey('c', '222'), boat('c')));
    expect(names(state.list(boats))).toEqual(['a', 'ab', 'b', 'c']);
    expect(names(state.list(boats, '/fleet/111/'))).toEqual(['a', 'ab', 'b']);
    expect(names(state.list(boats, boatKey('a')))).toEqual(['a', 'ab']);
    expect(names(state.list(boats, '/fleet/333/'))).toEqual([]);
  });

  it('finds by index, in key order, and follows changes', async () => {
    await putBoats(
      boat('b', { harbour: 'kiel', crew: ['ann', 'bob'] }),
      boat('a', { harbour: 'kiel', crew: ['bob', 'bob'] }),
      boat('c'),
    );
    const inKiel = state.byIndex(boats, 'byHarbour', 'kiel');
    expect(names(inKiel)).toEqual(['a', 'b']);
    expect(names(state.byIndex(boats, 'byCrew', 'bob'))).toEqual(['a', 'b']);
    expect(state.countByIndex(boats, 'byCrew', 'bob')).toBe(2);
    await putBoats(boat('b', { harbour: 'bremen' }), boat('c', { harbour: 'kiel' }));
    await state.transact((tx) => tx.delete(boats, boatKey('a')));
    expect(names(inKiel)).toEqual(['a', 'b']);
    expect(names(state.byIndex(boats, 'byHarbour', 'kiel'))).toEqual(['c']);
    expect(names(state.byIndex(boats, 'byHarbour', 'bremen'))).toEqual(['b']);
    expect(state.byIndex(boats, 'byCrew', 'bob')).toEqual([]);
    expect(state.countByIndex(boats, 'byCrew', 'ann')).toBe(0);
  });

  it('shows and follows a whole service, with nouns that come later', async () => {
    const fleet: Collection<object> = { service: boats.service, noun: everyNoun, indexes: {} };
    await putBoats(boat('argo'));
    const heard: string[] = [];
    using _listening = state.subscribe(fleet, ({ key }) => heard.push(key));
    const kiel = recordKey(harbours, '111', 'eu', 'kiel');
    await state.transact((tx) => tx.put(harbours, kiel, { berths: 3 }));
    await store.commit([], [{ type: 'put', key: '/other/111/eu/boat/argo', value: {} }]);
    await state.transact((tx) => tx.delete(boats, boatKey('argo')));
    expect(heard).toEqual([kiel, boatKey('argo')]);
    expect([...state.list(fleet)].map(({ key }) => key)).toEqual([kiel]);
    expect(state.get(fleet, kiel)).toEqual({ berths: 3 });
    expect(state.get(fleet, '/other/111/eu/boat/argo' as typeof kiel)).toBeUndefined();
  });

  it('hands out frozen records', async () => {
    await putBoats(boat('a', { crew: ['ann'] }));
    const { crew } = state.get(boats, boatKey('a')) ?? { crew: [] };
    expect(() => (crew as string[]).push('bob')).toThrow(TypeError);
  });
});

describe('a transaction', () => {
  it('returns what it computed, visible to everybody', async () => {
    await using other = await openState(store, { clock });
    const result = await state.transact((tx) => {
      tx.put(boats, boatKey('a'), boat('a'));
      return 'sailed';
    });
    expect(result).toBe('sailed');
    expect(state.get(boats, boatKey('a'))).toEqual(boat('a'));
    expect(other.get(boats, boatKey('a'))).toEqual(boat('a'));
  });

  it('reads its own writes in every way, and nobody else does', async () => {
    await putBoats(boat('a', { harbour: 'kiel' }), boat('c', { harbour: 'kiel' }));
    await state.transact((tx) => {
      tx.put(boats, boatKey('b'), boat('b', { harbour: 'kiel', crew: ['ann'] }));
      tx.put(boats, boatKey('c'), boat('c', { harbour: 'bremen' }));
      tx.delete(boats, boatKey('a'));
      expect(tx.get(boats, boatKey('a'))).toBeUndefined();
      expect(tx.get(boats, boatKey('b'))?.crew).toEqual(['ann']);
      expect(names(tx.list(boats))).toEqual(['b', 'c']);
      expect(names(tx.list(boats, boatKey('c')))).toEqual(['c']);
      expect(names(tx.byIndex(boats, 'byHarbour', 'kiel'))).toEqual(['b']);
      expect(names(tx.byIndex(boats, 'byCrew', 'ann'))).toEqual(['b']);
      expect(tx.countByIndex(boats, 'byHarbour', 'bremen')).toBe(1);
      expect(names(state.list(boats))).toEqual(['a', 'c']);
      tx.put(boats, boatKey('a'), boat('a', { trips: 1 }));
      expect(names(tx.list(boats))).toEqual(['a', 'b', 'c']);
    });
    expect(names(state.list(boats))).toEqual(['a', 'b', 'c']);
    expect(state.get(boats, boatKey('a'))?.trips).toBe(1);
  });

  it('tells what it has written of a collection, in a list that grows', async () => {
    await state.transact((tx) => {
      const written = tx.written(boats);
      expect(written).toEqual([]);
      tx.put(boats, boatKey('a'), boat('a'));
      tx.put(harbours, recordKey(harbours, '111', 'eu', 'kiel'), { berths: 3 });
      tx.delete(boats, boatKey('b'));
      tx.put(boats, boatKey('a'), boat('a', { trips: 1 }));
      expect(written).toEqual([boatKey('a'), boatKey('b'), boatKey('a')]);
      expect(tx.written(boats)).toBe(written);
    });
    await state.transact((tx) => expect(tx.written(boats)).toEqual([]));
  });

  it('takes the record as it is at the put', async () => {
    const crew = ['ann'];
    await state.transact((tx) => {
      tx.put(boats, boatKey('a'), boat('a', { crew }));
      crew.push('bob');
      expect(tx.get(boats, boatKey('a'))?.crew).toEqual(['ann']);
    });
    expect(state.get(boats, boatKey('a'))?.crew).toEqual(['ann']);
  });

  it('that throws, or only reads, or changes nothing, commits nothing', async () => {
    await putBoats(boat('a'));
    await expect(
      state.transact((tx) => {
        tx.put(boats, boatKey('b'), boat('b'));
        throw new Error('refused');
      }),
    ).rejects.toThrow('refused');
    expect(await state.transact((tx) => tx.get(boats, boatKey('a'))?.name)).toBe('a');
    await state.transact((tx) => {
      tx.put(boats, boatKey('a'), { trips: 0, crew: [], name: 'a' });
      tx.put(boats, boatKey('c'), boat('c'));
      tx.delete(boats, boatKey('c'));
      tx.delete(boats, boatKey('never'));
    });
    expect(await store.revision()).toBe(1);
  });

  it('can be neither asynchronous, nor used when it is over, nor write to foreign keys', async () => {
    await expect(state.transact(async (tx) => tx.get(boats, boatKey('a')))).rejects.toThrow('synchronous');
    let leaked: Transaction | undefined;
    await state.transact((tx) => {
      leaked = tx;
    });
    expect(() => leaked?.get(boats, boatKey('a'))).toThrow('is over');
    await expect(
      state.transact((tx) => tx.put(boats, recordKey(harbours, '111', 'eu', 'kiel'), boat('a'))),
    ).rejects.toThrow(TypeError);
    expect(await store.revision()).toBe(0);
  });

  it('runs again on what another writer left', async () => {
    await using other = await openState(store, { clock });
    await putBoats(boat('a'));
    const seen: (number | undefined)[] = [];
    const sail = (by: OpenState): Promise<void> =>
      by.transact((tx) => {
        const { trips = -1 } = tx.get(boats, boatKey('a')) ?? {};
        seen.push(trips);
        tx.put(boats, boatKey('a'), boat('a', { trips: trips + 1 }));
      });
    await Promise.all([sail(state), sail(other), sail(state), sail(other)]);
    expect(state.get(boats, boatKey('a'))?.trips).toBe(4);
    expect(seen.length).toBeGreaterThanOrEqual(4);
  });

  it('guards what it got and what it wrote unread, absence included', async () => {
    const slow = slowCommits(store);
    await using late = await openState(slow.store, { clock });
    const runs: (Boat | undefined)[] = [];
    const blind = late.transact((tx) => {
      tx.put(boats, boatKey('new'), boat('new', { trips: runs.length }));
      runs.push(undefined);
    });
    const reader = late.transact((tx) => {
      runs.push(tx.get(boats, boatKey('read')));
      tx.put(harbours, recordKey(harbours, '111', 'eu', 'kiel'), { berths: 1 });
    });
    await putBoats(boat('new', { trips: 99 }), boat('read'));
    slow.release();
    await Promise.all([blind, reader]);
    expect(runs).toEqual([undefined, undefined, undefined, boat('read')]);
    expect(state.get(boats, boatKey('new'))?.trips).toBe(2);
  });

  it('gives up after many lost races, and says so', async () => {
    await putBoats(boat('a'));
    const jealous = delegate(store);
    jealous.commit = async (preconditions) => ({ committed: false, conflicts: preconditions });
    await using loser = await openState(jealous, { clock });
    await expect(
      loser.transact((tx) => tx.put(boats, boatKey('a'), boat('a', { trips: 1 }))),
    ).rejects.toThrow(ContentionError);
  });

  it('never loses an update, however many write', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.boolean(), fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 3 })), {
          maxLength: 150,
        }),
        fc.integer(),
        async (increments, seed) => {
          await using ownStore = openMemoryStore({ clock });
          const slow = dawdling(ownStore, seed);
          await using one = await openState(slow, { clock });
          await using two = await openState(slow, { clock });
          const expected = [0, 0, 0, 0, 0];
          await Promise.all(
            increments.map(([usesOne, counters]) =>
              (usesOne ? one : two).transact((tx) => {
                for (const counter of counters) {
                  const key = boatKey(String(counter));
                  const { trips = 0 } = tx.get(boats, key) ?? {};
                  tx.put(boats, key, boat(String(counter), { trips: trips + 1 }));
                }
              }),
            ),
          );
          for (const [, counters] of increments)
            for (const counter of counters) expected[counter] = (expected[counter] ?? 0) + 1;
          const counted = expected.map((_, counter) => one.get(boats, boatKey(String(counter)))?.trips ?? 0);
          expect(counted).toEqual(expected);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('transactions that want the same record', () => {
  it('are run together after the first race, and each hears its own result', async () => {
    let commits = 0;
    const slow = delegate(store);
    slow.commit = async (preconditions, writes) => {
      commits++;
      await Promise.resolve();
      return store.commit(preconditions, writes);
    };
    await using contended = await openState(slow, { clock });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) =>
        contended.transact((tx) => {
          const { trips = 0, crew = [] } = tx.get(boats, boatKey('a')) ?? {};
          tx.put(boats, boatKey('a'), boat('a', { trips: trips + 1, crew: [...crew, String(n)] }));
          tx.put(boats, boatKey(`of-${n}`), boat(`of-${n}`));
          if (n % 4 === 3) throw new Error(`refused ${n}`);
          return `done ${n}`;
        }),
      ),
    );
    outcomes.forEach((outcome, n) => {
      expect(outcome).toEqual(
        n % 4 === 3
          ? { status: 'rejected', reason: new Error(`refused ${n}`) }
          : { status: 'fulfilled', value: `done ${n}` },
      );
    });
    const { trips, crew } = state.get(boats, boatKey('a')) ?? boat('none');
    expect([trips, new Set(crew).size]).toEqual([30, 30]);
    expect(names(state.list(boats, boatKey('of-')))).toHaveLength(30);
    expect(state.get(boats, boatKey('of-3'))).toBeUndefined();
    expect(commits).toBeLessThan(35);
    expect(await store.revision()).toBeLessThan(5);
  });

  it('are committed one by one when that can not be done together', async () => {
    const narrow = delegate(store);
    narrow.commit = async (preconditions, writes) => {
      await Promise.resolve();
      if (writes.length > 2) throw new StoreFullError('no room for so much');
      return store.commit(preconditions, writes);
    };
    await using contended = await openState(narrow, { clock });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) =>
        contended.transact((tx) => {
          const { trips = 0 } = tx.get(boats, boatKey('a')) ?? {};
          tx.put(boats, boatKey('a'), boat('a', { trips: trips + 1 }));
          tx.put(boats, boatKey(`of-${n}`), boat('b'));
          if (n === 9) tx.put(boats, boatKey('too-much'), boat('c'));
        }),
      ),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([...Array(9).fill('fulfilled'), 'rejected']);
    expect(state.get(boats, boatKey('a'))?.trips).toBe(9);
  });
});

describe('listeners', () => {
  it('hear each changed record once, with before and after, when everything is in place', async () => {
    await putBoats(boat('a'), boat('b'));
    const heard: RecordChange<Boat>[] = [];
    using _boats = state.subscribe(boats, (change) => {
      heard.push(change);
      expect(names(state.list(boats))).toEqual(['a', 'c']);
    });
    using _harbours = state.subscribe(harbours, () => expect.unreachable('no harbour changed'));
    await state.transact((tx) => {
      tx.put(boats, boatKey('a'), boat('a', { trips: 1 }));
      tx.delete(boats, boatKey('b'));
      tx.put(boats, boatKey('c'), boat('c'));
    });
    expect(heard).toEqual([
      { key: boatKey('a'), before: boat('a'), after: boat('a', { trips: 1 }) },
      { key: boatKey('b'), before: boat('b'), after: undefined },
      { key: boatKey('c'), before: undefined, after: boat('c') },
    ]);
    expect(errors).toEqual([]);
  });

  it('that throw are reported and disturb nobody; those that left hear nothing', async () => {
    const heard: string[] = [];
    const gone = state.subscribe(boats, () => heard.push('gone'));
    using _thrower = state.subscribe(boats, () => {
      throw new Error('listener');
    });
    using _other = state.subscribe(boats, ({ key }) => heard.push(key));
    gone[Symbol.dispose]();
    await putBoats(boat('a'));
    await putBoats(boat('b'));
    expect(heard).toEqual([boatKey('a'), boatKey('b')]);
    expect(errors).toEqual([new Error('listener'), new Error('listener')]);
  });

  it('may transact; the change is heard after the one that caused it', async () => {
    const heard: string[] = [];
    const echoes: Promise<void>[] = [];
    using _listener = state.subscribe(boats, ({ after }) => {
      heard.push(after?.name ?? '');
      if (after?.name === 'a') echoes.push(putBoats(boat('b')));
    });
    await putBoats(boat('a'));
    await Promise.all(echoes);
    expect(heard).toEqual(['a', 'b']);
  });
});

it('finds its way among a hundred thousand records', async () => {
  const many = 100_000;
  for (let start = 0; start < many; start += 10_000)
    await store.commit(
      [],
      Array.from({ length: 10_000 }, (_, n) => ({
        type: 'put' as const,
        key: boatKey(String(start + n).padStart(6, '0')),
        value: { name: String(start + n), harbour: `h${(start + n) % 1_000}`, crew: [], trips: 0 },
      })),
    );
  expect(state.countByIndex(boats, 'byHarbour', 'h7')).toBe(100);
  expect(names(state.list(boats, boatKey('05555')))).toHaveLength(10);
  await putBoats(boat('zz', { harbour: 'h7' }));
  expect(state.countByIndex(boats, 'byHarbour', 'h7')).toBe(101);
});
