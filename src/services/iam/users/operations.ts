import type { CreateUserCommandInput, IAM } from '@aws-sdk/client-iam';
import type { OperationsOf } from '../../service.ts';
import { entityArn } from '../arn.ts';
import { alsoTags, entityBoundaryKey, entityTagKeys, requestTagKeys, tagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { namedResource } from '../resources.ts';
import { createUser } from './create-user.ts';
import { deleteUser } from './delete-user.ts';
import { getUser } from './get-user.ts';
import { listGroupsForUser } from './list-groups-for-user.ts';
import { listUsers } from './list-users.ts';
import { listUserTags, tagUser, untagUser } from './tag-user.ts';
import { updateUser } from './update-user.ts';
import { deleteUserPermissionsBoundary, putUserPermissionsBoundary } from './user-permissions-boundary.ts';

type UserOperation =
  | 'CreateUser'
  | 'DeleteUser'
  | 'DeleteUserPermissionsBoundary'
  | 'GetUser'
  | 'ListGroupsForUser'
  | 'ListUserTags'
  | 'ListUsers'
  | 'PutUserPermissionsBoundary'
  | 'TagUser'
  | 'UntagUser'
  | 'UpdateUser';

/** The operations on users, but for those on their policies and keys. */
export function userOperations(iam: IamContext): Pick<OperationsOf<IAM>, UserOperation> {
  const { state } = iam;
  const user = namedResource(state, 'user');
  const own = (resource: string) => entityTagKeys(state, resource);
  const made = user.made<CreateUserCommandInput>((input) => [input.UserName, input.Path]);
  return {
    CreateUser: {
      action: 'iam:CreateUser',
      resources: made,
      conditions: (input) => ({
        'iam:PermissionsBoundary': input.PermissionsBoundary,
        ...requestTagKeys(input.Tags),
      }),
      alsoAsks: (input, call) => alsoTags('iam:TagUser', made(input, call), input.Tags),
      run: (input, call) => createUser(iam, input, call),
    },
    GetUser: {
      action: 'iam:GetUser',
      resources: user.callerOr((input) => input.UserName),
      conditions: (_input, _call, resource) => own(resource),
      run: (input, call) => getUser(iam, input, call),
    },
    ListUsers: {
      action: 'iam:ListUsers',
      resources: (_input, call) => [entityArn(call.accountId, 'user', '/', '')],
      run: (input, call) => listUsers(iam, input, call),
    },
    UpdateUser: {
      action: 'iam:UpdateUser',
      resources: user.renamed((input) => [input.UserName, input.NewUserName, input.NewPath]),
      conditions: (_input, _call, resource) => own(resource),
      run: (input, call) => updateUser(iam, input, call),
    },
    DeleteUser: {
      action: 'iam:DeleteUser',
      resources: user.named((input) => input.UserName),
      conditions: (_input, _call, resource) => own(resource),
      run: (input, call) => deleteUser(iam, input, call),
    },
    ListGroupsForUser: {
      action: 'iam:ListGroupsForUser',
      resources: user.named((input) => input.UserName),
      conditions: (_input, _call, resource) => own(resource),
      run: (input, call) => listGroupsForUser(iam, input, call),
    },
    TagUser: {
      action: 'iam:TagUser',
      resources: user.named((input) => input.UserName),
      conditions: (input, _call, resource) => ({ ...own(resource), ...requestTagKeys(input.Tags) }),
      run: (input, call) => tagUser(iam, input, call),
    },
    UntagUser: {
      action: 'iam:UntagUser',
      resources: user.named((input) => input.UserName),
      conditions: (input, _call, resource) => ({ ...own(resource), ...tagKeys(input.TagKeys) }),
      run: (input, call) => untagUser(iam, input, call),
    },
    ListUserTags: {
      action: 'iam:ListUserTags',
      resources: user.named((input) => input.UserName),
      conditions: (_input, _call, resource) => own(resource),
      run: (input, call) => listUserTags(iam, input, call),
    },
    PutUserPermissionsBoundary: {
      action: 'iam:PutUserPermissionsBoundary',
      resources: user.named((input) => input.UserName),
      conditions: (input, _call, resource) => ({
        ...own(resource),
        'iam:PermissionsBoundary': input.PermissionsBoundary,
      }),
      run: (input, call) => putUserPermissionsBoundary(iam, input, call),
    },
    DeleteUserPermissionsBoundary: {
      action: 'iam:DeleteUserPermissionsBoundary',
      resources: user.named((input) => input.UserName),
      conditions: (_input, _call, resource) => ({ ...own(resource), ...entityBoundaryKey(state, resource) }),
      run: (input, call) => deleteUserPermissionsBoundary(iam, input, call),
    },
  };
}
