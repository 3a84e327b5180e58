import type { DeleteUserCommandInput } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import { withBoundary } from '../boundary.ts';
import type { IamContext } from '../context.ts';
import { mustFirst } from '../errors.ts';
import { assertHoldsNoPolicies } from '../holders.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { entityKey, type UserRecord, users } from '../records.ts';
import { findUser } from './user-lookup.ts';

/**
 * Its permissions boundary goes without asking.
 * @throws {Refusal} NoSuchEntity, DeleteConflict, ValidationError.
 */
export async function deleteUser(
  { state }: IamContext,
  { UserName = '' }: DeleteUserCommandInput,
  { accountId }: Call,
): Promise<object> {
  checkName(new Constraints(), 'userName', 'user', UserName).throwIfViolated();
  await state.transact((tx) => {
    const user = findUser(tx, accountId, UserName);
    assertNothingHeld(user);
    withBoundary(tx, accountId, user, undefined);
    tx.delete(users, entityKey(users, accountId, UserName));
  });
  return {};
}

function assertNothingHeld(user: UserRecord): void {
  assertHoldsNoPolicies(user);
  if (user.accessKeys.length > 0) throw mustFirst('delete access keys');
  if (user.groups.length > 0) throw mustFirst('remove users from group');
}
