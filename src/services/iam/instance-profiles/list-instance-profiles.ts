import type {
  ListInstanceProfilesCommandInput,
  ListInstanceProfilesForRoleCommandInput,
  ListInstanceProfilesForRoleResponse,
  ListInstanceProfilesResponse,
} from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName, checkPathPrefix } from '../input/names.ts';
import { checkPage, type PageInput, pageOf } from '../input/pages.ts';
import { type InstanceProfileRecord, instanceProfiles, prefixOf } from '../records.ts';
import { findRole } from '../roles/role-lookup.ts';
import { instanceProfileSummary } from './profile-view.ts';

/** @throws {Refusal} InvalidInput (the marker), ValidationError. */
export function listInstanceProfiles(
  iam: IamContext,
  input: ListInstanceProfilesCommandInput,
  { accountId }: Call,
): ListInstanceProfilesResponse {
  const { PathPrefix = '/' } = input;
  checkPage(checkPathPrefix(new Constraints(), PathPrefix), input).throwIfViolated();
  const all = [...iam.state.list(instanceProfiles, prefixOf(instanceProfiles, accountId))];
  const found = all.map(({ value }) => value).filter(({ path }) => path.startsWith(PathPrefix));
  return pageOfProfiles(iam, accountId, found, input);
}

/** @throws {Refusal} NoSuchEntity, InvalidInput (the marker), ValidationError. */
export function listInstanceProfilesForRole(
  iam: IamContext,
  input: ListInstanceProfilesForRoleCommandInput,
  { accountId }: Call,
): ListInstanceProfilesForRoleResponse {
  checkPage(checkName(new Constraints(), 'roleName', 'role', input.RoleName), input).throwIfViolated();
  const { roleName } = findRole(iam.state, accountId, input.RoleName ?? '');
  return pageOfProfiles(iam, accountId, profilesOfRole(iam, accountId, roleName), input);
}

function profilesOfRole(
  { state }: Pick<IamContext, 'state'>,
  accountId: string,
  roleName: string,
): readonly InstanceProfileRecord[] {
  const inRole = state.byIndex(instanceProfiles, 'role', `${accountId}/${roleName.toLowerCase()}`);
  return inRole.map(({ value }) => value);
}

function pageOfProfiles(
  { state }: IamContext,
  accountId: string,
  profiles: readonly InstanceProfileRecord[],
  input: PageInput,
) {
  const { items, ...place } = pageOf(profiles, ({ instanceProfileName }) => instanceProfileName, input);
  const shown = items.map((profile) => instanceProfileSummary(state, accountId, profile));
  return { InstanceProfiles: shown, ...place };
}
