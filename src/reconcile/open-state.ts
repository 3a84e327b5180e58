import type { Clock } from '../clock/index.ts';
import type { Precondition, Store } from '../store/index.ts';
import { ContendedRuns, type WaitingRun } from './contended-runs.ts';
import { Feed } from './feed.ts';
import { Mirror } from './mirror.ts';
import { indexFunction, MirrorTransaction } from './mirror-transaction.ts';
import {
  type Collection,
  ContentionError,
  type RecordChange,
  type RecordKey,
  type State,
  type Stored,
  type Transaction,
} from './state.ts';

export interface StateOptions {
  readonly clock: Clock;
  /** Told of listeners that threw and of watches that broke (the state recovers by itself). Default: ignored. */
  readonly onError?: (error: unknown) => void;
}

/** The state with its end: closing it stops the feed and leaves the store open. */
export interface OpenState extends State, AsyncDisposable {
  close(): Promise<void>;
}

/** Opens the state over a store; resolves when it shows the store's current revision. */
export async function openState(
  store: Store,
  { clock, onError = () => {} }: StateOptions,
): Promise<OpenState> {
  const mirror = new Mirror(onError);
  const feed = new Feed(store, mirror, { clock, onError });
  await feed.start();
  return new MirroredState(store, mirror, feed);
}

/**
 * Reads come from the mirror. A transaction runs at once and commits what it saw and wrote. If it loses the race
 * for a key it joins the others that lost it, and they are run again together; a transaction that meets a key
 * with such a line joins it without racing. So under contention each run but the first is likely to be the last.
 */
class MirroredState implements OpenState {
  readonly #store: Store;
  readonly #mirror: Mirror;
  readonly #feed: Feed;
  readonly #contended = new ContendedRuns((runs, key) => this.#runTogether(runs, key));

  constructor(store: Store, mirror: Mirror, feed: Feed) {
    this.#store = store;
    this.#mirror = mirror;
    this.#feed = feed;
  }

  get<T extends object>(collection: Collection<T, string>, key: RecordKey): T | undefined {
    return this.#mirror.kind(collection).get(key)?.value;
  }

  list<T extends object>(collection: Collection<T, string>, prefix?: string): Iterable<Stored<T>> {
    return this.#mirror.kind(collection).list(prefix);
  }

  byIndex<T extends object, I extends string>(
    collection: Collection<T, I>,
    index: NoInfer<I>,
    value: string,
  ): readonly Stored<T>[] {
    return this.#mirror.kind<T>(collection).index(indexFunction<T>(collection, index)).get(value);
  }

  countByIndex<T extends object, I extends string>(
    collection: Collection<T, I>,
    index: NoInfer<I>,
    value: string,
  ): number {
    return this.#mirror.kind<T>(collection).index(indexFunction<T>(collection, index)).count(value);
  }

  latestByIndex<T extends object, I extends string>(
    collection: Collection<T, I>,
    index: NoInfer<I>,
    value: string,
  ): number {
    return this.#mirror.kind<T>(collection).index(indexFunction<T>(collection, index)).latest(value);
  }

  async transact<R>(run: (tx: Transaction) => R): Promise<R> {
    const tx = new MirrorTransaction(this.#mirror);
    const result = tx.run(run);
    tx.end();
    const busyKey = this.#contended.busyAmong(tx.keys);
    const lost = busyKey === undefined ? await this.#commit(tx) : { key: busyKey };
    if (lost === undefined) return result;
    return new Promise<R>((resolve, reject) => {
      // What a run resolves with is what it returned.
      this.#contended.add(lost.key, { run, resolve: (again) => resolve(again as R), reject });
    });
  }

  reached(revision: number): Promise<void> {
    return this.#feed.reached(revision);
  }

  subscribe<T extends object>(
    collection: Collection<T, string>,
    listener: (change: RecordChange<T>) => void,
  ): Disposable {
    const { listeners } = this.#mirror.kind(collection);
    // The same function may be subscribed twice, and each end must be its own.
    const own = (change: RecordChange<T>): void => listener(change);
    listeners.add(own);
    return { [Symbol.dispose]: () => listeners.delete(own) };
  }

  async close(): Promise<void> {
    this.#feed.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Settles all of them: runs them over each other's writes and commits once, until nobody else is faster. */
  async #runTogether(runs: readonly WaitingRun[], contendedKey: string): Promise<void> {
    try {
      for (let attempt = 0; attempt < mostAttempts; attempt++) {
        const tx = new MirrorTransaction(this.#mirror);
        // What a run threw is as uncertain as what it wrote, until those before it are committed.
        const settlements = runs.map(({ run, resolve, reject }) => {
          try {
            const result = tx.run(run);
            return () => resolve(result);
          } catch (error) {
            return () => reject(error);
          }
        });
        tx.end();
        if ((await this.#commit(tx)) !== undefined) continue;
        for (const settle of settlements) settle();
        return;
      }
      throw new ContentionError(`Lost ${mostAttempts} races in a row, the first for ${contendedKey}`);
    } catch (error) {
      // What can't be committed together (too much for the disk, say) may do so one by one.
      if (runs.length > 1) for (const run of runs) await this.#runTogether([run], contendedKey);
      else for (const { reject } of runs) reject(error);
    }
  }

  /** @returns a precondition that did not hold, when there is one. Either way the mirror has caught up. */
  async #commit(tx: MirrorTransaction): Promise<Precondition | undefined> {
    const writes = tx.writes();
    if (writes.length === 0) return undefined;
    const outcome = await this.#store.commit(tx.preconditions(), writes);
    if (outcome.committed) {
      await this.#feed.reached(outcome.revision);
      return undefined;
    }
    await this.#feed.reached(await this.#store.revision());
    return outcome.conflicts[0];
  }
}

const mostAttempts = 32;
