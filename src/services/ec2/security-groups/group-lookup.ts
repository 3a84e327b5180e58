import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { ec2Refusal, invalidParameterCombination, invalidValue, missingParameter, shown } from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { kinds } from '../kinds.ts';
import {
  ec2Key,
  type Scope,
  type SecurityGroupRecord,
  securityGroupNames,
  type VpcRecord,
} from '../records.ts';
import { defaultVpcOf } from '../vpcs/vpc-lookup.ts';

/** How a request names a group: by id, or by name in the default VPC. */
export interface NamedGroup {
  readonly GroupId?: string | undefined;
  readonly GroupName?: string | undefined;
}

export const defaultGroupName = 'default';

/** @throws {Refusal} InvalidGroup.NotFound, InvalidGroupId.Malformed, VPCIdNotSpecified, MissingParameter and the like. */
export function requireGroup(
  reader: Reader | Transaction,
  scope: Scope,
  { GroupId, GroupName }: NamedGroup,
): SecurityGroupRecord {
  if (GroupId === '') throw invalidValue('', 'groupId', 'The value cannot be empty');
  if (GroupId !== undefined) {
    if (GroupName !== undefined) {
      throw invalidParameterCombination('The parameter GroupName cannot be used with the parameter GroupId');
    }
    return requireRecord(reader, scope, kinds.securityGroup, GroupId, 'GroupId');
  }
  if (GroupName === undefined) throw missingParameter('groupName or groupId');
  return requireGroupByName(reader, scope, GroupName);
}

/** In the default VPC. @throws {Refusal} InvalidGroup.NotFound, VPCIdNotSpecified */
export function requireGroupByName(
  reader: Reader | Transaction,
  scope: Scope,
  name: string,
): SecurityGroupRecord {
  const vpcId = requireDefaultVpc(reader, scope).id;
  const taken = reader.get(securityGroupNames, groupNameKey(scope, vpcId, name));
  if (taken === undefined) {
    throw ec2Refusal(
      'InvalidGroup.NotFound',
      `The security group '${shown(name)}' does not exist in default VPC '${vpcId}'`,
    );
  }
  return requireRecord(reader, scope, kinds.securityGroup, taken.groupId, 'GroupId');
}

/** @throws {Refusal} VPCIdNotSpecified */
export function requireDefaultVpc(reader: Reader | Transaction, scope: Scope): VpcRecord {
  const found = defaultVpcOf(reader, scope);
  if (found === undefined) {
    throw ec2Refusal(
      'VPCIdNotSpecified',
      'No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.',
    );
  }
  return found;
}

export const groupNameKey = (scope: Scope, vpcId: string, name: string) =>
  ec2Key(securityGroupNames, scope, vpcId, encodeURIComponent(name));
