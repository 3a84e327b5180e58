import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { networkAcls, routeTables, securityGroups } from '../records.ts';
import { accountId, type Ec2Server, region, scope, startEc2Server } from '../testing/ec2-server.ts';

let server: Ec2Server;
beforeEach(async () => {
  server = await startEc2Server({}, 'with a default VPC');
});
afterEach(() => server[Symbol.asyncDispose]());

const vpcIn = async (cidr: string): Promise<string> => {
  const { Vpc } = await server.ec2.createVpc({ CidrBlock: cidr });
  return Vpc?.VpcId ?? '';
};
const defaultVpcs = [{ Name: 'is-default', Values: ['true'] }];

describe('the default VPC', () => {
  it('is there before anybody asks, with a public subnet in each zone', async () => {
    const { Vpcs = [] } = await server.ec2.describeVpcs({ Filters: defaultVpcs });
    expect(Vpcs).toMatchObject([{ CidrBlock: '172.31.0.0/16', State: 'available', OwnerId: accountId }]);
    const VpcId = Vpcs[0]?.VpcId ?? '';
    const { Subnets = [] } = await server.ec2.describeSubnets({
      Filters: [{ Name: 'vpc-id', Values: [VpcId] }],
    });
    expect(
      Subnets.map((it) => [it.AvailabilityZone, it.CidrBlock, it.AvailableIpAddressCount].join(' ')).sort(),
    ).toEqual([
      `${region}a 172.31.0.0/20 4091`,
      `${region}b 172.31.16.0/20 4091`,
      `${region}c 172.31.32.0/20 4091`,
    ]);
    for (const subnet of Subnets)
      expect(subnet).toMatchObject({ MapPublicIpOnLaunch: true, DefaultForAz: true, State: 'available' });
    const [table] = server.state.byIndex(routeTables, 'vpc', VpcId);
    expect(table?.value.routes).toMatchObject([
      { destination: '0.0.0.0/0', target: { type: 'internet-gateway', id: expect.stringMatching(/^igw-/) } },
    ]);
    const { EnableDnsHostnames } = await server.ec2.describeVpcAttribute({
      ...{ VpcId, Attribute: 'enableDnsHostnames' },
    });
    expect(EnableDnsHostnames?.Value).toBe(true);
  });

  it('is one for each region, and made once however many ask', async () => {
    const regions = ['us-east-1', 'us-east-1', 'eu-west-2', 'us-east-1'];
    const asked = await Promise.all(regions.map((name) => server.in(name).describeVpcs({})));
    const ids = asked.flatMap(({ Vpcs = [] }) => Vpcs.map(({ VpcId }) => VpcId));
    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(2);
  });

  it('is not made again once it was deleted, but by CreateDefaultVpc', async () => {
    const { ec2 } = server;
    await expect(ec2.createDefaultVpc({})).rejects.toMatchObject({ name: 'DefaultVpcAlreadyExists' });
    const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({ Filters: defaultVpcs });
    const VpcId = vpc?.VpcId ?? '';
    await emptyDefaultVpc(VpcId);
    await ec2.deleteVpc({ VpcId });
    await server.room.ensureDefaultVpc(scope);
    expect((await ec2.describeVpcs({})).Vpcs).toEqual([]);
    const { AccountAttributes } = await ec2.describeAccountAttributes({ AttributeNames: ['default-vpc'] });
    expect(AccountAttributes?.[0]?.AttributeValues).toEqual([{ AttributeValue: 'none' }]);
    const { Vpc } = await ec2.createDefaultVpc({});
    expect(Vpc).toMatchObject({ IsDefault: true, CidrBlock: '172.31.0.0/16', State: 'pending' });
  });
});

describe('CreateVpc', () => {
  it('makes a VPC with what each has from the beginning', async () => {
    const { Vpc } = await server.ec2.createVpc({
      CidrBlock: '100.68.0.18/18',
      TagSpecifications: [{ ResourceType: 'vpc', Tags: [{ Key: 'Name', Value: 'harbor' }] }],
    });
    expect(Vpc).toMatchObject({
      VpcId: expect.stringMatching(/^vpc-[0-9a-f]{17}$/),
      State: 'pending',
      CidrBlock: '100.68.0.0/18',
      CidrBlockAssociationSet: [{ CidrBlock: '100.68.0.0/18', CidrBlockState: { State: 'associated' } }],
      DhcpOptionsId: expect.stringMatching(/^dopt-/),
      InstanceTenancy: 'default',
      IsDefault: false,
      OwnerId: accountId,
      Tags: [{ Key: 'Name', Value: 'harbor' }],
    });
    const VpcId = Vpc?.VpcId ?? '';
    const { Vpcs } = await server.ec2.describeVpcs({ VpcIds: [VpcId] });
    expect(Vpcs).toEqual([{ ...Vpc, State: 'available' }]);
    const tables = server.state.byIndex(routeTables, 'vpc', VpcId);
    expect(tables).toHaveLength(1);
    expect(tables[0]?.value).toMatchObject({ routes: [], associations: [{ id: expect.any(String) }] });
    const [group, ...others] = server.state.byIndex(securityGroups, 'vpc', VpcId);
    expect(others).toEqual([]);
    expect(group?.value).toMatchObject({
      ...{ name: 'default', description: 'default VPC security group' },
      rules: expect.arrayContaining([
        expect.objectContaining({
          isEgress: false,
          protocol: '-1',
          peer: { type: 'group', id: group?.value.id },
        }),
        expect.objectContaining({ isEgress: true, peer: { type: 'cidr-ipv4', cidr: '0.0.0.0/0' } }),
      ]),
    });
    expect(server.state.countByIndex(networkAcls, 'vpc', VpcId)).toBe(1);
  });

  test.each([
    [{}, 'MissingParameter', "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided."],
    [
      { CidrBlock: 'ten' },
      'InvalidParameterValue',
      'Value (ten) for parameter cidrBlock is invalid. This is not a valid CIDR block.',
    ],
    [{ CidrBlock: '10.0.0.0/8' }, 'InvalidVpc.Range', "The CIDR '10.0.0.0/8' is invalid."],
    [{ CidrBlock: '10.0.0.0/29' }, 'InvalidVpc.Range', "The CIDR '10.0.0.0/29' is invalid."],
    [{ CidrBlock: '169.254.8.0/24' }, 'InvalidVpc.Range', "The CIDR '169.254.8.0/24' is invalid."],
    [
      { CidrBlock: '10.0.0.0/16', AmazonProvidedIpv6CidrBlock: true },
      'UnsupportedOperation',
      'AmazonProvidedIpv6CidrBlock: IPv6 is not supported by this version of Catamaran yet.',
    ],
    [
      { CidrBlock: '10.0.0.0/16', InstanceTenancy: 'dedicated' as const },
      'UnsupportedOperation',
      'Dedicated tenancy is not supported by this version of Catamaran yet.',
    ],
    [
      { CidrBlock: '10.0.0.0/16', TagSpecifications: [{ ResourceType: 'subnet' as const }] },
      'InvalidParameterValue',
      "'subnet' is not a valid taggable resource type for this operation.",
    ],
  ])('refuses %j', async (input, name, message) => {
    await expect(server.ec2.createVpc(input)).rejects.toMatchObject({ name, message });
  });

  it('makes five in a region with the default one', async () => {
    for (let index = 0; index < 4; index++) await vpcIn(`10.${index}.0.0/16`);
    await expect(vpcIn('10.9.0.0/16')).rejects.toMatchObject({
      name: 'VpcLimitExceeded',
      message: 'The maximum number of VPCs has been reached.',
    });
  });
});

describe('DescribeVpcs', () => {
  it('takes ids, filters and pages', async () => {
    const ids = [await vpcIn('10.0.0.0/16'), await vpcIn('10.1.0.0/16')];
    const described = async (input: object) =>
      ((await server.ec2.describeVpcs(input)).Vpcs ?? []).map(({ CidrBlock }) => CidrBlock).sort();
    expect(await described({ VpcIds: ids })).toEqual(['10.0.0.0/16', '10.1.0.0/16']);
    expect(await described({ Filters: [{ Name: 'cidr', Values: ['10.*'] }] })).toHaveLength(2);
    expect(await described({ Filters: [{ Name: 'vpc-id', Values: ['vpc-0'] }] })).toEqual([]);
    await expect(described({ VpcIds: ['vpc-00000000000000000'] })).rejects.toMatchObject({
      name: 'InvalidVpcID.NotFound',
      message: "The vpc ID 'vpc-00000000000000000' does not exist",
    });
    await expect(described({ VpcIds: ['subnet-1'] })).rejects.toMatchObject({
      name: 'InvalidVpcID.Malformed',
      message: 'Invalid id: "subnet-1" (expecting "vpc-...")',
    });
    await expect(described({ VpcIds: ids, MaxResults: 5 })).rejects.toMatchObject({
      name: 'InvalidParameterCombination',
      message: 'The parameter vpcIds cannot be used with the parameter maxResults',
    });
    await expect(described({ MaxResults: 1 })).rejects.toMatchObject({
      message: 'Value ( 1 ) for parameter maxResults is invalid. Expecting a value greater than 5.',
    });
    await expect(described({ NextToken: 'x' })).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });
});

describe('ModifyVpcAttribute', () => {
  it('changes one attribute, which DescribeVpcAttribute tells', async () => {
    const VpcId = await vpcIn('10.0.0.0/16');
    const told = async (Attribute: 'enableDnsSupport' | 'enableDnsHostnames') => {
      const answer = await server.ec2.describeVpcAttribute({ VpcId, Attribute });
      return (answer.EnableDnsSupport ?? answer.EnableDnsHostnames)?.Value;
    };
    expect([await told('enableDnsSupport'), await told('enableDnsHostnames')]).toEqual([true, false]);
    await server.ec2.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: true } });
    await server.ec2.modifyVpcAttribute({ VpcId, EnableDnsSupport: { Value: false } });
    expect([await told('enableDnsSupport'), await told('enableDnsHostnames')]).toEqual([false, true]);
    await expect(
      server.ec2.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: true } }),
    ).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
    await expect(
      server.ec2.modifyVpcAttribute({
        ...{ VpcId, EnableDnsHostnames: { Value: true }, EnableDnsSupport: { Value: true } },
      }),
    ).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
    await expect(server.ec2.modifyVpcAttribute({ VpcId })).rejects.toMatchObject({
      name: 'MissingParameter',
    });
  });
});

describe('DeleteVpc', () => {
  it('takes what is its own along', async () => {
    const VpcId = await vpcIn('10.0.0.0/16');
    await server.ec2.deleteVpc({ VpcId });
    await expect(server.ec2.describeVpcs({ VpcIds: [VpcId] })).rejects.toThrow('does not exist');
    const vpcIds = [routeTables, securityGroups, networkAcls].flatMap(({ noun }) =>
      [...server.state.list<{ vpcId: string }>({ service: 'ec2', noun, indexes: {} })].map(
        ({ value }) => value.vpcId,
      ),
    );
    expect(vpcIds).not.toContain(VpcId);
  });

  it('refuses while a subnet is in it', async () => {
    const VpcId = await vpcIn('10.0.0.0/16');
    const { Subnet } = await server.ec2.createSubnet({ VpcId, CidrBlock: '10.0.0.0/24' });
    await expect(server.ec2.deleteVpc({ VpcId })).rejects.toMatchObject({
      name: 'DependencyViolation',
      message: `The vpc '${VpcId}' has dependencies and cannot be deleted.`,
    });
    await server.ec2.deleteSubnet({ SubnetId: Subnet?.SubnetId });
    await server.ec2.deleteVpc({ VpcId });
  });

  it('and whoever adds to it at the same time can’t miss each other', async () => {
    for (let round = 0; round < 20; round++) {
      const VpcId = await vpcIn('10.0.0.0/16');
      const [deletion, creation] = await Promise.allSettled([
        server.ec2.deleteVpc({ VpcId }),
        server.ec2.createSubnet({ VpcId, CidrBlock: '10.0.0.0/24' }),
      ]);
      expect([deletion.status, creation.status].sort()).toEqual(['fulfilled', 'rejected']);
      if (creation.status !== 'fulfilled') continue;
      await server.ec2.deleteSubnet({ SubnetId: creation.value.Subnet?.SubnetId });
      await server.ec2.deleteVpc({ VpcId });
    }
  });
});

/** Without its subnets and its gateway. */
async function emptyDefaultVpc(VpcId: string): Promise<void> {
  const { Subnets = [] } = await server.ec2.describeSubnets({
    Filters: [{ Name: 'vpc-id', Values: [VpcId] }],
  });
  for (const { SubnetId } of Subnets) await server.ec2.deleteSubnet({ SubnetId });
  const { internetGateways } = await import('../records.ts');
  await server.state.transact((tx) => {
    for (const { key } of tx.byIndex(internetGateways, 'vpc', VpcId)) tx.delete(internetGateways, key);
  });
}
