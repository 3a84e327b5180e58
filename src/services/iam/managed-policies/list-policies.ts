import type { ListPoliciesCommandInput, ListPoliciesResponse } from '@aws-sdk/client-iam';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkPolicyPath } from '../input/names.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import { policies, prefixOf } from '../records.ts';
import { awsManagedPolicies } from './aws/aws-managed-policies.ts';
import { type PolicyOf, policyUses } from './policy-uses.ts';
import { policySummary } from './policy-view.ts';

export const policyUsages = ['PermissionsPolicy', 'PermissionsBoundary'] as const;

/** @throws {Refusal} InvalidInput (the marker), ValidationError. */
export function listPolicies(
  { state }: IamContext,
  input: ListPoliciesCommandInput,
  { accountId }: Call,
): ListPoliciesResponse {
  const { Scope = 'All', PathPrefix = '/' } = input;
  const constraints = checkPage(checkPolicyPath(new Constraints(), 'pathPrefix', PathPrefix), input);
  constraints
    .text('scope', Scope, { oneOf: ['All', 'AWS', 'Local'] })
    .text('policyUsageFilter', input.PolicyUsageFilter, { oneOf: policyUsages })
    .throwIfViolated();
  const wanted = candidates(state, accountId, Scope).filter(
    (of) => of.policy.path.startsWith(PathPrefix) && isUsedAs(state, accountId, of, input),
  );
  // AWS and the account may have policies of one name.
  const { items, ...place } = pageOf(wanted, ({ owner, policy }) => `${policy.policyName} ${owner}`, input);
  return { Policies: items.map((of) => policySummary(state, accountId, of)), ...place };
}

function candidates(reader: Reader, accountId: string, scope: string): readonly PolicyOf[] {
  const local = scope === 'AWS' ? [] : [...reader.list(policies, prefixOf(policies, accountId))];
  const aws = scope === 'Local' ? [] : [...awsManagedPolicies()];
  return [
    ...local.map(({ value }) => ({ owner: accountId, policy: value })),
    ...aws.map((policy) => ({ owner: 'aws', policy })),
  ];
}

function isUsedAs(
  reader: Reader,
  accountId: string,
  of: PolicyOf,
  { OnlyAttached = false, PolicyUsageFilter }: ListPoliciesCommandInput,
): boolean {
  if (!OnlyAttached && PolicyUsageFilter === undefined) return true;
  const { attachmentCount, boundaryCount } = policyUses(reader, accountId, of);
  if (PolicyUsageFilter === 'PermissionsBoundary') return boundaryCount > 0;
  return attachmentCount > 0;
}
