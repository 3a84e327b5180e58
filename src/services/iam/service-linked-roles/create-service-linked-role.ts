import type {
  CreateServiceLinkedRoleCommandInput,
  CreateServiceLinkedRoleResponse,
} from '@aws-sdk/client-iam';
import type { Random } from '../../../clock/index.ts';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { invalidInput } from '../errors.ts';
import { entityId } from '../ids.ts';
import { Constraints } from '../input/constraints.ts';
import { entityKey, type RoleRecord, roles } from '../records.ts';
import { checkDescription, defaultMaxSessionSeconds } from '../roles/role-input.ts';
import { newRoleView } from '../roles/role-view.ts';
import { wholeSecond } from '../whole-seconds.ts';
import { type LinkedService, linkedRoleName, linkedRolePath, linkedService } from './linked-services.ts';

/** @throws {Refusal} InvalidInput: the service has no such role, or it is there; ValidationError. */
export async function createServiceLinkedRole(
  { state, random }: IamContext,
  { AWSServiceName: service = '', Description, CustomSuffix }: CreateServiceLinkedRoleCommandInput,
  { accountId, now }: Call,
): Promise<CreateServiceLinkedRoleResponse> {
  const namePattern = String.raw`[\w+=,.@-]+`;
  const constraints = new Constraints()
    .text('awsServiceName', service, { pattern: namePattern, minLength: 1, maxLength: 128 })
    .text('customSuffix', CustomSuffix, { pattern: namePattern, minLength: 1, maxLength: 64 });
  checkDescription(constraints, Description).throwIfViolated();
  const linked = linkedService(service);
  if (linked === undefined)
    throw invalidInput(`${service} is no service that has a service-linked role here.`);
  if (CustomSuffix !== undefined && !linked.hasSuffix) {
    throw invalidInput(`Custom suffix is not allowed for ${service}`);
  }
  const roleName = linkedRoleName(linked, CustomSuffix);
  const key = entityKey(roles, accountId, roleName);
  const role = await state.transact((tx) => {
    if (tx.get(roles, key) !== undefined) {
      throw invalidInput(
        `Service role name ${roleName} has been taken in this account, please try a different suffix.`,
      );
    }
    const record = linkedRole(random, linked, { roleName, description: Description, now });
    tx.put(roles, key, record);
    return record;
  });
  return { Role: newRoleView(state, accountId, role) };
}

/**
 * For the service itself, before it first needs its role. Where the role is there, it is one look-up.
 * @throws {TypeError} the service has no such role.
 */
export async function ensureServiceLinkedRole(
  { state, random, clock }: Pick<IamContext, 'state' | 'random' | 'clock'>,
  accountId: string,
  service: string,
): Promise<void> {
  const linked = linkedService(service);
  if (linked === undefined) throw new TypeError(`${service} has no service-linked role`);
  const key = entityKey(roles, accountId, linked.roleName);
  if (state.get(roles, key) !== undefined) return;
  await state.transact((tx) => {
    if (tx.get(roles, key) !== undefined) return;
    const { roleName, description } = linked;
    tx.put(roles, key, linkedRole(random, linked, { roleName, description, now: clock.now() }));
  });
}

function linkedRole(
  random: Random,
  { service, policyName }: LinkedService,
  of: { readonly roleName: string; readonly description: string | undefined; readonly now: number },
): RoleRecord {
  const trust = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' };
  return {
    roleName: of.roleName,
    path: linkedRolePath(service),
    id: entityId(random, 'AROA'),
    createdAt: wholeSecond(of.now),
    trustPolicy: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
    ...(of.description !== undefined && { description: of.description }),
    maxSessionSeconds: defaultMaxSessionSeconds,
    tags: {},
    inlinePolicies: {},
    attachedPolicies: [`arn:aws:iam::aws:policy/aws-service-role/${policyName}`],
    linkedService: service,
  };
}
