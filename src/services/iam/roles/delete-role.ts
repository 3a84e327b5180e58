import type { DeleteRoleCommandInput } from '@aws-sdk/client-iam';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { withBoundary } from '../boundary.ts';
import type { IamContext } from '../context.ts';
import { mustFirst } from '../errors.ts';
import { assertHoldsNoPolicies } from '../holders.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { entityKey, lastUseKey, lastUses, type RoleRecord, roles } from '../records.ts';
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
    if ((role.instanceProfileCount ?? 0) > 0) throw mustFirst('remove roles from instance profile');
    assertHoldsNoPolicies(role);
    withBoundary(tx, accountId, role, undefined);
    removeRole(tx, accountId, role);
  });
  return {};
}

/** With what is known of its last use. */
export function removeRole(tx: Transaction, accountId: string, { roleName, id }: RoleRecord): void {
  tx.delete(roles, entityKey(roles, accountId, roleName));
  tx.delete(lastUses, lastUseKey(accountId, id));
}
