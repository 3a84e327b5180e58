import type { RecordKey, Stored } from './state.ts';

/** How a collection finds its records by one index. */
export type IndexFunction<T> = (record: T, key: RecordKey) => string | readonly string[] | undefined;

/** A secondary look-up: for each index value, the records that have it, in key order. */
export class RecordIndex<T> {
  readonly #valuesOf: IndexFunction<T>;
  readonly #buckets = new Map<string, Bucket<T>>();

  constructor(valuesOf: IndexFunction<T>, records: Iterable<Stored<T>>) {
    this.#valuesOf = valuesOf;
    for (const record of records) this.replace(undefined, record);
  }

  get(value: string): readonly Stored<T>[] {
    const bucket = this.#buckets.get(value);
    if (bucket === undefined) return nothing;
    bucket.isHandedOut = true;
    return bucket.records;
  }

  count(value: string): number {
    return this.#buckets.get(value)?.records.length ?? 0;
  }

  /** One of the two may be undefined: the record came, or went. */
  replace(before: Stored<T> | undefined, after: Stored<T> | undefined): void {
    const oldValues = before === undefined ? [] : indexValues(this.#valuesOf, before.value, before.key);
    const newValues = after === undefined ? [] : indexValues(this.#valuesOf, after.value, after.key);
    if (before !== undefined)
      for (const value of oldValues) if (!newValues.includes(value)) this.#remove(value, before.key);
    if (after !== undefined) for (const value of newValues) this.#put(value, after);
  }

  #put(value: string, record: Stored<T>): void {
    const bucket = this.#writable(value);
    const place = placeOf(bucket.records, record.key);
    bucket.records.splice(place, bucket.records[place]?.key === record.key ? 1 : 0, record);
  }

  #remove(value: string, key: RecordKey): void {
    const bucket = this.#writable(value);
    const place = placeOf(bucket.records, key);
    if (bucket.records[place]?.key === key) bucket.records.splice(place, 1);
    if (bucket.records.length === 0) this.#buckets.delete(value);
  }

  /** A reader keeps the list it was given as it was: the bucket goes on with a copy. */
  #writable(value: string): Bucket<T> {
    const bucket = this.#buckets.get(value);
    if (bucket !== undefined && !bucket.isHandedOut) return bucket;
    const fresh: Bucket<T> = { records: bucket?.records.slice() ?? [], isHandedOut: false };
    this.#buckets.set(value, fresh);
    return fresh;
  }
}

/** The values that a record is found by, each once. */
export function indexValues<T>(valuesOf: IndexFunction<T>, record: T, key: RecordKey): readonly string[] {
  const values = valuesOf(record, key);
  if (values === undefined) return nothing;
  if (typeof values === 'string') return [values];
  return values.length < 2 ? values : [...new Set(values)];
}

interface Bucket<T> {
  /** By key. */
  readonly records: Stored<T>[];
  isHandedOut: boolean;
}

const nothing: readonly never[] = Object.freeze([]);

function placeOf(records: readonly Stored<unknown>[], key: RecordKey): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = records[middle];
    if (other !== undefined && other.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
