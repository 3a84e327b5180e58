import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { type Clock, KeptReadings } from '../../../clock/index.ts';
import { AuthenticationFailure } from './failure.ts';
import { type AskProvider, ProviderError } from './provider.ts';

/** Keys are good for so long; an issuer that changes them shows the new ones before it signs with them. */
const goodForMs = 5 * 60_000;
/** A token with an unknown key has them read anew, but not more often: anybody can send such tokens. */
const notMoreOftenMs = 10_000;
/** "Maximum response size: 150 KB", "Maximum number of keys: 10 keys". */
const mostBytes = 150 * 1024;
const mostKeys = 10;
const mostEndpoints = 500;

/** The keys that issuers publish, kept for a while. */
export class KeySets {
  readonly #ask: AskProvider;
  readonly #kept: KeptReadings<JWTVerifyGetKey>;

  constructor(ask: AskProvider, clock: Clock) {
    this.#ask = ask;
    this.#kept = new KeptReadings(clock, mostEndpoints);
  }

  /** The key of a token; read anew when it isn't among those that are kept. @throws {AuthenticationFailure} */
  of(endpoint: string): JWTVerifyGetKey {
    return async (header, token) => {
      const find = await this.#read(endpoint, goodForMs);
      try {
        return await find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        const again = await this.#read(endpoint, notMoreOftenMs);
        return again(header, token);
      }
    };
  }

  #read(endpoint: string, atMostMs: number): Promise<JWTVerifyGetKey> {
    return this.#kept.of(endpoint, atMostMs, () => this.#fetch(endpoint));
  }

  async #fetch(url: string): Promise<JWTVerifyGetKey> {
    try {
      // Whoever else waits for it is still there when one client has gone.
      const set = await this.#ask({ url, mostBytes }, new AbortController().signal);
      if (!Array.isArray(set.keys)) throw new AuthenticationFailure('JWKSRequestFailed', 562);
      if (set.keys.length > mostKeys) throw new AuthenticationFailure('JWKSResponseSizeExceeded', 562);
      return createLocalJWKSet(set as unknown as JSONWebKeySet);
    } catch (cause) {
      if (cause instanceof errors.JOSEError)
        throw new AuthenticationFailure('JWKSRequestFailed', 562, { cause });
      if (!(cause instanceof ProviderError)) throw cause;
      switch (cause.problem) {
        case 'unreachable':
          throw new AuthenticationFailure('JWKSRequestTimeout', 500, { cause });
        case 'too-large':
          throw new AuthenticationFailure('JWKSResponseSizeExceeded', 562, { cause });
        default:
          throw new AuthenticationFailure('JWKSRequestFailed', 562, { cause });
      }
    }
  }
}
