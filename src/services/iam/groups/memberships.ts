import type { AddUserToGroupCommandInput, RemoveUserFromGroupCommandInput } from '@aws-sdk/client-iam';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { quotaExceeded } from '../errors.ts';
import { findHolder } from '../holders.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { entityKey, type GroupRecord, groups, type UserRecord, users } from '../records.ts';

/** IAM user guide, "IAM and AWS STS quotas". */
const maxGroupsOfUser = 10;

/**
 * A user that is a member already stays one.
 * @throws {Refusal} NoSuchEntity, LimitExceeded, ValidationError.
 */
export async function addUserToGroup(
  iam: IamContext,
  input: AddUserToGroupCommandInput,
  { accountId }: Call,
): Promise<object> {
  await changeMembership(iam, accountId, input, (user, group) => {
    if (user.groups.includes(group.id)) return user.groups;
    if (user.groups.length >= maxGroupsOfUser) throw quotaExceeded('GroupsPerUser', maxGroupsOfUser);
    return [...user.groups, group.id];
  });
  return {};
}

/**
 * A user that is no member stays none.
 * @throws {Refusal} NoSuchEntity, ValidationError.
 */
export async function removeUserFromGroup(
  iam: IamContext,
  input: RemoveUserFromGroupCommandInput,
  { accountId }: Call,
): Promise<object> {
  await changeMembership(iam, accountId, input, (user, group) => user.groups.filter((id) => id !== group.id));
  return {};
}

/** The group counts its members in its own record, so that its deletion and a new member can't miss each other. */
async function changeMembership(
  { state }: IamContext,
  accountId: string,
  { GroupName = '', UserName = '' }: AddUserToGroupCommandInput,
  change: (user: UserRecord, group: GroupRecord) => readonly string[],
): Promise<void> {
  const constraints = checkName(new Constraints(), 'groupName', 'group', GroupName);
  checkName(constraints, 'userName', 'user', UserName).throwIfViolated();
  await state.transact((tx: Transaction) => {
    const group = findHolder(tx, accountId, { type: 'group', name: GroupName });
    const user = findHolder(tx, accountId, { type: 'user', name: UserName });
    const after = change(user, group);
    const memberCount = group.memberCount + after.length - user.groups.length;
    tx.put(users, entityKey(users, accountId, UserName), { ...user, groups: after });
    tx.put(groups, entityKey(groups, accountId, GroupName), { ...group, memberCount });
  });
}
