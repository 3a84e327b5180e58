import type { CreateAccessKeyCommandInput, CreateAccessKeyResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { accessKeyPurpose } from '../credentials/credential-lookup.ts';
import { quotaExceeded } from '../errors.ts';
import { newKeyPair } from '../ids.ts';
import { type AccessKeyRecord, accessKeyKey, accessKeys, entityKey, users } from '../records.ts';
import { findUser } from '../users/user-lookup.ts';
import { wholeSecond } from '../whole-seconds.ts';
import { keyOwner } from './key-owner.ts';
import { keysOf } from './list-access-keys.ts';

const maxKeys = 2;

/**
 * The only time that the secret is shown.
 * @throws {Refusal} NoSuchEntity, LimitExceeded, ValidationError.
 */
export async function createAccessKey(
  { state, random, sealer }: IamContext,
  input: CreateAccessKeyCommandInput,
  call: Call,
): Promise<CreateAccessKeyResponse> {
  const { accountId } = call;
  const createdAt = wholeSecond(call.now);
  const userName = keyOwner(input.UserName, call);
  const { accessKeyId: id, secretAccessKey: secret } = newKeyPair(random, 'AKIA', accountId);
  const sealedSecret = sealer.seal(secret, accessKeyPurpose(id));
  const owner = await state.transact((tx) => {
    const user = userName === undefined ? undefined : findUser(tx, accountId, userName);
    if (keysOf(tx, accountId, userName).length >= maxKeys) throw quotaExceeded('AccessKeysPerUser', maxKeys);
    if (user !== undefined) {
      const after = { ...user, accessKeys: [...user.accessKeys, id] };
      tx.put(users, entityKey(users, accountId, user.userName), after);
    }
    const record: AccessKeyRecord = {
      accessKeyId: id,
      ...(user !== undefined && { userName: user.userName }),
      status: 'Active',
      createdAt,
      sealedSecret,
    };
    tx.put(accessKeys, accessKeyKey(accountId, id), record);
    return user?.userName;
  });
  return {
    AccessKey: {
      UserName: owner ?? 'root',
      AccessKeyId: id,
      Status: 'Active',
      SecretAccessKey: secret,
      CreateDate: new Date(createdAt),
    },
  };
}
