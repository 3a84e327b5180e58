import type { Reader } from '../../../reconcile/index.ts';
import type { Sealer } from '../../../sealing/index.ts';
import type { Credentials } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { type AccessKeyRecord, accessKeys, accountOf } from '../records.ts';
import { principalOfKey, principalOfSession } from './principals.ts';
import { openSessionToken, type SessionClaims } from './session-token.ts';

/** So many opened tokens are remembered; the oldest make room. */
const rememberedTokens = 1_000;

/**
 * Finds the secret of an access key, long-term or temporary, and whose it is now.
 * `expired`: the session's time is over. Undefined: none of ours, inactive, without its token, with another one's, or
 * of somebody who is gone.
 */
export class CredentialLookup {
  readonly #reader: Reader;
  readonly #sealer: Sealer;
  readonly #ownKeys: IamContext['ownKeys'];
  readonly #isHolderAlive: IamContext['isHolderAlive'];
  readonly #secrets = new WeakMap<AccessKeyRecord, string>();
  readonly #opened = new Map<string, SessionClaims>();

  constructor({
    state,
    sealer,
    ownKeys,
    isHolderAlive,
  }: Pick<IamContext, 'state' | 'sealer' | 'ownKeys' | 'isHolderAlive'>) {
    this.#reader = state;
    this.#sealer = sealer;
    this.#ownKeys = ownKeys;
    this.#isHolderAlive = isHolderAlive;
  }

  /** @param now Epoch milliseconds. */
  find(
    accessKeyId: string,
    sessionToken: string | undefined,
    now: number,
  ): Credentials | 'expired' | undefined {
    return sessionToken === undefined
      ? (this.#ownKeys(accessKeyId) ?? this.#longTerm(accessKeyId))
      : this.#temporary(accessKeyId, sessionToken, now);
  }

  #longTerm(accessKeyId: string): Credentials | undefined {
    const [stored] = this.#reader.byIndex(accessKeys, 'id', accessKeyId);
    if (stored === undefined || stored.value.status !== 'Active') return undefined;
    const principal = principalOfKey(this.#reader, accountOf(stored.key), stored.value);
    const secretAccessKey = this.#secretOf(stored.value);
    return principal && secretAccessKey !== undefined ? { secretAccessKey, principal } : undefined;
  }

  #temporary(accessKeyId: string, sessionToken: string, now: number): Credentials | 'expired' | undefined {
    const claims = this.#claimsOf(sessionToken);
    if (claims === undefined || claims.accessKeyId !== accessKeyId) return undefined;
    const { session } = claims;
    if (now >= session.expiresAt) return 'expired';
    if (session.holder !== undefined && !this.#isHolderAlive(session.holder)) return 'expired';
    const principal = principalOfSession(this.#reader, claims);
    return principal && { secretAccessKey: claims.secretAccessKey, principal };
  }

  #secretOf(record: AccessKeyRecord): string | undefined {
    const known = this.#secrets.get(record);
    if (known !== undefined) return known;
    const secret = this.#sealer.open(record.sealedSecret, accessKeyPurpose(record.accessKeyId));
    if (secret !== undefined) this.#secrets.set(record, secret);
    return secret;
  }

  #claimsOf(token: string): SessionClaims | undefined {
    const known = this.#opened.get(token);
    if (known !== undefined) return known;
    const claims = openSessionToken(this.#sealer, token);
    if (claims === undefined) return undefined;
    if (this.#opened.size >= rememberedTokens) {
      const [oldest = ''] = this.#opened.keys();
      this.#opened.delete(oldest);
    }
    this.#opened.set(token, claims);
    return claims;
  }
}

/** What an access key's secret is sealed for. */
export const accessKeyPurpose = (accessKeyId: string): string => `access-key/${accessKeyId}`;
