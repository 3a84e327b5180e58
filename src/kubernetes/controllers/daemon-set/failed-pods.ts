const firstMs = 1_000;
const mostMs = 900_000;
/** So many nodes are remembered; those that failed longest ago are forgotten first. */
const kept = 10_000;

interface Failed {
  readonly waitMs: number;
  readonly until: number;
}

/**
 * How long the next try waits on a node where a daemon fails again and again: a second, two, four, at most 15 minutes.
 * The failed pods themselves are deleted, so this is remembered here; a restart forgives.
 */
export class FailedPods {
  readonly #failed = new Map<string, Failed>();

  /** @param key Of the node, for one DaemonSet and one version of it. */
  waitMs(key: string, now: number): number {
    return Math.max(0, (this.#failed.get(key)?.until ?? 0) - now);
  }

  /** A pod that failed is replaced now: the next one waits longer. */
  tried(key: string, now: number): void {
    const before = this.#failed.get(key);
    const isForgotten = before === undefined || now > before.until + 2 * mostMs;
    const waitMs = isForgotten ? firstMs : Math.min(mostMs, before.waitMs * 2);
    this.#failed.delete(key);
    this.#failed.set(key, { waitMs, until: now + waitMs });
    if (this.#failed.size <= kept) return;
    for (const oldest of this.#failed.keys()) {
      this.#failed.delete(oldest);
      return;
    }
  }
}
