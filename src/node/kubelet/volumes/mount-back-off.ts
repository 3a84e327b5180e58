const leastMs = 500;
const mostMs = 122_000;

/**
 * When a volume's failure is told again: as seldom as upstream's kubelet tries it again (`exponentialbackoff` of its
 * volume operations). Here it is tried more often, so that what a pod waits for is found soon.
 */
export class MountBackOff {
  #delayMs = 0;
  #untilMs = Number.NEGATIVE_INFINITY;

  /** It has failed. @returns whether that is to be told now. */
  isDue(nowMs: number): boolean {
    if (nowMs < this.#untilMs) return false;
    this.#delayMs = Math.min(Math.max(leastMs, this.#delayMs * 2), mostMs);
    this.#untilMs = nowMs + this.#delayMs;
    return true;
  }
}
