import type { Reader } from '../../../reconcile/index.ts';
import type { Call, ConditionKeys } from '../../service.ts';
import { denialMessage, denialReason } from '../policy/denial.ts';
import { compilePolicy, MalformedPolicy, parsePolicy } from '../policy/index.ts';
import { decide } from './decide.ts';

/** See `whyNotPermitted`. */
interface PolicedRequest {
  readonly call: Call;
  readonly action: string;
  readonly resource: string;
  readonly conditions: () => ConditionKeys;
  /** The resource's own policy, well-formed. Absent: it has none. */
  readonly policy?: string;
}

/**
 * Why a caller may not act on something whose own policy has to allow it, as keys of KMS have one: it names the caller, or the
 * account, which leaves it to the caller's policies. In AWS's words; undefined: he may.
 */
export function whyNotPermitted(
  reader: Reader,
  { call, action, resource, conditions, policy }: PolicedRequest,
): string | undefined {
  const { principal } = call;
  const compiled =
    policy === undefined ? undefined : compilePolicy('key-policy', parsePolicy(policy, 'resource'));
  const asked = { action, resource, conditions };
  const evaluation = decide(reader, principal, asked, call, compiled);
  const isAllowed = evaluation.decision === 'allowed';
  if (isAllowed && (compiled === undefined || evaluation.byType.resource === 'allowed')) return undefined;
  const told = isAllowed ? ({ decision: 'implicitDeny', deniedBy: 'resource' } as const) : evaluation;
  return denialMessage(principal.arn, action, resource, denialReason(told, action));
}

/** What is wrong with a resource's policy, in IAM's words. */
export function whyNotResourcePolicy(document: string): string | undefined {
  try {
    parsePolicy(document, 'resource');
    return undefined;
  } catch (error) {
    if (error instanceof MalformedPolicy) return error.message;
    throw error;
  }
}
