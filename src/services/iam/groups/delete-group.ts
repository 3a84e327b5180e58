import type { DeleteGroupCommandInput } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { mustFirst } from '../errors.ts';
import { assertHoldsNoPolicies, findHolder } from '../holders.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { entityKey, groups } from '../records.ts';

/** @throws {Refusal} NoSuchEntity, DeleteConflict, ValidationError. */
export async function deleteGroup(
  { state }: IamContext,
  { GroupName: name = '' }: DeleteGroupCommandInput,
  { accountId }: Call,
): Promise<object> {
  checkName(new Constraints(), 'groupName', 'group', name).throwIfViolated();
  await state.transact((tx) => {
    const group = findHolder(tx, accountId, { type: 'group', name });
    if (group.memberCount > 0) throw mustFirst('remove users from group');
    assertHoldsNoPolicies(group);
    tx.delete(groups, entityKey(groups, accountId, name));
  });
  return {};
}
