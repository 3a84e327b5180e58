import { createHash } from 'node:crypto';
import type { Clock } from '../../src/clock/index.ts';

/** What happened, in order: as lines for people, and as one hash that two runs of a seed must have in common. */
export class Trace {
  readonly #clock: Clock;
  readonly #print: ((line: string) => void) | undefined;
  readonly #hash = createHash('sha256');
  readonly #recent: string[] = [];
  #lines = 0;

  /** @param print Gets every line at once. */
  constructor(clock: Clock, print?: (line: string) => void) {
    this.#clock = clock;
    this.#print = print;
  }

  /** `actor`: who did it, e.g. `plane`, `m-2`, `user`. */
  say(actor: string, what: string): void {
    const line = `${seconds(this.#clock.monotonic())} ${actor.padEnd(9)} ${what}`;
    this.#hash.update(line).update('\n');
    this.#lines += 1;
    this.#recent.push(line);
    if (this.#recent.length > 2 * keptLines) this.#recent.splice(0, keptLines);
    this.#print?.(line);
  }

  /** For people only. */
  show(actor: string, what: string): void {
    this.#print?.(`${seconds(this.#clock.monotonic())} ${actor.padEnd(9)} ${what}`);
  }

  /** Into the hash only: what is too much to read. */
  note(data: string): void {
    this.#hash.update(data).update('\n');
  }

  get lines(): number {
    return this.#lines;
  }

  get recent(): readonly string[] {
    return this.#recent.slice(-keptLines);
  }

  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }
}

const keptLines = 40;

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3).padStart(10);
}
