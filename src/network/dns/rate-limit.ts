import type { Clock } from '../../clock/index.ts';

/** Packets a second that the resolver takes from one network interface (AWS: 1,024). */
const packetsPerSecond = 1024;
/** More askers than this in one second are no VPC, but somebody who makes up addresses. */
const maxAskers = 65_536;

/** Counts packets by asker and second. */
export class RateLimit {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #counts = new Map<string, number>();
  #second = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /**
   * Whether a packet may pass. The first that may not is `'first'`, so that it can be told once and not a thousand times.
   */
  take(asker: string): 'pass' | 'first' | 'over' {
    const second = Math.floor(this.#clock.monotonic() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#counts.clear();
    }
    const count = (this.#counts.get(asker) ?? 0) + 1;
    if (count === 1 && this.#counts.size >= maxAskers) return 'over';
    this.#counts.set(asker, count);
    if (count <= packetsPerSecond) return 'pass';
    return count === packetsPerSecond + 1 ? 'first' : 'over';
  }
}
