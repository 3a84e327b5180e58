import { Refusal } from '../../../protocols/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import { rootPrincipal } from '../../service.ts';
import { parseEntityArn } from '../arn.ts';
import { accountIn } from '../authorization/decide.ts';
import { groupsOf, heldPolicies, policiesOf } from '../authorization/policies-of.ts';
import { policyPrincipal } from '../authorization/policy-principal.ts';
import { requestContext } from '../authorization/request-context.ts';
import type { IamContext } from '../context.ts';
import { denialReason } from '../policy/denial.ts';
import {
  type CompiledPolicy,
  type CompiledStatement,
  distinct,
  evaluate,
  isAction,
  isResource,
  type PolicySet,
  type PolicyType,
  readArn,
} from '../policy/index.ts';
import { entityKey, users } from '../records.ts';
import { trustPolicyOf } from '../roles/trust-policy.ts';
import { findRole } from '../sessions/find-role.ts';
import { decidedByTrust, trustsNobody } from '../sessions/trust-decision.ts';
import { principalAt } from '../simulation/policy-source.ts';
import { fixedAnswer } from './fixed-answer.ts';
import { type FoundIdentity, findIdentity } from './identities.ts';

export interface Question {
  /** As `findIdentity` takes it. */
  readonly principal: string;
  readonly account?: string | undefined;
  /** E.g. `ecs:UpdateService`. */
  readonly action: string;
  /** An ARN or `*`. */
  readonly resource: string;
  /** Condition keys that the request would bring. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

/** Why somebody may or may not do something: the answer, and every statement that is about the action. */
export interface Explanation {
  readonly principal: string;
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  /** Of a denial, as it ends AWS's message, and of what no policy decides. */
  readonly reason?: string;
  readonly statements: readonly ExplainedStatement[];
  /** Condition keys that these statements ask for and nobody gave. */
  readonly missingKeys: readonly string[];
}

export interface ExplainedStatement {
  /** What the policy is attached as. */
  readonly policyType: PolicyType;
  /** A managed policy's ARN, an inline policy's name. */
  readonly policy: string;
  /** Of an inline policy that the user has by a group: the group. */
  readonly group?: string;
  /** From 1. */
  readonly number: number;
  readonly effect: 'Allow' | 'Deny';
  /** `applies`: it is one of those that decide. */
  readonly verdict: 'applies' | 'another resource' | 'its conditions do not hold';
  readonly sid?: string;
}

/**
 * Decides as the gateway does, over the policies as they are now, and says which statements made it so. What a service
 * would supply of a request (tags, `ecs:cluster`) is not known here and has to be given.
 * @throws {Refusal} nobody is called so; the action or the resource is none.
 */
export function explain(context: IamContext, question: Question): Explanation {
  const { state, clock } = context;
  const { action, resource } = question;
  checkAsked(action, resource);
  const who = findIdentity(context, question.principal, question.account);
  const principal = who.kind === 'root' ? rootPrincipal(who.accountId, '') : principalAt(state, who.arn);
  if (principal === undefined) throw new Error(`${who.arn} was found and is gone`);
  const resourceAccountId = accountIn(resource) ?? who.accountId;
  const asked = {
    arn: readArn(resource),
    context: requestContext({
      reader: state,
      principal,
      resourceAccountId,
      facts: { now: clock.now() },
      conditions: () => question.context,
    }),
  };
  const isOnRole = roleActions.has(action.toLowerCase()) && parseEntityArn(resource)?.type === 'role';
  const role = isOnRole ? findRole(state, resource)?.role : undefined;
  const policies: PolicySet = {
    ...policiesOf(state, principal),
    ...(isOnRole && { resource: role === undefined ? trustsNobody : trustPolicyOf(role) }),
  };
  const asking = policyPrincipal(state, principal);
  const evaluation = evaluate(policies, {
    ...{ action, resource, resourceAccountId, context: asked.context },
    principal: asking,
  });
  const decided = isOnRole ? decidedByTrust(evaluation) : evaluation;
  const fixed = fixedAnswer(who.kind, action.toLowerCase(), isOnRole);
  const concerned = statementsOf(policies, action).filter(
    ({ statement }) => statement.principal === undefined || statement.principal(asking) !== undefined,
  );
  const groupOf = groupPolicies(state, who);
  return {
    principal: who.arn,
    ...(fixed ?? {
      decision: decided.decision,
      ...(decided.decision !== 'allowed' && { reason: denialReason(decided, action) }),
    }),
    statements: concerned.map(({ policyType, policy, statement }) => ({
      policyType,
      policy: statement.policyId,
      ...groupOf.get(policy),
      number: statement.index + 1,
      effect: statement.source.effect,
      verdict: statement.matches(asked)
        ? 'applies'
        : statement.isOn(asked)
          ? 'its conditions do not hold'
          : 'another resource',
      ...(statement.source.sid !== undefined && { sid: statement.source.sid }),
    })),
    missingKeys: distinct(concerned.flatMap(({ statement }) => statement.contextKeys)).filter(
      (key) => asked.context.get(key.toLowerCase()) === undefined,
    ),
  };
}

/** A name that is none would be denied like any other, and the slip stay unseen. */
function checkAsked(action: string, resource: string): void {
  if (!isAction(action)) {
    throw refuse(
      `Invalid action ${action}: service:Name is expected, such as ecs:RunTask, without wildcards`,
    );
  }
  if (!isResource(resource)) throw refuse(`Invalid resource ${resource}: an ARN or * is expected`);
}

const refuse = (message: string): Refusal => new Refusal('InvalidRequest', message, { status: 400 });

/** Asked of a role's trust policy, too, as STS asks them. In lower case. */
const roleActions = new Set(['sts:assumerole', 'sts:tagsession', 'sts:setsourceidentity']);

function statementsOf(
  policies: PolicySet,
  action: string,
): readonly {
  readonly policyType: PolicyType;
  readonly policy: CompiledPolicy;
  readonly statement: CompiledStatement;
}[] {
  const { identity, boundary = [], session = [], resource } = policies;
  const byType = { identity, boundary, session, resource: resource === undefined ? [] : [resource] };
  return (['identity', 'boundary', 'session', 'resource'] as const).flatMap((policyType) =>
    byType[policyType].flatMap((policy) =>
      policy.statementsFor(action).map((statement) => ({ policyType, policy, statement })),
    ),
  );
}

/** An inline policy's name tells it from others of its holder alone: a group's needs the group. */
function groupPolicies(
  reader: Reader,
  who: FoundIdentity,
): ReadonlyMap<CompiledPolicy, { readonly group: string }> {
  const user = who.kind === 'user' ? reader.get(users, entityKey(users, who.accountId, who.name)) : undefined;
  const found = (user === undefined ? [] : groupsOf(reader, user)).flatMap((group) =>
    heldPolicies(reader, group)
      .filter(({ id }) => id in group.inlinePolicies)
      .map((policy) => [policy, { group: group.groupName }] as const),
  );
  return new Map(found);
}
