import type { UpdateGroupCommandInput } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { entityAlreadyExists } from '../errors.ts';
import { findHolder } from '../holders.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName, checkPath } from '../input/names.ts';
import { entityKey, groups } from '../records.ts';

/**
 * Another name, another path. Members name the group by its id, so nothing of theirs changes.
 * @throws {Refusal} NoSuchEntity, EntityAlreadyExists, ValidationError.
 */
export async function updateGroup(
  { state }: IamContext,
  { GroupName: name = '', NewGroupName, NewPath }: UpdateGroupCommandInput,
  { accountId }: Call,
): Promise<object> {
  const constraints = checkName(new Constraints(), 'groupName', 'group', name);
  if (NewGroupName !== undefined) checkName(constraints, 'newGroupName', 'group', NewGroupName);
  checkPath(constraints, 'newPath', NewPath).throwIfViolated();
  await state.transact((tx) => {
    const before = findHolder(tx, accountId, { type: 'group', name });
    const after = {
      ...before,
      ...(NewGroupName !== undefined && { groupName: NewGroupName }),
      ...(NewPath !== undefined && { path: NewPath }),
    };
    const oldKey = entityKey(groups, accountId, name);
    const newKey = entityKey(groups, accountId, after.groupName);
    if (newKey !== oldKey) {
      if (tx.get(groups, newKey) !== undefined) {
        throw entityAlreadyExists(`Group with name ${after.groupName} already exists.`);
      }
      tx.delete(groups, oldKey);
    }
    tx.put(groups, newKey, after);
  });
  return {};
}
