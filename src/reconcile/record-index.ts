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
    return this.#buckets.get(value)?.records() ?? nothing;
  }

  count(value: string): number {
    return this.#buckets.get(value)?.size ?? 0;
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
    let bucket = this.#buckets.get(value);
    if (bucket === undefined) {
      bucket = new Bucket();
      this.#buckets.set(value, bucket);
    }
    bucket.put(record);
  }

  #remove(value: string, key: RecordKey): void {
    const bucket = this.#buckets.get(value);
    bucket?.remove(key);
    if (bucket?.size === 0) this.#buckets.delete(value);
  }
}

/** The values that a record is found by, each once. */
export function indexValues<T>(valuesOf: IndexFunction<T>, record: T, key: RecordKey): readonly string[] {
  const values = valuesOf(record, key);
  if (values === undefined) return nothing;
  if (typeof values === 'string') return [values];
  return values.length < 2 ? values : [...new Set(values)];
}

/**
 * The records of one value, by key, as a list of short sorted runs: what comes or goes moves at most one run, so that
 * a hundred thousand records cost no more to keep than a few hundred. Who asks gets them as one list, which is kept
 * until something changes and is never changed itself.
 */
class Bucket<T> {
  size = 0;
  /** None is empty. */
  readonly #runs: Stored<T>[][] = [];
  #list: readonly Stored<T>[] | undefined;

  records(): readonly Stored<T>[] {
    this.#list ??= this.#runs.flat();
    return this.#list;
  }

  put(record: Stored<T>): void {
    this.#list = undefined;
    const runAt = this.#runOf(record.key);
    const run = this.#runs[runAt];
    if (run === undefined) {
      this.#runs.push([record]);
      this.size += 1;
      return;
    }
    const place = placeOf(run, record.key);
    if (run[place]?.key === record.key) {
      run[place] = record;
      return;
    }
    run.splice(place, 0, record);
    this.size += 1;
    if (run.length > longestRun) this.#runs.splice(runAt + 1, 0, run.splice(longestRun / 2));
  }

  remove(key: RecordKey): void {
    const runAt = this.#runOf(key);
    const run = this.#runs[runAt];
    if (run === undefined) return;
    const place = placeOf(run, key);
    if (run[place]?.key !== key) return;
    this.#list = undefined;
    run.splice(place, 1);
    this.size -= 1;
    if (run.length === 0) this.#runs.splice(runAt, 1);
  }

  /** Which run has the key, or would have it: the last that begins at it or before, else the first. */
  #runOf(key: RecordKey): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#runs[middle]?.[0];
      if (first !== undefined && first.key <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

const longestRun = 512;

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
