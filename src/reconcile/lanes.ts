/** Queues by key: whoever enters a key's lane waits until those before it have left. */
export class Lanes {
  /** For each lane with somebody in it, when the last one there leaves. */
  readonly #lanes = new Map<string, Promise<void>>();

  /** The first of `keys` whose lane has somebody in it. */
  busyAmong(keys: Iterable<string>): string | undefined {
    if (this.#lanes.size === 0) return undefined;
    for (const key of keys) if (this.#lanes.has(key)) return key;
    return undefined;
  }

  /** Resolves when it is the caller's turn, which lasts until the result is disposed of. */
  async enter(key: string): Promise<Disposable> {
    const before = this.#lanes.get(key);
    const { promise: left, resolve: leave } = Promise.withResolvers<void>();
    this.#lanes.set(key, left);
    await before;
    return {
      [Symbol.dispose]: () => {
        if (this.#lanes.get(key) === left) this.#lanes.delete(key);
        leave();
      },
    };
  }
}
