import type { EC2, IpPermission } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ec2Key, type PrefixListRecord, prefixLists } from '../records.ts';
import { accountId, type Ec2Server, region, scope, startEc2Server } from '../testing/ec2-server.ts';
import { putVpc } from '../testing/networks.ts';

let server: Ec2Server;
let ec2: EC2;
let vpcId: string;
let defaultVpcId: string;
let GroupId: string;
beforeEach(async () => {
  server = await startEc2Server();
  ec2 = server.ec2;
  vpcId = await putVpc(server.state, scope, 1);
  defaultVpcId = await putVpc(server.state, scope, 2, { isDefault: true });
  GroupId = await make('web');
});
afterEach(() => server[Symbol.asyncDispose]());

const make = async (GroupName: string, VpcId = vpcId) =>
  (await ec2.createSecurityGroup({ GroupName, Description: 'd', VpcId })).GroupId ?? '';
const tcp = (port: number, more: Partial<IpPermission> = {}): IpPermission => ({
  ...{ IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
  ...more,
});
const authorize = (...IpPermissions: IpPermission[]) =>
  ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions });
const shown = async (id = GroupId) =>
  (await ec2.describeSecurityGroups({ GroupIds: [id] })).SecurityGroups?.[0];
const ingress = async () => (await shown())?.IpPermissions;
const rulesShown = async () =>
  (await ec2.describeSecurityGroupRules({ Filters: [{ Name: 'group-id', Values: [GroupId] }] }))
    .SecurityGroupRules ?? [];
const prefixList = 'pl-0123456789abcdef0';
const putPrefixList = (maxEntries: number) =>
  server.state.transact((tx) => {
    const record: PrefixListRecord = {
      ...{
        id: prefixList,
        name: 'offices',
        addressFamily: 'IPv4',
        maxEntries,
        version: 1,
        state: 'create-complete',
      },
      ...{ entries: [], tags: {} },
    };
    tx.put(prefixLists, ec2Key(prefixLists, scope, prefixList), record);
  });

describe('AuthorizeSecurityGroupIngress', () => {
  it('adds a rule for each source and answers with them; describing merges them', async () => {
    const peer = await make('peer');
    await putPrefixList(2);
    const { Return, SecurityGroupRules = [] } = await ec2.authorizeSecurityGroupIngress({
      GroupId,
      IpPermissions: [
        {
          ...{ IpProtocol: 'TCP', FromPort: 80, ToPort: 81 },
          IpRanges: [{ CidrIp: '100.68.0.18/18', Description: 'the quay' }, { CidrIp: '10.0.0.1/32' }],
          Ipv6Ranges: [{ CidrIpv6: '2001:DB8::1/32' }],
          PrefixListIds: [{ PrefixListId: prefixList }],
          UserIdGroupPairs: [{ GroupId: peer, UserId: accountId }],
        },
      ],
      TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: [{ Key: 'Pier', Value: 'nine' }] }],
    });
    expect(Return).toBe(true);
    expect(SecurityGroupRules).toHaveLength(5);
    const [first, , ipv6, list, group] = SecurityGroupRules;
    expect(first).toEqual({
      SecurityGroupRuleId: expect.stringMatching(/^sgr-[0-9a-f]{17}$/),
      SecurityGroupRuleArn: `arn:aws:ec2:${region}:${accountId}:security-group-rule/${first?.SecurityGroupRuleId}`,
      ...{ GroupId, GroupOwnerId: accountId, IsEgress: false, IpProtocol: 'tcp', FromPort: 80, ToPort: 81 },
      ...{ CidrIpv4: '100.68.0.0/18', Description: 'the quay', Tags: [{ Key: 'Pier', Value: 'nine' }] },
    });
    expect(ipv6).toMatchObject({ CidrIpv6: '2001:db8::/32' });
    expect(list).toMatchObject({ PrefixListId: prefixList });
    expect(group).toMatchObject({ ReferencedGroupInfo: { GroupId: peer, UserId: accountId } });
    expect(await ingress()).toEqual([
      {
        ...{ IpProtocol: 'tcp', FromPort: 80, ToPort: 81 },
        IpRanges: [{ CidrIp: '100.68.0.0/18', Description: 'the quay' }, { CidrIp: '10.0.0.1/32' }],
        Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }],
        PrefixListIds: [{ PrefixListId: prefixList }],
        UserIdGroupPairs: [{ GroupId: peer, UserId: accountId }],
      },
    ]);
  });

  it('takes one rule told by its parts', async () => {
    await ec2.authorizeSecurityGroupIngress({
      ...{ GroupId, IpProtocol: 'icmp', FromPort: 8, ToPort: -1, CidrIp: '0.0.0.0/0' },
    });
    expect(await ingress()).toMatchObject([{ IpProtocol: 'icmp', FromPort: 8, ToPort: -1 }]);
    await expect(
      ec2.authorizeSecurityGroupIngress({ GroupId, CidrIp: '0.0.0.0/0', IpPermissions: [tcp(1)] }),
    ).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
  });

  it('takes names in the default VPC; a group alone is let in with all protocols that have ports', async () => {
    const web = await make('web', defaultVpcId);
    const peer = await make('peer', defaultVpcId);
    await ec2.authorizeSecurityGroupIngress({ GroupName: 'web', SourceSecurityGroupName: 'peer' });
    const UserIdGroupPairs = [{ GroupId: peer, UserId: accountId }];
    expect((await shown(web))?.IpPermissions).toMatchObject([
      { IpProtocol: 'tcp', FromPort: 0, ToPort: 65535, UserIdGroupPairs },
      { IpProtocol: 'udp', FromPort: 0, ToPort: 65535, UserIdGroupPairs },
      { IpProtocol: 'icmp', FromPort: -1, ToPort: -1, UserIdGroupPairs },
    ]);
    await expect(
      ec2.authorizeSecurityGroupIngress({ GroupName: 'web', SourceSecurityGroupName: 'peer', FromPort: 1 }),
    ).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
  });

  it.each([
    [{ ...tcp(80), IpRanges: [{ CidrIp: '0.0.0.0/0' }] }, '0.0.0.0/0, TCP, from port: 80, to port: 80'],
    [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '10.1.2.3/8' }] }, '10.0.0.0/8, ALL'],
    [{ IpProtocol: '50', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }, '0.0.0.0/0, protocol: 50'],
  ])('has a rule once: %o', async (permission, told) => {
    await authorize(permission);
    await expect(authorize(tcp(1), permission)).rejects.toMatchObject({
      name: 'InvalidPermission.Duplicate',
      message: `the specified rule "peer: ${told}, ALLOW" already exists`,
    });
    expect(await rulesShown()).toHaveLength(2);
    await expect(authorize(tcp(2), tcp(2))).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: 'The same permission must not appear multiple times',
    });
  });

  it.each([
    [tcp(80, { IpRanges: [] }), 'MissingParameter', 'Source/Destination'],
    [
      tcp(80, { IpRanges: [{ CidrIp: '10.0.0.0' }] }),
      'InvalidParameterValue',
      'CIDR block 10.0.0.0 is malformed',
    ],
    [
      tcp(80, { Ipv6Ranges: [{ CidrIpv6: '::/129' }] }),
      'InvalidParameterValue',
      'CIDR block ::/129 is malformed',
    ],
    [
      tcp(80, { IpRanges: [{ CidrIp: '10.0.0.0/8', Description: '<b>' }] }),
      'InvalidParameterValue',
      'description',
    ],
    [tcp(80, { UserIdGroupPairs: [{ GroupId: 'sg-00000000' }] }), 'InvalidGroup.NotFound', 'sg-00000000'],
    [tcp(80, { UserIdGroupPairs: [{ GroupId: 'web' }] }), 'InvalidGroupId.Malformed', 'expecting "sg-..."'],
    [
      tcp(80, { PrefixListIds: [{ PrefixListId: 'pl-00000000' }] }),
      'InvalidPrefixListID.NotFound',
      'pl-00000000',
    ],
  ])('refuses %o', async (permission, name, message) => {
    await expect(authorize(permission)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
    expect(await rulesShown()).toHaveLength(1);
  });

  it('refuses groups of other VPCs and accounts', async () => {
    const other = await make('other', defaultVpcId);
    await expect(authorize(tcp(80, { UserIdGroupPairs: [{ GroupId: other }] }))).rejects.toMatchObject({
      name: 'InvalidGroup.NotFound',
      message: 'You have specified two resources that belong to different networks.',
    });
    const foreign = { GroupId, UserId: '444455556666' };
    await expect(authorize(tcp(80, { UserIdGroupPairs: [foreign] }))).rejects.toMatchObject({
      name: 'InvalidGroup.NotFound',
    });
  });

  it('keeps within 60 rules for each direction and family; prefix lists count as large as they may become', async () => {
    const blocks = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ CidrIp: `10.0.${at}.0/24` }));
    await authorize(tcp(80, { IpRanges: blocks(60) }));
    await authorize(tcp(80, { IpRanges: [], Ipv6Ranges: [{ CidrIpv6: '::/0' }] }));
    const refusal = {
      name: 'RulesPerSecurityGroupLimitExceeded',
      message: 'The maximum number of rules per security group has been reached.',
    };
    await expect(authorize(tcp(81))).rejects.toMatchObject(refusal);
    await putPrefixList(59);
    const PrefixListIds = [{ PrefixListId: prefixList }];
    const out = (port: number) => ({
      GroupId,
      IpPermissions: [tcp(port, { IpRanges: [], PrefixListIds })],
    });
    await ec2.authorizeSecurityGroupEgress(out(80));
    await expect(ec2.authorizeSecurityGroupEgress(out(81))).rejects.toMatchObject(refusal);
  });

  it('loses none of what many add at once', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, at) => authorize(tcp(at + 1))));
    expect(await ingress()).toHaveLength(40);
  });
});

describe('AuthorizeSecurityGroupEgress', () => {
  it('tells rules in sets alone', async () => {
    await expect(
      ec2.authorizeSecurityGroupEgress({ GroupId, CidrIp: '10.0.0.0/8', IpProtocol: '-1' }),
    ).rejects.toMatchObject({ name: 'UnknownParameter' });
    await expect(ec2.authorizeSecurityGroupEgress({ GroupId })).rejects.toMatchObject({
      name: 'MissingParameter',
    });
    await ec2.authorizeSecurityGroupEgress({ GroupId, IpPermissions: [tcp(80)] });
    expect((await shown())?.IpPermissionsEgress).toHaveLength(2);
  });
});

describe('RevokeSecurityGroupIngress', () => {
  it('takes away what was authorized, described or not', async () => {
    const described = { IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'the quay' }] };
    const { SecurityGroupRules: [rule] = [] } = await authorize(tcp(80, described), tcp(81));
    const { RevokedSecurityGroupRules, ...rest } = await ec2.revokeSecurityGroupIngress({
      ...{ GroupId, IpProtocol: 'tcp', FromPort: 80, ToPort: 80, CidrIp: '10.0.0.0/8' },
    });
    expect(rest).toMatchObject({ Return: true });
    expect(RevokedSecurityGroupRules).toEqual([
      {
        ...{ SecurityGroupRuleId: rule?.SecurityGroupRuleId, GroupId, IsEgress: false, IpProtocol: 'tcp' },
        ...{ FromPort: 80, ToPort: 80, CidrIpv4: '10.0.0.0/8', Description: 'the quay' },
      },
    ]);
    expect(await ingress()).toMatchObject([{ FromPort: 81 }]);
  });

  it('takes ids of rules', async () => {
    const { SecurityGroupRules: [one, other] = [] } = await authorize(tcp(80), tcp(81));
    const ids = (...rules: (string | undefined)[]) => ({
      GroupId,
      SecurityGroupRuleIds: rules.map((id) => id ?? ''),
    });
    await ec2.revokeSecurityGroupIngress(ids(one?.SecurityGroupRuleId));
    expect(await ingress()).toMatchObject([{ FromPort: 81 }]);
    const gone = {
      name: 'InvalidSecurityGroupRuleId.NotFound',
      message: `The security group rule ID '${one?.SecurityGroupRuleId}' does not exist`,
    };
    await expect(
      ec2.revokeSecurityGroupIngress(ids(other?.SecurityGroupRuleId, one?.SecurityGroupRuleId)),
    ).rejects.toMatchObject(gone);
    await expect(ec2.revokeSecurityGroupEgress(ids(other?.SecurityGroupRuleId))).rejects.toMatchObject({
      name: 'InvalidSecurityGroupRuleId.NotFound',
    });
    await expect(ec2.revokeSecurityGroupIngress(ids('sgr-x'))).rejects.toMatchObject({
      name: 'InvalidSecurityGroupRuleId.Malformed',
    });
    await expect(
      ec2.revokeSecurityGroupIngress({ ...ids(other?.SecurityGroupRuleId), IpPermissions: [tcp(81)] }),
    ).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
    await expect(ec2.revokeSecurityGroupIngress({ GroupId })).rejects.toMatchObject({
      name: 'MissingParameter',
      message: "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.",
    });
  });

  it('refuses what is not there; in the default VPC it tells of it and takes the rest', async () => {
    await authorize(tcp(80));
    await expect(
      ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions: [tcp(80), tcp(81)] }),
    ).rejects.toMatchObject({
      name: 'InvalidPermission.NotFound',
      message: 'The specified rule does not exist in this security group.',
    });
    expect(await ingress()).toHaveLength(1);
    const lenient = await make('lenient', defaultVpcId);
    await ec2.authorizeSecurityGroupIngress({ GroupId: lenient, IpPermissions: [tcp(80)] });
    const told = await ec2.revokeSecurityGroupIngress({
      GroupId: lenient,
      IpPermissions: [tcp(80), tcp(81)],
    });
    expect(told).toMatchObject({ Return: true, RevokedSecurityGroupRules: [{ FromPort: 80 }] });
    expect(told.UnknownIpPermissions).toMatchObject([tcp(81)]);
    expect((await shown(lenient))?.IpPermissions).toEqual([]);
  });
});

describe('ModifySecurityGroupRules', () => {
  const modify = (...updates: (readonly [string | undefined, object])[]) =>
    ec2.modifySecurityGroupRules({
      GroupId,
      SecurityGroupRules: updates.map(([SecurityGroupRuleId, SecurityGroupRule]) => ({
        ...{ SecurityGroupRuleId: SecurityGroupRuleId ?? '', SecurityGroupRule },
      })),
    });
  const open = (port: number, more: object = {}) => ({
    ...{ IpProtocol: 'tcp', FromPort: port, ToPort: port, CidrIpv4: '10.0.0.0/8' },
    ...more,
  });

  it('puts others in their places, all together', async () => {
    const { SecurityGroupRules: [one, other] = [] } = await authorize(tcp(80), tcp(81));
    await modify(
      [one?.SecurityGroupRuleId, open(81, { Description: 'b' })],
      [other?.SecurityGroupRuleId, open(80)],
    );
    expect(await rulesShown()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          SecurityGroupRuleId: one?.SecurityGroupRuleId,
          FromPort: 81,
          Description: 'b',
        }),
        expect.objectContaining({ SecurityGroupRuleId: other?.SecurityGroupRuleId, FromPort: 80 }),
      ]),
    );
  });

  it('refuses rules that the group has or has not, and another kind of source', async () => {
    const { SecurityGroupRules: [one] = [] } = await authorize(tcp(80), tcp(81));
    const id = one?.SecurityGroupRuleId;
    await expect(modify([id, open(81)])).rejects.toMatchObject({ name: 'InvalidPermission.Duplicate' });
    await expect(modify(['sgr-00000000', open(82)])).rejects.toMatchObject({
      name: 'InvalidSecurityGroupRuleId.NotFound',
    });
    await expect(modify([id, { ...open(82), CidrIpv6: '::/0' }])).rejects.toMatchObject({
      name: 'InvalidParameterCombination',
    });
    await expect(modify([id, { IpProtocol: '-1', ReferencedGroupId: GroupId }])).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    await expect(modify([id, { IpProtocol: '-1' }])).rejects.toMatchObject({ name: 'MissingParameter' });
    await expect(modify([id, open(82)], [id, open(83)])).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    await expect(modify()).rejects.toMatchObject({ name: 'MissingParameter' });
  });
});

describe('UpdateSecurityGroupRuleDescriptions', () => {
  it('puts descriptions on rules told by their parts or ids, or takes them away', async () => {
    const { SecurityGroupRules: [rule] = [] } = await authorize(tcp(80));
    const { SecurityGroupRuleId = '' } = rule ?? {};
    const CidrIp = '10.0.0.0/8';
    await ec2.updateSecurityGroupRuleDescriptionsIngress({
      GroupId,
      IpPermissions: [tcp(80, { IpRanges: [{ CidrIp, Description: 'the quay' }] })],
    });
    expect(await ingress()).toMatchObject([{ IpRanges: [{ CidrIp, Description: 'the quay' }] }]);
    await ec2.updateSecurityGroupRuleDescriptionsIngress({
      GroupId,
      SecurityGroupRuleDescriptions: [{ SecurityGroupRuleId, Description: 'the lock' }],
    });
    expect(await ingress()).toMatchObject([{ IpRanges: [{ CidrIp, Description: 'the lock' }] }]);
    await ec2.updateSecurityGroupRuleDescriptionsIngress({ GroupId, IpPermissions: [tcp(80)] });
    expect(await ingress()).toMatchObject([{ IpRanges: [{ CidrIp }] }]);
    expect((await ingress())?.[0]?.IpRanges?.[0]).not.toHaveProperty('Description');
  });

  it('refuses rules that are not there', async () => {
    await expect(
      ec2.updateSecurityGroupRuleDescriptionsIngress({ GroupId, IpPermissions: [tcp(80)] }),
    ).rejects.toMatchObject({ name: 'InvalidPermission.NotFound' });
    const IpPermissions = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'out' }] }];
    await ec2.updateSecurityGroupRuleDescriptionsEgress({ GroupId, IpPermissions });
    expect((await shown())?.IpPermissionsEgress).toMatchObject(IpPermissions);
    await expect(ec2.updateSecurityGroupRuleDescriptionsEgress({ GroupId })).rejects.toMatchObject({
      name: 'MissingParameter',
    });
  });
});

describe('DescribeSecurityGroupRules', () => {
  it('finds rules by ids, groups and tags, in pages', async () => {
    const { SecurityGroupRules: made = [] } = await ec2.authorizeSecurityGroupIngress({
      ...{ GroupId, IpPermissions: [tcp(80)] },
      TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: [{ Key: 'Pier', Value: 'nine' }] }],
    });
    const [{ SecurityGroupRuleId: id = '' } = {}] = made;
    await authorize(...Array.from({ length: 8 }, (_, at) => tcp(at + 1)));
    const find = async (input: object) => (await ec2.describeSecurityGroupRules(input)).SecurityGroupRules;
    expect(await find({ SecurityGroupRuleIds: [id] })).toEqual(made);
    expect(await find({ Filters: [{ Name: 'tag:Pier', Values: ['nine'] }] })).toEqual(made);
    expect(await find({ Filters: [{ Name: 'security-group-rule-id', Values: [id] }] })).toEqual(made);
    await expect(find({ SecurityGroupRuleIds: ['sgr-00000000'] })).rejects.toMatchObject({
      name: 'InvalidSecurityGroupRuleId.NotFound',
      message: "The security group rule ID 'sgr-00000000' does not exist",
    });
    const { NextToken = '', SecurityGroupRules: first = [] } = await ec2.describeSecurityGroupRules({
      MaxResults: 6,
    });
    const second = (await find({ MaxResults: 6, NextToken })) ?? [];
    expect(new Set([...first, ...second].map((rule) => rule.SecurityGroupRuleId)).size).toBe(10);
  });
});
