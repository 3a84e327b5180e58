import type { DeleteRoleCommandInput } from '@aws-sdk/client-iam';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { withBoundary } from '../boundary.ts';
import type { IamContext } from '../context.ts';
import { mustFirst } from '../errors.ts';
import { assertHoldsNoPolicies } from '../holders.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { entityKey, instanceProfiles, type RoleRecord, roles } from '../records.ts';
import { findChangeableRole } from './role-lookup.ts';

/**
 * Its permissions boundary goes without asking.
 * @throws {Refusal} NoSuchEntity, DeleteConflict, UnmodifiableEntity, ValidationError.
 */
export async function deleteRole(
  { state }: IamContext,
  { RoleName }: DeleteRoleCommandInput,
  { accountId }: Call,
): Promise<object> {
  checkName(new Constraints(), 'roleName', 'role', RoleName).throwIfViolated();
  await state.transact((tx) => {
    const role = findChangeableRole(tx, accountId, RoleName ?? '');
    assertNothingHeld(tx, accountId, role);
    withBoundary(tx, accountId, role, undefined);
    tx.delete(roles, entityKey(roles, accountId, role.roleName));
  });
  return {};
}

function assertNothingHeld(reader: Reader, accountId: string, role: RoleRecord): void {
  const profiles = reader.countByIndex(
    instanceProfiles,
    'role',
    `${accountId}/${role.roleName.toLowerCase()}`,
  );
  if (profiles > 0) throw mustFirst('remove roles from instance profile');
  assertHoldsNoPolicies(role);
}
