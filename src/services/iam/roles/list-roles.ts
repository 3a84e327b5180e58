import type { ListRolesCommandInput, ListRolesResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkPathPrefix } from '../input/names.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import { prefixOf, roles } from '../records.ts';
import { roleSummary } from './role-view.ts';

/** @throws {Refusal} InvalidInput (the marker), ValidationError. */
export function listRoles(
  { state }: IamContext,
  input: ListRolesCommandInput,
  { accountId }: Call,
): ListRolesResponse {
  const { PathPrefix = '/' } = input;
  checkPage(checkPathPrefix(new Constraints(), PathPrefix), input).throwIfViolated();
  const all = [...state.list(roles, prefixOf(roles, accountId))].map(({ value }) => value);
  const { items, ...place } = pageOf(
    all.filter(({ path }) => path.startsWith(PathPrefix)),
    ({ roleName }) => roleName,
    input,
  );
  return { Roles: items.map((role) => roleSummary(state, accountId, role)), ...place };
}
