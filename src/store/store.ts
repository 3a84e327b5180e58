import type { Json } from './json.ts';

/**
 * The store's contract: etcd's model in few words, so that etcd is a driver and not a port.
 *
 * Keys are ordered byte-wise (keys are ASCII by construction). Every successful `commit` that writes
 * something gets one global revision, one higher than the last (deleting what is absent writes nothing).
 * History is kept until `compact`, which the embedded drivers also do by themselves.
 */
export interface Store extends AsyncDisposable {
  /**
   * Entries whose key starts with `prefix`, in key order. A full key is the prefix of itself: see `get`.
   * @throws {RangeError} `revision` is not there yet, or `limit` is not a positive integer.
   */
  read(prefix: string, options?: ReadOptions): Promise<ReadResult>;
  /** One entry, or undefined. */
  get(key: string): Promise<Entry | undefined>;
  /**
   * All or nothing. When every precondition holds, all writes get one revision and are durable before the
   * promise resolves. Each key may be written once per commit.
   * @throws {StoreFullError} nothing was written: the disk is full.
   * @throws {LeaseNotFoundError} a write names a lease that has ended.
   * @throws {TypeError} a key is not printable ASCII or is written twice, or a value is not JSON.
   * @throws {StoreFailedError}
   * @throws {StoreClosedError}
   */
  commit(preconditions: readonly Precondition[], writes: readonly Write[]): Promise<CommitResult>;
  /**
   * Every commit with a revision of at least `fromRevision` that touches `prefix`, in order, one batch per
   * commit and none twice. Batches of past commits arrive first. The driver calls `onBatch` one batch at a
   * time and, for in-process drivers, before the commit that caused it resolves.
   * @throws {CompactedError} when `fromRevision` is older than what `compact` left; drivers that can't tell at
   * once report it by `onError`.
   */
  watch(prefix: string, fromRevision: number, observer: WatchObserver): Watch;
  /** The revision of the last commit; 0 for an empty store. */
  revision(): Promise<number>;
  /** A lease: keys put with it are deleted in one commit when it is not kept alive for `ttlMs`. */
  grantLease(ttlMs: number): Promise<LeaseId>;
  /** Restarts the lease's time. @throws {LeaseNotFoundError} it has expired or was revoked. */
  keepAlive(lease: LeaseId): Promise<void>;
  /** Ends the lease now and deletes its keys. Unknown leases are already ended: success. */
  revokeLease(lease: LeaseId): Promise<void>;
  /**
   * Forgets history before `revision`; `revision` itself can still be read and watched from, and the current
   * value of every key stays. Older revisions are forgotten already: success. @throws {RangeError} not there yet.
   */
  compact(revision: number): Promise<void>;
  /** Ends watches, waits for commits in flight, releases the files. Idempotent. */
  close(): Promise<void>;
}

export interface Entry {
  readonly key: string;
  /** Frozen to the last leaf, and independent of the object that was handed in: it may be kept and shared. */
  readonly value: Json;
  /** The revision that last wrote the key. */
  readonly revision: number;
  /** The revision that created the key (since it was last absent). */
  readonly createRevision: number;
}

/** The key's current `revision`; 0 means that the key must be absent. */
export interface Precondition {
  readonly key: string;
  readonly revision: number;
}

export type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: Json; readonly lease?: LeaseId }
  | { readonly type: 'delete'; readonly key: string };

export type CommitResult =
  | { readonly committed: true; readonly revision: number }
  /** Nothing was written. `conflicts` are the preconditions that failed. */
  | { readonly committed: false; readonly conflicts: readonly Precondition[] };

export interface ReadOptions {
  /** At most this many entries. */
  readonly limit?: number;
  /** Only keys after this one (exclusive): the last key of the page before. */
  readonly after?: string;
  /** The state as it was at this revision. @throws {CompactedError} */
  readonly revision?: number;
}

export interface ReadResult {
  readonly entries: readonly Entry[];
  /** The revision the answer shows. */
  readonly revision: number;
  /** There are more entries than `limit` allowed. */
  readonly more: boolean;
  /** How many more: what the pages behind this one have together. */
  readonly left: number;
}

export interface WatchObserver {
  onBatch(batch: WatchBatch): void;
  /**
   * The watch has ended by an error: `CompactedError`, a lost connection, `StoreClosedError`, or what `onBatch`
   * threw. Open a new one after reading again. The last call that the observer gets.
   */
  onError(error: Error): void;
}

export interface WatchBatch {
  readonly revision: number;
  readonly changes: readonly Change[];
}

export type Change =
  | { readonly type: 'put'; readonly key: string; readonly entry: Entry }
  | { readonly type: 'delete'; readonly key: string };

/** A running watch; disposing it ends it, after which the observer is not called again. */
export type Watch = Disposable;

declare const leaseIdBrand: unique symbol;
export type LeaseId = string & { readonly [leaseIdBrand]: true };

/** The asked-for revision was compacted away: read the current state and watch from there. */
export class CompactedError extends Error {
  override readonly name = 'CompactedError';
  readonly compactRevision: number;
  constructor(compactRevision: number) {
    super(`Revision is no longer kept: history starts at ${compactRevision}`);
    this.compactRevision = compactRevision;
  }
}

export class StoreClosedError extends Error {
  override readonly name = 'StoreClosedError';
}

/** The disk is full. Nothing of the commit was written; commits succeed again once there is room. */
export class StoreFullError extends Error {
  override readonly name = 'StoreFullError';
}

/** Another process holds the store. */
export class StoreLockedError extends Error {
  override readonly name = 'StoreLockedError';
}

/** The store's files are damaged, or were not written by a version of Catamaran that this one understands. */
export class StoreUnreadableError extends Error {
  override readonly name = 'StoreUnreadableError';
}

/**
 * The disk failed under a write, so whether it is durable can't be known. The store writes nothing more; opening
 * it again shows what the disk kept.
 */
export class StoreFailedError extends Error {
  override readonly name = 'StoreFailedError';
}

export class LeaseNotFoundError extends Error {
  override readonly name = 'LeaseNotFoundError';
}
