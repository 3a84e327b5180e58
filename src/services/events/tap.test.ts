import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { type Collection, recordKey } from '../../reconcile/index.ts';
import { openMemoryStore, type Store } from '../../store/index.ts';
import { MemoryEventLog } from './log/index.ts';
import { eventSource } from './source.ts';
import { EventTap } from './tap.ts';

interface Boat {
  readonly version: number;
}
const boats: Collection<Boat> = { service: 'harbour', noun: 'boat', indexes: {} };
const source = eventSource(boats, ({ key, before, after, now }) =>
  before?.version === after.version
    ? []
    : [
        {
          source: 'harbour',
          detailType: 'Boat',
          resources: [key],
          time: now,
          detail: { from: before?.version ?? null, to: after.version },
        },
      ],
);
const key = (name: string) => recordKey(boats, '1', 'r', name);

let clock: VirtualClock;
let store: Store;
let log: MemoryEventLog;
let logger: ReturnType<typeof recordingLog>;
let taps: EventTap[];
beforeEach(() => {
  clock = new VirtualClock(Date.UTC(2026, 0, 15));
  store = openMemoryStore({ clock });
  log = new MemoryEventLog();
  logger = recordingLog();
  taps = [];
});
afterEach(async () => {
  for (const tap of taps) tap[Symbol.dispose]();
  await store.close();
});

async function start(): Promise<EventTap> {
  const tap = new EventTap({ store, log, sources: [source], clock, random: seededRandom(1), logger });
  taps.push(tap);
  await tap.start();
  return tap;
}
const put = (name: string, version: number) =>
  store.commit([], [{ type: 'put', key: key(name), value: { version } }]);
const other = () =>
  store.commit([], [{ type: 'put', key: '/harbour/1/r/crane/c', value: { at: clock.now() } }]);
/** What was committed is written a few turns later. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await turn();
}
async function told(): Promise<string[]> {
  await settled();
  return log
    .read(0, 1_000)
    .map(({ event }) => `${event.resources[0]?.split('/').at(-1)} ${event.detail.from}>${event.detail.to}`);
}

it('tells each change once, with what was before it', async () => {
  await put('blue', 1);
  await start();
  await put('blue', 2);
  await put('red', 1);
  await put('blue', 2);
  await store.commit([], [{ type: 'delete', key: key('red') }]);
  await put('red', 5);
  expect(await told()).toEqual(['blue null>1', 'blue 1>2', 'red null>1', 'red null>5']);
  expect(log.read(0, 1)[0]?.event).toMatchObject({ account: '1', region: 'r', time: '2026-01-15T00:00:00Z' });
});

it('goes on after any end of the process where it was, missing and repeating nothing', async () => {
  await start();
  await put('blue', 1);
  expect(await told()).toEqual(['blue null>1']);
  // Killed: what it has seen but not written yet is never written.
  const written = log.append;
  log.append = () => {};
  await put('blue', 2);
  await put('red', 1);
  await told();
  taps.pop()?.[Symbol.dispose]();
  log.append = written;
  await put('blue', 3);
  await start();
  await put('blue', 4);
  const all = ['blue null>1', 'blue 1>2', 'red null>1', 'blue 2>3', 'blue 3>4'];
  expect(await told()).toEqual(all);
  // And once more, with nothing new.
  taps.pop()?.[Symbol.dispose]();
  await start();
  expect(await told()).toEqual(all);
});

it('moves its cursor past what is no event, so that history may be forgotten', async () => {
  await start();
  for (let count = 0; count < 5; count += 1) await other();
  await settled();
  expect(log.cursor).toBeUndefined();
  await clock.advance(60_000);
  expect(log.cursor).toBe(await store.revision());
});

it('says what was lost when the store has forgotten what came after the cursor', async () => {
  await put('blue', 1);
  const tap = await start();
  expect(await told()).toEqual(['blue null>1']);
  tap[Symbol.dispose]();
  await put('blue', 2);
  await put('blue', 3);
  await store.compact(await store.revision());
  await start();
  await put('blue', 4);
  expect(await told()).toEqual(['blue null>1', 'blue 3>4']);
  expect(logger.lines).toMatchObject([
    { level: 'warn', message: expect.stringContaining('Events were lost') },
  ]);
});

it('does not begin with the past of an installation that is older than the log', async () => {
  await put('blue', 1);
  await put('blue', 2);
  await store.compact(await store.revision());
  await start();
  await put('blue', 3);
  expect(await told()).toEqual(['blue 2>3']);
  expect(logger.lines).toEqual([]);
});
