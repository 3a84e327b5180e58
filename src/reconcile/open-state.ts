import type { Clock } from '../clock/index.ts';
import type { Precondition, Store } from '../store/index.ts';
import { Feed } from './feed.ts';
import { Lanes } from './lanes.ts';
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
 * Reads come from the mirror. A transaction runs at once and commits what it saw and wrote; if it loses the
 * race for a key it queues up behind the others that lost it and runs again when it is first. A transaction that
 * meets a key with such a queue joins it without racing. So under contention each run but the first is likely
 * to be the last, and everybody's turn comes.
 */
class MirroredState implements OpenState {
  readonly #store: Store;
  readonly #mirror: Mirror;
  readonly #feed: Feed;
  readonly #lanes = new Lanes();

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

  async transact<R>(run: (tx: Transaction) => R): Promise<R> {
    const first = this.#run(run);
    let contendedKey = this.#lanes.busyAmong(first.tx.keys);
    if (contendedKey === undefined) {
      const lost = await this.#commit(first.tx);
      if (lost === undefined) return first.result;
      contendedKey = lost.key;
    }
    using _turn = await this.#lanes.enter(contendedKey);
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const { tx, result } = this.#run(run);
      if ((await this.#commit(tx)) === undefined) return result;
    }
    throw new ContentionError(`Lost ${mostAttempts} races in a row, the first for ${contendedKey}`);
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

  #run<R>(run: (tx: Transaction) => R): { readonly tx: MirrorTransaction; readonly result: R } {
    const tx = new MirrorTransaction(this.#mirror);
    try {
      const result = run(tx);
      if (result instanceof Promise)
        throw new TypeError('A transaction must be synchronous: read first, then transact');
      return { tx, result };
    } finally {
      tx.end();
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
