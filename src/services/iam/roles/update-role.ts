import type {
  UpdateAssumeRolePolicyCommandInput,
  UpdateRoleCommandInput,
  UpdateRoleDescriptionCommandInput,
  UpdateRoleDescriptionResponse,
} from '@aws-sdk/client-iam';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { ownAccounts } from '../operator/accounts.ts';
import { entityKey, type RoleRecord, roles } from '../records.ts';
import { checkDescription, checkMaxSession, checkTrustPolicy } from './role-input.ts';
import { findChangeableRole, findRole } from './role-lookup.ts';
import { roleView } from './role-view.ts';
import { keptTrustPolicy } from './trust-policy.ts';

/**
 * What a request leaves out stays as it is. A service-linked role may get another description, and nothing else.
 * @throws {Refusal} NoSuchEntity, UnmodifiableEntity, ValidationError.
 */
export async function updateRole(
  iam: IamContext,
  { RoleName, Description, MaxSessionDuration }: UpdateRoleCommandInput,
  { accountId }: Call,
): Promise<object> {
  const constraints = checkName(new Constraints(), 'roleName', 'role', RoleName);
  checkMaxSession(checkDescription(constraints, Description), MaxSessionDuration).throwIfViolated();
  await change(iam, accountId, RoleName, (tx, name) => ({
    ...(MaxSessionDuration === undefined
      ? findRole(tx, accountId, name)
      : { ...findChangeableRole(tx, accountId, name), maxSessionSeconds: MaxSessionDuration }),
    ...(Description !== undefined && { description: Description }),
  }));
  return {};
}

/** @throws {Refusal} NoSuchEntity, ValidationError. */
export async function updateRoleDescription(
  iam: IamContext,
  { RoleName, Description }: UpdateRoleDescriptionCommandInput,
  { accountId }: Call,
): Promise<UpdateRoleDescriptionResponse> {
  const constraints = checkName(new Constraints(), 'roleName', 'role', RoleName);
  checkDescription(constraints, Description, { isRequired: true }).throwIfViolated();
  const role = await change(iam, accountId, RoleName, (tx, name) => ({
    ...findRole(tx, accountId, name),
    ...(Description !== undefined && { description: Description }),
  }));
  return { Role: roleView(iam.state, accountId, role) };
}

/** @throws {Refusal} NoSuchEntity, UnmodifiableEntity, MalformedPolicyDocument, LimitExceeded, ValidationError. */
export async function updateAssumeRolePolicy(
  iam: IamContext,
  { RoleName, PolicyDocument }: UpdateAssumeRolePolicyCommandInput,
  { accountId }: Call,
): Promise<object> {
  const constraints = checkName(new Constraints(), 'roleName', 'role', RoleName);
  checkTrustPolicy(constraints, 'policyDocument', PolicyDocument).throwIfViolated();
  await change(iam, accountId, RoleName, (tx, name) => ({
    ...findChangeableRole(tx, accountId, name),
    trustPolicy: keptTrustPolicy(tx, ownAccounts(iam, accountId), PolicyDocument ?? ''),
  }));
  return {};
}

function change(
  { state }: IamContext,
  accountId: string,
  name: string | undefined,
  changed: (tx: Transaction, name: string) => RoleRecord,
): Promise<RoleRecord> {
  return state.transact((tx) => {
    const role = changed(tx, name ?? '');
    tx.put(roles, entityKey(roles, accountId, role.roleName), role);
    return role;
  });
}
