import type { ListGroupsForUserCommandInput, ListGroupsForUserResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import { groupsOf } from '../authorization/policies-of.ts';
import type { IamContext } from '../context.ts';
import { groupView } from '../groups/group-view.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import { findUser } from './user-lookup.ts';

/** @throws {Refusal} NoSuchEntity, InvalidInput (the marker), ValidationError. */
export function listGroupsForUser(
  { state }: IamContext,
  input: ListGroupsForUserCommandInput,
  { accountId }: Call,
): ListGroupsForUserResponse {
  const { UserName = '' } = input;
  checkPage(checkName(new Constraints(), 'userName', 'user', UserName), input).throwIfViolated();
  const { items, ...place } = pageOf(
    groupsOf(state, findUser(state, accountId, UserName)),
    ({ groupName }) => groupName,
    input,
  );
  return { Groups: items.map((group) => groupView(accountId, group)), ...place };
}
