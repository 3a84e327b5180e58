import type { Scope } from './arn.ts';
import { requestLimitExceeded } from './errors.ts';

/** Requests a second, and so many at once (Cloud Map, API request throttling quota). */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A bucket of tokens for each account and Region, filled by and by; each request takes one. */
export class RateLimit {
  readonly #operation: string;
  readonly #rate: Rate;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(operation: string, rate: Rate) {
    this.#operation = operation;
    this.#rate = rate;
  }

  /** @throws RequestLimitExceeded */
  take({ accountId, region }: Scope, nowMs: number): void {
    const { perSecond, burst } = this.#rate;
    const name = `${accountId}/${region}`;
    const { tokens, atMs } = this.#buckets.get(name) ?? { tokens: burst, atMs: nowMs };
    const filled = Math.min(burst, tokens + (Math.max(0, nowMs - atMs) / 1000) * perSecond);
    if (filled < 1) throw requestLimitExceeded(this.#operation);
    this.#buckets.set(name, { tokens: filled - 1, atMs: nowMs });
  }
}
