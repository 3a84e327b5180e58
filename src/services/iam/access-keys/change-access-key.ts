import type { DeleteAccessKeyCommandInput, UpdateAccessKeyCommandInput } from '@aws-sdk/client-iam';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { noSuchEntity } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import {
  type AccessKeyRecord,
  accessKeyKey,
  accessKeys,
  entityKey,
  lastUseKey,
  lastUses,
  users,
} from '../records.ts';
import { findUser } from '../users/user-lookup.ts';
import { keyOwner } from './key-owner.ts';

/**
 * An inactive key is as one that is not there.
 * @throws {Refusal} NoSuchEntity, ValidationError.
 */
export async function updateAccessKey(
  { state }: IamContext,
  { AccessKeyId: id = '', UserName, Status }: UpdateAccessKeyCommandInput,
  call: Call,
): Promise<object> {
  checkKeyId(new Constraints(), id)
    .text('status', Status, { isRequired: true, oneOf: ['Active', 'Inactive'] })
    .throwIfViolated();
  const status = Status === 'Active' ? 'Active' : 'Inactive';
  const userName = keyOwner(UserName, call);
  await state.transact((tx) => {
    const record = findKeyOf(tx, call.accountId, userName, id);
    tx.put(accessKeys, accessKeyKey(call.accountId, id), { ...record, status });
  });
  return {};
}

/** @throws {Refusal} NoSuchEntity, ValidationError. */
export async function deleteAccessKey(
  { state }: IamContext,
  { AccessKeyId: id = '', UserName }: DeleteAccessKeyCommandInput,
  call: Call,
): Promise<object> {
  checkKeyId(new Constraints(), id).throwIfViolated();
  const { accountId } = call;
  const userName = keyOwner(UserName, call);
  await state.transact((tx) => {
    findKeyOf(tx, accountId, userName, id);
    if (userName !== undefined) {
      const user = findUser(tx, accountId, userName);
      const left = user.accessKeys.filter((key) => key !== id);
      tx.put(users, entityKey(users, accountId, userName), { ...user, accessKeys: left });
    }
    tx.delete(accessKeys, accessKeyKey(accountId, id));
    tx.delete(lastUses, lastUseKey(accountId, id));
  });
  return {};
}

export function checkKeyId(constraints: Constraints, id: string | undefined): Constraints {
  return constraints.text('accessKeyId', id, {
    ...{ isRequired: true, pattern: String.raw`[\w]+`, minLength: 16, maxLength: 128 },
  });
}

export const noSuchKey = (id: string) => noSuchEntity(`The Access Key with id ${id} cannot be found.`);

/** @param userName Undefined: the root's. */
function findKeyOf(
  tx: Transaction,
  accountId: string,
  userName: string | undefined,
  id: string,
): AccessKeyRecord {
  const key = tx.get(accessKeys, accessKeyKey(accountId, id));
  const owner = userName === undefined ? undefined : findUser(tx, accountId, userName).userName;
  if (key === undefined || key.userName !== owner) throw noSuchKey(id);
  return key;
}
