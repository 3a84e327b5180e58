import type { CreateUserCommandInput, CreateUserResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import { boundaryFor, checkBoundary } from '../boundary.ts';
import type { IamContext } from '../context.ts';
import { entityAlreadyExists, quotaExceeded } from '../errors.ts';
import { entityId } from '../ids.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName, checkPath } from '../input/names.ts';
import { checkTags, withTags } from '../input/tags.ts';
import { entityKey, prefixOf, type UserRecord, users } from '../records.ts';
import { wholeSecond } from '../whole-seconds.ts';
import { userView } from './user-view.ts';

/** IAM user guide, "IAM and AWS STS quotas". */
const maxUsers = 5000;

/** @throws {Refusal} EntityAlreadyExists, LimitExceeded, NoSuchEntity (the boundary), ValidationError. */
export async function createUser(
  { state, random }: IamContext,
  { UserName, Path = '/', Tags, PermissionsBoundary }: CreateUserCommandInput,
  { accountId, now }: Call,
): Promise<CreateUserResponse> {
  const constraints = new Constraints();
  checkName(constraints, 'userName', 'user', UserName);
  checkPath(constraints, 'path', Path);
  checkBoundary(constraints, PermissionsBoundary);
  checkTags(constraints, Tags).throwIfViolated();
  const userName = UserName ?? '';
  const key = entityKey(users, accountId, userName);
  const user = await state.transact((tx) => {
    if (tx.get(users, key) !== undefined) {
      throw entityAlreadyExists(`User with name ${userName} already exists.`);
    }
    if ([...tx.list(users, prefixOf(users, accountId))].length >= maxUsers) {
      throw quotaExceeded('UsersPerAccount', maxUsers);
    }
    const record: UserRecord = {
      userName,
      path: Path,
      id: entityId(random, 'AIDA'),
      createdAt: wholeSecond(now),
      tags: withTags({}, Tags),
      inlinePolicies: {},
      attachedPolicies: [],
      groups: [],
      accessKeys: [],
      ...boundaryFor(tx, accountId, PermissionsBoundary),
    };
    tx.put(users, key, record);
    return record;
  });
  return { User: userView(accountId, user) };
}
