import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../event.ts';
import { type EventLog, MemoryEventLog, maxEvents, SqliteEventLog } from './index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catamaran-event-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const drivers = [
  { name: 'memory', open: (): EventLog => new MemoryEventLog() },
  { name: 'sqlite', open: (): EventLog => new SqliteEventLog(join(folder, `${files++}.sqlite`)) },
];

const event = (id: string): Event => ({
  version: '0',
  id,
  'detail-type': 'Boat State Change',
  source: 'boats',
  account: '111122223333',
  time: '2026-01-15T12:00:00Z',
  region: 'us-east-1',
  resources: ['arn:boat'],
  detail: { name: 'ünïcödé 🚤' },
});
const ids = (log: EventLog, after: number, limit = 100) =>
  log.read(after, limit).map((each) => each.event.id);

describe.each(drivers)('event log: $name', ({ open }) => {
  it('gives back what was appended, in order, from any place', async () => {
    await using log = open();
    expect(log.last).toBe(0);
    expect(log.read(0, 10)).toEqual([]);
    log.append([event('a'), event('b')]);
    log.append([event('c')]);
    expect(log.read(0, 1)).toEqual([{ sequence: 1, event: event('a') }]);
    expect(ids(log, 0)).toEqual(['a', 'b', 'c']);
    expect(ids(log, 1, 1)).toEqual(['b']);
    expect(ids(log, 3)).toEqual([]);
    expect(ids(log, 99)).toEqual([]);
    expect(log.last).toBe(3);
  });

  it('moves its marks', async () => {
    await using log = open();
    expect([log.cursor, log.delivered]).toEqual([undefined, 0]);
    log.append([], 7);
    log.append([event('a')]);
    log.delivered = 1;
    expect([log.cursor, log.delivered]).toEqual([7, 1]);
    log.append([event('b')], 9);
    expect(log.cursor).toBe(9);
  });

  it('tells listeners of events, and of nothing else', async () => {
    await using log = open();
    let told = 0;
    const listening = log.onAppend(() => {
      told += 1;
    });
    log.append([], 1);
    log.append([event('a'), event('b')]);
    listening[Symbol.dispose]();
    log.append([event('c')]);
    expect(told).toBe(1);
  });

  it('keeps the newest when there are too many', async () => {
    await using log = open();
    const many = Array.from({ length: maxEvents }, (_, index) => event(`${index}`));
    log.append(many);
    log.append([event('x'), event('y')]);
    expect(ids(log, 0, 1)).toEqual(['2']);
    expect(ids(log, maxEvents)).toEqual(['x', 'y']);
    log.append(many);
    expect(ids(log, 0, 1)).toEqual(['0']);
    expect(log.read(0, maxEvents + 5)).toHaveLength(maxEvents);
    log.append(many.slice(0, 1_500));
    log.append(many.slice(0, 7));
    expect(ids(log, 0, 1)).toEqual(['1507']);
    expect(log.read(0, maxEvents + 5)).toHaveLength(maxEvents);
  });
});

describe('event log: sqlite', () => {
  it('reads on from a file of the first format, which had a row for each event', async () => {
    const path = join(folder, 'first.sqlite');
    const first = new DatabaseSync(path);
    first.exec(`
      CREATE TABLE event (sequence INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL) STRICT;
      CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO mark VALUES ('cursor', 12), ('delivered', 7);
      PRAGMA user_version = 1;
    `);
    const put = first.prepare('INSERT INTO event VALUES (?, ?)');
    for (const [sequence, id] of [
      [7, 'a'],
      [8, 'b'],
    ] as const)
      put.run(sequence, JSON.stringify(event(id)));
    first.close();
    await using log = new SqliteEventLog(path);
    log.append([event('c')]);
    expect(log.read(7, 10).map(({ sequence }) => sequence)).toEqual([8, 9]);
    expect(ids(log, 0)).toEqual(['a', 'b', 'c']);
    expect([log.last, log.cursor, log.delivered]).toEqual([9, 12, 7]);
  });

  it('keeps events and marks over a restart', async () => {
    const path = join(folder, 'kept.sqlite');
    {
      await using log = new SqliteEventLog(path);
      log.append([event('a'), event('b')], 12);
      log.delivered = 1;
    }
    await using log = new SqliteEventLog(path);
    log.append([event('c')]);
    expect(ids(log, 0)).toEqual(['a', 'b', 'c']);
    expect([log.last, log.cursor, log.delivered]).toEqual([3, 12, 1]);
  });
});
