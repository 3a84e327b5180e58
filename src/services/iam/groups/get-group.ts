import type { GetGroupCommandInput, GetGroupResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { findHolder } from '../holders.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import { users } from '../records.ts';
import { userSummary } from '../users/user-view.ts';
import { groupView } from './group-view.ts';

/**
 * The group, and its members in pages.
 * @throws {Refusal} NoSuchEntity, InvalidInput (the marker), ValidationError.
 */
export function getGroup(
  { state }: IamContext,
  input: GetGroupCommandInput,
  { accountId }: Call,
): GetGroupResponse {
  const { GroupName: name = '' } = input;
  checkPage(checkName(new Constraints(), 'groupName', 'group', name), input).throwIfViolated();
  const group = findHolder(state, accountId, { type: 'group', name });
  const members = state.byIndex(users, 'group', group.id).map(({ value }) => value);
  const { items, ...place } = pageOf(members, ({ userName }) => userName, input);
  return {
    Group: groupView(accountId, group),
    Users: items.map((user) => userSummary(accountId, user)),
    ...place,
  };
}
