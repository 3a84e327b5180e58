import type { Principal, RequestFacts } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { accountOfAccessKeyId } from '../ids.ts';
import { accessKeys, accountOf } from '../records.ts';
import type {
  WebIdentityAssumption,
  WebIdentityRole,
} from '../web-identity/assume-role-with-web-identity.ts';
import type { IssuerKeys } from '../web-identity/issuer-keys.ts';
import { type AssumedRole, assumeRole, type RoleAssumption } from './assume-role.ts';
import { decodeAuthorizationMessage } from './authorization-message.ts';
import type { IssuedSession } from './issued-session.ts';
import {
  type FederatedUser,
  type Federation,
  federatedSession,
  type UserSession,
  userSession,
} from './user-sessions.ts';

/** What STS gives out. All throw `Refusal`s in the words of STS. */
export interface Sessions {
  assumeRole(asked: RoleAssumption, principal: Principal, facts: RequestFacts): AssumedRole;
  assumeRoleWithWebIdentity(asked: WebIdentityAssumption, facts: RequestFacts): Promise<WebIdentityRole>;
  userSession(asked: UserSession, principal: Principal, now: number): IssuedSession;
  federatedSession(asked: Federation, principal: Principal, now: number): FederatedUser;
  /** Undefined: no account can be told from it. */
  accountOfKey(accessKeyId: string): string | undefined;
  /** JSON; undefined: nothing that `encodeAuthorizationMessage` has made for the account. */
  decodeAuthorizationMessage(accountId: string, encoded: string): string | undefined;
}

export function createSessions(context: IamContext): Sessions {
  let issuers: IssuerKeys | undefined;
  return {
    assumeRole: (...asked) => assumeRole(context, ...asked),
    // Most installations never meet a token: what verifies them is loaded with the first.
    async assumeRoleWithWebIdentity(asked, facts) {
      const [{ assumeRoleWithWebIdentity }, { IssuerKeys }] = await Promise.all([
        import('../web-identity/assume-role-with-web-identity.ts'),
        import('../web-identity/issuer-keys.ts'),
      ]);
      issuers ??= new IssuerKeys(context.clock);
      return assumeRoleWithWebIdentity(context, issuers, asked, facts);
    },
    userSession: (...asked) => userSession(context, ...asked),
    federatedSession: (...asked) => federatedSession(context, ...asked),
    accountOfKey(accessKeyId) {
      const own = context.ownKeys(accessKeyId)?.principal.accountId;
      const [kept] = context.state.byIndex(accessKeys, 'id', accessKeyId);
      return own ?? (kept && accountOf(kept.key)) ?? accountOfAccessKeyId(accessKeyId);
    },
    decodeAuthorizationMessage: (accountId, encoded) =>
      decodeAuthorizationMessage(context.sealer, accountId, encoded),
  };
}
