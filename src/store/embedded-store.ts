import type { Clock } from '../clock/index.ts';
import { defaultHistory, type Forgotten, History, type HistoryBounds } from './history.ts';
import type { Keyspace, Version } from './keyspace.ts';
import { Leases, leaseId } from './leases.ts';
import { type Batch, checkedWrites, Staging } from './staging.ts';
import {
  type CommitResult,
  type Entry,
  type LeaseId,
  type Precondition,
  type ReadOptions,
  type ReadResult,
  type Store,
  StoreClosedError,
  StoreFullError,
  type Watch,
  type WatchObserver,
  type Write,
} from './store.ts';
import { Watchers } from './watchers.ts';

/** Where an embedded store makes its commits durable. */
export interface Journal {
  /** Waits until those who are about to commit have done so, so that they share one write. */
  gather(): Promise<void> | undefined;
  /**
   * Makes all of the batch durable, or nothing. Done when it returns, or when the promise resolves; the next
   * batch comes after that.
   * @throws {StoreFullError} there is no room now; there may be later.
   * @throws {StoreFailedError} nothing more can be written.
   */
  append(batch: Batch, forgotten: Forgotten): void | Promise<void>;
  close(): void;
}

/** What an embedded store starts from: nothing, or what the journal remembered. */
export interface Beginning {
  readonly keyspace: Keyspace;
  readonly leases: readonly RememberedLease[];
  readonly lastLeaseNumber: number;
  /** What an earlier run had forgotten without getting to drop it. */
  readonly forgotten: readonly Version[];
}

export interface RememberedLease {
  readonly id: LeaseId;
  readonly ttlMs: number;
  readonly keys: readonly string[];
}

/**
 * The store that lives in this process: everything is read from memory, and every change goes the same way:
 * queue, stage, journal, apply, show to the watches, answer. While one batch is in the journal the next one
 * gathers, so the price of durability is shared by whoever waits for it (group commit). Nothing is applied, and
 * nobody is answered, before the journal has it.
 */
export class EmbeddedStore implements Store {
  readonly #journal: Journal;
  readonly #keyspace: Keyspace;
  readonly #leases: Leases;
  readonly #watchers: Watchers;
  readonly #history: History;
  readonly #queue: Request[] = [];
  #isFlushing = false;
  #flushed: Promise<void> = Promise.resolve();
  #lastLeaseNumber: number;
  #closing: Promise<void> | undefined;

  constructor(clock: Clock, journal: Journal, beginning: Beginning, bounds: HistoryBounds = defaultHistory) {
    this.#journal = journal;
    this.#keyspace = beginning.keyspace;
    this.#watchers = new Watchers(this.#keyspace);
    this.#lastLeaseNumber = beginning.lastLeaseNumber;
    this.#leases = new Leases(clock, (id) => this.#expire(id));
    for (const { id, ttlMs, keys } of beginning.leases) {
      this.#leases.start(id, ttlMs);
      for (const key of keys) this.#leases.attach(key, id);
    }
    this.#history = new History(clock, this.#keyspace, bounds, beginning.forgotten, () => this.#startFlush());
    if (this.#history.hasForgotten) this.#startFlush();
  }

  async read(prefix: string, options?: ReadOptions): Promise<ReadResult> {
    this.#assertOpen();
    return this.#keyspace.read(prefix, options);
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#assertOpen();
    return this.#keyspace.get(key);
  }

  async revision(): Promise<number> {
    this.#assertOpen();
    return this.#keyspace.revision;
  }

  async commit(preconditions: readonly Precondition[], writes: readonly Write[]): Promise<CommitResult> {
    this.#assertOpen();
    const checked = checkedWrites(writes);
    return this.#request<CommitResult>((staging) => {
      const conflicts = staging.conflicts(preconditions);
      return conflicts.length > 0
        ? { committed: false, conflicts }
        : { committed: true, revision: staging.write(checked) };
    });
  }

  watch(prefix: string, fromRevision: number, observer: WatchObserver): Watch {
    this.#assertOpen();
    return this.#watchers.open(prefix, fromRevision, observer);
  }

  async grantLease(ttlMs: number): Promise<LeaseId> {
    this.#assertOpen();
    if (!(Number.isSafeInteger(ttlMs) && ttlMs > 0))
      throw new RangeError(`Cannot grant a lease of ${ttlMs} ms: the time must be a positive integer`);
    const id = leaseId(++this.#lastLeaseNumber);
    await this.#request((staging) => staging.grantLease({ id, ttlMs }));
    return id;
  }

  async keepAlive(lease: LeaseId): Promise<void> {
    this.#assertOpen();
    this.#leases.keepAlive(lease);
  }

  async revokeLease(lease: LeaseId): Promise<void> {
    this.#assertOpen();
    if (!this.#leases.beginEnd(lease)) return;
    try {
      await this.#request((staging) => staging.endLease(lease));
    } catch (error) {
      this.#leases.retryEnd(lease, expiryRetryMs);
      throw error;
    }
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    if (!(Number.isSafeInteger(revision) && revision <= this.#keyspace.revision))
      throw new RangeError(`Cannot compact at revision ${revision}: the last is ${this.#keyspace.revision}`);
    // Watches that were opened in this turn still have their past to see.
    this.#watchers.publish();
    this.#history.forget(revision);
    await this.#request(() => undefined);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#history.close();
    this.#leases.close();
    while (this.#isFlushing) await this.#flushed;
    this.#watchers.close(new StoreClosedError('The store was closed'));
    await this.#journal.close();
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new StoreClosedError('The store is closed');
  }

  /** Stages by `stage` with the next batch; resolves with what it returned once that is durable and shown. */
  #request<R>(stage: (staging: Staging) => R): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.#queue.push({
        stage: (staging) => {
          const result = stage(staging);
          return () => resolve(result);
        },
        reject,
      });
      this.#startFlush();
    });
  }

  #startFlush(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#flushed = this.#flush();
  }

  async #flush(): Promise<void> {
    let isWritable = true;
    while (this.#queue.length > 0 || (isWritable && this.#history.hasForgotten)) {
      const gathered = this.#journal.gather();
      if (gathered !== undefined) await gathered;
      const failed = await this.#write(this.#queue.splice(0, longestBatch));
      isWritable = failed === undefined;
      if (failed === undefined) continue;
      const { requests, error } = failed;
      // One large commit must not take the others down with it: each is tried by itself.
      if (error instanceof StoreFullError && requests.length > 1)
        for (const request of requests) await this.#writeAlone(request);
      else for (const request of requests) request.reject(error);
    }
    this.#isFlushing = false;
  }

  async #writeAlone(request: Request): Promise<void> {
    const failed = await this.#write([request]);
    if (failed !== undefined) request.reject(failed.error);
  }

  /** @returns the requests that could not be written, with the reason; they were not answered. */
  async #write(requests: readonly Request[]): Promise<Failed | undefined> {
    const staging = new Staging(this.#keyspace, this.#leases);
    const answers: (() => void)[] = [];
    const accepted = requests.filter((request) => {
      try {
        answers.push(request.stage(staging));
        return true;
      } catch (error) {
        request.reject(error);
        return false;
      }
    });
    const forgotten = this.#history.takeForgotten(staging.commits.length);
    if (!staging.isEmpty || forgotten.isNews) {
      try {
        const written = this.#journal.append(staging, forgotten);
        if (written !== undefined) await written;
      } catch (error) {
        this.#history.putBack(forgotten);
        return { requests: accepted, error };
      }
    }
    for (const { id, ttlMs } of staging.grantedLeases) this.#leases.start(id, ttlMs);
    for (const { revision, changes, leases } of staging.commits) {
      this.#keyspace.apply(revision, changes);
      for (const { key } of changes) this.#leases.attach(key, leases.get(key));
    }
    for (const id of staging.endedLeases) this.#leases.end(id);
    this.#watchers.publish();
    this.#history.bound();
    for (const answer of answers) answer();
    return undefined;
  }

  #expire(id: LeaseId): void {
    if (!this.#leases.beginEnd(id)) return;
    this.#request((staging) => staging.endLease(id)).catch(() => this.#leases.retryEnd(id, expiryRetryMs));
  }
}

/** Somebody's wish that waits for the next batch. */
interface Request {
  /** Adds it to the batch and returns how to answer once the batch is durable. */
  stage(staging: Staging): () => void;
  reject(error: unknown): void;
}

interface Failed {
  readonly requests: readonly Request[];
  readonly error: unknown;
}

/** So many requests share one write at most. */
const longestBatch = 1024;

/** A lease whose end could not be written (the disk is full) ends this much later. */
const expiryRetryMs = 1_000;
