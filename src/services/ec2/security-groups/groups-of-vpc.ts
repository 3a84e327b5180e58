import type {
  DescribeSecurityGroupReferencesCommandInput,
  DescribeSecurityGroupReferencesResult,
  DescribeStaleSecurityGroupsCommandInput,
  DescribeStaleSecurityGroupsResult,
  GetSecurityGroupsForVpcCommandInput,
  GetSecurityGroupsForVpcResult,
} from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { missingParameter } from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { type FilterTable, readFilters } from '../input/filters.ts';
import { pageOf } from '../input/pages.ts';
import { tagList } from '../input/tags.ts';
import { kinds } from '../kinds.ts';
import { type SecurityGroupRecord, securityGroups } from '../records.ts';

/**
 * The groups that interfaces of a VPC can carry: its own.
 * @throws {Refusal} InvalidVpcID.NotFound, InvalidParameterValue and the like.
 */
export function getSecurityGroupsForVpc(
  { state }: Ec2Context,
  input: GetSecurityGroupsForVpcCommandInput,
  call: Call,
): GetSecurityGroupsForVpcResult {
  const filters: FilterTable<SecurityGroupRecord> = {
    'group-id': ({ id }) => id,
    'group-name': ({ name }) => name,
    description: ({ description }) => description,
    'owner-id': () => call.accountId,
    'primary-vpc-id': ({ vpcId }) => vpcId,
  };
  const isWanted = readFilters(input.Filters, filters, ({ tags }) => tags);
  const vpc = requireRecord(state, call, kinds.vpc, input.VpcId, 'VpcId');
  const found = state.byIndex(securityGroups, 'vpc', vpc.id).filter(({ value }) => isWanted(value));
  const { items, nextToken } = pageOf(found, ({ value }) => value.id, input);
  return {
    SecurityGroupForVpcs: items.map(({ value: { id, name, description, vpcId, tags } }) => ({
      ...{ GroupId: id, GroupName: name, Description: description, PrimaryVpcId: vpcId },
      ...{ OwnerId: call.accountId, Tags: tagList(tags) },
    })),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

/**
 * The VPCs at the other ends of peerings whose groups' rules name a group. As rules name groups of their own VPC alone,
 * a group that is there has none.
 * @throws {Refusal} InvalidGroup.NotFound, MissingParameter
 */
export function describeSecurityGroupReferences(
  { state }: Ec2Context,
  { GroupId = [] }: DescribeSecurityGroupReferencesCommandInput,
  call: Call,
): DescribeSecurityGroupReferencesResult {
  if (GroupId.length === 0) throw missingParameter('GroupId');
  for (const id of GroupId) requireRecord(state, call, kinds.securityGroup, id, 'GroupId.1');
  return { SecurityGroupReferenceSet: [] };
}

/**
 * Groups of a VPC whose rules name a group that is gone, or beyond a peering that is. A group that rules name can't be
 * deleted, so there are none.
 * @throws {Refusal} InvalidVpcID.NotFound, InvalidParameterValue
 */
export function describeStaleSecurityGroups(
  { state }: Ec2Context,
  input: DescribeStaleSecurityGroupsCommandInput,
  call: Call,
): DescribeStaleSecurityGroupsResult {
  requireRecord(state, call, kinds.vpc, input.VpcId, 'VpcId');
  pageOf([], String, input);
  return { StaleSecurityGroupSet: [] };
}
