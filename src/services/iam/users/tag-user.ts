import type {
  ListUserTagsCommandInput,
  ListUserTagsResponse,
  TagUserCommandInput,
  UntagUserCommandInput,
} from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import { checkTagKeys, checkTags, tagList, withoutTags, withTags } from '../input/tags.ts';
import { entityKey, users } from '../records.ts';
import { findUser } from './user-lookup.ts';

/** @throws {Refusal} NoSuchEntity, InvalidInput, LimitExceeded, ValidationError. */
export async function tagUser(
  { state }: IamContext,
  { UserName = '', Tags }: TagUserCommandInput,
  { accountId }: Call,
): Promise<object> {
  checkTags(checkName(new Constraints(), 'userName', 'user', UserName), Tags).throwIfViolated();
  await state.transact((tx) => {
    const user = findUser(tx, accountId, UserName);
    tx.put(users, entityKey(users, accountId, UserName), { ...user, tags: withTags(user.tags, Tags) });
  });
  return {};
}

/** @throws {Refusal} NoSuchEntity, ValidationError. */
export async function untagUser(
  { state }: IamContext,
  { UserName = '', TagKeys = [] }: UntagUserCommandInput,
  { accountId }: Call,
): Promise<object> {
  checkTagKeys(checkName(new Constraints(), 'userName', 'user', UserName), TagKeys).throwIfViolated();
  await state.transact((tx) => {
    const user = findUser(tx, accountId, UserName);
    const tags = withoutTags(user.tags, TagKeys);
    tx.put(users, entityKey(users, accountId, UserName), { ...user, tags });
  });
  return {};
}

/** @throws {Refusal} NoSuchEntity, InvalidInput (the marker), ValidationError. */
export function listUserTags(
  { state }: IamContext,
  input: ListUserTagsCommandInput,
  { accountId }: Call,
): ListUserTagsResponse {
  const { UserName = '' } = input;
  checkPage(checkName(new Constraints(), 'userName', 'user', UserName), input).throwIfViolated();
  const { items, ...place } = pageOf(
    tagList(findUser(state, accountId, UserName).tags),
    ({ Key }) => Key,
    input,
  );
  return { Tags: [...items], ...place };
}
