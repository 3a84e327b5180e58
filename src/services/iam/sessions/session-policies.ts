import type { Reader } from '../../../reconcile/index.ts';
import type { SessionPolicies } from '../../service.ts';
import { parseEntityArn } from '../arn.ts';
import { validationError } from '../errors.ts';
import { readDocument } from '../input/documents.ts';
import { managedPolicy } from '../managed-policies/policy-lookup.ts';

/**
 * Undefined: the session is not to be limited.
 * @throws {Refusal} MalformedPolicyDocument.
 */
export function sessionPolicies(
  inline: string | undefined,
  arns: readonly string[] = [],
): SessionPolicies | undefined {
  if (inline === undefined && arns.length === 0) return undefined;
  if (inline !== undefined) readDocument(inline, 'identity');
  return { ...(inline !== undefined && { inline }), ...(arns.length > 0 && { arns }) };
}

/**
 * @param accountId Whose session it is: managed policies are the account's or AWS's.
 * @throws {Refusal} ValidationError: there is no such policy.
 */
export function assertPoliciesExist(
  reader: Reader,
  accountId: string,
  { arns = [] }: SessionPolicies = {},
): void {
  for (const arn of arns) {
    const owner = parseEntityArn(arn)?.accountId;
    const isUsable = owner === accountId || owner === 'aws';
    if (!isUsable || managedPolicy(reader, arn) === undefined) {
      throw validationError(`Policy ARN ${arn} does not exist or is not attachable.`);
    }
  }
}
