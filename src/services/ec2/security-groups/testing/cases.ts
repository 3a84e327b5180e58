import { EC2 } from '@aws-sdk/client-ec2';
import type { State } from '../../../../reconcile/index.ts';
import { accountId } from '../../../iam/testing/iam-server.ts';
import type { Case } from '../../../testing/authorization-suite.ts';
import type { ClientSettings } from '../../../testing/guarded.ts';
import { putVpc } from '../../testing/networks.ts';

export interface GroupsWorld {
  readonly vpcId: string;
  /** Named `quay`, in the default VPC. */
  readonly groupId: string;
  readonly ruleId: string;
}

const team = [{ Key: 'team', Value: 'blue' }];

/** A tagged group with a tagged rule, in a tagged default VPC. */
export async function buildGroups(root: ClientSettings, state: State): Promise<GroupsWorld> {
  const { region } = root;
  const vpcId = await putVpc(state, { accountId, region }, 70, { isDefault: true, tags: { team: 'blue' } });
  const ec2 = new EC2(root);
  const { GroupId: groupId = '' } = await ec2.createSecurityGroup({
    ...{ GroupName: 'quay', Description: 'd' },
    TagSpecifications: [{ ResourceType: 'security-group', Tags: team }],
  });
  const { SecurityGroupRules = [] } = await ec2.authorizeSecurityGroupIngress({
    ...{ GroupId: groupId, IpProtocol: '-1', CidrIp: '10.0.0.0/8' },
    TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: team }],
  });
  ec2.destroy();
  return { vpcId, groupId, ruleId: SecurityGroupRules[0]?.SecurityGroupRuleId ?? '' };
}

export function groupCases(region: string, world: GroupsWorld): Readonly<Record<string, Case>> {
  const { vpcId, groupId: GroupId, ruleId } = world;
  const arn = (resource: string) => `arn:aws:ec2:${region}:${accountId}:${resource}`;
  const inRegion = { 'ec2:Region': region };
  const tagged = { ...inRegion, 'aws:ResourceTag/team': 'blue', 'ec2:ResourceTag/team': 'blue' };
  const tagging = { ...inRegion, 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };
  const any = { on: ['*'], keys: inRegion };
  const onGroup = {
    on: [arn(`security-group/${GroupId}`)],
    keys: { ...tagged, 'ec2:SecurityGroupID': GroupId, 'ec2:Vpc': arn(`vpc/${vpcId}`) },
  };
  const specifies = (ResourceType: 'security-group' | 'security-group-rule') => ({
    TagSpecifications: [{ ResourceType, Tags: [{ Key: 'Pier', Value: 'nine' }] }],
  });
  const alsoTags = (operation: string, on: string) => [
    { action: 'ec2:CreateTags', on, keys: { ...tagging, 'ec2:CreateAction': operation } },
  ];
  const rules = arn('security-group-rule/*');
  return {
    CreateSecurityGroup: {
      input: {
        ...{ GroupName: 'lock', Description: 'd', VpcId: vpcId },
        ...specifies('security-group'),
      },
      on: [arn(`vpc/${vpcId}`), arn('security-group/*')],
      keys: tagging,
      besides: alsoTags('CreateSecurityGroup', arn('security-group/*')),
    },
    DeleteSecurityGroup: { input: { GroupName: 'quay' }, ...onGroup },
    DescribeSecurityGroups: { input: {}, ...any },
    AuthorizeSecurityGroupIngress: { input: { GroupId, IpPermissions: [] }, ...onGroup },
    AuthorizeSecurityGroupEgress: {
      input: { GroupId, IpPermissions: [], ...specifies('security-group-rule') },
      ...{ on: [...onGroup.on, rules], keys: tagging },
      besides: alsoTags('AuthorizeSecurityGroupEgress', rules),
    },
    RevokeSecurityGroupIngress: { input: { GroupName: 'quay', IpPermissions: [] }, ...onGroup },
    RevokeSecurityGroupEgress: { input: { GroupId, IpPermissions: [] }, ...onGroup },
    ModifySecurityGroupRules: {
      input: {
        GroupId,
        SecurityGroupRules: [
          { SecurityGroupRuleId: ruleId, SecurityGroupRule: { PrefixListId: 'pl-00000000' } },
        ],
      },
      on: [arn('prefix-list/pl-00000000'), ...onGroup.on, arn(`security-group-rule/${ruleId}`)],
      keys: tagged,
    },
    DescribeSecurityGroupRules: { input: {}, ...any },
    UpdateSecurityGroupRuleDescriptionsIngress: { input: { GroupId }, ...onGroup },
    UpdateSecurityGroupRuleDescriptionsEgress: { input: { GroupId }, ...onGroup },
    DescribeSecurityGroupReferences: { input: { GroupId: [GroupId] }, ...any },
    DescribeStaleSecurityGroups: { input: { VpcId: vpcId }, ...any },
    GetSecurityGroupsForVpc: {
      input: { VpcId: vpcId },
      on: [arn(`vpc/${vpcId}`)],
      keys: { ...tagged, 'ec2:VpcID': vpcId, 'ec2:Tenancy': 'default' },
    },
  };
}

const inRegion = ['ec2:Region'];
const made = [...inRegion, 'aws:RequestTag', 'aws:TagKeys'];
const tagged = [...inRegion, 'aws:ResourceTag', 'ec2:ResourceTag'];
const onGroup = [...tagged, 'ec2:SecurityGroupID', 'ec2:Vpc'];

/** See `listedKeys` of the suite. A group that is being made has no id yet. */
export const groupKeys: Readonly<Record<string, readonly string[]>> = {
  CreateSecurityGroup: made,
  DeleteSecurityGroup: onGroup,
  DescribeSecurityGroups: inRegion,
  AuthorizeSecurityGroupIngress: onGroup,
  AuthorizeSecurityGroupEgress: made,
  RevokeSecurityGroupIngress: onGroup,
  RevokeSecurityGroupEgress: onGroup,
  ModifySecurityGroupRules: tagged,
  DescribeSecurityGroupRules: inRegion,
  UpdateSecurityGroupRuleDescriptionsIngress: onGroup,
  UpdateSecurityGroupRuleDescriptionsEgress: onGroup,
  DescribeSecurityGroupReferences: inRegion,
  DescribeStaleSecurityGroups: inRegion,
  GetSecurityGroupsForVpc: [...tagged, 'ec2:VpcID', 'ec2:Tenancy'],
};
