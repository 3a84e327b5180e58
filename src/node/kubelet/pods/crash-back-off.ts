const firstMs = 10_000;
const mostMs = 300_000;

/**
 * How long a container that ends again and again waits before it runs again: nothing the first time, then 10 s, twice as
 * long each time, up to 5 minutes. A container that ran twice as long as that begins anew.
 */
export class CrashBackOff {
  readonly #entries = new Map<string, { readonly delayMs: number; readonly atMs: number }>();

  /**
   * Until when it is to wait (epoch ms), and how long that is; undefined: it may run. Also one that ended in a future that the
   * clock was set back from: it would wait for all of that.
   */
  waiting(
    container: string,
    endedAtMs: number,
    nowMs: number,
  ): { readonly untilMs: number; readonly delayMs: number } | undefined {
    const entry = this.#entries.get(container);
    if (entry === undefined || endedAtMs - entry.atMs > 2 * mostMs) return undefined;
    const untilMs = endedAtMs + entry.delayMs;
    const isWaiting = nowMs < untilMs && untilMs - nowMs <= 2 * entry.delayMs;
    return isWaiting ? { untilMs, delayMs: entry.delayMs } : undefined;
  }

  /** It runs again, after it ended at `endedAtMs`. */
  restarted(container: string, endedAtMs: number, nowMs: number): void {
    const entry = this.#entries.get(container);
    const isFresh = entry === undefined || endedAtMs - entry.atMs > 2 * mostMs;
    const delayMs = isFresh ? firstMs : Math.min(mostMs, entry.delayMs * 2);
    this.#entries.set(container, { delayMs, atMs: nowMs });
  }
}

/** As Go writes durations of whole seconds: `10s`, `1m20s`, `5m0s`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
