import { frozenJson, type Json, jsonEqual, type Precondition, type Write } from '../store/index.ts';
import { type Kind, kindName, kindOfKey, type Mirror } from './mirror.ts';
import { type IndexFunction, indexValues } from './record-index.ts';
import type { Collection, RecordKey, Stored, Transaction } from './state.ts';

/**
 * One run of a transaction, or several that are to be committed together: the mirror with their own writes laid
 * over it.
 *
 * Every key that the run gets, puts or deletes is guarded: the commit succeeds only if the store still has the
 * revision that the mirror had (absence included). So two runs can't overwrite each other unseen, whether or not
 * they looked before they wrote. A put of what is there already writes nothing, and stays guarded.
 */
export class MirrorTransaction implements Transaction {
  readonly #mirror: Mirror;
  /** The revision that the mirror had of each key; 0 for absent. */
  readonly #seen = new Map<RecordKey, number>();
  /** By kind, as are the keys that were written, in order. */
  readonly #written = new Map<object, RecordKey[]>();
  readonly #pending = new Map<object, Pending<object>>();
  /** How to take back what the current run has written, latest last. */
  #undo: (() => void)[] = [];
  #isOver = false;

  constructor(mirror: Mirror) {
    this.#mirror = mirror;
  }

  /** Runs `run`; if it throws, what it wrote is taken back, and what it saw stays guarded. */
  run<R>(run: (tx: Transaction) => R): R {
    this.#undo = [];
    try {
      const result = run(this);
      if (result instanceof Promise)
        throw new TypeError('A transaction must be synchronous: read first, then transact');
      return result;
    } catch (error) {
      for (const takeBack of this.#undo.reverse()) takeBack();
      throw error;
    }
  }

  get<T extends object>(collection: Collection<T, string>, key: RecordKey): T | undefined {
    const kind = this.#kind(collection);
    this.#see(kind, key);
    const pending = this.#pendingOf(kind);
    return (pending?.has(key) ? pending.get(key) : kind.get(key))?.value;
  }

  list<T extends object>(collection: Collection<T, string>, prefix = ''): Iterable<Stored<T>> {
    const kind = this.#kind(collection);
    const pending = this.#pendingOf(kind);
    if (pending === undefined) return kind.list(prefix);
    const under = new Map([...pending].filter(([key]) => key.startsWith(prefix)));
    return laidOver(kind.list(prefix), under);
  }

  byIndex<T extends object, I extends string>(
    collection: Collection<T, I>,
    index: NoInfer<I>,
    value: string,
  ): readonly Stored<T>[] {
    const kind = this.#kind<T>(collection);
    const valuesOf = indexFunction<T>(collection, index);
    const here = kind.index(valuesOf).get(value);
    const pending = this.#pendingOf(kind);
    if (pending === undefined) return here;
    const fitting: Pending<T> = new Map();
    for (const [key, record] of pending) {
      const fits = record !== undefined && indexValues(valuesOf, record.value, key).includes(value);
      fitting.set(key, fits ? record : undefined);
    }
    return [...laidOver(here, fitting)];
  }

  countByIndex<T extends object, I extends string>(
    collection: Collection<T, I>,
    index: NoInfer<I>,
    value: string,
  ): number {
    const kind = this.#kind<T>(collection);
    return this.#pendingOf(kind) === undefined
      ? kind.index(indexFunction<T>(collection, index)).count(value)
      : this.byIndex(collection, index, value).length;
  }

  latestByIndex<T extends object, I extends string>(
    collection: Collection<T, I>,
    index: NoInfer<I>,
    value: string,
  ): number {
    return this.#kind<T>(collection).index(indexFunction<T>(collection, index)).latest(value);
  }

  put<T extends object>(collection: Collection<T, string>, key: RecordKey, value: T): void {
    // What JSON makes of a `T` is what will be read as a `T` from now on.
    const frozen = frozenJson(value) as Json & T;
    this.#write(collection, key, { key, value: frozen, revision: 0 });
  }

  delete<T extends object>(collection: Collection<T, string>, key: RecordKey): void {
    this.#write(collection, key, undefined);
  }

  written<T extends object>(collection: Collection<T, string>): readonly RecordKey[] {
    return this.#writtenOf(this.#kind(collection));
  }

  /** Ends the last run: nothing can be read or written through it any more. */
  end(): void {
    this.#isOver = true;
  }

  get keys(): Iterable<string> {
    return this.#seen.keys();
  }

  preconditions(): Precondition[] {
    const preconditions: Precondition[] = [];
    for (const [key, revision] of this.#seen) preconditions.push({ key, revision });
    return preconditions;
  }

  writes(): Write[] {
    const writes: Write[] = [];
    for (const pending of this.#pending.values()) {
      for (const [key, record] of pending) {
        if (record === undefined) writes.push({ type: 'delete', key });
        else writes.push({ type: 'put', key, value: record.value });
      }
    }
    return writes;
  }

  #write<T extends object>(
    collection: Collection<T, string>,
    key: RecordKey,
    record: Stored<Json & T> | undefined,
  ): void {
    const kind = this.#kind(collection);
    if (kindOfKey(key) !== kindName(collection.service, collection.noun))
      throw new TypeError(`Key ${key} does not belong to ${collection.service} ${collection.noun} records`);
    this.#see(kind, key);
    let pending = this.#pendingOf(kind);
    if (pending === undefined) {
      pending = new Map();
      this.#pending.set(kind, pending as Pending<object>);
    }
    const written = this.#writtenOf(kind);
    written.push(key);
    const putBack = undoOf(pending, key);
    this.#undo.push(() => {
      putBack();
      written.push(key);
    });
    if (isSame(kind.get(key)?.value, record?.value)) pending.delete(key);
    else pending.set(key, record);
  }

  #kind<T extends object>(collection: Collection<T, string>): Kind<T> {
    if (this.#isOver) throw new Error('The transaction is over: its `run` has returned');
    return this.#mirror.kind(collection);
  }

  #pendingOf<T extends object>(kind: Kind<T>): Pending<T> | undefined {
    // Only `#write` puts records here, of the kind's own type.
    return this.#pending.get(kind) as Pending<T> | undefined;
  }

  #writtenOf(kind: object): RecordKey[] {
    let written = this.#written.get(kind);
    if (written === undefined) {
      written = [];
      this.#written.set(kind, written);
    }
    return written;
  }

  #see<T extends object>(kind: Kind<T>, key: RecordKey): void {
    if (!this.#seen.has(key)) this.#seen.set(key, kind.get(key)?.revision ?? 0);
  }
}

/** Records put, or undefined for deleted, by the run itself. */
type Pending<T> = Map<RecordKey, Stored<Json & T> | undefined>;

/** Puts the key back as it is now. */
function undoOf<T>(pending: Pending<T>, key: RecordKey): () => void {
  const record = pending.get(key);
  return pending.has(key) ? () => pending.set(key, record) : () => pending.delete(key);
}

export function indexFunction<T extends object>(
  collection: Collection<T, string>,
  index: string,
): IndexFunction<T> {
  const valuesOf = collection.indexes[index];
  if (valuesOf === undefined)
    throw new TypeError(`${collection.service} ${collection.noun} records have no index ${index}`);
  return valuesOf;
}

/** The records of `here` with those of `pending` in their places, in key order. */
function* laidOver<T>(here: Iterable<Stored<T>>, pending: Pending<T>): Generator<Stored<T>, void> {
  const own = [...pending].sort(([left], [right]) => (left < right ? -1 : 1));
  let next = 0;
  for (const record of here) {
    for (; (own[next]?.[0] ?? '~') < record.key; next++) {
      const early = own[next]?.[1];
      if (early !== undefined) yield early;
    }
    if (!pending.has(record.key)) yield record;
  }
  for (; next < own.length; next++) {
    const late = own[next]?.[1];
    if (late !== undefined) yield late;
  }
}

function isSame(before: object | undefined, after: object | undefined): boolean {
  return jsonEqual(before as Json | undefined, after as Json | undefined);
}
