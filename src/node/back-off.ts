import { type BackoffBounds, backoffMs, type Clock, type Random } from '../clock/index.ts';

/** Growing delays between attempts at one thing. */
export class BackOff {
  readonly #bounds: BackoffBounds;
  readonly #random: Random;
  #failures = 0;

  constructor(bounds: BackoffBounds, random: Random) {
    this.#bounds = bounds;
    this.#random = random;
  }

  nextDelayMs(): number {
    this.#failures += 1;
    return backoffMs(this.#failures, this.#random, this.#bounds);
  }

  reset(): void {
    this.#failures = 0;
  }
}

/**
 * Runs `attempt` until it succeeds, `isRetryable` says no, or the signal aborts.
 * @throws the last error, or the signal's reason.
 */
export async function retry<T>(
  attempt: () => Promise<T>,
  options: {
    readonly backOff: BackOff;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    isRetryable(error: unknown): boolean;
    onFailure?(error: unknown, delayMs: number): void;
  },
): Promise<T> {
  for (;;) {
    options.signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!options.isRetryable(error)) throw error;
      const delayMs = options.backOff.nextDelayMs();
      options.onFailure?.(error, delayMs);
      await options.clock.sleep(delayMs, options.signal);
    }
  }
}

/** Whether an AWS call may succeed later: all failures but refusals of what was asked. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || error.name === 'ThrottlingException') return true;
  return !('$fault' in error && error.$fault === 'client');
}
