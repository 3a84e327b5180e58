import type { IAM } from '@aws-sdk/client-iam';
import type { OperationsOf } from '../../service.ts';
import { entityArn } from '../arn.ts';
import type { IamContext } from '../context.ts';
import { namedResource } from '../resources.ts';
import { createUser } from './create-user.ts';
import { deleteUser } from './delete-user.ts';
import { getUser } from './get-user.ts';
import { getUserPolicy } from './get-user-policy.ts';
import { listUsers } from './list-users.ts';
import { putUserPolicy } from './put-user-policy.ts';
import { untagUser } from './tag-user.ts';

type UserOperation =
  | 'CreateUser'
  | 'DeleteUser'
  | 'GetUser'
  | 'GetUserPolicy'
  | 'ListUsers'
  | 'PutUserPolicy'
  | 'UntagUser';

/** The operations on users. */
export function userOperations(iam: IamContext): Pick<OperationsOf<IAM>, UserOperation> {
  const user = namedResource(iam.state, 'user');
  return {
    CreateUser: {
      action: 'iam:CreateUser',
      resources: user.made((input) => [input.UserName, input.Path]),
      run: (input, call) => createUser(iam, input, call),
    },
    GetUser: {
      action: 'iam:GetUser',
      resources: user.callerOr((input) => input.UserName),
      run: (input, call) => getUser(iam, input, call),
    },
    DeleteUser: {
      action: 'iam:DeleteUser',
      resources: user.named((input) => input.UserName),
      run: (input, call) => deleteUser(iam, input, call),
    },
    GetUserPolicy: {
      action: 'iam:GetUserPolicy',
      resources: user.named((input) => input.UserName),
      run: (input, call) => getUserPolicy(iam, input, call),
    },
    ListUsers: {
      action: 'iam:ListUsers',
      resources: (_input, call) => [entityArn(call.accountId, 'user', '/', '')],
      run: (input, call) => listUsers(iam, input, call),
    },
    UntagUser: {
      action: 'iam:UntagUser',
      resources: user.named((input) => input.UserName),
      run: (input, call) => untagUser(iam, input, call),
    },
    PutUserPolicy: {
      action: 'iam:PutUserPolicy',
      resources: user.named((input) => input.UserName),
      run: (input, call) => putUserPolicy(iam, input, call),
    },
  };
}
