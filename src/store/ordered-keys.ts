/**
 * A set of keys in order, for the store's key space and the informers over it. It is a list of short sorted
 * runs: finding a place is two binary searches, and an insertion moves at most one run, so that a hundred
 * thousand keys cost no more to keep in order than a few hundred.
 */
export class OrderedKeys {
  /** None is empty. */
  readonly #runs: string[][] = [];
  #size = 0;
  /** Counts changes, by which a walk notices that its place may have moved. */
  #changes = 0;

  constructor(keys: Iterable<string> = []) {
    const sorted = [...new Set(keys)].sort(byCodeUnit);
    for (let start = 0; start < sorted.length; start += longestRun / 2)
      this.#runs.push(sorted.slice(start, start + longestRun / 2));
    this.#size = sorted.length;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether the key was new. */
  add(key: string): boolean {
    const runAt = Math.min(this.#runOf(key), this.#runs.length - 1);
    const run = this.#runs[runAt];
    if (run === undefined) {
      this.#runs.push([key]);
    } else {
      const place = lowerBound(run, key);
      if (run[place] === key) return false;
      run.splice(place, 0, key);
      if (run.length > longestRun) this.#runs.splice(runAt + 1, 0, run.splice(longestRun / 2));
    }
    this.#size++;
    this.#changes++;
    return true;
  }

  /** Whether the key was there. */
  delete(key: string): boolean {
    const runAt = this.#runOf(key);
    const run = this.#runs[runAt];
    if (run === undefined) return false;
    const place = lowerBound(run, key);
    if (run[place] !== key) return false;
    run.splice(place, 1);
    if (run.length === 0) this.#runs.splice(runAt, 1);
    this.#size--;
    this.#changes++;
    return true;
  }

  /**
   * Keys that start with `prefix`, in order, those up to and including `after` left out. A walk may be held
   * while keys come and go: it goes on after the last key it gave.
   */
  *withPrefix(prefix: string, after?: string): Generator<string, void> {
    let last = after;
    for (;;) {
      const changes = this.#changes;
      let runAt: number;
      let place: number;
      if (last === undefined || last < prefix) {
        runAt = this.#runOf(prefix);
        place = lowerBound(this.#runs[runAt] ?? [], prefix);
      } else {
        runAt = this.#runOf(last);
        const run = this.#runs[runAt] ?? [];
        place = lowerBound(run, last);
        if (run[place] === last) place++;
      }
      walk: for (; runAt < this.#runs.length; runAt++, place = 0) {
        const run = this.#runs[runAt] ?? [];
        for (; place < run.length; place++) {
          const key = run[place] ?? '';
          if (!key.startsWith(prefix)) return;
          last = key;
          yield key;
          if (this.#changes !== changes) break walk;
        }
      }
      if (this.#changes === changes) return;
    }
  }

  /** How many keys `withPrefix` gives, by the sizes of runs. */
  countWithPrefix(prefix: string, after: string): number {
    let runAt = this.#runOf(after < prefix ? prefix : after);
    let count = 0;
    for (; runAt < this.#runs.length; runAt++) {
      const run = this.#runs[runAt] ?? [];
      const isWhole = (run[0] ?? '') > after && run[0]?.startsWith(prefix) && run.at(-1)?.startsWith(prefix);
      if (isWhole) count += run.length;
      else {
        count += run.filter((key) => key > after && key.startsWith(prefix)).length;
        if ((run.at(-1) ?? '') > prefix && !run.at(-1)?.startsWith(prefix)) break;
      }
    }
    return count;
  }

  /** The first run whose last key is not before `key`; the number of runs when there is none. */
  #runOf(key: string): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const lastKey = this.#runs[middle]?.at(-1);
      if (lastKey !== undefined && lastKey < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const longestRun = 512;

function lowerBound(run: readonly string[], key: string): number {
  let low = 0;
  let high = run.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = run[middle];
    if (other !== undefined && other < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
