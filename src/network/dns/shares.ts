/** How many things each of many may have under way at a time. */
export class Shares {
  readonly #most: number;
  readonly #taken = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Runs `start` and counts it until it has ended. Undefined: the owner has as many as it may have. */
  run<R>(owner: string, start: () => Promise<R>): Promise<R> | undefined {
    const taken = this.#taken.get(owner) ?? 0;
    if (taken >= this.#most) return undefined;
    this.#taken.set(owner, taken + 1);
    return start().finally(() => this.#give(owner));
  }

  #give(owner: string): void {
    const left = (this.#taken.get(owner) ?? 1) - 1;
    if (left === 0) this.#taken.delete(owner);
    else this.#taken.set(owner, left);
  }
}
