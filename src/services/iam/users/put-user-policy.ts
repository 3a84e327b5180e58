import type { PutUserPolicyCommandInput } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { checkInlinePolicy, withInlinePolicy } from '../inline-policies.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { entityKey, users } from '../records.ts';
import { findUser } from './user-lookup.ts';

/** @throws {Refusal} NoSuchEntity, MalformedPolicyDocument, LimitExceeded, ValidationError. */
export async function putUserPolicy(
  { state }: IamContext,
  { UserName = '', PolicyName, PolicyDocument }: PutUserPolicyCommandInput,
  { accountId }: Call,
): Promise<object> {
  const constraints = checkName(new Constraints(), 'userName', 'user', UserName);
  const given = checkInlinePolicy(constraints, PolicyName, PolicyDocument);
  await state.transact((tx) => {
    const user = findUser(tx, accountId, UserName);
    tx.put(users, entityKey(users, accountId, UserName), {
      ...user,
      inlinePolicies: withInlinePolicy(user, given, 'user', user.userName),
    });
  });
  return {};
}
