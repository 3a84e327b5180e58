import type { Random } from '../../../clock/index.ts';
import type { Sealer } from '../../../sealing/index.ts';
import type { RootOrUser, Session } from '../../service.ts';
import { newKeyPair } from '../ids.ts';

/** Whose session it is. A role goes by its id: one made anew under the same name is another one. */
export type SessionIdentity =
  | { readonly kind: 'role'; readonly roleId: string }
  /** Of GetSessionToken and GetFederationToken; `userId` is absent for the root. */
  | { readonly kind: RootOrUser['kind']; readonly userName?: string; readonly userId?: string }
  | {
      readonly kind: 'federated-user';
      readonly name: string;
      readonly userName?: string;
      readonly userId?: string;
    };

/** Everything that a session is, so that nothing about it need be kept. */
export interface SessionClaims {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly accountId: string;
  readonly identity: SessionIdentity;
  readonly session: Session;
}

/** Temporary credentials, as their holder gets them. */
export interface TemporaryCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds, of a whole second. */
  readonly expiresAt: number;
}

const purpose = 'session-token';

/** The token carries what it says, sealed: it is verified without a look-up and can't be made or changed outside. */
export function issueSession(
  { sealer, random }: { readonly sealer: Sealer; readonly random: Random },
  of: Pick<SessionClaims, 'accountId' | 'identity' | 'session'>,
): TemporaryCredentials {
  const keys = newKeyPair(random, 'ASIA', of.accountId);
  const claims: SessionClaims = { ...keys, ...of };
  return {
    ...keys,
    sessionToken: sealer.seal(JSON.stringify(claims), purpose),
    expiresAt: of.session.expiresAt,
  };
}

/** Undefined: it is no token of this installation's, or not as it was issued. */
export function openSessionToken(sealer: Sealer, token: string): SessionClaims | undefined {
  const text = sealer.open(token, purpose);
  // Only `issueSession` seals for this purpose, so what opens has its shape.
  return text === undefined ? undefined : (JSON.parse(text) as SessionClaims);
}
