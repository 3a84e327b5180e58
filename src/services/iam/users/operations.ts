import type { CreateUserCommandInput, IAM } from '@aws-sdk/client-iam';
import type { OperationsOf } from '../../service.ts';
import { entityArn } from '../arn.ts';
import { boundaryEntries } from '../boundary-entries.ts';
import { alsoTags, entityTagKeys, requestTagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { users } from '../records.ts';
import { namedResource } from '../resources.ts';
import { tagEntries } from '../tag-entries.ts';
import { createUser } from './create-user.ts';
import { deleteUser } from './delete-user.ts';
import { getUser } from './get-user.ts';
import { listGroupsForUser } from './list-groups-for-user.ts';
import { listUsers } from './list-users.ts';
import { updateUser } from './update-user.ts';
import { findUser } from './user-lookup.ts';

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
  const nameIn = (input: { readonly UserName?: string | undefined }) => input.UserName;
  const entity = { type: 'user', noun: 'User', member: 'userName', nameIn, collection: users } as const;
  const tags = tagEntries(iam, { ...entity, find: findUser });
  const boundary = boundaryEntries(iam, { ...entity, find: findUser });
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
      resources: user.callerOr(nameIn),
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
      resources: user.named(nameIn),
      conditions: (_input, _call, resource) => own(resource),
      run: (input, call) => deleteUser(iam, input, call),
    },
    ListGroupsForUser: {
      action: 'iam:ListGroupsForUser',
      resources: user.named(nameIn),
      conditions: (_input, _call, resource) => own(resource),
      run: (input, call) => listGroupsForUser(iam, input, call),
    },
    TagUser: tags.tag,
    UntagUser: tags.untag,
    ListUserTags: tags.list,
    PutUserPermissionsBoundary: boundary.put,
    DeleteUserPermissionsBoundary: boundary.remove,
  };
}
