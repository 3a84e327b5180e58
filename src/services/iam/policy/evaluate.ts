import { readArn } from './arn-pattern.ts';
import type { CompiledPolicy, CompiledStatement, StatementRequest } from './compile.ts';
import type { Naming } from './principal.ts';
import type { PolicyPrincipal, PolicyRequest } from './request.ts';

/** The policies that apply to a request, by what they are attached to. */
export interface PolicySet {
  /** The principal's own: inline and managed ones, and those of its groups. */
  readonly identity: readonly CompiledPolicy[];
  /** Absent: none is set. A boundary never grants, it only limits. */
  readonly boundary?: readonly CompiledPolicy[];
  /** Absent: the session was made without one. They limit like a boundary. */
  readonly session?: readonly CompiledPolicy[];
  /** The policy of the resource, which has principals. */
  readonly resource?: CompiledPolicy;
}

export type PolicyType = keyof PolicySet;

export interface Evaluation {
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  /** Which type of policy denied; present unless allowed. */
  readonly deniedBy?: PolicyType;
  /** The statements that decided: those that deny, else those of identity and resource policies that allow. */
  readonly statements: readonly CompiledStatement[];
  /** What each type of policy says by itself. Types that do not apply are absent. */
  readonly byType: Readonly<Partial<Record<PolicyType, Verdict>>>;
}

export type Verdict = Evaluation['decision'];

/** All types in the order in which a denial is put down to one of them. */
const policyTypes: readonly PolicyType[] = ['identity', 'boundary', 'session', 'resource'];

/**
 * Decides one request (IAM user guide, "Policy evaluation logic"). Pure and synchronous.
 *
 * A Deny that matches, in whatever policy, ends it. Else, in one account: the resource's policy may grant by
 * itself, by naming the user, the session or everybody even beyond boundary and session policy, by naming the role
 * within them; otherwise the identity policies must allow, and boundary and session policies too. Across accounts both
 * sides must allow. Services, federated and anonymous callers have nothing but the resource's policy.
 */
export function evaluate(policies: PolicySet, request: PolicyRequest): Evaluation {
  const found = findStatements(policies, request);
  const { byType, denies, denyingType } = found;
  if (denyingType !== undefined) {
    return { decision: 'explicitDeny', deniedBy: denyingType, statements: denies, byType };
  }
  const { principal } = request;
  const deniedBy = isIdentityPrincipal(principal)
    ? lackingType(policies, found, request, principal)
    : found.naming === undefined
      ? 'resource'
      : undefined;
  if (deniedBy !== undefined) return { decision: 'implicitDeny', deniedBy, statements: [], byType };
  return { decision: 'allowed', statements: found.allows, byType };
}

function isIdentityPrincipal(
  principal: PolicyPrincipal | undefined,
): principal is (PolicyPrincipal & { readonly accountId: string }) | undefined {
  return principal === undefined || 'accountId' in principal;
}

interface Found {
  readonly denies: CompiledStatement[];
  /** The first type of policy that denies. */
  denyingType?: PolicyType;
  /** Those of identity and resource policies. */
  readonly allows: CompiledStatement[];
  readonly byType: Partial<Record<PolicyType, Verdict>>;
  /** How closely the resource's policy means the principal; absent: it does not allow. */
  naming?: Naming;
}

/** The implicit denial, if there is one, by the type of policy that lacks an Allow. */
function lackingType(
  policies: PolicySet,
  { byType, naming }: Found,
  { resourceAccountId }: PolicyRequest,
  principal: (PolicyPrincipal & { readonly accountId: string }) | undefined,
): PolicyType | undefined {
  const isSameAccount =
    principal === undefined || resourceAccountId === undefined || principal.accountId === resourceAccountId;
  if (isSameAccount && naming === 'direct') return undefined;
  const isRoot = principal?.kind === 'root';
  const isGranted = isRoot || byType.identity === 'allowed' || (isSameAccount && naming === 'bounded');
  if (!isGranted) return 'identity';
  if (policies.boundary !== undefined && byType.boundary !== 'allowed') return 'boundary';
  if (policies.session !== undefined && byType.session !== 'allowed') return 'session';
  return isSameAccount || naming !== undefined ? undefined : 'resource';
}

/** Asks every statement once, of whatever type and effect. */
function findStatements(policies: PolicySet, request: PolicyRequest): Found {
  const found: Found = { denies: [], allows: [], byType: {} };
  const asked: StatementRequest = { arn: readArn(request.resource), context: request.context };
  for (const type of policyTypes) {
    if (policies[type] === undefined) continue;
    found.byType[type] = 'implicitDeny';
    for (const policy of policiesOf(policies, type)) {
      for (const statement of policy.statementsFor(request.action)) {
        if (!statement.matches(asked)) continue;
        // Statements without a Principal mean whoever the policy is attached to. NotPrincipal spares nobody who has a
        // permissions boundary (IAM user guide, "Permissions boundaries for IAM entities").
        if (
          statement.principal === undefined ||
          (deniesOthers(statement) && policies.boundary !== undefined)
        ) {
          take(found, type, statement);
        } else {
          const naming = request.principal && statement.principal(request.principal);
          if (naming !== undefined) take(found, type, statement, naming);
        }
      }
    }
  }
  return found;
}

function deniesOthers({ source }: CompiledStatement): boolean {
  return source.effect === 'Deny' && source.principal?.isNot === true;
}

function take(found: Found, type: PolicyType, statement: CompiledStatement, naming?: Naming): void {
  if (statement.source.effect === 'Deny') {
    found.denies.push(statement);
    found.denyingType ??= type;
    found.byType[type] = 'explicitDeny';
    return;
  }
  if (found.byType[type] !== 'explicitDeny') found.byType[type] = 'allowed';
  if (type === 'identity' || type === 'resource') found.allows.push(statement);
  if (naming !== undefined) found.naming = closer(found.naming, naming);
}

function policiesOf(policies: PolicySet, type: PolicyType): readonly CompiledPolicy[] {
  if (type === 'resource') return policies.resource === undefined ? [] : [policies.resource];
  return policies[type] ?? [];
}

const closeness: Readonly<Record<Naming, number>> = { account: 1, bounded: 2, direct: 3 };

function closer(one: Naming | undefined, other: Naming): Naming {
  return one !== undefined && closeness[one] >= closeness[other] ? one : other;
}
