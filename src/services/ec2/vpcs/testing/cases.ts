import * as sdk from '@aws-sdk/client-ec2';
import { accountId } from '../../../iam/testing/iam-server.ts';
import type { Case } from '../../../testing/authorization-suite.ts';
import { type ClientSettings, region } from '../../../testing/guarded.ts';

/** What the cases are about: everything of team blue. */
export interface VpcWorld {
  readonly vpcId: string;
  readonly cidrAssociationId: string;
  readonly subnetId: string;
  readonly dhcpOptionsId: string;
}

export async function buildVpcs(root: ClientSettings): Promise<VpcWorld> {
  const ec2 = new sdk.EC2(root);
  const tagged = <const Type extends sdk.ResourceType>(ResourceType: Type) => ({
    TagSpecifications: [{ ResourceType, Tags: [{ Key: 'team', Value: 'blue' }] }],
  });
  const { Vpc } = await ec2.createVpc({ CidrBlock: '10.0.0.0/16', ...tagged('vpc') });
  const VpcId = Vpc?.VpcId ?? '';
  const { Subnet } = await ec2.createSubnet({
    ...{ VpcId, CidrBlock: '10.0.0.0/24', AvailabilityZone: `${region}b` },
    ...tagged('subnet'),
  });
  const { DhcpOptions } = await ec2.createDhcpOptions({
    DhcpConfigurations: [{ Key: 'domain-name', Values: ['harbor.example'] }],
    ...tagged('dhcp-options'),
  });
  ec2.destroy();
  return {
    vpcId: VpcId,
    cidrAssociationId: Vpc?.CidrBlockAssociationSet?.[0]?.AssociationId ?? '',
    subnetId: Subnet?.SubnetId ?? '',
    dhcpOptionsId: DhcpOptions?.DhcpOptionsId ?? '',
  };
}

const arn = (resource: string) => `arn:aws:ec2:${region}:${accountId}:${resource}`;
const inRegion = { 'ec2:Region': region };
const any = { on: ['*'], keys: inRegion };
const blue = { ...inRegion, 'aws:ResourceTag/team': 'blue', 'ec2:ResourceTag/team': 'blue' };
const tags = [{ Key: 'pier', Value: 'north' }];
const tagging = { 'aws:RequestTag/pier': 'north', 'aws:TagKeys': ['pier'] };

/** Of an operation that makes something: with tags, which ask for `ec2:CreateTags` besides. */
const making = (
  operation: string,
  type: sdk.ResourceType,
  input: object,
  using: readonly string[] = [],
): Case => ({
  input: { ...input, TagSpecifications: [{ ResourceType: type, Tags: tags }] },
  on: [...using, arn(`${type}/*`)],
  keys: { ...inRegion, ...tagging },
  besides: [
    {
      ...{ action: 'ec2:CreateTags', on: arn(`${type}/*`) },
      keys: { ...inRegion, ...tagging, 'ec2:CreateAction': operation },
    },
  ],
});

/** Of VPCs, subnets, DHCP options, network ACLs, tags, and what belongs to no topic. */
export function vpcCases({
  vpcId,
  cidrAssociationId,
  subnetId,
  dhcpOptionsId,
}: VpcWorld): Readonly<Record<string, Case>> {
  const vpc = {
    on: [arn(`vpc/${vpcId}`)],
    keys: { ...blue, 'ec2:VpcID': vpcId, 'ec2:Tenancy': 'default' },
  };
  const subnet = {
    on: [arn(`subnet/${subnetId}`)],
    keys: {
      ...{ ...blue, 'ec2:SubnetID': subnetId, 'ec2:Vpc': arn(`vpc/${vpcId}`) },
      ...{ 'ec2:AvailabilityZone': `${region}b`, 'ec2:AvailabilityZoneId': 'euw1-az2' },
    },
  };
  const dhcpOptions = {
    on: [arn(`dhcp-options/${dhcpOptionsId}`)],
    keys: { ...blue, 'ec2:DhcpOptionsID': dhcpOptionsId },
  };
  return {
    AssociateDhcpOptions: {
      input: { DhcpOptionsId: dhcpOptionsId, VpcId: vpcId },
      ...{ on: [...dhcpOptions.on, ...vpc.on], keys: vpc.keys },
    },
    AssociateVpcCidrBlock: { input: { VpcId: vpcId, CidrBlock: '10.1.0.0/16' }, ...vpc },
    CreateDefaultSubnet: { input: { AvailabilityZone: `${region}a` }, ...any },
    CreateDefaultVpc: { input: {}, ...any },
    CreateDhcpOptions: making('CreateDhcpOptions', 'dhcp-options', {
      DhcpConfigurations: [{ Key: 'domain-name', Values: ['harbor.example'] }],
    }),
    CreateSubnet: making('CreateSubnet', 'subnet', { VpcId: vpcId, CidrBlock: '10.0.1.0/24' }, vpc.on),
    CreateTags: {
      input: { Resources: [subnetId, vpcId], Tags: tags },
      ...{ on: [...subnet.on, ...vpc.on], keys: { ...vpc.keys, ...tagging } },
    },
    CreateVpc: making('CreateVpc', 'vpc', { CidrBlock: '10.8.0.0/16' }),
    DeleteDhcpOptions: { input: { DhcpOptionsId: dhcpOptionsId }, ...dhcpOptions },
    DeleteSubnet: { input: { SubnetId: subnetId }, ...subnet },
    DeleteTags: {
      input: { Resources: [vpcId], Tags: tags },
      ...{ on: vpc.on, keys: { ...blue, ...tagging } },
    },
    DeleteVpc: { input: { VpcId: vpcId }, ...vpc },
    DescribeAccountAttributes: { input: {}, ...any },
    DescribeAvailabilityZones: { input: {}, ...any },
    DescribeDhcpOptions: { input: {}, ...any },
    DescribeInstanceTypeOfferings: { input: {}, ...any },
    DescribeInstanceTypes: { input: {}, ...any },
    DescribeNetworkAcls: { input: {}, ...any },
    DescribeRegions: { input: {}, ...any },
    DescribeSubnets: { input: {}, ...any },
    DescribeTags: { input: {}, ...any },
    DescribeVpcAttribute: { input: { VpcId: vpcId, Attribute: 'enableDnsSupport' }, ...vpc },
    DescribeVpcs: { input: {}, ...any },
    DisassociateVpcCidrBlock: { input: { AssociationId: cidrAssociationId }, ...vpc },
    ModifySubnetAttribute: {
      input: { SubnetId: subnetId, MapPublicIpOnLaunch: { Value: true } },
      on: subnet.on,
      keys: {
        ...{ ...subnet.keys, 'ec2:Attribute': ['MapPublicIpOnLaunch'] },
        'ec2:Attribute/MapPublicIpOnLaunch': 'true',
      },
    },
    ModifyVpcAttribute: {
      input: { VpcId: vpcId, EnableDnsSupport: { Value: false } },
      on: vpc.on,
      keys: {
        ...{ ...vpc.keys, 'ec2:Attribute': ['EnableDnsSupport'] },
        'ec2:Attribute/EnableDnsSupport': 'false',
      },
    },
  };
}

/**
 * Service Authorization Reference, "Actions defined by Amazon EC2", for the last of the resources that a case is on: what
 * AWS lists for resources that are not built, such as IPAM pools, is left out.
 */
const everywhere = ['ec2:Region'];
const there = [...everywhere, 'aws:ResourceTag', 'ec2:ResourceTag'];
const made = [...everywhere, 'aws:RequestTag', 'aws:TagKeys'];
const attribute = 'ec2:Attribute';
const ofVpc = [...there, 'ec2:Tenancy', 'ec2:VpcID'];
const subnetKeys = [
  ...there,
  ...['ec2:AvailabilityZone', 'ec2:AvailabilityZoneId', 'ec2:SubnetID', 'ec2:Vpc'],
];
export const vpcKeys: Readonly<Record<string, readonly string[]>> = {
  AssociateDhcpOptions: ofVpc,
  AssociateVpcCidrBlock: ofVpc,
  CreateDefaultSubnet: everywhere,
  CreateDefaultVpc: everywhere,
  CreateDhcpOptions: [...made, 'ec2:DhcpOptionsID'],
  CreateSubnet: [...made, 'ec2:SubnetID'],
  CreateTags: [...ofVpc, 'aws:RequestTag', 'aws:TagKeys'],
  CreateVpc: [...made, 'ec2:VpcID'],
  DeleteDhcpOptions: [...there, 'ec2:DhcpOptionsID'],
  DeleteSubnet: subnetKeys,
  DeleteTags: [...there, 'aws:RequestTag', 'aws:TagKeys'],
  DeleteVpc: ofVpc,
  DescribeAccountAttributes: everywhere,
  DescribeAvailabilityZones: everywhere,
  DescribeDhcpOptions: everywhere,
  DescribeInstanceTypeOfferings: everywhere,
  DescribeInstanceTypes: everywhere,
  DescribeNetworkAcls: everywhere,
  DescribeRegions: everywhere,
  DescribeSubnets: everywhere,
  DescribeTags: everywhere,
  DescribeVpcAttribute: ofVpc,
  DescribeVpcs: everywhere,
  DisassociateVpcCidrBlock: ofVpc,
  ModifySubnetAttribute: [...subnetKeys, attribute],
  ModifyVpcAttribute: [...ofVpc, attribute],
};

/** The id of what is not made yet. */
export const vpcWithout: Readonly<Record<string, readonly string[]>> = {
  CreateDhcpOptions: ['ec2:DhcpOptionsID'],
  CreateSubnet: ['ec2:SubnetID'],
  CreateVpc: ['ec2:VpcID'],
};
