import type { Clock } from './clock.ts';

interface Reading<Value> {
  readonly begunAt: number;
  readonly value: Promise<Value>;
}

/** What is read elsewhere, by name, and good for a while: who asks at the same time shares one reading. */
export class KeptReadings<Value> {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #kept = new Map<string, Reading<Value>>();

  /** @param most So many are kept; the oldest name makes room. */
  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /**
   * A reading that fails is not kept: who asks later has it tried again.
   * @param atMostMs An older one is read anew.
   */
  of(name: string, atMostMs: number, read: () => Promise<Value>): Promise<Value> {
    const kept = this.#kept.get(name);
    const now = this.#clock.monotonic();
    if (kept !== undefined && now - kept.begunAt < atMostMs) return kept.value;
    this.#kept.delete(name);
    if (this.#kept.size >= this.#most) {
      const [oldest = ''] = this.#kept.keys();
      this.#kept.delete(oldest);
    }
    const reading: Reading<Value> = { begunAt: now, value: read() };
    this.#kept.set(name, reading);
    reading.value.catch(() => {
      if (this.#kept.get(name) === reading) this.#kept.delete(name);
    });
    return reading.value;
  }
}
