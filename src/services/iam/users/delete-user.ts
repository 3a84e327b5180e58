import type { DeleteUserCommandInput } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { deleteConflict } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { entityKey, type UserRecord, users } from '../records.ts';
import { findUser } from './user-lookup.ts';

/** @throws {Refusal} NoSuchEntity, DeleteConflict, ValidationError. */
export async function deleteUser(
  { state }: IamContext,
  { UserName = '' }: DeleteUserCommandInput,
  { accountId }: Call,
): Promise<object> {
  checkName(new Constraints(), 'userName', 'user', UserName).throwIfViolated();
  await state.transact((tx) => {
    assertNothingHeld(findUser(tx, accountId, UserName));
    tx.delete(users, entityKey(users, accountId, UserName));
  });
  return {};
}

function assertNothingHeld({ accessKeys, groups, attachedPolicies, inlinePolicies }: UserRecord): void {
  const refuse = (what: string): never => {
    throw deleteConflict(`Cannot delete entity, must ${what} first.`);
  };
  if (attachedPolicies.length > 0) refuse('detach all policies');
  if (Object.keys(inlinePolicies).length > 0) refuse('delete policies');
  if (accessKeys.length > 0) refuse('delete access keys');
  if (groups.length > 0) refuse('remove users from group');
}
