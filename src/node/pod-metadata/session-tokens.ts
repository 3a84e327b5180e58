import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock, Random } from '../../clock/index.ts';

const mostSeconds = 21_600;

/** The session tokens of IMDSv2. Nobody but who made them can tell them from others, and after a restart nobody can. */
export class SessionTokens {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #key: Uint8Array;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.#key = random.bytes(32);
  }

  /** @param seconds As the header says it. @returns undefined: it is no number of seconds from 1 to 21600. */
  issue(seconds: string): string | undefined {
    if (!/^\d{1,5}$/.test(seconds) || Number(seconds) < 1 || Number(seconds) > mostSeconds) return undefined;
    const content = Buffer.alloc(14, this.#random.bytes(14));
    content.writeUIntBE(this.#clock.now() + Number(seconds) * 1_000, 0, 6);
    return Buffer.concat([content, this.#signed(content)]).toString('base64url');
  }

  isGood(token: string): boolean {
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length !== 14 + 32) return false;
    const content = bytes.subarray(0, 14);
    return (
      timingSafeEqual(this.#signed(content), bytes.subarray(14)) &&
      content.readUIntBE(0, 6) > this.#clock.now()
    );
  }

  #signed(content: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(content).digest();
  }
}
