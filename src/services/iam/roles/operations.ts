import type { IAM } from '@aws-sdk/client-iam';
import type { Call, ConditionKeys, OperationsOf } from '../../service.ts';
import { alsoTags, requestTagKeys, resourceTagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { namedResource } from '../resources.ts';
import { createRole } from './create-role.ts';
import { deleteRole } from './delete-role.ts';
import { getRole } from './get-role.ts';
import { roleNamed } from './role-lookup.ts';

type RoleOperation = 'CreateRole' | 'DeleteRole' | 'GetRole';

/** The operations on roles. */
export function roleOperations(iam: IamContext): Pick<OperationsOf<IAM>, RoleOperation> {
  const role = namedResource(iam.state, 'role');
  const on = role.named<{ readonly RoleName?: string | undefined }>((input) => input.RoleName);
  /** What the role itself says of a request on it. */
  const own = (
    { RoleName }: { readonly RoleName?: string | undefined },
    { accountId }: Call,
  ): ConditionKeys => {
    const { tags, permissionsBoundary } = roleNamed(iam.state, accountId, RoleName) ?? {};
    return { ...resourceTagKeys(tags), 'iam:PermissionsBoundary': permissionsBoundary };
  };
  const made = role.made<{ RoleName?: string | undefined; Path?: string | undefined }>((input) => [
    input.RoleName,
    input.Path,
  ]);
  return {
    CreateRole: {
      action: 'iam:CreateRole',
      resources: made,
      conditions: (input) => ({
        ...requestTagKeys(input.Tags),
        'iam:PermissionsBoundary': input.PermissionsBoundary,
      }),
      alsoAsks: (input, call) => alsoTags('iam:TagRole', made(input, call), input.Tags),
      run: (input, call) => createRole(iam, input, call),
    },
    DeleteRole: {
      action: 'iam:DeleteRole',
      resources: on,
      conditions: own,
      run: (input, call) => deleteRole(iam, input, call),
    },
    GetRole: {
      action: 'iam:GetRole',
      resources: on,
      conditions: own,
      run: (input, call) => getRole(iam, input, call),
    },
  };
}
