import type { CreateSecurityGroupCommandInput, CreateSecurityGroupResult } from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import { resourceArn } from '../arn.ts';
import type { Ec2Context } from '../context.ts';
import { invalidParameterValue, invalidValue, missingParameter } from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { readTagSpecifications, tagList } from '../input/tags.ts';
import { kinds } from '../kinds.ts';
import { checkDescription } from './asked-rules.ts';
import { defaultGroupName, requireDefaultVpc } from './group-lookup.ts';
import { putNewGroup } from './new-group.ts';

const namePattern = /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/;

/**
 * In the default VPC unless another is named.
 * @throws {Refusal} InvalidGroup.Duplicate, InvalidVpcID.NotFound, VPCIdNotSpecified, SecurityGroupLimitExceeded,
 * InvalidParameterValue, MissingParameter
 */
export async function createSecurityGroup(
  { state, random }: Ec2Context,
  { GroupName, Description, VpcId, TagSpecifications }: CreateSecurityGroupCommandInput,
  call: Call,
): Promise<CreateSecurityGroupResult> {
  // AWS drops the spaces around it.
  const name = GroupName?.trim();
  if (name === undefined || name === '') throw missingParameter('GroupName');
  if (Description === undefined || Description === '') throw missingParameter('GroupDescription');
  checkName(name);
  checkDescription('security group', Description);
  const tags = readTagSpecifications(TagSpecifications, 'security-group');
  const group = await state.transact((tx) => {
    const vpc =
      VpcId === undefined ? requireDefaultVpc(tx, call) : requireRecord(tx, call, kinds.vpc, VpcId, 'VpcId');
    return putNewGroup(tx, random, call, { name, description: Description, vpcId: vpc.id, tags });
  });
  return {
    GroupId: group.id,
    Tags: tagList(group.tags),
    SecurityGroupArn: resourceArn(call, 'security-group', group.id),
  };
}

function checkName(name: string): void {
  if (name.startsWith('sg-')) {
    throw invalidValue(name, 'GroupName', 'Group names may not be in the format sg-*');
  }
  if (name === defaultGroupName) {
    throw invalidParameterValue(`Cannot use reserved security group name: ${defaultGroupName}`);
  }
  if (!namePattern.test(name)) {
    throw invalidParameterValue(
      'Invalid security group name. Valid names are strings less than 256 characters from the following set:  ' +
        'a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*',
    );
  }
}
