import type {
  AddRoleToInstanceProfileCommandInput,
  RemoveRoleFromInstanceProfileCommandInput,
} from '@aws-sdk/client-iam';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { noSuchEntity, quotaExceeded } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import {
  entityKey,
  type InstanceProfileRecord,
  instanceProfiles,
  type RoleRecord,
  roles,
} from '../records.ts';
import { findChangeableRole } from '../roles/role-lookup.ts';
import { findInstanceProfile } from './profile-lookup.ts';

/** @throws {Refusal} NoSuchEntity, LimitExceeded (it has a role), UnmodifiableEntity, ValidationError. */
export function addRoleToInstanceProfile(
  iam: IamContext,
  input: AddRoleToInstanceProfileCommandInput,
  call: Call,
): Promise<object> {
  return change(iam, input, call, (profile, role) => {
    if (profile.role !== undefined) throw quotaExceeded('InstanceSessionsPerInstanceProfile', 1);
    return [{ ...profile, role: role.roleName.toLowerCase() }, 1];
  });
}

/** @throws {Refusal} NoSuchEntity, UnmodifiableEntity, ValidationError. */
export function removeRoleFromInstanceProfile(
  iam: IamContext,
  input: RemoveRoleFromInstanceProfileCommandInput,
  call: Call,
): Promise<object> {
  return change(iam, input, call, ({ role: inProfile, ...profile }, role) => {
    if (inProfile !== role.roleName.toLowerCase()) {
      const { instanceProfileName } = profile;
      throw noSuchEntity(`The role ${role.roleName} is not in the instance profile ${instanceProfileName}.`);
    }
    return [profile, -1];
  });
}

/** The role counts the profiles that it is in: it can't be deleted between being read and being put in. */
async function change(
  { state }: IamContext,
  input: { readonly InstanceProfileName: string | undefined; readonly RoleName: string | undefined },
  { accountId }: Call,
  changed: (profile: InstanceProfileRecord, role: RoleRecord) => readonly [InstanceProfileRecord, 1 | -1],
): Promise<object> {
  const { InstanceProfileName: profileName = '', RoleName: roleName = '' } = input;
  const constraints = new Constraints();
  checkName(constraints, 'instanceProfileName', 'instance-profile', input.InstanceProfileName);
  checkName(constraints, 'roleName', 'role', input.RoleName).throwIfViolated();
  await state.transact((tx: Transaction) => {
    const profile = findInstanceProfile(tx, accountId, profileName);
    const role = findChangeableRole(tx, accountId, roleName);
    const [after, by] = changed(profile, role);
    const instanceProfileCount = (role.instanceProfileCount ?? 0) + by;
    tx.put(instanceProfiles, entityKey(instanceProfiles, accountId, profileName), after);
    tx.put(roles, entityKey(roles, accountId, roleName), { ...role, instanceProfileCount });
  });
  return {};
}
