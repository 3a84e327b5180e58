import type { UntagUserCommandInput } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { withoutTags } from '../input/tags.ts';
import { entityKey, users } from '../records.ts';
import { findUser } from './user-lookup.ts';

/** @throws {Refusal} NoSuchEntity, ValidationError. */
export async function untagUser(
  { state }: IamContext,
  { UserName = '', TagKeys = [] }: UntagUserCommandInput,
  { accountId }: Call,
): Promise<object> {
  checkName(new Constraints(), 'userName', 'user', UserName).throwIfViolated();
  await state.transact((tx) => {
    const user = findUser(tx, accountId, UserName);
    const tags = withoutTags(user.tags, TagKeys);
    tx.put(users, entityKey(users, accountId, UserName), { ...user, tags });
  });
  return {};
}
