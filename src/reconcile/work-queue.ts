/**
 * Keys that want work. A key is held once however often it is added, is never given out twice at a time, and is
 * given out again if it was added while it was out. Owners (accounts) take turns, so that one with ten thousand
 * keys delays another with one by a single key.
 */
export class WorkQueue {
  /** By owner, in the order of their turns. */
  readonly #waiting = new Map<string, Set<string>>();
  /** Keys given out, and whether they were added again since. */
  readonly #out = new Map<string, { isAddedAgain: boolean }>();
  #depth = 0;

  /** Keys waiting to be taken. */
  get depth(): number {
    return this.#depth;
  }

  /** Keys given out. */
  get running(): number {
    return this.#out.size;
  }

  add(key: string): void {
    const out = this.#out.get(key);
    if (out !== undefined) {
      out.isAddedAgain = true;
      return;
    }
    const owner = ownerOf(key);
    let keys = this.#waiting.get(owner);
    if (keys === undefined) {
      keys = new Set();
      this.#waiting.set(owner, keys);
    }
    if (keys.has(key)) return;
    keys.add(key);
    this.#depth++;
  }

  /** The next key, which is then out until `giveBack`. */
  take(): string | undefined {
    for (const [owner, keys] of this.#waiting) {
      // To the end of the line, if it has more.
      this.#waiting.delete(owner);
      for (const key of keys) {
        keys.delete(key);
        if (keys.size > 0) this.#waiting.set(owner, keys);
        this.#depth--;
        this.#out.set(key, { isAddedAgain: false });
        return key;
      }
    }
    return undefined;
  }

  /** Ends the key's turn. @returns whether it was added meanwhile; adding it again is the caller's decision. */
  giveBack(key: string): boolean {
    const out = this.#out.get(key);
    this.#out.delete(key);
    return out?.isAddedAgain ?? false;
  }

  /** Forgets what waits; what is out stays out. */
  clear(): void {
    this.#waiting.clear();
    this.#depth = 0;
    for (const out of this.#out.values()) out.isAddedAgain = false;
  }
}

/** The account of a record key, `/<service>/<account>/...`; the first part of any other key. */
export function ownerOf(key: string): string {
  const [first = '', second, account] = key.split('/', 3);
  return first === '' && second !== undefined ? (account ?? second) : first;
}
