import type { Reader } from '../../../reconcile/index.ts';
import type { Principal, Session, SessionPolicies } from '../../service.ts';
import { federatedUserArn } from '../arn.ts';
import type { IamContext } from '../context.ts';
import { entityKey, users } from '../records.ts';
import { accessDenied } from './errors.ts';
import { type IssuedSession, issuedSession, sessionTimes } from './issued-session.ts';
import { assertPoliciesExist } from './session-policies.ts';
import type { SessionTags } from './session-tags.ts';

export interface UserSession {
  readonly durationSeconds?: number;
  readonly minTokenBytes?: number;
}

export interface Federation extends UserSession, Pick<SessionTags, 'tags'> {
  readonly name: string;
  readonly policies?: SessionPolicies;
}

export interface FederatedUser extends IssuedSession {
  /** `account:name`. */
  readonly federatedUserId: string;
  readonly arn: string;
}

const defaultSeconds = 12 * 3600;
/** Whatever it asks for, the root user gets no more. */
const maxRootSeconds = 3600;

/**
 * A user's or the root's own session: what its keys may, for a time.
 * @throws {Refusal} AccessDenied: temporary credentials make no such session.
 */
export function userSession(
  context: IamContext,
  asked: UserSession,
  principal: Principal,
  now: number,
): IssuedSession {
  const holder = holderOf(context.state, principal, 'GetSessionToken');
  const { accountId } = principal;
  const { kind } = principal.identity.kind === 'root' ? principal.identity : ({ kind: 'user' } as const);
  const session = sessionTimes(now, secondsOf(asked, principal));
  return issuedSession(context, { accountId, identity: { kind, ...holder }, session }, asked.minTokenBytes);
}

/**
 * A session for somebody whom the caller vouches for: it may what the caller may and its session policies allow.
 * @throws {Refusal} AccessDenied: temporary credentials make no such session; ValidationError (managed policies),
 * PackedPolicyTooLarge.
 */
export function federatedSession(
  context: IamContext,
  asked: Federation,
  principal: Principal,
  now: number,
): FederatedUser {
  const holder = holderOf(context.state, principal, 'GetFederationToken');
  const { accountId } = principal;
  const { name, policies, tags } = asked;
  assertPoliciesExist(context.state, accountId, policies);
  const session: Session = {
    ...sessionTimes(now, secondsOf(asked, principal)),
    ...(policies !== undefined && { policies }),
    ...(Object.keys(tags).length > 0 && { tags }),
  };
  const identity = { kind: 'federated-user', name, ...holder } as const;
  return {
    ...issuedSession(context, { accountId, identity, session }, asked.minTokenBytes),
    federatedUserId: `${accountId}:${name}`,
    arn: federatedUserArn(accountId, name),
  };
}

function secondsOf({ durationSeconds = defaultSeconds }: UserSession, { identity }: Principal): number {
  return identity.kind === 'root' ? Math.min(durationSeconds, maxRootSeconds) : durationSeconds;
}

/** Nothing for the root. */
function holderOf(
  reader: Reader,
  { accountId, identity, session }: Principal,
  operation: string,
): { readonly userName?: string; readonly userId?: string } {
  if (session !== undefined) throw accessDenied(`Cannot call ${operation} with session credentials`);
  if (identity.kind === 'root') return {};
  if (identity.kind !== 'user') throw new Error(`A ${identity.kind} came without a session`);
  const { userName } = identity;
  const user = reader.get(users, entityKey(users, accountId, userName));
  if (user === undefined) throw new Error(`The user ${userName} signed and is gone`);
  return { userName, userId: user.id };
}
