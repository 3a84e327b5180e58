import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type EventQuery,
  type EventStore,
  firstPosition,
  justAfter,
  type Position,
  positionAt,
} from './event-store.ts';
import { MemoryEventStore } from './memory.ts';
import { SqliteEventStore } from './sqlite.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catamaran-events-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const drivers = [
  { name: 'memory', open: (): EventStore => new MemoryEventStore() },
  { name: 'sqlite', open: (): EventStore => new SqliteEventStore(join(folder, `${files++}.sqlite`)) },
];

const end: Position = positionAt(Number.MAX_SAFE_INTEGER);
const blue = { groupId: 'boats', streamId: 'blue' };
const red = { groupId: 'boats', streamId: 'red' };

const query = (bent: Partial<EventQuery> = {}): EventQuery => ({
  groupId: 'boats',
  from: firstPosition,
  to: end,
  direction: 'forward',
  limit: 100,
  maxBytes: 1_000_000,
  ...bent,
});
const events = (...timestamps: readonly number[]) =>
  timestamps.map((timestamp) => ({ timestamp, message: `at ${timestamp}` }));

/** Reads page after page until there is no more. */
async function readAll(store: EventStore, first: EventQuery): Promise<readonly string[]> {
  const messages: string[] = [];
  for (let next: EventQuery = first, pages = 0; ; pages += 1) {
    if (pages > 1_000) throw new Error('The pages do not end');
    const page = await store.read(next);
    messages.push(...page.events.map(({ message }) => message));
    if (page.next === undefined) return messages;
    next = { ...next, [next.direction === 'forward' ? 'from' : 'to']: page.next };
  }
}

describe.each(drivers)('event store: $name', ({ open }) => {
  it('gives back what was appended, by time and then by arrival', async () => {
    await using store = open();
    await store.append(blue, [{ timestamp: 20, message: 'later' }], 100);
    await store.append(blue, [{ timestamp: 10, message: 'earlier' }], 101);
    await store.append(red, [{ timestamp: 20, message: 'as late' }], 102);
    const { events: read, next } = await store.read(query());
    expect(read).toMatchObject([
      { streamId: 'blue', timestamp: 10, message: 'earlier', ingestionTime: 101 },
      { streamId: 'blue', timestamp: 20, message: 'later', ingestionTime: 100 },
      { streamId: 'red', timestamp: 20, message: 'as late', ingestionTime: 102 },
    ]);
    expect(next).toBeUndefined();
  });

  it('keeps any text', async () => {
    await using store = open();
    const messages = ['', 'ünïcödé 🚤', 'with\0zero', 'line\nbreak', "'; DROP TABLE event; --"];
    await store.append(
      blue,
      messages.map((message) => ({ timestamp: 1, message })),
      1,
    );
    expect(await readAll(store, query())).toEqual(messages);
  });

  it('reads between two positions, either way', async () => {
    await using store = open();
    await store.append(blue, events(1, 2, 3, 4, 5), 9);
    const range = query({ from: positionAt(2), to: positionAt(5) });
    expect(await readAll(store, range)).toEqual(['at 2', 'at 3', 'at 4']);
    expect(await readAll(store, { ...range, direction: 'backward' })).toEqual(['at 4', 'at 3', 'at 2']);
    const [, second] = (await store.read(query())).events;
    expect(await readAll(store, query({ from: justAfter(second ?? firstPosition) }))).toEqual([
      'at 3',
      'at 4',
      'at 5',
    ]);
  });

  it('ends a page by events and by bytes, and always returns one', async () => {
    await using store = open();
    await store.append(blue, events(1, 2, 3), 9);
    const one = await store.read(query({ limit: 1 }));
    expect(one.events).toHaveLength(1);
    expect(one.next).toBeDefined();
    expect((await store.read(query({ maxBytes: 1 }))).events).toHaveLength(1);
    expect((await store.read(query({ maxBytes: 2 * (4 + 26) }))).events).toHaveLength(2);
  });

  it('reads one stream, several, and none', async () => {
    await using store = open();
    await store.append(blue, events(1, 3), 9);
    await store.append(red, events(2, 4), 9);
    expect(await readAll(store, query({ streamIds: new Set(['red']) }))).toEqual(['at 2', 'at 4']);
    expect(await readAll(store, query({ streamIds: new Set(['red', 'blue']), limit: 1 }))).toEqual([
      'at 1',
      'at 2',
      'at 3',
      'at 4',
    ]);
    expect(await readAll(store, query({ streamIds: new Set(['green']) }))).toEqual([]);
    expect(await readAll(store, query({ groupId: 'cars' }))).toEqual([]);
  });

  it('finds the wanted streams among hundreds', async () => {
    await using store = open();
    const streamIds = Array.from({ length: 230 }, (_, index) => `s${index}`);
    for (const streamId of streamIds) await store.append({ groupId: 'boats', streamId }, events(7), 9);
    const wanted = new Set(streamIds.slice(0, 150));
    const read = [];
    let from: Position | undefined = firstPosition;
    while (from !== undefined) {
      const page: Awaited<ReturnType<EventStore['read']>> = await store.read(
        query({ streamIds: wanted, limit: 40, from }),
      );
      read.push(...page.events.map(({ streamId }) => streamId));
      from = page.next;
    }
    expect(read).toEqual([...wanted]);
  });

  it('knows streams and bytes', async () => {
    await using store = open();
    await store.append(blue, [{ timestamp: 5, message: 'aé' }], 50);
    await store.append(blue, events(3), 60);
    expect(await store.summaries('boats')).toEqual(
      new Map([['blue', { firstTimestamp: 3, lastTimestamp: 5, lastIngestionTime: 60 }]]),
    );
    expect(await store.storedBytes('boats')).toBe(3 + 26 + 4 + 26);
    expect(await store.storedBytes('cars')).toBe(0);
    expect((await store.summaries('cars')).size).toBe(0);
  });

  it('deletes what is old in slices, and counts bytes down', async () => {
    await using store = open();
    await store.append(blue, events(1, 2, 3, 4), 9);
    expect(await store.deleteBefore('boats', 4, 2)).toBe(2);
    expect(await store.deleteBefore('boats', 4, 2)).toBe(1);
    expect(await store.deleteBefore('boats', 4, 2)).toBe(0);
    expect(await readAll(store, query())).toEqual(['at 4']);
    expect(await store.storedBytes('boats')).toBe(4 + 26);
  });

  it('deletes a stream and leaves its neighbours', async () => {
    await using store = open();
    await store.append(blue, events(1, 2, 3), 9);
    await store.append(red, events(2), 9);
    expect(await store.deleteStream(blue, 2)).toBe(2);
    expect(await store.deleteStream(blue, 2)).toBe(1);
    expect(await store.deleteStream(blue, 2)).toBe(0);
    expect([...(await store.summaries('boats')).keys()]).toEqual(['red']);
    expect(await readAll(store, query())).toEqual(['at 2']);
  });

  it('deletes a group', async () => {
    await using store = open();
    await store.append(blue, events(1, 2), 9);
    await store.append({ groupId: 'cars', streamId: 'blue' }, events(1), 9);
    expect(await store.deleteGroup('boats', 5)).toBe(2);
    expect(await store.deleteGroup('boats', 5)).toBe(0);
    expect((await store.summaries('boats')).size).toBe(0);
    expect(await store.storedBytes('boats')).toBe(0);
    expect(await readAll(store, query({ groupId: 'cars' }))).toEqual(['at 1']);
  });

  it('never uses a position again, also after deleting', async () => {
    await using store = open();
    await store.append(blue, events(1), 9);
    const [first] = (await store.read(query())).events;
    await store.deleteGroup('boats', 5);
    await store.append(blue, events(1), 9);
    expect(await readAll(store, query({ from: justAfter(first ?? firstPosition) }))).toEqual(['at 1']);
  });

  it('reads every event exactly once, whatever the pages and the direction', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            streamId: fc.constantFrom('a', 'b', 'c'),
            timestamps: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }),
          }),
          { maxLength: 12 },
        ),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 200 }),
        fc.option(fc.subarray(['a', 'b', 'c']), { nil: undefined }),
        async (batches, limit, maxBytes, wanted) => {
          await using store = open();
          const all: { timestamp: number; order: number; message: string; streamId: string }[] = [];
          for (const { streamId, timestamps } of batches) {
            const batch = timestamps.map((timestamp, index) => ({
              timestamp,
              order: all.length + index,
              streamId,
              message: `${all.length + index}`,
            }));
            all.push(...batch);
            await store.append({ groupId: 'boats', streamId }, batch, 9);
          }
          const expected = all
            .filter(({ streamId }) => wanted === undefined || wanted.includes(streamId))
            .sort((a, b) => a.timestamp - b.timestamp || a.order - b.order)
            .map(({ message }) => message);
          const shared = query({ limit, maxBytes, ...(wanted ? { streamIds: new Set(wanted) } : {}) });
          expect(await readAll(store, shared)).toEqual(expected);
          expect(await readAll(store, { ...shared, direction: 'backward' })).toEqual(expected.toReversed());
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('event store: sqlite', () => {
  it('keeps events over a restart', async () => {
    const path = join(folder, 'kept.sqlite');
    {
      await using store = new SqliteEventStore(path);
      await store.append(blue, events(1, 2), 9);
    }
    await using store = new SqliteEventStore(path);
    expect(await readAll(store, query())).toEqual(['at 1', 'at 2']);
    expect(await store.storedBytes('boats')).toBe(60);
  });

  it('stores many appends at once, and waits for them when it is closed', async () => {
    const path = join(folder, 'many.sqlite');
    const store = new SqliteEventStore(path);
    const appends = Array.from({ length: 200 }, (_, index) => store.append(blue, events(index + 1), 9));
    await store[Symbol.asyncDispose]();
    await Promise.all(appends);
    await expect(store.append(blue, events(1), 9)).rejects.toThrow('closed');
    await using reopened = new SqliteEventStore(path);
    expect(await readAll(reopened, query())).toHaveLength(200);
  });

  it('refuses a file of another format', async () => {
    const path = join(folder, 'newer.sqlite');
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => new SqliteEventStore(path)).toThrow('it has format 99');
  });
});
