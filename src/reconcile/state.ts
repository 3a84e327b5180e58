import type { Json } from '../store/index.ts';

/**
 * What a room declares about one kind of record: where it lives and how it is looked up. Records are plain
 * JSON; times in records are epoch milliseconds.
 *
 * Keys are `/<service>/<account>/<region>/<noun>/<id...>`; `/` never occurs inside a part.
 */
export interface Collection<T extends object, Index extends string = never> {
  /** E.g. `ecs`. */
  readonly service: string;
  /** E.g. `task`; `everyNoun`: all records of the service, to be read and followed only. */
  readonly noun: string;
  /** Secondary look-ups: record to the values it is found by. Undefined leaves the record out. */
  readonly indexes: Readonly<
    Record<Index, (record: T, key: RecordKey) => string | readonly string[] | undefined>
  >;
}

/** The noun of a collection that shows the records of all nouns of its service, those that are not known yet included. */
export const everyNoun = '*';

/** A full store key, made by `recordKey`. */
declare const recordKeyBrand: unique symbol;
export type RecordKey = string & { readonly [recordKeyBrand]: true };

/** A record as it stands in the store. Frozen: change it by a transaction. */
export interface Stored<T> {
  readonly key: RecordKey;
  readonly value: T;
  /** The revision that last wrote it; 0 for what the asking transaction has written itself. */
  readonly revision: number;
}

/**
 * Reads: in-memory indexes fed by the store's watch. Always shows the caller's own committed writes.
 * Iteration is in key order.
 */
export interface Reader {
  get<T extends object>(collection: Collection<T, string>, key: RecordKey): T | undefined;
  /** Records under a key prefix such as `/ecs/<account>/<region>/task/<cluster>/`; everything of the noun when omitted. */
  list<T extends object>(collection: Collection<T, string>, prefix?: string): Iterable<Stored<T>>;
  byIndex<T extends object, I extends string>(
    collection: Collection<T, I>,
    index: NoInfer<I>,
    value: string,
  ): readonly Stored<T>[];
  /** How many records an index value has, without listing them. */
  countByIndex<T extends object, I extends string>(
    collection: Collection<T, I>,
    index: NoInfer<I>,
    value: string,
  ): number;
  /**
   * The last revision that wrote a record of an index value, one that has left it since included; 0 where there is
   * none. What the asking transaction has written has no revision yet.
   */
  latestByIndex<T extends object, I extends string>(
    collection: Collection<T, I>,
    index: NoInfer<I>,
    value: string,
  ): number;
}

/**
 * Reads that are checked and writes that are gathered. `get`, `put` and `delete` remember the revision (or the
 * absence) of the record they were called for: the commit succeeds only if none of those records changed. `list`,
 * `byIndex` are not guarded against new records; guard a set by also reading and writing the record that owns it.
 */
export interface Transaction extends Reader {
  put<T extends object>(collection: Collection<T, string>, key: RecordKey, value: T): void;
  delete<T extends object>(collection: Collection<T, string>, key: RecordKey): void;
  /**
   * The keys of a collection that have been written so far, in order; one that is written again, or taken back
   * because its run threw, is there again. It is the very list that grows, one per transaction.
   */
  written<T extends object>(collection: Collection<T, string>): readonly RecordKey[];
}

export interface State extends Reader {
  /**
   * Runs `run` and commits what it put; a put of what is there already writes nothing. When another writer was faster, runs it again on fresh state; so
   * `run` must be synchronous and free of effects besides the transaction. Returns what the last run
   * returned, when the commit is durable and visible to every Reader. An error thrown by `run` commits nothing.
   * @throws {ContentionError} after many lost races.
   */
  transact<R>(run: (tx: Transaction) => R): Promise<R>;
  /**
   * Resolves when reads show a revision of the store or a later one: for those who have written to the store itself.
   * @throws {StoreClosedError} the state was closed.
   */
  reached(revision: number): Promise<void>;
  /**
   * Calls `listener` once per changed record after each commit, in commit order. `before` and `after` are
   * undefined for created and deleted records. Listeners only note what to look at; they do no work.
   */
  subscribe<T extends object>(
    collection: Collection<T, string>,
    listener: (change: RecordChange<T>) => void,
  ): Disposable;
}

export interface RecordChange<T> {
  readonly key: RecordKey;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** The transaction lost every race for its records. */
export class ContentionError extends Error {
  override readonly name = 'ContentionError';
}

/** Joins the parts of a record's key. @throws {TypeError} a part is empty or contains `/`. */
export function recordKey<T extends object>(
  { service, noun }: Collection<T, string>,
  accountId: string,
  region: string,
  ...ids: readonly string[]
): RecordKey {
  const isWhole =
    isKeyPart(service) &&
    isKeyPart(accountId) &&
    isKeyPart(region) &&
    isKeyPart(noun) &&
    ids.every(isKeyPart);
  if (!isWhole) {
    const parts = JSON.stringify([service, accountId, region, noun, ...ids]);
    throw new TypeError(`Cannot make a record key of ${parts}: a part is empty or contains "/"`);
  }
  let key = `/${service}/${accountId}/${region}/${noun}`;
  for (const id of ids) key += `/${id}`;
  return key as RecordKey;
}

function isKeyPart(part: string): boolean {
  return part !== '' && !part.includes('/');
}

/** The type that JSON gives back for a record; a compile-time reminder that records are plain data. */
export type JsonRecord = { readonly [key: string]: Json };
