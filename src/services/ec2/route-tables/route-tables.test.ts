import type { EC2 } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ec2Key, networkInterfaces, prefixLists, routeTables } from '../records.ts';
import { accountId, type Ec2Server, scope, startEc2Server } from '../testing/ec2-server.ts';
import { putInterface, putNatGateway, putSubnet, putVpc } from '../testing/networks.ts';

let server: Ec2Server;
let ec2: EC2;
let VpcId: string;
let SubnetId: string;
let RouteTableId: string;
let GatewayId: string;
beforeEach(async () => {
  server = await startEc2Server();
  ec2 = server.ec2;
  VpcId = await putVpc(server.state, scope, 1);
  SubnetId = await putSubnet(server.state, scope, 1, { vpcId: VpcId, cidr: '10.0.1.0/24' });
  RouteTableId = await makeTable();
  GatewayId = await makeGateway();
});
afterEach(() => server[Symbol.asyncDispose]());

const makeTable = async (vpcId = VpcId) =>
  (await ec2.createRouteTable({ VpcId: vpcId })).RouteTable?.RouteTableId ?? '';
const makeGateway = async (vpcId = VpcId) => {
  const { InternetGateway } = await ec2.createInternetGateway({});
  const { InternetGatewayId = '' } = InternetGateway ?? {};
  await ec2.attachInternetGateway({ InternetGatewayId, VpcId: vpcId });
  return InternetGatewayId;
};
const shown = async (id = RouteTableId) =>
  (await ec2.describeRouteTables({ RouteTableIds: [id] })).RouteTables?.[0];
const add = (DestinationCidrBlock: string, more: object = { GatewayId }) =>
  ec2.createRoute({ RouteTableId, DestinationCidrBlock, ...more });
const local = {
  DestinationCidrBlock: '10.0.0.0/16',
  GatewayId: 'local',
  Origin: 'CreateRouteTable',
  State: 'active',
};
/** As CreateVpc leaves it. */
const putMainTable = async (id = 'rtb-00000000000000001') => {
  await server.state.transact((tx) =>
    tx.put(routeTables, ec2Key(routeTables, scope, id), {
      ...{ id, vpcId: VpcId, routes: [], tags: {} },
      associations: [{ id: 'rtbassoc-00000000000000001' }],
    }),
  );
  return { id, AssociationId: 'rtbassoc-00000000000000001' };
};

describe('CreateRouteTable', () => {
  it('makes a table with the local routes', async () => {
    const { RouteTable } = await ec2.createRouteTable({
      VpcId,
      TagSpecifications: [{ ResourceType: 'route-table', Tags: [{ Key: 'Pier', Value: 'nine' }] }],
    });
    expect(RouteTable).toEqual({
      RouteTableId: expect.stringMatching(/^rtb-[0-9a-f]{17}$/),
      ...{ VpcId, OwnerId: accountId, Associations: [], PropagatingVgws: [], Routes: [local] },
      Tags: [{ Key: 'Pier', Value: 'nine' }],
    });
    expect(await shown(RouteTable?.RouteTableId)).toEqual(RouteTable);
    await expect(ec2.createRouteTable({ VpcId: 'vpc-00000000' })).rejects.toMatchObject({
      name: 'InvalidVpcID.NotFound',
    });
  });
});

describe('a client token of CreateRouteTable', () => {
  it('makes one table, however often it comes, until that is deleted', async () => {
    const ask = async (more: object = {}) =>
      (await ec2.createRouteTable({ VpcId, ClientToken: 'oak', ...more })).RouteTable?.RouteTableId ?? '';
    const made = await Promise.all(Array.from({ length: 5 }, () => ask()));
    expect(new Set(made).size).toBe(1);
    const other = await putVpc(server.state, scope, 2);
    await expect(ask({ VpcId: other })).rejects.toMatchObject({ name: 'IdempotentParameterMismatch' });
    await ec2.deleteRouteTable({ RouteTableId: made[0] });
    expect(await ask()).not.toBe(made[0]);
  });
});

describe('DeleteRouteTable', () => {
  it('deletes what no subnet uses', async () => {
    const { AssociationId } = await ec2.associateRouteTable({ RouteTableId, SubnetId });
    const refusal = {
      name: 'DependencyViolation',
      message: `The routeTable '${RouteTableId}' has dependencies and cannot be deleted.`,
    };
    await expect(ec2.deleteRouteTable({ RouteTableId })).rejects.toMatchObject(refusal);
    await ec2.disassociateRouteTable({ AssociationId });
    await ec2.deleteRouteTable({ RouteTableId });
    await expect(shown()).rejects.toMatchObject({
      name: 'InvalidRouteTableID.NotFound',
      message: `The routeTable ID '${RouteTableId}' does not exist`,
    });
    const { id } = await putMainTable();
    await expect(ec2.deleteRouteTable({ RouteTableId: id })).rejects.toMatchObject({
      name: 'DependencyViolation',
    });
  });
});

describe('CreateRoute', () => {
  it('leads to gateways and interfaces; what is gone leaves a blackhole', async () => {
    const nat = await putNatGateway(server.state, scope, 1, { vpcId: VpcId, subnetId: SubnetId });
    const eni = await putInterface(server.state, scope, 1, { vpcId: VpcId, subnetId: SubnetId });
    expect(await add('0.0.0.0/0')).toMatchObject({ Return: true });
    await add('172.16.5.9/12', { NatGatewayId: nat });
    await add('192.168.0.0/16', { NetworkInterfaceId: eni });
    const own = (DestinationCidrBlock: string, rest: object, State = 'active') => ({
      ...{ DestinationCidrBlock, ...rest, Origin: 'CreateRoute', State },
    });
    expect((await shown())?.Routes).toEqual([
      local,
      own('0.0.0.0/0', { GatewayId }),
      own('172.16.0.0/12', { NatGatewayId: nat }),
      own('192.168.0.0/16', { NetworkInterfaceId: eni }),
    ]);
    await ec2.detachInternetGateway({ InternetGatewayId: GatewayId, VpcId });
    await server.state.transact((tx) => tx.delete(networkInterfaces, ec2Key(networkInterfaces, scope, eni)));
    await putNatGateway(server.state, scope, 1, { vpcId: VpcId, subnetId: SubnetId, state: 'deleted' });
    expect((await shown())?.Routes?.map(({ State }) => State)).toEqual([
      ...['active', 'blackhole', 'blackhole', 'blackhole'],
    ]);
    await ec2.attachInternetGateway({ InternetGatewayId: GatewayId, VpcId });
    expect((await shown())?.Routes?.[1]).toMatchObject({ State: 'active' });
  });

  it('takes a destination once', async () => {
    await add('0.0.0.0/0');
    for (const DestinationCidrBlock of ['0.0.0.0/0', '10.0.0.0/16']) {
      await expect(add(DestinationCidrBlock)).rejects.toMatchObject({
        name: 'RouteAlreadyExists',
        message: `The route identified by ${DestinationCidrBlock} already exists.`,
      });
    }
  });

  it('within the VPC leads from whole subnets to interfaces', async () => {
    const eni = await putInterface(server.state, scope, 1, { vpcId: VpcId, subnetId: SubnetId });
    await add('10.0.1.0/24', { NetworkInterfaceId: eni });
    await expect(add('10.0.2.0/24', { NetworkInterfaceId: eni })).rejects.toMatchObject({
      message: expect.stringContaining('does not match the CIDR block of a subnet'),
    });
    await expect(add('10.0.3.0/24')).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message:
        "The destination CIDR block 10.0.3.0/24 is equal to or more specific than one of this VPC's CIDR blocks. " +
        'This route can target only an interface or an instance.',
    });
    const NatGatewayId = await putNatGateway(server.state, scope, 1, { vpcId: VpcId, subnetId: SubnetId });
    await expect(add('10.0.3.0/24', { NatGatewayId })).rejects.toMatchObject({
      name: 'UnsupportedOperation',
      message: expect.stringContaining('Routes within the VPC that lead to a NAT gateway are not supported'),
    });
    await add('10.0.0.0/8');
  });

  it('leads to what is in the same VPC', async () => {
    const other = await putVpc(server.state, scope, 2);
    const foreign = await makeGateway(other);
    const eni = await putInterface(server.state, scope, 1, { vpcId: other, subnetId: SubnetId });
    await expect(add('0.0.0.0/0', { GatewayId: foreign })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: `route table ${RouteTableId} and network gateway ${foreign} belong to different networks`,
    });
    await expect(add('0.0.0.0/0', { NetworkInterfaceId: eni })).rejects.toMatchObject({
      message: `route table ${RouteTableId} and interface ${eni} belong to different networks`,
    });
  });

  it.each([
    ['0.0.0.0/0', {}, 'MissingParameter', 'exactly one of gatewayId'],
    [
      '0.0.0.0/0',
      { GatewayId: 'igw-1', NatGatewayId: 'nat-1' },
      'InvalidParameterCombination',
      'exactly one',
    ],
    [
      '0.0.0.0/0',
      { GatewayId: 'igw-00000000' },
      'InvalidGatewayID.NotFound',
      "The gateway ID 'igw-00000000'",
    ],
    [
      '0.0.0.0/0',
      { GatewayId: 'local' },
      'InvalidGatewayID.NotFound',
      "The gateway ID 'local' does not exist",
    ],
    ['0.0.0.0/0', { NatGatewayId: 'nat-00000000' }, 'InvalidNatGatewayID.NotFound', 'nat-00000000'],
    [
      '0.0.0.0/0',
      { NetworkInterfaceId: 'eni-00000000' },
      'InvalidNetworkInterfaceID.NotFound',
      'eni-00000000',
    ],
    ['0.0.0.0/0', { TransitGatewayId: 'tgw-1' }, 'UnsupportedOperation', 'Routes to transit gateways are'],
    ['0.0.0.0/0', { GatewayId: 'vgw-1' }, 'UnsupportedOperation', 'virtual private gateways'],
    ['0.0.0.0/0', { InstanceId: 'i-1' }, 'UnsupportedOperation', 'Routes to instances are'],
    [
      '::/0',
      undefined,
      'InvalidParameterValue',
      'Value (::/0) for parameter destinationCidrBlock is invalid.',
    ],
    ['169.254.170.0/24', undefined, 'InvalidParameterValue', 'reserved range 169.254.168.0/22'],
  ])('refuses %s to %o', async (destination, target, name, message) => {
    await expect(add(destination, target)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
  });

  it('takes exactly one destination', async () => {
    await expect(ec2.createRoute({ RouteTableId, GatewayId })).rejects.toMatchObject({
      name: 'MissingParameter',
    });
    await expect(add('0.0.0.0/0', { GatewayId, DestinationPrefixListId: 'pl-1' })).rejects.toMatchObject({
      name: 'InvalidParameterCombination',
    });
    await expect(
      ec2.createRoute({ RouteTableId, GatewayId, DestinationIpv6CidrBlock: '::/0' }),
    ).rejects.toMatchObject({ name: 'UnsupportedOperation' });
  });

  it('keeps within 50 routes; a prefix list counts as large as it may become', async () => {
    const DestinationPrefixListId = 'pl-0123456789abcdef0';
    await server.state.transact((tx) =>
      tx.put(prefixLists, ec2Key(prefixLists, scope, DestinationPrefixListId), {
        ...{
          id: DestinationPrefixListId,
          name: 'n',
          addressFamily: 'IPv4',
          maxEntries: 48,
          version: 1,
          state: 'create-complete',
        },
        ...{ entries: [], tags: {} },
      }),
    );
    await ec2.createRoute({ RouteTableId, GatewayId, DestinationPrefixListId });
    await add('0.0.0.0/0');
    await add('192.168.0.0/24');
    await expect(add('192.168.1.0/24')).rejects.toMatchObject({
      name: 'RouteLimitExceeded',
      message: 'The maximum number of routes has been reached.',
    });
    expect((await shown())?.Routes?.[1]).toMatchObject({ DestinationPrefixListId, GatewayId });
    await ec2.deleteRoute({ RouteTableId, DestinationPrefixListId });
    expect((await shown())?.Routes).toHaveLength(3);
  });

  it('loses none of what many add at once', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, at) => add(`172.16.${at}.0/24`)));
    expect((await shown())?.Routes).toHaveLength(31);
  });
});

describe('ReplaceRoute', () => {
  it('gives a route another target, and a local one back its own', async () => {
    const eni = await putInterface(server.state, scope, 1, { vpcId: VpcId, subnetId: SubnetId });
    const replace = (DestinationCidrBlock: string, target: object) =>
      ec2.replaceRoute({ RouteTableId, DestinationCidrBlock, ...target });
    await add('0.0.0.0/0');
    await add('172.16.0.0/12');
    await replace('0.0.0.0/0', { NetworkInterfaceId: eni });
    await replace('10.0.0.0/16', { NetworkInterfaceId: eni });
    expect((await shown())?.Routes).toMatchObject([
      { DestinationCidrBlock: '10.0.0.0/16', NetworkInterfaceId: eni, Origin: 'CreateRouteTable' },
      { DestinationCidrBlock: '0.0.0.0/0', NetworkInterfaceId: eni },
      { DestinationCidrBlock: '172.16.0.0/12', GatewayId },
    ]);
    await replace('10.0.0.0/16', { LocalTarget: true });
    expect((await shown())?.Routes?.[0]).toEqual(local);
    await expect(replace('10.0.0.0/16', { GatewayId })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    await expect(replace('0.0.0.0/0', { LocalTarget: true })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    await expect(replace('1.0.0.0/8', { GatewayId })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: "There is no route defined for '1.0.0.0/8' in the route table. Use CreateRoute instead.",
    });
  });
});

describe('DeleteRoute', () => {
  it('takes a route away, but no local one', async () => {
    await add('0.0.0.0/0');
    const remove = (DestinationCidrBlock: string) => ec2.deleteRoute({ RouteTableId, DestinationCidrBlock });
    await remove('0.0.0.0/0');
    expect((await shown())?.Routes).toEqual([local]);
    await expect(remove('0.0.0.0/0')).rejects.toMatchObject({
      name: 'InvalidRoute.NotFound',
      message: `no route with destination-cidr-block 0.0.0.0/0 in route table ${RouteTableId}`,
    });
    await expect(remove('10.0.0.0/16')).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: `cannot remove local route 10.0.0.0/16 in route table ${RouteTableId}`,
    });
  });
});

describe('associations', () => {
  it('are one for a subnet, however many ask at once', async () => {
    const tables = [RouteTableId, await makeTable(), await makeTable()];
    const outcomes = await Promise.allSettled(
      tables.map((id) => ec2.associateRouteTable({ RouteTableId: id, SubnetId })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const rejected = outcomes.find(({ status }) => status === 'rejected');
    expect(rejected).toMatchObject({ reason: { name: 'Resource.AlreadyAssociated' } });
  });

  it('are made, shown, made again without effect, and ended', async () => {
    const made = await ec2.associateRouteTable({ RouteTableId, SubnetId });
    expect(made).toMatchObject({ AssociationState: { State: 'associated' } });
    const { AssociationId = '' } = made;
    expect(AssociationId).toMatch(/^rtbassoc-[0-9a-f]{17}$/);
    expect((await shown())?.Associations).toEqual([
      {
        ...{ Main: false, RouteTableAssociationId: AssociationId, RouteTableId, SubnetId },
        AssociationState: { State: 'associated' },
      },
    ]);
    expect(await ec2.associateRouteTable({ RouteTableId, SubnetId })).toMatchObject({ AssociationId });
    await ec2.disassociateRouteTable({ AssociationId });
    expect((await shown())?.Associations).toEqual([]);
    await expect(ec2.disassociateRouteTable({ AssociationId })).rejects.toMatchObject({
      name: 'InvalidAssociationID.NotFound',
      message: `The association ID '${AssociationId}' does not exist`,
    });
    await expect(ec2.associateRouteTable({ RouteTableId, GatewayId })).rejects.toMatchObject({
      name: 'UnsupportedOperation',
    });
    const other = await makeTable(await putVpc(server.state, scope, 2));
    await expect(ec2.associateRouteTable({ RouteTableId: other, SubnetId })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: `route table ${other} and subnet ${SubnetId} belong to different networks`,
    });
  });

  it('are replaced, the main one too, which is never without a table', async () => {
    const other = await makeTable();
    const { AssociationId } = await ec2.associateRouteTable({ RouteTableId, SubnetId });
    const moved = await ec2.replaceRouteTableAssociation({ AssociationId, RouteTableId: other });
    expect(moved.NewAssociationId).not.toBe(AssociationId);
    expect((await shown(other))?.Associations).toMatchObject([{ SubnetId, Main: false }]);
    const main = await putMainTable();
    await expect(ec2.disassociateRouteTable({ AssociationId: main.AssociationId })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: `cannot disassociate the main route table association ${main.AssociationId}`,
    });
    await ec2.replaceRouteTableAssociation({ AssociationId: main.AssociationId, RouteTableId });
    expect((await shown())?.Associations).toMatchObject([{ Main: true }]);
    expect((await shown(main.id))?.Associations).toEqual([]);
    const foreign = await makeTable(await putVpc(server.state, scope, 2));
    await expect(
      ec2.replaceRouteTableAssociation({ AssociationId: moved.NewAssociationId, RouteTableId: foreign }),
    ).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });
});

describe('DescribeRouteTables', () => {
  it('filters by what tables, associations and routes are', async () => {
    const { AssociationId = '' } = await ec2.associateRouteTable({ RouteTableId, SubnetId });
    await add('0.0.0.0/0');
    const main = await putMainTable();
    const by = async (Name: string, ...Values: string[]) =>
      (await ec2.describeRouteTables({ Filters: [{ Name, Values }] })).RouteTables?.map(
        (table) => table.RouteTableId,
      );
    expect(await by('association.main', 'true')).toEqual([main.id]);
    expect(await by('association.main', 'false')).toEqual([RouteTableId]);
    expect(await by('association.subnet-id', SubnetId)).toEqual([RouteTableId]);
    expect(await by('association.route-table-association-id', AssociationId)).toEqual([RouteTableId]);
    expect(await by('association.route-table-id', main.id)).toEqual([main.id]);
    expect(await by('route.gateway-id', GatewayId)).toEqual([RouteTableId]);
    expect(await by('route.destination-cidr-block', '0.0.0.0/0')).toEqual([RouteTableId]);
    expect(await by('route.origin', 'CreateRoute')).toEqual([RouteTableId]);
    expect(await by('route.state', 'active')).toHaveLength(2);
    expect(await by('vpc-id', VpcId)).toHaveLength(2);
    expect(await by('route.transit-gateway-id', 'tgw-1')).toEqual([]);
  });
});
