import type { Transaction } from './state.ts';

/** A transaction that waits to be run. */
export interface WaitingRun {
  readonly run: (tx: Transaction) => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The transactions that lost the race for a key, in line by that key. While one commit is under way the line
 * grows; then all of it is run together, one after the other over each other's writes, and committed at once. So
 * however many want the same record, each waits for two commits and not for everybody's.
 */
export class ContendedRuns {
  readonly #lines = new Map<string, WaitingRun[]>();
  readonly #runTogether: (runs: readonly WaitingRun[], contendedKey: string) => Promise<void>;

  /** @param runTogether Settles every run it is given; never rejects. */
  constructor(runTogether: (runs: readonly WaitingRun[], contendedKey: string) => Promise<void>) {
    this.#runTogether = runTogether;
  }

  /** The first of `keys` that others are in line for. */
  busyAmong(keys: Iterable<string>): string | undefined {
    if (this.#lines.size === 0) return undefined;
    for (const key of keys) if (this.#lines.has(key)) return key;
    return undefined;
  }

  add(key: string, run: WaitingRun): void {
    const line = this.#lines.get(key);
    if (line !== undefined) {
      line.push(run);
      return;
    }
    const fresh = [run];
    this.#lines.set(key, fresh);
    void this.#work(key, fresh);
  }

  async #work(key: string, line: WaitingRun[]): Promise<void> {
    // Those who lost to the same commit hear of it in the same turn: let them come.
    await Promise.resolve();
    while (line.length > 0) await this.#runTogether(line.splice(0, mostTogether), key);
    this.#lines.delete(key);
  }
}

const mostTogether = 64;
