import type { UpdateGroupCommandInput } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { findHolder, putRenamed } from '../holders.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName, checkPath } from '../input/names.ts';

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
    const { groupName, path } = before;
    const after = { ...before, groupName: NewGroupName ?? groupName, path: NewPath ?? path };
    putRenamed(tx, accountId, { type: 'group', name }, after);
  });
  return {};
}
