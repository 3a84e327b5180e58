import type { Principal, RequestFacts } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { accountOfAccessKeyId } from '../ids.ts';
import { accessKeys, accountOf } from '../records.ts';
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
  userSession(asked: UserSession, principal: Principal, now: number): IssuedSession;
  federatedSession(asked: Federation, principal: Principal, now: number): FederatedUser;
  /** Undefined: no account can be told from it. */
  accountOfKey(accessKeyId: string): string | undefined;
  /** JSON; undefined: nothing that `encodeAuthorizationMessage` has made. */
  decodeAuthorizationMessage(encoded: string): string | undefined;
}

export function createSessions(context: IamContext): Sessions {
  return {
    assumeRole: (...asked) => assumeRole(context, ...asked),
    userSession: (...asked) => userSession(context, ...asked),
    federatedSession: (...asked) => federatedSession(context, ...asked),
    accountOfKey(accessKeyId) {
      const own = context.ownKeys(accessKeyId)?.principal.accountId;
      const [kept] = context.state.byIndex(accessKeys, 'id', accessKeyId);
      return own ?? (kept && accountOf(kept.key)) ?? accountOfAccessKeyId(accessKeyId);
    },
    decodeAuthorizationMessage: (encoded) => decodeAuthorizationMessage(context.sealer, encoded),
  };
}
