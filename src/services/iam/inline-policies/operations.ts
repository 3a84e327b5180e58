import type { IAM } from '@aws-sdk/client-iam';
import type { OperationsOf } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { holderEntries } from '../holders.ts';
import { deleteInlinePolicy } from './delete-inline-policy.ts';
import { getInlinePolicy } from './get-inline-policy.ts';
import { listInlinePolicies } from './list-inline-policies.ts';
import { putInlinePolicy } from './put-inline-policy.ts';

type Holder = 'User' | 'Group' | 'Role';
type InlinePolicyOperation = `${'Put' | 'Get' | 'Delete'}${Holder}Policy` | `List${Holder}Policies`;

/** The operations on the policies that stand in a user, group or role itself. */
export function inlinePolicyOperations(iam: IamContext): Pick<OperationsOf<IAM>, InlinePolicyOperation> {
  const { user, group, role } = holderEntries(iam);
  return {
    PutUserPolicy: user('iam:PutUserPolicy', putInlinePolicy),
    PutGroupPolicy: group('iam:PutGroupPolicy', putInlinePolicy),
    PutRolePolicy: role('iam:PutRolePolicy', putInlinePolicy),
    GetUserPolicy: user('iam:GetUserPolicy', (...asked) => {
      const { holder, ...policy } = getInlinePolicy(...asked);
      return { UserName: holder, ...policy };
    }),
    GetGroupPolicy: group('iam:GetGroupPolicy', (...asked) => {
      const { holder, ...policy } = getInlinePolicy(...asked);
      return { GroupName: holder, ...policy };
    }),
    GetRolePolicy: role('iam:GetRolePolicy', (...asked) => {
      const { holder, ...policy } = getInlinePolicy(...asked);
      return { RoleName: holder, ...policy };
    }),
    DeleteUserPolicy: user('iam:DeleteUserPolicy', deleteInlinePolicy),
    DeleteGroupPolicy: group('iam:DeleteGroupPolicy', deleteInlinePolicy),
    DeleteRolePolicy: role('iam:DeleteRolePolicy', deleteInlinePolicy),
    ListUserPolicies: user('iam:ListUserPolicies', listInlinePolicies),
    ListGroupPolicies: group('iam:ListGroupPolicies', listInlinePolicies),
    ListRolePolicies: role('iam:ListRolePolicies', listInlinePolicies),
  };
}
