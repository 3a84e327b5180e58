import type { IAM } from '@aws-sdk/client-iam';
import type { OperationsOf } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { holderEntries } from '../holders.ts';
import { attachPolicy, detachPolicy } from './attach-policy.ts';
import { listAttachedPolicies } from './list-attached-policies.ts';

type Holder = 'User' | 'Group' | 'Role';
type AttachmentOperation = `${'Attach' | 'Detach'}${Holder}Policy` | `ListAttached${Holder}Policies`;

const policyKey = (input: { PolicyArn: string | undefined }) => ({ 'iam:PolicyARN': input.PolicyArn });

/** The operations by which users, groups and roles get managed policies and lose them. */
export function attachmentOperations(iam: IamContext): Pick<OperationsOf<IAM>, AttachmentOperation> {
  const { user, group, role } = holderEntries(iam);
  return {
    AttachUserPolicy: user('iam:AttachUserPolicy', attachPolicy, policyKey),
    AttachGroupPolicy: group('iam:AttachGroupPolicy', attachPolicy, policyKey),
    AttachRolePolicy: role('iam:AttachRolePolicy', attachPolicy, policyKey),
    DetachUserPolicy: user('iam:DetachUserPolicy', detachPolicy, policyKey),
    DetachGroupPolicy: group('iam:DetachGroupPolicy', detachPolicy, policyKey),
    DetachRolePolicy: role('iam:DetachRolePolicy', detachPolicy, policyKey),
    ListAttachedUserPolicies: user('iam:ListAttachedUserPolicies', listAttachedPolicies),
    ListAttachedGroupPolicies: group('iam:ListAttachedGroupPolicies', listAttachedPolicies),
    ListAttachedRolePolicies: role('iam:ListAttachedRolePolicies', listAttachedPolicies),
  };
}
