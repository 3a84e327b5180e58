import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { findHolder, type HolderName, holderConstraints } from '../holders.ts';
import { checkPolicyPath } from '../input/names.ts';
import { checkPage, type PageInput, pageOf } from '../input/pages.ts';
import { managedPolicy } from '../managed-policies/policy-lookup.ts';

/**
 * ListAttachedUserPolicies, ListAttachedGroupPolicies, ListAttachedRolePolicies.
 * @throws {Refusal} NoSuchEntity, InvalidInput (the marker), ValidationError.
 */
export function listAttachedPolicies(
  { state }: IamContext,
  holder: HolderName,
  input: PageInput & { readonly PathPrefix?: string | undefined },
  { accountId }: Call,
) {
  const { PathPrefix = '/' } = input;
  checkPage(checkPolicyPath(holderConstraints(holder), 'pathPrefix', PathPrefix), input).throwIfViolated();
  const attached = findHolder(state, accountId, holder).attachedPolicies.flatMap((arn) => {
    const policy = managedPolicy(state, arn);
    return policy?.path.startsWith(PathPrefix) ? [{ PolicyName: policy.policyName, PolicyArn: arn }] : [];
  });
  const keyOf = ({ PolicyName, PolicyArn }: (typeof attached)[number]) => `${PolicyName} ${PolicyArn}`;
  const { items, ...place } = pageOf(attached, keyOf, input);
  return { AttachedPolicies: [...items], ...place };
}
