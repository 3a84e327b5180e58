import type { Clock, Random } from '../../../clock/index.ts';

/** What a token is asked for. */
export interface TokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Empty: the API server's own. */
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly pod: { readonly name: string; readonly uid: string };
}

export interface IssuedToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

export interface TokenCacheOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Asks the API server. */
  issue(request: TokenRequest, signal: AbortSignal): Promise<IssuedToken>;
}

interface CachedToken extends IssuedToken {
  readonly podUid: string;
  /** From then on a new one is asked for. */
  readonly renewAtMs: number;
}

const longestUseMs = 24 * 3_600_000;
const mostJitterMs = 10_000;

/**
 * Tokens of ServiceAccounts for the pods of this node. One is used until four fifths of its life, and a day at most; when a
 * new one can't be had, it is used to its end.
 */
export class TokenCache {
  readonly #options: TokenCacheOptions;
  readonly #tokens = new Map<string, CachedToken>();

  constructor(options: TokenCacheOptions) {
    this.#options = options;
  }

  /** @throws {Error} `failed to fetch token: …`. */
  async token(request: TokenRequest, signal: AbortSignal): Promise<string> {
    const key = JSON.stringify(request);
    const { clock, issue } = this.#options;
    const known = this.#tokens.get(key);
    if (known !== undefined && clock.now() < known.renewAtMs) return known.token;
    try {
      const issued = await issue(request, signal);
      this.#tokens.set(key, {
        ...{ ...issued, podUid: request.pod.uid },
        renewAtMs: this.#renewalOf(issued, request.expirationSeconds * 1_000),
      });
      return issued.token;
    } catch (error) {
      if (known !== undefined && clock.now() < known.expiresAtMs) return known.token;
      throw new Error(`failed to fetch token: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }

  /** When the next of a pod's tokens is due; undefined: it has none. */
  renewalDueMs(podUid: string): number | undefined {
    const due = [...this.#tokens.values()].filter((token) => token.podUid === podUid);
    return due.length === 0 ? undefined : Math.min(...due.map(({ renewAtMs }) => renewAtMs));
  }

  forget(podUid: string): void {
    for (const [key, token] of this.#tokens) if (token.podUid === podUid) this.#tokens.delete(key);
  }

  /** Kubelets that started together do not ask together. */
  #renewalOf({ expiresAtMs }: IssuedToken, lifeMs: number): number {
    const jitterMs = Math.round(this.#options.random.float() * mostJitterMs);
    const issuedAtMs = expiresAtMs - lifeMs;
    return Math.min(issuedAtMs + longestUseMs, expiresAtMs - lifeMs / 5) - jitterMs;
  }
}
