import { alphanumeric, type Clock, type Random } from '../../clock/index.ts';

/** 62^64 possibilities. */
const tokenLength = 64;
/** From a call of the API to the connection that it was for. */
const validMs = 60_000;
/** Calls whose connections never came. */
const mostTokens = 100_000;

/**
 * Tokens that open one connection each: random, good for a minute, good once. They are kept in memory and are never
 * written anywhere: what they open does not outlive the process either.
 */
export class Tokens<Purpose> {
  readonly #clock: Clock;
  readonly #random: Random;
  /** In the order in which they were issued, which is that of their expiry. */
  readonly #issued = new Map<string, { readonly purpose: Purpose; readonly expiresAtMs: number }>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  issue(purpose: Purpose): string {
    const nowMs = this.#clock.monotonic();
    for (const [token, { expiresAtMs }] of this.#issued) {
      if (expiresAtMs > nowMs && this.#issued.size < mostTokens) break;
      this.#issued.delete(token);
    }
    const token = alphanumeric(this.#random, tokenLength);
    this.#issued.set(token, { purpose, expiresAtMs: nowMs + validMs });
    return token;
  }

  /** @returns what it was issued for; undefined when it never was, was used before or has expired. */
  redeem(token: string): Purpose | undefined {
    const issued = this.#issued.get(token);
    this.#issued.delete(token);
    return issued !== undefined && issued.expiresAtMs > this.#clock.monotonic() ? issued.purpose : undefined;
  }
}
