import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import { describeStoreConformance } from '../conformance.ts';
import { keysOf, put, remove, settled, watching } from '../conformance-words.ts';
import type { HistoryBounds } from '../history.ts';
import {
  CompactedError,
  type Store,
  StoreFullError,
  StoreLockedError,
  StoreUnreadableError,
} from '../store.ts';
import { openSqliteStore } from './open-sqlite-store.ts';

let directory: string;
let clock: VirtualClock;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'catamaran-store-'));
  clock = new VirtualClock(0);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

let opened = 0;
describeStoreConformance('sqlite', (suiteClock) =>
  openSqliteStore({ directory: join(directory, `conformance-${opened++}`), clock: suiteClock }),
);

const open = (options: { history?: HistoryBounds; maximumBytes?: number } = {}): Promise<Store> =>
  openSqliteStore({ directory, clock, ...options });

describe('a reopened store', () => {
  it('has everything it had: entries, revision, history and leases', async () => {
    const first = await open();
    await first.commit([], [put('/a', { n: 1 }), put('/b', 'x'.repeat(100_000))]);
    await first.commit([], [put('/a', { n: 2 }), remove('/b')]);
    const lease = await first.grantLease(10_000);
    await first.commit([], [put('/leased', null, lease), put('/c')]);
    using before = watching(first, '', 1);
    const entries = await first.read('');
    await clock.advance(9_000);
    await first.close();

    const second = await open();
    expect(await second.read('')).toEqual(entries);
    expect(await second.revision()).toBe(3);
    expect((await second.read('/a', { revision: 1 })).entries[0]?.value).toEqual({ n: 1 });
    using after = watching(second, '', 1);
    await clock.advance(9_000);
    expect(after.batches).toEqual(before.batches);
    expect(await second.get('/leased')).toBeDefined();
    expect(await second.grantLease(1_000_000)).not.toBe(lease);
    await clock.advance(1_000);
    await settled(
      clock,
      async () => (await second.get('/leased')) === undefined,
      () => second.read(''),
    );
    expect(keysOf((await second.read('')).entries)).toEqual(['/a', '/c']);
    expect(Object.isFrozen((await second.get('/a'))?.value)).toBe(true);
    await second.close();
  });

  it('goes on counting revisions when all that it had was deleted and compacted away', async () => {
    const first = await open();
    await first.commit([], [put('/a')]);
    await first.commit([], [put('/b')]);
    await first.commit([], [remove('/a'), remove('/b')]);
    await first.compact(3);
    await first.close();
    const second = await open();
    expect(await second.revision()).toBe(3);
    await expect(second.read('', { revision: 2 })).rejects.toThrow(CompactedError);
    expect(await second.commit([], [put('/c')])).toEqual({ committed: true, revision: 4 });
    await second.compact(4);
    await second.close();
    expect(rowsOf(directory)).toEqual([[4, '/c']]);
  });

  it('keeps in its file what history shows, and no more', async () => {
    const store = await open({ history: { revisions: 10, ageMs: 300_000 } });
    for (let revision = 1; revision <= 200; revision++) await store.commit([], [put(`/${revision % 3}`)]);
    await store.close();
    const rows = rowsOf(directory);
    expect(rows.length).toBeLessThan(10 * 1.05 + 5);
    expect(rows.at(-1)).toEqual([200, '/2']);
    await using again = await open();
    expect(keysOf((await again.read('')).entries)).toEqual(['/0', '/1', '/2']);
    expect((await again.read('', { revision: 195 })).entries).toHaveLength(3);
  });

  it('drops of a commit the versions that were replaced, and keeps its others', async () => {
    const first = await open();
    await first.commit([], [put('/a'), put('/b'), put('/c'), put('/d')]);
    await first.commit([], [put('/c', 'new'), remove('/a')]);
    await first.commit([], [put('/e')]);
    await first.compact(3);
    await first.close();
    const kept = [
      [1, '/b'],
      [1, '/d'],
      [2, '/c'],
      [3, '/e'],
    ];
    expect(rowsOf(directory)).toEqual(kept);
    // The places of what is left are those of then: what is replaced next is found by them.
    const second = await open();
    await second.commit([], [put('/d', 'new')]);
    await second.compact(4);
    await second.close();
    expect(rowsOf(directory)).toEqual([kept[0], ...kept.slice(2), [4, '/d']]);
  });

  it('drops what a compaction had not got to drop', async () => {
    const first = await open();
    for (const value of [1, 2, 3]) await first.commit([], [put('/a', value)]);
    await first.commit([], [put('/b')]);
    await first.commit([], [remove('/b')]);
    await first.commit([], [put('/a', 4), put('/c')]);
    await first.close();
    // As if the process had ended right after it wrote down where history starts.
    edit(directory, 'UPDATE meta SET compact_revision = 6');
    const second = await open();
    expect(keysOf((await second.read('', { revision: 6 })).entries)).toEqual(['/a', '/c']);
    await expect(second.read('', { revision: 5 })).rejects.toThrow(CompactedError);
    await second.close();
    expect(rowsOf(directory)).toEqual([
      [6, '/a'],
      [6, '/c'],
    ]);
  });
});

describe('the directory', () => {
  it('is made for this user alone, files included', async () => {
    const inner = join(directory, 'deep', 'state');
    const store = await openSqliteStore({ directory: inner, clock });
    await store.commit([], [put('/a')]);
    expect(statSync(inner).mode & 0o777).toBe(0o700);
    for (const file of ['store.db', 'store.db-wal', 'store.pid'])
      expect(statSync(join(inner, file)).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it('serves one store at a time, also within a process', async () => {
    const first = await open();
    await first.commit([], [put('/a')]);
    await expect(open()).rejects.toThrow(StoreLockedError);
    await expect(open()).rejects.toThrow(`in use by process ${process.pid}`);
    expect(await first.commit([], [put('/b')])).toEqual({ committed: true, revision: 2 });
    await first.close();
    await (await open()).close();
  });

  it.each([
    [
      'that is no database',
      (path: string) => writeFileSync(path, 'not a database, but long enough to see'.repeat(99)),
    ],
    ['of another program', (path: string) => editFile(path, 'CREATE TABLE theirs (a)')],
    [
      'of a later version',
      (path: string) => editFile(path, 'PRAGMA application_id = 0x43617461; PRAGMA user_version = 99'),
    ],
  ])('with a file %s is refused, and the file left alone', async (_, spoil) => {
    const path = join(directory, 'store.db');
    spoil(path);
    const before = statSync(path).size;
    await expect(open()).rejects.toThrow(StoreUnreadableError);
    await expect(open()).rejects.toThrow(path);
    expect(statSync(path).size).toBe(before);
  });

  it.each([
    ['a value that is no JSON', "UPDATE versions SET value = '{' WHERE key = '/b'", '/b at revision 2'],
    ['a gap in its history', "DELETE FROM versions WHERE key = '/b'", 'revision 3 follows 1'],
  ])('with %s is refused by name', async (_, damage, message) => {
    const store = await open();
    for (const key of ['/a', '/b', '/c']) await store.commit([], [put(key)]);
    await store.close();
    edit(directory, damage);
    await expect(open()).rejects.toThrow(StoreUnreadableError);
    await expect(open()).rejects.toThrow(message);
  });
});

describe('a full disk', () => {
  it.runIf(canMount())('is met on a real one as well', async () => {
    execFileSync(mountProgram, ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', directory]);
    try {
      const filler = join(directory, 'filler');
      writeFileSync(filler, Buffer.alloc(700_000));
      const store = await open();
      let acknowledged = 0;
      const write = async (): Promise<void> => {
        await store.commit([], [put(`/${acknowledged % 7}`, page(acknowledged))]);
        acknowledged++;
      };
      const fill = async (): Promise<void> => {
        for (let n = 0; n < 2_000; n++) await write();
      };
      await expect(fill()).rejects.toThrow(StoreFullError);
      expect(await store.revision()).toBe(acknowledged);
      rmSync(filler);
      await write();
      await expect(fill()).rejects.toThrow('make room');
      await store.close();
      await using again = await open();
      expect(await again.revision()).toBe(acknowledged);
      expect((await again.read('')).entries).toHaveLength(7);
    } finally {
      execFileSync(unmountProgram, [directory]);
    }
  });

  const page = (n: number): { n: number; text: string } => ({ n, text: 'x'.repeat(3_000) });

  it('refuses commits, loses nothing, and takes commits again when there is room', async () => {
    const store = await open({ maximumBytes: 400_000 });
    using seen = watching(store, '', 1);
    let acknowledged = 0;
    let refusal: unknown;
    while (refusal === undefined && acknowledged < 1_000) {
      await store.commit([], [put('/same', page(acknowledged + 1)), put('/count', acknowledged + 1)]).then(
        () => acknowledged++,
        (error: unknown) => {
          refusal = error;
        },
      );
    }
    expect(refusal).toBeInstanceOf(StoreFullError);
    expect(acknowledged).toBeGreaterThan(50);
    expect(await store.revision()).toBe(acknowledged);
    expect((await store.get('/count'))?.value).toBe(acknowledged);
    expect(seen.revisions).toHaveLength(acknowledged);

    await store.compact(acknowledged);
    expect(await store.commit([], [put('/same', page(0))])).toMatchObject({ revision: acknowledged + 1 });
    await store.close();
    await using again = await open();
    expect((await again.get('/count'))?.value).toBe(acknowledged);
  });

  it('takes the small commits of a batch when a large one does not fit', async () => {
    await using store = await open({ maximumBytes: 400_000 });
    const outcomes = await Promise.allSettled([
      store.commit([], [put('/1', 'small')]),
      store.commit([], [put('/large', 'x'.repeat(1_000_000))]),
      store.commit([], [put('/2', 'small')]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(keysOf((await store.read('')).entries)).toEqual(['/1', '/2']);
    expect(await store.revision()).toBe(2);
  });

  it('ends a lease later whose end could not be written', async () => {
    const store = await open({ maximumBytes: 400_000 });
    const lease = await store.grantLease(5_000);
    await store.commit([], [put('/leased', true, lease)]);
    const filling = Array.from({ length: 500 }, (_, n) => store.commit([], [put('/same', page(n))]));
    expect((await Promise.allSettled(filling)).at(-1)?.status).toBe('rejected');
    await store.compact(await store.revision());
    await clock.advance(5_000);
    await settled(
      clock,
      async () => (await store.get('/leased')) === undefined,
      () => store.get('/leased'),
    );
    await store.close();
  });
});

const mountProgram = '/bin/mount';
const unmountProgram = '/bin/umount';

/** A file system that is small takes the right to mount one. */
function canMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), 'catamaran-mount-'));
  const isMounted = spawnSync(mountProgram, ['-t', 'tmpfs', 'tmpfs', place]).status === 0;
  if (isMounted) execFileSync(unmountProgram, [place]);
  rmSync(place, { recursive: true });
  return isMounted;
}

function edit(inDirectory: string, sql: string): void {
  editFile(join(inDirectory, 'store.db'), sql);
}

function editFile(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

/** Revision and key of every row in the file. */
function rowsOf(inDirectory: string): [number, string][] {
  const database = new DatabaseSync(join(inDirectory, 'store.db'));
  const rows = database.prepare('SELECT id / 65536 AS revision, key FROM versions ORDER BY id').all();
  database.close();
  return rows.map((row) => [Number(row.revision), String(row.key)]);
}
