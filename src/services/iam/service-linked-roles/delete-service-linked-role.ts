import type {
  DeleteServiceLinkedRoleCommandInput,
  DeleteServiceLinkedRoleResponse,
  GetServiceLinkedRoleDeletionStatusCommandInput,
  GetServiceLinkedRoleDeletionStatusResponse,
} from '@aws-sdk/client-iam';
import { uuid } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { invalidInput, noSuchEntity } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { prefixOf, type RoleDeletionRecord, roleDeletionKey, roleDeletions } from '../records.ts';
import { removeRole } from '../roles/delete-role.ts';
import { findRole } from '../roles/role-lookup.ts';

/** So many deletions of an account are remembered; the oldest make room. */
const rememberedDeletions = 100;

/**
 * Callers ask afterwards what became of it, as they do of AWS, where it takes its time. Here it is decided at once, in
 * one transaction: the role goes unless its service still has something.
 *
 * @throws {Refusal} NoSuchEntity, InvalidInput (it is linked to no service), ValidationError.
 */
export async function deleteServiceLinkedRole(
  { state, random, linkedResources }: IamContext,
  { RoleName = '' }: DeleteServiceLinkedRoleCommandInput,
  { accountId, now }: Call,
): Promise<DeleteServiceLinkedRoleResponse> {
  checkName(new Constraints(), 'roleName', 'role', RoleName).throwIfViolated();
  const id = uuid(random);
  const taskId = await state.transact((tx) => {
    const role = findRole(tx, accountId, RoleName);
    const { roleName, path, linkedService } = role;
    if (linkedService === undefined) throw invalidInput(`Role ${roleName} is not a service-linked role.`);
    const usage = linkedResources(tx, accountId, linkedService);
    if (usage.length === 0) removeRole(tx, accountId, role);
    const deletion: RoleDeletionRecord = {
      taskId: `task${path}${roleName}/${id}`,
      service: linkedService,
      requestedAt: now,
      usage,
    };
    makeRoom(tx, accountId);
    tx.put(roleDeletions, roleDeletionKey(accountId, id), deletion);
    return deletion.taskId;
  });
  return { DeletionTaskId: taskId };
}

function makeRoom(tx: Transaction, accountId: string): void {
  const oldestFirst = [...tx.list(roleDeletions, prefixOf(roleDeletions, accountId))].sort(
    (a, b) => a.value.requestedAt - b.value.requestedAt,
  );
  const tooMany = Math.max(0, oldestFirst.length - rememberedDeletions + 1);
  for (const { key } of oldestFirst.slice(0, tooMany)) tx.delete(roleDeletions, key);
}

/** @throws {Refusal} NoSuchEntity, ValidationError. */
export function getServiceLinkedRoleDeletionStatus(
  { state }: IamContext,
  { DeletionTaskId = '' }: GetServiceLinkedRoleDeletionStatusCommandInput,
  { accountId }: Call,
): GetServiceLinkedRoleDeletionStatusResponse {
  new Constraints()
    .text('deletionTaskId', DeletionTaskId, { minLength: 1, maxLength: 1000 })
    .throwIfViolated();
  const id = DeletionTaskId.slice(DeletionTaskId.lastIndexOf('/') + 1);
  const deletion = id === '' ? undefined : state.get(roleDeletions, roleDeletionKey(accountId, id));
  if (deletion?.taskId !== DeletionTaskId) {
    throw noSuchEntity(`Deletion task ${DeletionTaskId} cannot be found.`);
  }
  const { service, usage } = deletion;
  if (usage.length === 0) return { Status: 'SUCCEEDED' };
  return {
    Status: 'FAILED',
    Reason: {
      Reason: `The role is needed by resources of ${service}: delete these first.`,
      RoleUsageList: usage.map(({ region, resources }) => ({ Region: region, Resources: [...resources] })),
    },
  };
}
