import type { ListGroupsCommandInput, ListGroupsResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkPathPrefix } from '../input/names.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import { groups, prefixOf } from '../records.ts';
import { groupView } from './group-view.ts';

/** @throws {Refusal} InvalidInput (the marker), ValidationError. */
export function listGroups(
  { state }: IamContext,
  input: ListGroupsCommandInput,
  { accountId }: Call,
): ListGroupsResponse {
  const { PathPrefix = '/' } = input;
  checkPage(checkPathPrefix(new Constraints(), PathPrefix), input).throwIfViolated();
  const all = [...state.list(groups, prefixOf(groups, accountId))].map(({ value }) => value);
  const { items, ...place } = pageOf(
    all.filter(({ path }) => path.startsWith(PathPrefix)),
    ({ groupName }) => groupName,
    input,
  );
  return { Groups: items.map((group) => groupView(accountId, group)), ...place };
}
