import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { networkInterfaces } from '../records.ts';
import { accountId, type Ec2Server, region, scope, startEc2Server } from '../testing/ec2-server.ts';

let server: Ec2Server;
let vpcId: string;
beforeEach(async () => {
  server = await startEc2Server();
  const { Vpc } = await server.ec2.createVpc({ CidrBlock: '10.0.0.0/16' });
  vpcId = Vpc?.VpcId ?? '';
});
afterEach(() => server[Symbol.asyncDispose]());

const subnetIn = async (CidrBlock: string, more: object = {}) => {
  const { Subnet } = await server.ec2.createSubnet({ VpcId: vpcId, CidrBlock, ...more });
  return Subnet?.SubnetId ?? '';
};

describe('CreateSubnet', () => {
  it('makes a subnet, which DescribeSubnets tells of', async () => {
    const { Subnet } = await server.ec2.createSubnet({
      ...{ VpcId: vpcId, CidrBlock: '10.0.1.9/28', AvailabilityZoneId: 'euw1-az2' },
      TagSpecifications: [{ ResourceType: 'subnet', Tags: [{ Key: 'Name', Value: 'pier' }] }],
    });
    expect(Subnet).toMatchObject({
      SubnetId: expect.stringMatching(/^subnet-[0-9a-f]{17}$/),
      SubnetArn: `arn:aws:ec2:${region}:${accountId}:subnet/${Subnet?.SubnetId}`,
      State: 'pending',
      CidrBlock: '10.0.1.0/28',
      AvailabilityZone: `${region}b`,
      AvailableIpAddressCount: 11,
      MapPublicIpOnLaunch: false,
      DefaultForAz: false,
      Tags: [{ Key: 'Name', Value: 'pier' }],
    });
    const { Subnets } = await server.ec2.describeSubnets({ SubnetIds: [Subnet?.SubnetId ?? ''] });
    expect(Subnets).toEqual([{ ...Subnet, State: 'available' }]);
  });

  it('spreads those without a zone', async () => {
    for (const third of [1, 2, 3]) await subnetIn(`10.0.${third}.0/24`);
    const { Subnets = [] } = await server.ec2.describeSubnets({});
    expect(new Set(Subnets.map(({ AvailabilityZone }) => AvailabilityZone)).size).toBe(3);
  });

  test.each([
    [{ CidrBlock: '10.1.0.0/24' }, 'InvalidSubnet.Range', "The CIDR '10.1.0.0/24' is invalid."],
    [{ CidrBlock: '10.0.0.0/29' }, 'InvalidSubnet.Range', "The CIDR '10.0.0.0/29' is invalid."],
    [{}, 'MissingParameter', 'The request must contain the parameter CidrBlock'],
    [
      { CidrBlock: '10.0.0.0/24', AvailabilityZone: 'us-east-1a' },
      'InvalidParameterValue',
      `Value (us-east-1a) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: ${region}a, ${region}b, ${region}c.`,
    ],
    [
      { CidrBlock: '10.0.0.0/24', Ipv6Native: true },
      'UnsupportedOperation',
      'Ipv6Native: IPv6 is not supported by this version of Catamaran yet.',
    ],
  ])('refuses %j', async (input, name, message) => {
    await expect(server.ec2.createSubnet({ VpcId: vpcId, ...input })).rejects.toMatchObject({
      name,
      message,
    });
  });

  it('lets no two overlap, however many ask at once', async () => {
    const cidrs = ['10.0.0.0/24', '10.0.0.128/25', '10.0.0.0/23', '10.0.0.64/26'];
    const outcomes = await Promise.allSettled(cidrs.map((cidr) => subnetIn(cidr)));
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    // The two smallest are apart from each other.
    expect(refused.length).toBeGreaterThanOrEqual(2);
    await expect(subnetIn('10.0.0.0/20')).rejects.toMatchObject({
      name: 'InvalidSubnet.Conflict',
      message: "The CIDR '10.0.0.0/20' conflicts with another subnet",
    });
  });
});

describe('DeleteSubnet', () => {
  it('frees its block, and takes its association along', async () => {
    const SubnetId = await subnetIn('10.0.0.0/24');
    const { RouteTable } = await server.ec2.createRouteTable({ VpcId: vpcId });
    const RouteTableId = RouteTable?.RouteTableId ?? '';
    await server.ec2.associateRouteTable({ RouteTableId, SubnetId });
    await server.ec2.deleteSubnet({ SubnetId });
    const { RouteTables } = await server.ec2.describeRouteTables({ RouteTableIds: [RouteTableId] });
    expect(RouteTables?.[0]?.Associations).toEqual([]);
    await subnetIn('10.0.0.0/24');
    await expect(server.ec2.deleteSubnet({ SubnetId })).rejects.toMatchObject({
      name: 'InvalidSubnetID.NotFound',
      message: `The subnet ID '${SubnetId}' does not exist`,
    });
  });

  it('refuses while an interface is in it, which then can be deleted', async () => {
    const SubnetId = await subnetIn('10.0.0.0/24');
    const noun = { service: 'ec2', noun: networkInterfaces.noun, indexes: {} };
    const { putInterface } = await import('../testing/networks.ts');
    await putInterface(server.state, scope, 1, { vpcId, subnetId: SubnetId });
    await expect(server.ec2.deleteSubnet({ SubnetId })).rejects.toMatchObject({
      name: 'DependencyViolation',
      message: `The subnet '${SubnetId}' has dependencies and cannot be deleted.`,
    });
    await server.state.transact((tx) => {
      for (const { key } of server.state.list(noun)) tx.delete(networkInterfaces, key);
    });
    await server.ec2.deleteSubnet({ SubnetId });
  });
});

describe('ModifySubnetAttribute', () => {
  it('changes one attribute at a time', async () => {
    const SubnetId = await subnetIn('10.0.0.0/24');
    const { ec2 } = server;
    await ec2.modifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch: { Value: true } });
    await ec2.modifySubnetAttribute({ SubnetId, PrivateDnsHostnameTypeOnLaunch: 'resource-name' });
    await ec2.modifySubnetAttribute({ SubnetId, AssignIpv6AddressOnCreation: { Value: false } });
    const { Subnets } = await ec2.describeSubnets({
      Filters: [{ Name: 'map-public-ip-on-launch', Values: ['true'] }],
    });
    expect(Subnets).toMatchObject([
      { SubnetId, PrivateDnsNameOptionsOnLaunch: { HostnameType: 'resource-name' } },
    ]);
    await expect(
      ec2.modifySubnetAttribute({ SubnetId, AssignIpv6AddressOnCreation: { Value: true } }),
    ).rejects.toMatchObject({ name: 'UnsupportedOperation' });
    await expect(
      ec2.modifySubnetAttribute({
        ...{ SubnetId, MapPublicIpOnLaunch: { Value: true }, EnableDns64: { Value: false } },
      }),
    ).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
    await expect(ec2.modifySubnetAttribute({ SubnetId })).rejects.toMatchObject({ name: 'MissingParameter' });
  });
});

describe('a further block of a VPC', () => {
  it('takes subnets, and stays while it has them', async () => {
    const { ec2 } = server;
    const { CidrBlockAssociation } = await ec2.associateVpcCidrBlock({
      VpcId: vpcId,
      CidrBlock: '10.4.0.0/16',
    });
    expect(CidrBlockAssociation).toMatchObject({ CidrBlockState: { State: 'associating' } });
    const AssociationId = CidrBlockAssociation?.AssociationId ?? '';
    const SubnetId = await subnetIn('10.4.0.0/24');
    await expect(ec2.disassociateVpcCidrBlock({ AssociationId })).rejects.toMatchObject({
      name: 'DependencyViolation',
    });
    await ec2.deleteSubnet({ SubnetId });
    await ec2.disassociateVpcCidrBlock({ AssociationId });
    await expect(ec2.disassociateVpcCidrBlock({ AssociationId })).rejects.toMatchObject({
      name: 'InvalidVpcCidrBlockAssociationIdError.NotFound',
    });
    const { Vpcs } = await ec2.describeVpcs({ VpcIds: [vpcId] });
    expect(Vpcs?.[0]?.CidrBlockAssociationSet).toHaveLength(1);
    const primary = Vpcs?.[0]?.CidrBlockAssociationSet?.[0]?.AssociationId ?? '';
    await expect(ec2.disassociateVpcCidrBlock({ AssociationId: primary })).rejects.toMatchObject({
      name: 'OperationNotPermitted',
    });
    for (const second of [5, 6, 7, 8])
      await ec2.associateVpcCidrBlock({ VpcId: vpcId, CidrBlock: `10.${second}.0.0/16` });
    await expect(ec2.associateVpcCidrBlock({ VpcId: vpcId, CidrBlock: '10.9.0.0/16' })).rejects.toMatchObject(
      { name: 'CidrLimitExceeded' },
    );
  });
});

describe('a default subnet', () => {
  it('is made again where it was deleted', async () => {
    const { ec2 } = server;
    await expect(ec2.createDefaultSubnet({ AvailabilityZone: `${region}a` })).rejects.toMatchObject({
      name: 'DefaultVpcDoesNotExist',
    });
    await ec2.createDefaultVpc({});
    await expect(ec2.createDefaultSubnet({ AvailabilityZone: `${region}b` })).rejects.toMatchObject({
      name: 'DefaultSubnetAlreadyExistsInAvailabilityZone',
    });
    const { Subnets } = await ec2.describeSubnets({
      Filters: [{ Name: 'availability-zone', Values: [`${region}b`] }],
    });
    await ec2.deleteSubnet({ SubnetId: Subnets?.[0]?.SubnetId });
    const { Subnet } = await ec2.createDefaultSubnet({ AvailabilityZone: `${region}b` });
    expect(Subnet).toMatchObject({
      ...{ CidrBlock: '172.31.16.0/20', DefaultForAz: true, MapPublicIpOnLaunch: true },
    });
  });
});

describe('DescribeNetworkAcls', () => {
  it('tells of the VPC’s own, with its subnets', async () => {
    const SubnetId = await subnetIn('10.0.0.0/24');
    const { NetworkAcls } = await server.ec2.describeNetworkAcls({
      Filters: [
        { Name: 'default', Values: ['true'] },
        { Name: 'vpc-id', Values: [vpcId] },
        { Name: 'association.subnet-id', Values: [SubnetId] },
      ],
    });
    expect(NetworkAcls).toMatchObject([
      { VpcId: vpcId, IsDefault: true, Associations: [{ SubnetId }], Tags: [] },
    ]);
    expect(NetworkAcls?.[0]?.Entries).toContainEqual({
      ...{ CidrBlock: '0.0.0.0/0', Egress: false, Protocol: '-1', RuleAction: 'allow', RuleNumber: 100 },
    });
    await expect(server.ec2.createNetworkAcl({ VpcId: vpcId })).rejects.toMatchObject({
      name: 'UnsupportedOperation',
    });
  });
});
