import type { ListUsersCommandInput, ListUsersResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkPathPrefix } from '../input/names.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import { prefixOf, users } from '../records.ts';
import { userSummary } from './user-view.ts';

/** @throws {Refusal} InvalidInput (the marker), ValidationError. */
export function listUsers(
  { state }: IamContext,
  input: ListUsersCommandInput,
  { accountId }: Call,
): ListUsersResponse {
  const { PathPrefix = '/' } = input;
  checkPage(checkPathPrefix(new Constraints(), PathPrefix), input).throwIfViolated();
  const all = [...state.list(users, prefixOf(users, accountId))].map(({ value }) => value);
  const { items, ...place } = pageOf(
    all.filter(({ path }) => path.startsWith(PathPrefix)),
    ({ userName }) => userName,
    input,
  );
  return { Users: items.map((user) => userSummary(accountId, user)), ...place };
}
