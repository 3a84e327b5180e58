import { OrderedKeys } from '../store/index.ts';
import type { RecordKey, Stored } from './state.ts';

/** How a collection finds its records by one index. */
export type IndexFunction<T> = (record: T, key: RecordKey) => string | readonly string[] | undefined;

/**
 * A secondary look-up: for each index value, the records that have it, in key order. It keeps their keys, so that a
 * record that changes and is found by the same values as before costs next to nothing.
 */
export class RecordIndex<T> {
  readonly #valuesOf: IndexFunction<T>;
  readonly #recordOf: (key: RecordKey) => Stored<T> | undefined;
  readonly #buckets = new Map<string, Bucket<T>>();

  /** @param recordOf The record that a key has now, in particular when `replace` has been told of it. */
  constructor(
    valuesOf: IndexFunction<T>,
    records: Iterable<Stored<T>>,
    recordOf: (key: RecordKey) => Stored<T> | undefined,
  ) {
    this.#valuesOf = valuesOf;
    this.#recordOf = recordOf;
    for (const record of records) this.replace(undefined, record);
  }

  get(value: string): readonly Stored<T>[] {
    const bucket = this.#buckets.get(value);
    if (bucket === undefined) return nothing;
    bucket.list ??= Array.from(bucket.keys.withPrefix(''), (key) => this.#recordOf(key as RecordKey)).filter(
      (record) => record !== undefined,
    );
    return bucket.list;
  }

  count(value: string): number {
    return this.#buckets.get(value)?.keys.size ?? 0;
  }

  /** The last revision that put a record here, as long as there is any. */
  latest(value: string): number {
    return this.#buckets.get(value)?.latest ?? 0;
  }

  /** One of the two may be undefined: the record came, or went. */
  replace(before: Stored<T> | undefined, after: Stored<T> | undefined): void {
    const old = before && this.#valuesOf(before.value, before.key);
    const now = after && this.#valuesOf(after.value, after.key);
    // Most changes leave a record where it is: then there are no lists to be made.
    if (before !== undefined && after !== undefined && old === now && !Array.isArray(now)) {
      if (typeof now === 'string') this.#put(now, after, false);
      return;
    }
    const oldValues = asList(old);
    const newValues = asList(now);
    if (before !== undefined)
      for (const value of oldValues) if (!newValues.includes(value)) this.#remove(value, before.key);
    if (after !== undefined)
      for (const value of newValues) this.#put(value, after, !oldValues.includes(value));
  }

  #put(value: string, { key, revision }: Stored<T>, isNew: boolean): void {
    let bucket = this.#buckets.get(value);
    if (bucket === undefined) {
      bucket = { keys: new OrderedKeys(), list: undefined, latest: 0 };
      this.#buckets.set(value, bucket);
    }
    bucket.list = undefined;
    bucket.latest = Math.max(bucket.latest, revision);
    if (isNew) bucket.keys.add(key);
  }

  #remove(value: string, key: RecordKey): void {
    const bucket = this.#buckets.get(value);
    if (bucket === undefined) return;
    bucket.list = undefined;
    bucket.keys.delete(key);
    if (bucket.keys.size === 0) this.#buckets.delete(value);
  }
}

/** What one value finds. */
interface Bucket<T> {
  readonly keys: OrderedKeys;
  /** The records, for whoever asks again before something changes; never changed itself. */
  list: readonly Stored<T>[] | undefined;
  latest: number;
}

/** The values that a record is found by, each once. */
export function indexValues<T>(valuesOf: IndexFunction<T>, record: T, key: RecordKey): readonly string[] {
  return asList(valuesOf(record, key));
}

function asList(values: ReturnType<IndexFunction<unknown>>): readonly string[] {
  if (values === undefined) return nothing;
  if (typeof values === 'string') return [values];
  return values.length < 2 ? values : [...new Set(values)];
}

const nothing: readonly never[] = Object.freeze([]);
