import type { UpdateUserCommandInput } from '@aws-sdk/client-iam';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { putRenamed } from '../holders.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName, checkPath } from '../input/names.ts';
import { accessKeyKey, accessKeys, type UserRecord } from '../records.ts';
import { findUser } from './user-lookup.ts';

/**
 * Another name, another path; it stays the same user, with its keys, groups, policies and sessions.
 * @throws {Refusal} NoSuchEntity, EntityAlreadyExists, ValidationError.
 */
export async function updateUser(
  { state }: IamContext,
  { UserName = '', NewUserName, NewPath }: UpdateUserCommandInput,
  { accountId }: Call,
): Promise<object> {
  const constraints = checkName(new Constraints(), 'userName', 'user', UserName);
  if (NewUserName !== undefined) checkName(constraints, 'newUserName', 'user', NewUserName);
  checkPath(constraints, 'newPath', NewPath).throwIfViolated();
  await state.transact((tx) => {
    const before = findUser(tx, accountId, UserName);
    const { userName, path } = before;
    const after = { ...before, userName: NewUserName ?? userName, path: NewPath ?? path };
    putRenamed(tx, accountId, { type: 'user', name: UserName }, after);
    nameKeysAfter(tx, accountId, after);
  });
  return {};
}

/** Access keys name their user; all else that refers to it does so by its id. */
function nameKeysAfter(tx: Transaction, accountId: string, { userName, accessKeys: ids }: UserRecord): void {
  for (const id of ids) {
    const key = accessKeyKey(accountId, id);
    const record = tx.get(accessKeys, key);
    if (record !== undefined) tx.put(accessKeys, key, { ...record, userName });
  }
}
