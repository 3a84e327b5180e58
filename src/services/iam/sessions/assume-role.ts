import type { ConditionKeys, Principal, RequestFacts, SessionPolicies } from '../../service.ts';
import { sessionArn } from '../arn.ts';
import { resourceTagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { validationError } from '../errors.ts';
import { accessDenied } from './errors.ts';
import { type FoundRole, findRole } from './find-role.ts';
import { type IssuedSession, issuedSession, sessionTimes } from './issued-session.ts';
import { assertPoliciesExist } from './session-policies.ts';
import { type SessionTags, sessionTagKeys } from './session-tags.ts';
import { denialOnRole, type TargetRole } from './trust-decision.ts';

/** What a session of a role is asked for with; well-formed, and nothing of it decided. */
export interface RoleAssumption extends SessionTags {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly durationSeconds?: number;
  readonly policies?: SessionPolicies;
  readonly sourceIdentity?: string;
  readonly externalId?: string;
  readonly minTokenBytes?: number;
}

export interface AssumedRole extends IssuedSession {
  /** `AROA…:session`. */
  readonly assumedRoleId: string;
  readonly arn: string;
  readonly sourceIdentity?: string;
}

/**
 * A role's session for whoever asks, by its own policies and the role's trust policy.
 * @throws {Refusal} AccessDenied, ValidationError (duration, managed policies), PackedPolicyTooLarge.
 */
export function assumeRole(
  context: IamContext,
  asked: RoleAssumption,
  principal: Principal,
  facts: RequestFacts,
): AssumedRole {
  const { identity, session: from } = principal;
  if (identity.kind === 'root') throw accessDenied('Roles may not be assumed by root accounts.');
  if (identity.kind === 'federated-user') {
    throw accessDenied('Cannot call AssumeRole with federated user credentials');
  }
  const found = findRole(context.state, asked.roleArn);
  const target: TargetRole = { arn: asked.roleArn, found };
  const sourceIdentity = sourceIdentityOf(asked, principal);
  const conditions = () => conditionsOf({ ...asked, sourceIdentity }, found);
  for (const action of actionsOf(asked, sourceIdentity)) {
    const denial = denialOnRole(context.state, principal, target, { action, conditions }, facts);
    if (denial !== undefined) throw accessDenied(denial);
  }
  // Who may assume a role has one.
  if (found === undefined) throw new Error(`A role that does not exist was allowed: ${asked.roleArn}`);
  const isChained = identity.kind === 'role' && from !== undefined;
  if (isChained && (asked.durationSeconds ?? 0) > maxChainedSeconds) {
    throw validationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    );
  }
  return roleSession(context, found, { ...asked, sourceIdentity }, facts.now);
}

const defaultSeconds = 3600;
const maxChainedSeconds = 3600;

/**
 * The session itself, once it is decided that it may be.
 * @throws {Refusal} ValidationError (duration, managed policies), PackedPolicyTooLarge.
 */
export function roleSession(
  context: IamContext,
  { accountId, role }: FoundRole,
  asked: Omit<RoleAssumption, 'sourceIdentity'> & {
    readonly sourceIdentity?: string | undefined;
    readonly federatedProvider?: string;
  },
  now: number,
): AssumedRole {
  const { sessionName, durationSeconds = defaultSeconds, policies, tags, transitiveTagKeys } = asked;
  const { sourceIdentity, federatedProvider, minTokenBytes } = asked;
  if (durationSeconds > role.maxSessionSeconds) {
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
  assertPoliciesExist(context.state, accountId, policies);
  const session = {
    ...sessionTimes(now, durationSeconds),
    name: sessionName,
    ...(policies !== undefined && { policies }),
    ...(Object.keys(tags).length > 0 && { tags }),
    ...(transitiveTagKeys.length > 0 && { transitiveTagKeys }),
    ...(sourceIdentity !== undefined && { sourceIdentity }),
    ...(federatedProvider !== undefined && { federatedProvider }),
  };
  const of = { accountId, identity: { kind: 'role', roleId: role.id } as const, session };
  return {
    ...issuedSession(context, of, minTokenBytes),
    assumedRoleId: `${role.id}:${sessionName}`,
    arn: sessionArn(accountId, role.roleName, sessionName),
    ...(sourceIdentity !== undefined && { sourceIdentity }),
  };
}

/** What the caller's session has stays: it tells who is behind a chain of roles. */
function sourceIdentityOf(
  { sourceIdentity, roleArn }: RoleAssumption,
  principal: Principal,
): string | undefined {
  const before = principal.session?.sourceIdentity;
  if (before === undefined || sourceIdentity === undefined || sourceIdentity === before) {
    return before ?? sourceIdentity;
  }
  throw accessDenied(
    `User: ${principal.arn} is not authorized to perform: sts:SetSourceIdentity on resource: ${roleArn} ` +
      'because the source identity of the calling session cannot be changed',
  );
}

/** Each is asked for by itself. Tags and source identity that are inherited need the permission, too. */
function actionsOf({ tags }: SessionTags, sourceIdentity: string | undefined): readonly string[] {
  return [
    'sts:AssumeRole',
    ...(Object.keys(tags).length > 0 ? ['sts:TagSession'] : []),
    ...(sourceIdentity !== undefined ? ['sts:SetSourceIdentity'] : []),
  ];
}

function conditionsOf(
  asked: Omit<RoleAssumption, 'sourceIdentity'> & { readonly sourceIdentity: string | undefined },
  found: FoundRole | undefined,
): ConditionKeys {
  const { sessionName, externalId, sourceIdentity, durationSeconds } = asked;
  return {
    ...resourceTagKeys(found?.role.tags),
    ...sessionTagKeys(asked),
    'sts:RoleSessionName': sessionName,
    'sts:ExternalId': externalId,
    'sts:SourceIdentity': sourceIdentity,
    'sts:DurationSeconds': durationSeconds?.toString(),
  };
}
