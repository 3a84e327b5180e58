import type { JSONWebKeySet } from 'jose';
import { type Clock, KeptReadings, withTimeout } from '../../../clock/index.ts';
import { isRecord } from '../../../protocols/index.ts';
import { fetchIssuerDocument, UnreachableIssuer } from './issuer-document.ts';

/** Keys are good for so long; an issuer that changes them shows the new ones before it signs with them. */
const goodForMs = 15 * 60_000;
/** A token with an unknown key has them read anew, but not more often: whoever sends tokens needs no credentials. */
const notMoreOftenMs = 30_000;
const timeoutMs = 5_000;
const maxIssuers = 500;

export interface Issuer {
  /** `https://…`, as tokens name it. */
  readonly url: string;
  readonly thumbprints: readonly string[];
}

/** The keys of issuers, found as OpenID Connect Discovery 1.0 says, and kept for a while. */
export class IssuerKeys {
  readonly #clock: Clock;
  readonly #kept: KeptReadings<JSONWebKeySet>;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#kept = new KeptReadings(clock, maxIssuers);
  }

  /**
   * @param isStale The caller has found that its token's key is not among those that are kept.
   * @throws {UntrustedIssuer}
   * @throws {UnreachableIssuer}
   */
  of(issuer: Issuer, isStale = false): Promise<JSONWebKeySet> {
    // With other thumbprints it is to be trusted anew.
    const name = JSON.stringify([issuer.url, issuer.thumbprints]);
    return this.#kept.of(name, isStale ? notMoreOftenMs : goodForMs, () => this.#fetch(issuer));
  }

  async #fetch({ url, thumbprints }: Issuer): Promise<JSONWebKeySet> {
    using deadline = withTimeout(this.#clock, timeoutMs);
    const { signal } = deadline;
    const now = this.#clock.now();
    const place = new URL(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const configuration = await fetchIssuerDocument(place, thumbprints, now, signal);
    const jwksUri = isRecord(configuration) ? configuration.jwks_uri : undefined;
    if (typeof jwksUri !== 'string' || !URL.canParse(jwksUri)) {
      throw new UnreachableIssuer(`${place} names no jwks_uri`);
    }
    const set = await fetchIssuerDocument(new URL(jwksUri), thumbprints, now, signal);
    if (!isRecord(set) || !Array.isArray(set.keys) || !set.keys.every(isRecord)) {
      throw new UnreachableIssuer(`${jwksUri} is no set of keys`);
    }
    return set as unknown as JSONWebKeySet;
  }
}
