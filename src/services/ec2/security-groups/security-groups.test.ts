import type { EC2 } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultVpcs, ec2Key } from '../records.ts';
import { accountId, type Ec2Server, region, scope, startEc2Server } from '../testing/ec2-server.ts';
import { putInterface, putVpc } from '../testing/networks.ts';
import { putDefaultGroup } from './default-group.ts';

let server: Ec2Server;
let ec2: EC2;
let vpcId: string;
let defaultVpcId: string;
beforeEach(async () => {
  server = await startEc2Server();
  ec2 = server.ec2;
  vpcId = await putVpc(server.state, scope, 1);
  defaultVpcId = await putVpc(server.state, scope, 2, { isDefault: true });
});
afterEach(() => server[Symbol.asyncDispose]());

const make = async (GroupName: string, more: object = {}) =>
  (await ec2.createSecurityGroup({ GroupName, Description: 'of the pier', VpcId: vpcId, ...more })).GroupId ??
  '';
const shown = async (GroupId: string) =>
  (await ec2.describeSecurityGroups({ GroupIds: [GroupId] })).SecurityGroups?.[0];

describe('CreateSecurityGroup', () => {
  it('makes a group that lets everything out and nothing in', async () => {
    const made = await ec2.createSecurityGroup({
      ...{ GroupName: 'web', Description: 'of the pier', VpcId: vpcId },
      TagSpecifications: [{ ResourceType: 'security-group', Tags: [{ Key: 'Pier', Value: 'nine' }] }],
    });
    const GroupId = made.GroupId ?? '';
    expect(GroupId).toMatch(/^sg-[0-9a-f]{17}$/);
    const SecurityGroupArn = `arn:aws:ec2:${region}:${accountId}:security-group/${GroupId}`;
    const Tags = [{ Key: 'Pier', Value: 'nine' }];
    expect(made).toMatchObject({ SecurityGroupArn, Tags });
    expect(await shown(GroupId)).toEqual({
      ...{ GroupId, GroupName: 'web', Description: 'of the pier', VpcId: vpcId, OwnerId: accountId },
      ...{ SecurityGroupArn, Tags, IpPermissions: [] },
      IpPermissionsEgress: [
        {
          ...{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
          ...{ Ipv6Ranges: [], PrefixListIds: [], UserIdGroupPairs: [] },
        },
      ],
    });
  });

  it('makes it in the default VPC unless another is named', async () => {
    const { GroupId = '' } = await ec2.createSecurityGroup({ GroupName: 'web', Description: 'd' });
    expect(await shown(GroupId)).toMatchObject({ VpcId: defaultVpcId });
    // Somebody has deleted the one there.
    const there = { accountId, region: 'us-east-1' };
    await server.state.transact((tx) =>
      tx.put(defaultVpcs, ec2Key(defaultVpcs, there, 'made'), { madeAt: 0 }),
    );
    await expect(
      server.in('us-east-1').createSecurityGroup({ GroupName: 'web', Description: 'd' }),
    ).rejects.toMatchObject({ name: 'VPCIdNotSpecified' });
  });

  it('gives a name once in a VPC, however many ask at once', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => make('web')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(make('web')).rejects.toMatchObject({
      name: 'InvalidGroup.Duplicate',
      message: `The security group 'web' already exists for VPC '${vpcId}'`,
    });
    await make('web', { VpcId: defaultVpcId });
    await make('Web');
  });

  it.each([
    [{ GroupName: 'sg-web' }, 'InvalidParameterValue', 'Group names may not be in the format sg-*'],
    [{ GroupName: 'default' }, 'InvalidParameterValue', 'Cannot use reserved security group name: default'],
    [{ GroupName: 'wéb' }, 'InvalidParameterValue', 'Invalid security group name'],
    [{ GroupName: 'w'.repeat(256) }, 'InvalidParameterValue', 'Invalid security group name'],
    [{ Description: 'a "quoted" one' }, 'InvalidParameterValue', 'Invalid security group description'],
    [{ Description: '' }, 'MissingParameter', 'GroupDescription'],
    [{ VpcId: 'vpc-00000000' }, 'InvalidVpcID.NotFound', "The vpc ID 'vpc-00000000' does not exist"],
    [{ VpcId: 'x' }, 'InvalidVpcID.Malformed', 'expecting "vpc-..."'],
    [
      { TagSpecifications: [{ ResourceType: 'vpc', Tags: [] }] },
      'InvalidParameterValue',
      "'vpc' is not a valid taggable resource type for this operation.",
    ],
  ] as const)('refuses %o', async (bent, name, message) => {
    await expect(make('web', bent)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
  });
});

describe('DeleteSecurityGroup', () => {
  it('deletes a group and sets its name free', async () => {
    const GroupId = await make('web');
    expect(await ec2.deleteSecurityGroup({ GroupId })).toMatchObject({ Return: true, GroupId });
    await expect(shown(GroupId)).rejects.toMatchObject({
      name: 'InvalidGroup.NotFound',
      message: `The security group '${GroupId}' does not exist`,
    });
    await make('web');
  });

  it('takes names in the default VPC', async () => {
    const GroupId = await make('web', { VpcId: defaultVpcId });
    expect(await ec2.deleteSecurityGroup({ GroupName: 'web' })).toMatchObject({ GroupId });
    await expect(ec2.deleteSecurityGroup({ GroupName: 'web' })).rejects.toMatchObject({
      name: 'InvalidGroup.NotFound',
      message: `The security group 'web' does not exist in default VPC '${defaultVpcId}'`,
    });
    await expect(ec2.deleteSecurityGroup({})).rejects.toMatchObject({ name: 'MissingParameter' });
    await expect(ec2.deleteSecurityGroup({ GroupId: '' })).rejects.toMatchObject({
      message: 'Value () for parameter groupId is invalid. The value cannot be empty',
    });
  });

  it('refuses one that an interface carries or another group’s rules name', async () => {
    const [web, peer] = [await make('web'), await make('peer')];
    const refusal = {
      name: 'DependencyViolation',
      message: `resource ${web} has a dependent object`,
    };
    const IpPermissions = [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: web }] }];
    await ec2.authorizeSecurityGroupIngress({ GroupId: web, IpPermissions });
    await ec2.authorizeSecurityGroupIngress({ GroupId: peer, IpPermissions });
    await expect(ec2.deleteSecurityGroup({ GroupId: web })).rejects.toMatchObject(refusal);
    await ec2.revokeSecurityGroupIngress({ GroupId: peer, IpPermissions });
    await putInterface(server.state, scope, 1, { vpcId, subnetId: 'subnet-1', securityGroupIds: [web] });
    await expect(ec2.deleteSecurityGroup({ GroupId: web })).rejects.toMatchObject(refusal);
  });

  it('refuses the default group', async () => {
    const { id } = await server.state.transact((tx) =>
      putDefaultGroup(tx, server.context.random, scope, vpcId),
    );
    await expect(ec2.deleteSecurityGroup({ GroupId: id })).rejects.toMatchObject({
      name: 'CannotDelete',
      message: `the specified group: "${id}" name: "default" cannot be deleted by a user`,
    });
    expect(await shown(id)).toMatchObject({
      Description: 'default VPC security group',
      IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: id, UserId: accountId }] }],
      IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    });
  });

  it('and a rule that comes to name it never miss each other', async () => {
    for (let round = 0; round < 10; round++) {
      const [web, peer] = [await make(`web${round}`), await make(`peer${round}`)];
      const IpPermissions = [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: web }] }];
      const [authorized, deleted] = await Promise.allSettled([
        ec2.authorizeSecurityGroupIngress({ GroupId: peer, IpPermissions }),
        ec2.deleteSecurityGroup({ GroupId: web }),
      ]);
      expect([authorized.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
    }
  });
});

describe('DescribeSecurityGroups', () => {
  const names = async (input: object) =>
    (await ec2.describeSecurityGroups(input)).SecurityGroups?.map(({ GroupName }) => GroupName).sort();

  it('filters by what groups and their rules are', async () => {
    const web = await make('web', {
      TagSpecifications: [{ ResourceType: 'security-group', Tags: [{ Key: 'Pier', Value: 'nine' }] }],
    });
    const db = await make('db', { Description: 'of the cellar' });
    await make('other', { VpcId: defaultVpcId });
    await ec2.authorizeSecurityGroupIngress({
      GroupId: db,
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5433, UserIdGroupPairs: [{ GroupId: web }] },
        { IpProtocol: 'udp', FromPort: 53, ToPort: 53, Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }] },
      ],
    });
    await ec2.authorizeSecurityGroupEgress({
      GroupId: web,
      IpPermissions: [{ IpProtocol: 'icmp', FromPort: 8, ToPort: -1, IpRanges: [{ CidrIp: '10.1.0.0/16' }] }],
    });
    const by = (Name: string, ...Values: string[]) => names({ Filters: [{ Name, Values }] });
    expect(await by('description', '*cellar')).toEqual(['db']);
    expect(await by('group-id', web, db)).toEqual(['db', 'web']);
    expect(await by('group-name', 'w?b')).toEqual(['web']);
    expect(await by('owner-id', accountId)).toEqual(['db', 'other', 'web']);
    expect(await by('vpc-id', defaultVpcId)).toEqual(['other']);
    expect(await by('tag:Pier', 'nine')).toEqual(['web']);
    expect(await by('tag-key', 'Pier')).toEqual(['web']);
    expect(await by('ip-permission.from-port', '5432')).toEqual(['db']);
    expect(await by('ip-permission.to-port', '5433')).toEqual(['db']);
    expect(await by('ip-permission.protocol', 'udp')).toEqual(['db']);
    expect(await by('ip-permission.group-id', web)).toEqual(['db']);
    expect(await by('ip-permission.group-name', 'web')).toEqual(['db']);
    expect(await by('ip-permission.user-id', accountId)).toEqual(['db']);
    expect(await by('ip-permission.ipv6-cidr', '2001:db8::/32')).toEqual(['db']);
    expect(await by('ip-permission.cidr', '0.0.0.0/0')).toEqual([]);
    expect(await by('egress.ip-permission.cidr', '10.1.0.0/16')).toEqual(['web']);
    expect(await by('egress.ip-permission.from-port', '8')).toEqual(['web']);
    // Of two filters each may match another rule.
    const Filters = [
      { Name: 'ip-permission.protocol', Values: ['tcp'] },
      { Name: 'ip-permission.to-port', Values: ['53'] },
    ];
    expect(await names({ Filters })).toEqual(['db']);
    await expect(by('colour', 'red')).rejects.toMatchObject({ message: "The filter 'colour' is invalid" });
  });

  it('takes names in the default VPC, and pages', async () => {
    await make('web', { VpcId: defaultVpcId });
    await make('web');
    expect(await names({ GroupNames: ['web'] })).toEqual(['web']);
    await expect(names({ GroupNames: ['none'] })).rejects.toMatchObject({ name: 'InvalidGroup.NotFound' });
    for (let index = 0; index < 6; index++) await make(`g${index}`);
    const first = await ec2.describeSecurityGroups({ MaxResults: 5 });
    expect(first.SecurityGroups).toHaveLength(5);
    const { NextToken = '' } = first;
    const second = await ec2.describeSecurityGroups({ MaxResults: 5, NextToken });
    expect(second.SecurityGroups).toHaveLength(3);
    expect(second.NextToken).toBeUndefined();
  });
});

describe('what reaches beyond a VPC', () => {
  it('GetSecurityGroupsForVpc lists its own groups', async () => {
    const GroupId = await make('web');
    await make('other', { VpcId: defaultVpcId });
    const { SecurityGroupForVpcs } = await ec2.getSecurityGroupsForVpc({ VpcId: vpcId });
    expect(SecurityGroupForVpcs).toEqual([
      {
        ...{ GroupId, GroupName: 'web', Description: 'of the pier', OwnerId: accountId },
        ...{ PrimaryVpcId: vpcId, Tags: [] },
      },
    ]);
    await expect(ec2.getSecurityGroupsForVpc({ VpcId: 'vpc-00000000' })).rejects.toMatchObject({
      name: 'InvalidVpcID.NotFound',
    });
  });

  it('DescribeSecurityGroupReferences and DescribeStaleSecurityGroups know their groups and VPCs', async () => {
    const id = await make('web');
    expect((await ec2.describeSecurityGroupReferences({ GroupId: [id] })).SecurityGroupReferenceSet).toEqual(
      [],
    );
    expect((await ec2.describeStaleSecurityGroups({ VpcId: vpcId })).StaleSecurityGroupSet).toEqual([]);
    await expect(ec2.describeSecurityGroupReferences({ GroupId: ['sg-00000000'] })).rejects.toMatchObject({
      name: 'InvalidGroup.NotFound',
    });
    await expect(ec2.describeStaleSecurityGroups({ VpcId: 'vpc-00000000' })).rejects.toMatchObject({
      name: 'InvalidVpcID.NotFound',
    });
  });
});
