import type { CreateRoleCommandInput, IAM } from '@aws-sdk/client-iam';
import type { Call, OperationsOf } from '../../service.ts';
import { entityArn } from '../arn.ts';
import { boundaryEntries } from '../boundary-entries.ts';
import { alsoTags, entityBoundaryKey, entityTagKeys, requestTagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { roles } from '../records.ts';
import { namedResource } from '../resources.ts';
import { tagEntries } from '../tag-entries.ts';
import { createRole } from './create-role.ts';
import { deleteRole } from './delete-role.ts';
import { getRole } from './get-role.ts';
import { listRoles } from './list-roles.ts';
import { findChangeableRole, findRole } from './role-lookup.ts';
import { updateAssumeRolePolicy, updateRole, updateRoleDescription } from './update-role.ts';

type RoleOperation =
  | 'CreateRole'
  | 'DeleteRole'
  | 'DeleteRolePermissionsBoundary'
  | 'GetRole'
  | 'ListRoleTags'
  | 'ListRoles'
  | 'PutRolePermissionsBoundary'
  | 'TagRole'
  | 'UntagRole'
  | 'UpdateAssumeRolePolicy'
  | 'UpdateRole'
  | 'UpdateRoleDescription';

interface Named {
  readonly RoleName?: string | undefined;
}

/** The operations on roles, but for those on their policies. */
export function roleOperations(iam: IamContext): Pick<OperationsOf<IAM>, RoleOperation> {
  const { state } = iam;
  const role = namedResource(state, 'role');
  const nameIn = (input: Named) => input.RoleName;
  const made = role.made<CreateRoleCommandInput>((input) => [input.RoleName, input.Path]);
  /** Of an operation on a role that is there. */
  const onRole = {
    resources: role.named(nameIn),
    conditions: (_input: Named, _call: Call, resource: string) => ({
      ...entityTagKeys(state, resource),
      ...entityBoundaryKey(state, resource),
    }),
  };
  const entity = { type: 'role', noun: 'Role', member: 'roleName', nameIn, collection: roles } as const;
  const tags = tagEntries(iam, { ...entity, find: findRole });
  const boundary = boundaryEntries(iam, { ...entity, find: findChangeableRole });
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
    GetRole: { action: 'iam:GetRole', ...onRole, run: (input, call) => getRole(iam, input, call) },
    ListRoles: {
      action: 'iam:ListRoles',
      resources: (_input, call) => [entityArn(call.accountId, 'role', '/', '')],
      run: (input, call) => listRoles(iam, input, call),
    },
    UpdateRole: { action: 'iam:UpdateRole', ...onRole, run: (input, call) => updateRole(iam, input, call) },
    UpdateRoleDescription: {
      action: 'iam:UpdateRoleDescription',
      ...onRole,
      run: (input, call) => updateRoleDescription(iam, input, call),
    },
    UpdateAssumeRolePolicy: {
      action: 'iam:UpdateAssumeRolePolicy',
      ...onRole,
      run: (input, call) => updateAssumeRolePolicy(iam, input, call),
    },
    DeleteRole: { action: 'iam:DeleteRole', ...onRole, run: (input, call) => deleteRole(iam, input, call) },
    PutRolePermissionsBoundary: boundary.put,
    DeleteRolePermissionsBoundary: boundary.remove,
    TagRole: tags.tag,
    UntagRole: tags.untag,
    ListRoleTags: tags.list,
  };
}
