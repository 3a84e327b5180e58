import { Refusal } from '../../../protocols/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import { ec2Refusal, invalidParameterValue } from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { kinds } from '../kinds.ts';
import {
  ec2Key,
  type NetworkInterfaceRecord,
  networkInterfaces,
  type Scope,
  type SecurityGroupRecord,
} from '../records.ts';

/** What a service keeps for itself, whatever policies say. */
export const notYours = (): Refusal =>
  new Refusal('AuthFailure', 'You do not have permission to access the specified resource.', { status: 400 });

/**
 * An interface that its account may change: not a service's.
 * @throws AuthFailure, InvalidNetworkInterfaceID.NotFound, InvalidNetworkInterfaceId.Malformed, MissingParameter
 */
export function requireOwnInterface(
  tx: Transaction,
  scope: Scope,
  id: string | undefined,
): NetworkInterfaceRecord {
  const found = requireRecord(tx, scope, kinds.networkInterface, id, 'NetworkInterfaceId');
  if (found.requesterId !== undefined) throw notYours();
  return found;
}

export function putInterface(tx: Transaction, scope: Scope, record: NetworkInterfaceRecord): void {
  tx.put(networkInterfaces, ec2Key(networkInterfaces, scope, record.id), record);
}

const maxDescriptionLength = 255;

/** @throws InvalidParameterValue */
export function checkDescription(description = ''): string {
  if (description.length > maxDescriptionLength)
    throw invalidParameterValue(`The description may have ${maxDescriptionLength} characters at most.`);
  return description;
}

/** "Security groups per network interface" (Amazon VPC quotas). */
const maxGroups = 5;

/**
 * The groups that an interface is to be in, each once.
 * @param refuseOther For a group of another VPC.
 * @throws InvalidGroup.NotFound, InvalidGroupId.Malformed, SecurityGroupsPerInterfaceLimitExceeded
 */
export function requireGroups(
  tx: Transaction,
  scope: Scope,
  vpcId: string,
  ids: readonly string[],
  refuseOther: (group: SecurityGroupRecord) => Refusal,
): readonly string[] {
  const unique = [...new Set(ids)];
  for (const id of unique) {
    const group = requireRecord(tx, scope, kinds.securityGroup, id, 'SecurityGroupId.1');
    if (group.vpcId !== vpcId) throw refuseOther(group);
  }
  if (unique.length > maxGroups) {
    throw ec2Refusal(
      'SecurityGroupsPerInterfaceLimitExceeded',
      'The maximum number of security groups per interface has been reached.',
    );
  }
  return unique;
}

/** The largest number that any instance type has; one that is attached to an instance may have fewer. */
const maxAddresses = 50;

/** Prefixes count as one address each. @throws PrivateIpAddressLimitExceeded */
export function checkAddressCount(count: number): void {
  if (count > maxAddresses)
    throw ec2Refusal('PrivateIpAddressLimitExceeded', 'Number of private addresses will exceed limit.');
}
