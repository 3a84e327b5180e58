import { backoffMs, type Clock } from '../clock/index.ts';
import { CompactedError, type Entry, type Store, StoreClosedError, type Watch } from '../store/index.ts';
import type { Mirror } from './mirror.ts';

export interface FeedOptions {
  readonly clock: Clock;
  /** Told of watches that broke and of listeners that threw. */
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps a mirror at the store's revision: reads everything once, then follows one watch. When the watch breaks
 * it reads everything again and applies the difference as if it were one commit, so listeners miss nothing but
 * the steps in between.
 */
export class Feed {
  readonly #store: Store;
  readonly #mirror: Mirror;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #closing = new AbortController();
  #watch: Watch | undefined;
  #waiters: Waiter[] = [];

  constructor(store: Store, mirror: Mirror, { clock, onError }: FeedOptions) {
    this.#store = store;
    this.#mirror = mirror;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Resolves when the mirror shows the store. */
  async start(): Promise<void> {
    const { entries, revision } = await readAll(this.#store);
    this.#closing.signal.throwIfAborted();
    this.#apply(this.#mirror.changesTowards(entries), revision);
    this.#watch = this.#store.watch('', revision + 1, {
      onBatch: ({ changes, revision: reached }) => this.#apply(changes, reached),
      onError: (error) => void this.#restart(error),
    });
  }

  /** Resolves when the mirror shows `revision` or a later one. */
  reached(revision: number): Promise<void> {
    if (this.#mirror.revision >= revision) return Promise.resolve();
    if (this.#closing.signal.aborted) return Promise.reject(this.#closing.signal.reason);
    return new Promise((resolve, reject) => this.#waiters.push({ revision, resolve, reject }));
  }

  close(): void {
    const closed = new StoreClosedError('The state was closed');
    this.#closing.abort(closed);
    this.#watch?.[Symbol.dispose]();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(closed);
  }

  #apply(changes: Parameters<Mirror['apply']>[0], revision: number): void {
    const tellListeners = this.#mirror.apply(changes, revision);
    tellListeners();
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => waiter.revision > revision);
    for (const waiter of waiters) if (waiter.revision <= revision) waiter.resolve();
  }

  async #restart(reason: Error): Promise<void> {
    this.#watch = undefined;
    if (this.#closing.signal.aborted) return;
    if (reason instanceof StoreClosedError) {
      this.close();
      return;
    }
    this.#onError(reason);
    for (let failures = 1; ; failures++) {
      try {
        await this.start();
        return;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        if (error instanceof StoreClosedError) return this.close();
        this.#onError(error);
      }
      const waitMs = backoffMs(failures, evenly, { leastMs: 100, mostMs: 30_000 });
      await this.#clock.sleep(waitMs, this.#closing.signal).catch(() => {});
    }
  }
}

interface Waiter {
  readonly revision: number;
  resolve(): void;
  reject(error: Error): void;
}

/** One feed per process has nobody to avoid meeting. */
const evenly = { float: () => 0.5, integer: () => 0, bytes: (count: number) => new Uint8Array(count) };

/** All entries as of one revision. */
async function readAll(store: Store): Promise<{ entries: Entry[]; revision: number }> {
  for (;;) {
    try {
      const first = await store.read('', { limit: pageLength });
      const entries = [...first.entries];
      let page = first;
      while (page.more) {
        const after = entries.at(-1)?.key ?? '';
        page = await store.read('', { limit: pageLength, after, revision: first.revision });
        for (const entry of page.entries) entries.push(entry);
      }
      return { entries, revision: first.revision };
    } catch (error) {
      // The revision was compacted away between two pages: begin again with a younger one.
      if (!(error instanceof CompactedError)) throw error;
    }
  }
}

const pageLength = 1_000;
