import type { CreatePolicyCommandInput, IAM } from '@aws-sdk/client-iam';
import type { Call, ConditionKeys, OperationsOf, SupportedOperation } from '../../service.ts';
import { alsoTags, entityTagKeys, requestTagKeys, tagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { namedResource } from '../resources.ts';
import { createPolicy } from './create-policy.ts';
import { deletePolicy } from './delete-policy.ts';
import { getPolicy } from './get-policy.ts';
import { listEntitiesForPolicy } from './list-entities-for-policy.ts';
import { listPolicies } from './list-policies.ts';
import { listPoliciesGrantingServiceAccess } from './list-policies-granting-service-access.ts';
import {
  createPolicyVersion,
  deletePolicyVersion,
  getPolicyVersion,
  listPolicyVersions,
  setDefaultPolicyVersion,
} from './policy-versions.ts';
import { listPolicyTags, tagPolicy, untagPolicy } from './tag-policy.ts';

type PolicyOperation =
  | 'CreatePolicy'
  | 'CreatePolicyVersion'
  | 'DeletePolicy'
  | 'DeletePolicyVersion'
  | 'GetPolicy'
  | 'GetPolicyVersion'
  | 'ListEntitiesForPolicy'
  | 'ListPolicies'
  | 'ListPoliciesGrantingServiceAccess'
  | 'ListPolicyTags'
  | 'ListPolicyVersions'
  | 'SetDefaultPolicyVersion'
  | 'TagPolicy'
  | 'UntagPolicy';

/** The operations on managed policies; who they are attached to is `attachments/`. */
export function managedPolicyOperations(iam: IamContext): Pick<OperationsOf<IAM>, PolicyOperation> {
  const { state } = iam;
  const made = namedResource(state, 'policy').made<CreatePolicyCommandInput>((input) => [
    input.PolicyName,
    input.Path,
  ]);
  /** The entry of an operation on the policy that a request names by its ARN. */
  const on = <Input extends { PolicyArn: string | undefined }, Output>(
    action: string,
    run: (iam: IamContext, input: Input, call: Call) => Output | Promise<Output>,
    keysOf: (input: Input) => ConditionKeys = () => ({}),
  ): SupportedOperation<Input, Output> => ({
    action,
    resources: ({ PolicyArn = '' }) => [PolicyArn],
    conditions: (input, _call, resource) => ({ ...entityTagKeys(state, resource), ...keysOf(input) }),
    run: (input, call) => run(iam, input, call),
  });
  return {
    CreatePolicy: {
      action: 'iam:CreatePolicy',
      resources: made,
      conditions: (input) => requestTagKeys(input.Tags),
      alsoAsks: (input, call) => alsoTags('iam:TagPolicy', made(input, call), input.Tags),
      run: (input, call) => createPolicy(iam, input, call),
    },
    GetPolicy: on('iam:GetPolicy', getPolicy),
    ListPolicies: {
      action: 'iam:ListPolicies',
      // As AWS names it.
      resources: ({ PathPrefix = '/' }) => [`policy path ${PathPrefix}`],
      run: (input, call) => listPolicies(iam, input, call),
    },
    DeletePolicy: on('iam:DeletePolicy', deletePolicy),
    CreatePolicyVersion: on('iam:CreatePolicyVersion', createPolicyVersion),
    GetPolicyVersion: on('iam:GetPolicyVersion', getPolicyVersion),
    ListPolicyVersions: on('iam:ListPolicyVersions', listPolicyVersions),
    SetDefaultPolicyVersion: on('iam:SetDefaultPolicyVersion', setDefaultPolicyVersion),
    DeletePolicyVersion: on('iam:DeletePolicyVersion', deletePolicyVersion),
    ListEntitiesForPolicy: on('iam:ListEntitiesForPolicy', listEntitiesForPolicy),
    ListPoliciesGrantingServiceAccess: {
      action: 'iam:ListPoliciesGrantingServiceAccess',
      resources: ({ Arn = '' }) => [Arn],
      conditions: (_input, _call, resource) => entityTagKeys(state, resource),
      run: (input, call) => listPoliciesGrantingServiceAccess(iam, input, call),
    },
    TagPolicy: on('iam:TagPolicy', tagPolicy, (input) => requestTagKeys(input.Tags)),
    UntagPolicy: on('iam:UntagPolicy', untagPolicy, (input) => tagKeys(input.TagKeys)),
    ListPolicyTags: on('iam:ListPolicyTags', listPolicyTags),
  };
}
