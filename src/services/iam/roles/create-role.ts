import type { CreateRoleCommandInput, CreateRoleResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import { boundaryFor, checkBoundary } from '../boundary.ts';
import type { IamContext } from '../context.ts';
import { entityAlreadyExists, quotaExceeded } from '../errors.ts';
import { entityId } from '../ids.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName, checkPath } from '../input/names.ts';
import { checkTags, withTags } from '../input/tags.ts';
import { ownAccounts } from '../operator/accounts.ts';
import { entityKey, prefixOf, type RoleRecord, roles } from '../records.ts';
import { wholeSecond } from '../whole-seconds.ts';
import {
  checkDescription,
  checkMaxSession,
  checkTrustPolicy,
  defaultMaxSessionSeconds,
} from './role-input.ts';
import { newRoleView } from './role-view.ts';
import { keptTrustPolicy } from './trust-policy.ts';

/** IAM user guide, "IAM and AWS STS quotas". */
const maxRoles = 1000;

/** @throws {Refusal} EntityAlreadyExists, LimitExceeded, MalformedPolicyDocument, NoSuchEntity (the boundary), ValidationError. */
export async function createRole(
  iam: IamContext,
  input: CreateRoleCommandInput,
  { accountId, now }: Call,
): Promise<CreateRoleResponse> {
  const { state, random } = iam;
  const { RoleName: roleName = '', Path = '/', AssumeRolePolicyDocument = '', Description } = input;
  const constraints = new Constraints();
  checkName(constraints, 'roleName', 'role', input.RoleName);
  checkPath(constraints, 'path', Path);
  checkTrustPolicy(constraints, 'assumeRolePolicyDocument', input.AssumeRolePolicyDocument);
  checkDescription(constraints, Description);
  checkMaxSession(constraints, input.MaxSessionDuration);
  checkBoundary(constraints, input.PermissionsBoundary);
  checkTags(constraints, input.Tags).throwIfViolated();
  const key = entityKey(roles, accountId, roleName);
  const role = await state.transact((tx) => {
    const trustPolicy = keptTrustPolicy(tx, ownAccounts(iam, accountId), AssumeRolePolicyDocument);
    if (tx.get(roles, key) !== undefined) {
      throw entityAlreadyExists(`Role with name ${roleName} already exists.`);
    }
    const others = [...tx.list(roles, prefixOf(roles, accountId))];
    // Service-linked roles don't count.
    if (others.filter(({ value }) => value.linkedService === undefined).length >= maxRoles) {
      throw quotaExceeded('RolesPerAccount', maxRoles);
    }
    const record: RoleRecord = {
      roleName,
      path: Path,
      id: entityId(random, 'AROA'),
      createdAt: wholeSecond(now),
      trustPolicy,
      ...(Description !== undefined && { description: Description }),
      maxSessionSeconds: input.MaxSessionDuration ?? defaultMaxSessionSeconds,
      tags: withTags({}, input.Tags),
      inlinePolicies: {},
      attachedPolicies: [],
      ...boundaryFor(tx, accountId, input.PermissionsBoundary),
    };
    tx.put(roles, key, record);
    return record;
  });
  return { Role: newRoleView(state, accountId, role) };
}
