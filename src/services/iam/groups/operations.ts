import type { IAM } from '@aws-sdk/client-iam';
import type { OperationsOf } from '../../service.ts';
import { entityArn } from '../arn.ts';
import type { IamContext } from '../context.ts';
import { namedResource } from '../resources.ts';
import { createGroup } from './create-group.ts';
import { deleteGroup } from './delete-group.ts';
import { getGroup } from './get-group.ts';
import { listGroups } from './list-groups.ts';
import { addUserToGroup, removeUserFromGroup } from './memberships.ts';
import { updateGroup } from './update-group.ts';

type GroupOperation =
  | 'AddUserToGroup'
  | 'CreateGroup'
  | 'DeleteGroup'
  | 'GetGroup'
  | 'ListGroups'
  | 'RemoveUserFromGroup'
  | 'UpdateGroup';

/** The operations on groups and on who is in them. Groups have no tags and no boundary. */
export function groupOperations(iam: IamContext): Pick<OperationsOf<IAM>, GroupOperation> {
  const group = namedResource(iam.state, 'group');
  return {
    CreateGroup: {
      action: 'iam:CreateGroup',
      resources: group.made((input) => [input.GroupName, input.Path]),
      run: (input, call) => createGroup(iam, input, call),
    },
    GetGroup: {
      action: 'iam:GetGroup',
      resources: group.named((input) => input.GroupName),
      run: (input, call) => getGroup(iam, input, call),
    },
    ListGroups: {
      action: 'iam:ListGroups',
      resources: (_input, call) => [entityArn(call.accountId, 'group', '/', '')],
      run: (input, call) => listGroups(iam, input, call),
    },
    UpdateGroup: {
      action: 'iam:UpdateGroup',
      resources: group.renamed((input) => [input.GroupName, input.NewGroupName, input.NewPath]),
      run: (input, call) => updateGroup(iam, input, call),
    },
    DeleteGroup: {
      action: 'iam:DeleteGroup',
      resources: group.named((input) => input.GroupName),
      run: (input, call) => deleteGroup(iam, input, call),
    },
    AddUserToGroup: {
      action: 'iam:AddUserToGroup',
      resources: group.named((input) => input.GroupName),
      run: (input, call) => addUserToGroup(iam, input, call),
    },
    RemoveUserFromGroup: {
      action: 'iam:RemoveUserFromGroup',
      resources: group.named((input) => input.GroupName),
      run: (input, call) => removeUserFromGroup(iam, input, call),
    },
  };
}
