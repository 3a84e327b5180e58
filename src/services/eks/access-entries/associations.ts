import type {
  AssociateAccessPolicyCommandInput,
  AssociateAccessPolicyResponse,
  AssociatedAccessPolicy,
  DisassociateAccessPolicyCommandInput,
  ListAccessPoliciesCommandInput,
  ListAccessPoliciesResponse,
  ListAssociatedAccessPoliciesCommandInput,
  ListAssociatedAccessPoliciesResponse,
} from '@aws-sdk/client-eks';
import type { Call } from '../../service.ts';
import type { EksContext } from '../context.ts';
import { resourceNotFound } from '../errors.ts';
import { namedPage, namesPage } from '../pages.ts';
import { requireAccessEntry, requireStandardEntry } from './access-entry.ts';
import { accessPolicyArn, accessPolicyNames, readAccessPolicy } from './access-policies.ts';
import { readAccessScope } from './input.ts';
import { type AssociatedPolicy, accessEntries, accessEntryKey } from './record.ts';

/**
 * Again with the same policy, it gets the new scope.
 * @throws InvalidParameterException, InvalidRequestException, ResourceNotFoundException
 */
export async function associateAccessPolicy(
  { state, clock }: EksContext,
  { clusterName = '', principalArn = '', policyArn = '', accessScope }: AssociateAccessPolicyCommandInput,
  call: Call,
): Promise<AssociateAccessPolicyResponse> {
  const associated = await state.transact((tx) => {
    const entry = requireStandardEntry(tx, call, clusterName, principalArn);
    const name = readAccessPolicy(policyArn, clusterName);
    const scope = readAccessScope(accessScope, clusterName);
    const now = clock.now();
    const present = entry.policies.find((it) => it.name === name);
    const policy: AssociatedPolicy = {
      ...{ name, scope, associatedAt: present?.associatedAt ?? now, modifiedAt: now },
    };
    const policies = [...entry.policies.filter((it) => it.name !== name), policy];
    tx.put(accessEntries, accessEntryKey(call, clusterName, principalArn), { ...entry, policies });
    return policy;
  });
  return { clusterName, principalArn, associatedAccessPolicy: associatedView(associated) };
}

/** @throws InvalidParameterException, InvalidRequestException, ResourceNotFoundException */
export async function disassociateAccessPolicy(
  { state }: EksContext,
  { clusterName = '', principalArn = '', policyArn = '' }: DisassociateAccessPolicyCommandInput,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    const entry = requireAccessEntry(tx, call, clusterName, principalArn);
    const policies = entry.policies.filter(({ name }) => accessPolicyArn(name) !== policyArn);
    if (policies.length === entry.policies.length) {
      throw resourceNotFound('The specified policyArn is not associated with the access entry.', {
        clusterName,
      });
    }
    tx.put(accessEntries, accessEntryKey(call, clusterName, principalArn), { ...entry, policies });
  });
  return {};
}

/** @throws InvalidParameterException, InvalidRequestException, ResourceNotFoundException */
export function listAssociatedAccessPolicies(
  { state }: EksContext,
  { clusterName = '', principalArn = '', ...asked }: ListAssociatedAccessPoliciesCommandInput,
  call: Call,
): ListAssociatedAccessPoliciesResponse {
  const { policies } = requireAccessEntry(state, call, clusterName, principalArn);
  const { items, ...more } = namedPage(policies, ({ name }) => name, asked);
  return { clusterName, principalArn, associatedAccessPolicies: items.map(associatedView), ...more };
}

/** Those that can be associated. @throws InvalidParameterException */
export function listAccessPolicies(asked: ListAccessPoliciesCommandInput): ListAccessPoliciesResponse {
  const { items, ...more } = namesPage(accessPolicyNames, asked);
  return { accessPolicies: items.map((name) => ({ name, arn: accessPolicyArn(name) })), ...more };
}

function associatedView({ name, scope, associatedAt, modifiedAt }: AssociatedPolicy): AssociatedAccessPolicy {
  return {
    policyArn: accessPolicyArn(name),
    accessScope: {
      ...{ type: scope.type, namespaces: scope.type === 'namespace' ? [...scope.namespaces] : [] },
    },
    ...{ associatedAt: new Date(associatedAt), modifiedAt: new Date(modifiedAt) },
  };
}
