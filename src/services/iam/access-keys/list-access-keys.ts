import type { ListAccessKeysCommandInput, ListAccessKeysResponse } from '@aws-sdk/client-iam';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import { type AccessKeyRecord, accessKeyKey, accessKeys, prefixOf } from '../records.ts';
import { findUser } from '../users/user-lookup.ts';
import { keyOwner } from './key-owner.ts';

/** @throws {Refusal} NoSuchEntity, InvalidInput (the marker), ValidationError. */
export function listAccessKeys(
  { state }: IamContext,
  input: ListAccessKeysCommandInput,
  call: Call,
): ListAccessKeysResponse {
  checkPage(new Constraints(), input).throwIfViolated();
  const userName = keyOwner(input.UserName, call);
  const keys = keysOf(state, call.accountId, userName);
  const { items, ...place } = pageOf(keys, ({ accessKeyId }) => accessKeyId, input);
  return {
    AccessKeyMetadata: items.map((key) => ({
      UserName: key.userName ?? 'root',
      AccessKeyId: key.accessKeyId,
      Status: key.status,
      CreateDate: new Date(key.createdAt),
    })),
    ...place,
  };
}

/**
 * @param userName Undefined: the root's, without the one that came with the installation.
 * @throws {Refusal} NoSuchEntity.
 */
export function keysOf(
  reader: Reader,
  accountId: string,
  userName: string | undefined,
): readonly AccessKeyRecord[] {
  if (userName === undefined) {
    const all = [...reader.list(accessKeys, prefixOf(accessKeys, accountId))].map(({ value }) => value);
    return all.filter((key) => key.userName === undefined);
  }
  return findUser(reader, accountId, userName).accessKeys.flatMap(
    (id) => reader.get(accessKeys, accessKeyKey(accountId, id)) ?? [],
  );
}
