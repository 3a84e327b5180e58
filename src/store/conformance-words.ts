import { systemClock, type VirtualClock } from '../clock/index.ts';
import type { Json } from './json.ts';
import type { Entry, LeaseId, Store, Watch, WatchBatch, Write } from './store.ts';

/** The store that a test is about, opened before it. */
export interface Fixture {
  readonly clock: VirtualClock;
  readonly store: Store;
}

/** The words that the conformance suite is written in. */
export function put(key: string, value: Json = true, lease?: LeaseId): Write {
  return { type: 'put', key, value, ...(lease === undefined ? {} : { lease }) };
}

export function remove(key: string): Write {
  return { type: 'delete', key };
}

/** Commits without preconditions. @returns the revision. */
export async function commitTo(store: Store, writes: readonly Write[]): Promise<number> {
  const outcome = await store.commit([], writes);
  if (!outcome.committed) throw new Error(`Conflicts without preconditions: ${JSON.stringify(outcome)}`);
  return outcome.revision;
}

/** An entry that was created by its last write. */
export function entry(key: string, value: Json, revision: number): Entry {
  return { key, value, revision, createRevision: revision };
}

export function keysOf(entries: readonly Entry[]): string[] {
  return entries.map(({ key }) => key);
}

/** A watch that remembers what it was shown. */
export interface Watching extends Disposable {
  readonly batches: readonly WatchBatch[];
  readonly revisions: readonly number[];
  readonly errors: readonly Error[];
}

/** Opens a watch; a driver that refuses it at once is seen as one that reports the error later. */
export function watching(
  store: Store,
  prefix: string,
  fromRevision: number,
  onBatch: (batch: WatchBatch) => void = () => {},
): Watching {
  const batches: WatchBatch[] = [];
  const revisions: number[] = [];
  const errors: Error[] = [];
  let watch: Watch | undefined;
  try {
    watch = store.watch(prefix, fromRevision, {
      onBatch: (batch) => {
        batches.push(batch);
        revisions.push(batch.revision);
        onBatch(batch);
      },
      onError: (error) => errors.push(error),
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    errors.push(error);
  }
  return { batches, revisions, errors, [Symbol.dispose]: () => watch?.[Symbol.dispose]() };
}

/** Lets the store finish what a timer has set going. @throws {Error} `isReached` does not become true in time. */
export async function settled(
  clock: VirtualClock,
  isReached: () => boolean | Promise<boolean>,
  seen: () => unknown,
): Promise<void> {
  // Disks know nothing of virtual time.
  const real = systemClock({ keepsProcessAlive: true });
  const untilMs = real.monotonic() + 50_000;
  while (!(await isReached())) {
    if (real.monotonic() > untilMs)
      throw new Error(`Not reached: ${isReached}; last seen: ${JSON.stringify(await seen())}`);
    await clock.advance(0);
    await real.sleep(1);
  }
}
