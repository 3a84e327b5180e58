import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { watching } from '../conformance-words.ts';
import { type Store, StoreLockedError } from '../store.ts';
import { openSqliteStore } from './open-sqlite-store.ts';

let directory: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'catamaran-crash-'));
});
afterEach(async () => {
  await kill();
  rmSync(directory, { recursive: true, force: true });
});

/**
 * Commits as fast as it can, eight at a time, and prints each number once its commit was acknowledged, until it has made
 * so many. Each commit writes its number to two keys and to a third of its own, and now and then history is compacted.
 */
const committing = `
  import { systemClock } from ${address('../../clock/index.ts')};
  import { openSqliteStore } from ${address('./open-sqlite-store.ts')};
  const store = await openSqliteStore({
    directory: process.argv[1],
    clock: systemClock(),
    history: { revisions: 50, ageMs: 60_000 },
  });
  let next = (await store.revision()) + 1;
  const writer = async () => {
    while (next <= Number(process.argv[2])) {
      const n = next++;
      const put = (key) => ({ type: 'put', key, value: { n, text: 'x'.repeat(n % 5000) } });
      const { revision } = await store.commit([], [put('/left'), put('/own/' + (n % 1000)), put('/right')]);
      process.stdout.write(revision + '\\n');
      if (n % 100 === 0) await store.compact(revision - 20);
    }
  };
  process.stdout.write('0\\n');
  setInterval(() => {}, 60_000);
  await Promise.all(Array.from({ length: 8 }, writer));
`;

/** Starts a process that commits; resolves when it has acknowledged `count` revisions. */
async function commitElsewhere(
  count: number,
  most = Infinity,
): Promise<{ readonly acknowledged: () => number }> {
  const started = spawn(process.execPath, ['--input-type=module', '-e', committing, directory, `${most}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = started;
  let highest = 0;
  let lines = 0;
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: started.stdout }).on('line', (line) => {
      highest = Math.max(highest, Number(line));
      if (lines++ === count) resolve();
    });
    started.once('exit', (code) => reject(new Error(`The committing process ended with ${code}`)));
  });
  return { acknowledged: () => highest };
}

async function kill(): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'close');
  child.kill('SIGKILL');
  await exited;
}

/** Every commit is there as a whole, or not at all. @returns the last one's number. */
async function checkWhole(store: Store): Promise<number> {
  const revision = await store.revision();
  const numbers = await Promise.all(
    ['/left', '/right'].map(async (key) => {
      const { value, revision: written } = (await store.get(key)) ?? {};
      expect(written ?? 0).toBe(revision);
      return value;
    }),
  );
  expect(numbers[0]).toEqual(numbers[1]);
  const own = (await store.read('/own/')).entries;
  expect(own.map(({ revision: written }) => written).includes(revision)).toBe(revision > 0);
  return revision;
}

describe('kill -9', () => {
  it('loses nothing that was acknowledged, and leaves nothing half', async () => {
    const random = seededRandom('kill -9');
    for (let round = 0; round < 6; round++) {
      const { acknowledged } = await commitElsewhere(random.integer(400));
      await kill();
      await using store = await openSqliteStore({ directory, clock: new VirtualClock(0) });
      const revision = await checkWhole(store);
      expect(revision).toBeGreaterThanOrEqual(acknowledged());
      using seen = watching(store, '', Math.max(1, revision - 10));
      await store.commit([], []);
      await new Promise((resolve) => setImmediate(resolve));
      expect(seen.batches.every(({ changes }) => changes.length === 3)).toBe(true);
      expect(seen.revisions.at(-1) ?? 0).toBe(revision);
    }
  });

  it('ends the lock with the process', async () => {
    await commitElsewhere(1);
    const opening = openSqliteStore({ directory, clock: new VirtualClock(0) });
    await expect(opening).rejects.toThrow(StoreLockedError);
    await expect(opening).rejects.toThrow(`in use by process ${child?.pid}`);
    await kill();
    await (await openSqliteStore({ directory, clock: new VirtualClock(0) })).close();
  });

  it('in the middle of a disk write leaves a state that once was', async () => {
    // All of them are in the log: what has been moved into the database's file would be of later than what is cut off.
    await commitElsewhere(100, 200);
    await kill();
    const random = seededRandom('torn log');
    const log = join(directory, 'store.db-wal');
    expect(existsSync(log)).toBe(true);
    const { size } = statSync(log);
    const revisions = new Set<number>();
    for (let round = 0; round < 12; round++) {
      const copy = join(directory, `torn-${round}`);
      mkdirSync(copy);
      for (const file of ['store.db', 'store.db-wal']) copyFileSync(join(directory, file), join(copy, file));
      truncateSync(join(copy, 'store.db-wal'), random.integer(size));
      await using store = await openSqliteStore({ directory: copy, clock: new VirtualClock(0) });
      revisions.add(await checkWhole(store));
    }
    expect(revisions.size).toBeGreaterThan(1);
  });
});

function address(file: string): string {
  return JSON.stringify(new URL(file, import.meta.url).href);
}
