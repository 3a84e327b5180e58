import type { CreateGroupCommandInput, CreateGroupResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { entityAlreadyExists, quotaExceeded } from '../errors.ts';
import { entityId } from '../ids.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName, checkPath } from '../input/names.ts';
import { entityKey, type GroupRecord, groups, prefixOf } from '../records.ts';
import { wholeSecond } from '../whole-seconds.ts';
import { groupView } from './group-view.ts';

/** IAM user guide, "IAM and AWS STS quotas". */
const maxGroups = 300;

/** @throws {Refusal} EntityAlreadyExists, LimitExceeded, ValidationError. */
export async function createGroup(
  { state, random }: IamContext,
  { GroupName: groupName = '', Path = '/' }: CreateGroupCommandInput,
  { accountId, now }: Call,
): Promise<CreateGroupResponse> {
  checkPath(checkName(new Constraints(), 'groupName', 'group', groupName), 'path', Path).throwIfViolated();
  const key = entityKey(groups, accountId, groupName);
  const group = await state.transact((tx) => {
    if (tx.get(groups, key) !== undefined) {
      throw entityAlreadyExists(`Group with name ${groupName} already exists.`);
    }
    if ([...tx.list(groups, prefixOf(groups, accountId))].length >= maxGroups) {
      throw quotaExceeded('GroupsPerAccount', maxGroups);
    }
    const record: GroupRecord = {
      groupName,
      path: Path,
      id: entityId(random, 'AGPA'),
      createdAt: wholeSecond(now),
      inlinePolicies: {},
      attachedPolicies: [],
      memberCount: 0,
    };
    tx.put(groups, key, record);
    return record;
  });
  return { Group: groupView(accountId, group) };
}
