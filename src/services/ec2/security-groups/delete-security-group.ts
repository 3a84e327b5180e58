import type { DeleteSecurityGroupCommandInput, DeleteSecurityGroupResult } from '@aws-sdk/client-ec2';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { dependencyViolation, ec2Refusal } from '../errors.ts';
import {
  ec2Key,
  networkInterfaces,
  type Scope,
  type SecurityGroupRecord,
  securityGroups,
  subnetCursors,
  subnets,
} from '../records.ts';
import { defaultGroupName, requireGroup } from './group-lookup.ts';
import { removeGroup } from './new-group.ts';

/**
 * Rules of its own may name it.
 * @throws {Refusal} InvalidGroup.NotFound, CannotDelete (the default group), DependencyViolation: an interface carries it,
 * or another group's rules name it.
 */
export async function deleteSecurityGroup(
  { state }: Ec2Context,
  input: DeleteSecurityGroupCommandInput,
  call: Call,
): Promise<DeleteSecurityGroupResult> {
  const groupId = await state.transact((tx) => {
    const group = requireGroup(tx, call, input);
    if (group.name === defaultGroupName) {
      throw ec2Refusal(
        'CannotDelete',
        `the specified group: "${group.id}" name: "${group.name}" cannot be deleted by a user`,
      );
    }
    if (isGroupUsed(tx, call, group)) {
      throw dependencyViolation(`resource ${group.id} has a dependent object`);
    }
    removeGroup(tx, call, group);
    return group.id;
  });
  return { Return: true, GroupId: groupId };
}

/**
 * Reads all that could come to use the group while it is being deleted, so that its use and its deletion can't miss each
 * other: groups, interfaces, and what a new interface writes, its subnet's cursor.
 */
export function isGroupUsed(tx: Transaction, scope: Scope, { id, vpcId }: SecurityGroupRecord): boolean {
  for (const { key } of tx.byIndex(securityGroups, 'vpc', vpcId)) tx.get(securityGroups, key);
  for (const { key } of tx.byIndex(networkInterfaces, 'vpc', vpcId)) tx.get(networkInterfaces, key);
  for (const { value } of tx.byIndex(subnets, 'vpc', vpcId)) {
    tx.get(subnetCursors, ec2Key(subnetCursors, scope, value.id));
  }
  return (
    tx.countByIndex(networkInterfaces, 'securityGroup', id) > 0 ||
    tx.countByIndex(securityGroups, 'referenced', id) > 0
  );
}
