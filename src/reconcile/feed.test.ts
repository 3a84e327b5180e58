import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock/index.ts';
import { openMemoryStore, type Store, StoreClosedError } from '../store/index.ts';
import { type OpenState, openState } from './open-state.ts';
import { type Boat, boat, boatKey, boats, names } from './testing/boats.ts';
import { fragileWatch } from './testing/stores.ts';

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

describe('when the watch breaks', () => {
  it('reads again and tells exactly what changed', async () => {
    const fragile = fragileWatch(store);
    await using mirror = await openState(fragile.store, { clock, onError: (error) => errors.push(error) });
    await putBoats(boat('kept'), boat('changed'), boat('gone'));
    const heard: [string, number | undefined, number | undefined][] = [];
    using _listener = mirror.subscribe(boats, ({ key, before, after }) =>
      heard.push([key.split('/').at(-1) ?? '', before?.trips, after?.trips]),
    );
    expect(names(mirror.byIndex(boats, 'byCrew', 'ann'))).toEqual([]);
    fragile.cut();
    await state.transact((tx) => {
      tx.put(boats, boatKey('changed'), boat('changed', { trips: 1, crew: ['ann'] }));
      tx.put(boats, boatKey('new'), boat('new'));
      tx.delete(boats, boatKey('gone'));
    });
    await store.compact(await store.revision());
    expect(heard).toEqual([]);
    fragile.fail(new Error('connection lost'));
    await clock.runUntil(() => heard.length === 3, { deadlineMs: 60_000, seen: () => heard });
    expect(heard).toEqual([
      ['changed', 0, 1],
      ['new', undefined, 0],
      ['gone', 0, undefined],
    ]);
    expect(names(mirror.byIndex(boats, 'byCrew', 'ann'))).toEqual(['changed']);
    expect(errors).toEqual([new Error('connection lost')]);
    await putBoats(boat('later'));
    expect(mirror.get(boats, boatKey('later'))).toEqual(boat('later'));
  });

  it('a transaction waits until its own write has come back', async () => {
    const fragile = fragileWatch(store);
    await using mirror = await openState(fragile.store, { clock });
    fragile.cut();
    let isDone = false;
    const writing = mirror
      .transact((tx) => tx.put(boats, boatKey('a'), boat('a')))
      .then(() => {
        isDone = true;
      });
    await clock.advance(1_000);
    expect([isDone, state.get(boats, boatKey('a'))]).toEqual([false, boat('a')]);
    fragile.fail(new Error('connection lost'));
    await writing;
    expect(mirror.get(boats, boatKey('a'))).toEqual(boat('a'));
  });

  it('for good, as the store was closed, transactions say so', async () => {
    await store.close();
    await expect(putBoats(boat('a'))).rejects.toThrow(StoreClosedError);
    expect(names(state.list(boats))).toEqual([]);
  });
});

it('shows the store, whatever was committed, and however the watch fared', async () => {
  const someName = fc.constantFrom('a', 'ab', 'b', 'c', 'd');
  const someBoat = fc.record({
    harbour: fc.constantFrom('kiel', 'bremen'),
    crew: fc.array(fc.constantFrom('ann', 'bob', 'cy'), { maxLength: 3 }),
  });
  const someStep = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.array(fc.tuple(someName, fc.option(someBoat)), { minLength: 1, maxLength: 4 }),
    },
    { weight: 1, arbitrary: fc.constantFrom('cut' as const, 'fail' as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(someStep, { maxLength: 40 }), async (steps) => {
      await using ownStore = openMemoryStore({ clock });
      await using writer = await openState(ownStore, { clock });
      const fragile = fragileWatch(ownStore);
      await using reader = await openState(fragile.store, { clock });
      const told = new Map<string, Boat>();
      let untrue = 0;
      using _listener = reader.subscribe(boats, ({ key, before, after }) => {
        if (told.get(key) !== before) untrue++;
        if (after === undefined) told.delete(key);
        else told.set(key, after);
      });
      reader.byIndex(boats, 'byCrew', 'ann');
      for (const step of steps) {
        if (step === 'cut') fragile.cut();
        else if (step === 'fail') fragile.fail(new Error('lost'));
        else
          await writer.transact((tx) => {
            for (const [name, some] of step) {
              if (some === null) tx.delete(boats, boatKey(name));
              else tx.put(boats, boatKey(name), boat(name, some));
            }
          });
      }
      fragile.fail(new Error('lost'));
      const { entries } = await ownStore.read('');
      await clock.advance(60_000);
      for (const view of [writer, reader]) {
        expect([...view.list(boats)]).toEqual(entries);
        for (const one of ['ann', 'bob', 'cy'])
          expect([...view.byIndex(boats, 'byCrew', one)]).toEqual(
            entries.filter(({ value }) => (value as unknown as Boat).crew.includes(one)),
          );
      }
      expect(untrue).toBe(0);
      expect([...told.keys()].sort()).toEqual(entries.map(({ key }) => key));
    }),
    { numRuns: 40 },
  );
});
