import type { Reader } from '../../../reconcile/index.ts';
import type { ConditionKeys, Principal, RequestFacts } from '../../service.ts';
import { decide } from '../authorization/decide.ts';
import { denialMessage, denialReason } from '../policy/denial.ts';
import { type CompiledPolicy, compilePolicy, type Evaluation } from '../policy/index.ts';
import { trustPolicyOf } from '../roles/trust-policy.ts';
import type { FoundRole } from './find-role.ts';

/** A role that somebody wants to assume; whether there is one is not told. */
export interface TargetRole {
  readonly arn: string;
  /** Absent: there is no such role. */
  readonly found?: FoundRole | undefined;
}

/**
 * Why a principal may not do `action` (`sts:AssumeRole`, `sts:TagSession`, `sts:SetSourceIdentity`) on a role, in AWS's
 * words; undefined: it may. Identity policies and trust policy decide together, as with any resource's policy, but a role
 * trusts nobody whom its trust policy does not name, of the same account neither (IAM user guide, "How permissions and
 * policies provide access management", "Roles terms and concepts").
 */
export function denialOnRole(
  reader: Reader,
  principal: Principal,
  { arn, found }: TargetRole,
  asked: { readonly action: string; readonly conditions: () => ConditionKeys },
  facts: RequestFacts,
): string | undefined {
  const { action, conditions } = asked;
  const trust = found === undefined ? trustsNobody : trustPolicyOf(found.role);
  const evaluation = decide(reader, principal, { action, resource: arn, conditions }, facts, trust);
  const decided = decidedByTrust(evaluation);
  if (decided.decision === 'allowed') return undefined;
  return denialMessage(principal.arn, action, arn, denialReason(decided, action));
}

/** So that a role that does not exist is refused as one that trusts somebody else. */
export const trustsNobody: CompiledPolicy = compilePolicy('trust', { version: '2012-10-17', statements: [] });

/** What an evaluation with the trust policy as the resource's says of a role, which has to name whom it trusts. */
export function decidedByTrust({
  decision,
  deniedBy = 'identity',
  byType,
}: Pick<Evaluation, 'decision' | 'deniedBy' | 'byType'>): Parameters<typeof denialReason>[0] {
  if (decision !== 'allowed') return { decision, deniedBy: deniedBy === 'resource' ? 'trust' : deniedBy };
  return byType.resource === 'allowed' ? { decision } : { decision: 'implicitDeny', deniedBy: 'trust' };
}
