import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServiceInterface } from '../for-services/service-interface.ts';
import { publicAddresses } from '../records.ts';
import { type Ec2Server, scope, startEc2Server } from '../testing/ec2-server.ts';
import { putInternetGateway, putNetwork, type TestNetwork } from '../testing/networks.ts';

let server: Ec2Server;
let network: TestNetwork;
beforeEach(async () => {
  server = await startEc2Server({ publicCidr: '198.18.0.0/28' });
  network = await putNetwork(server.state, scope, 1, ['10.0.0.0/24']);
  await putInternetGateway(server.state, scope, network.vpcId);
});
afterEach(() => server[Symbol.asyncDispose]());

const refused = (name: string, message: string | RegExp = /./) => ({
  ...{ name, message: expect.stringMatching(message), $metadata: { httpStatusCode: 400 } },
});

async function allocate(): Promise<{ readonly AllocationId: string; readonly PublicIp: string }> {
  const { AllocationId = '', PublicIp = '' } = await server.ec2.allocateAddress({});
  return { AllocationId, PublicIp };
}

async function newInterface({ vpcId, subnetIds }: TestNetwork = network): Promise<string> {
  const { NetworkInterface } = await server.ec2.createNetworkInterface({
    ...{ SubnetId: subnetIds[0], Description: vpcId, SecondaryPrivateIpAddressCount: 1 },
  });
  return NetworkInterface?.NetworkInterfaceId ?? '';
}

async function describeOne(AllocationId: string) {
  const { Addresses = [] } = await server.ec2.describeAddresses({ AllocationIds: [AllocationId] });
  return Addresses[0] ?? {};
}

/** The public address of each private one. */
async function publicIpsOf(id: string) {
  const { NetworkInterfaces = [] } = await server.ec2.describeNetworkInterfaces({
    NetworkInterfaceIds: [id],
  });
  return NetworkInterfaces[0]?.PrivateIpAddresses?.map(({ Association }) => Association?.PublicIp);
}

describe('AllocateAddress', () => {
  it('gives an address of the installation’s pool, five at most', async () => {
    const { $metadata: _, ...first } = await server.ec2.allocateAddress({
      Domain: 'vpc',
      TagSpecifications: [{ ResourceType: 'elastic-ip', Tags: [{ Key: 'team', Value: 'blue' }] }],
    });
    expect(first).toEqual({
      ...{ PublicIp: '198.18.0.2', Domain: 'vpc', PublicIpv4Pool: 'amazon', NetworkBorderGroup: 'eu-west-1' },
      AllocationId: expect.stringMatching(/^eipalloc-[0-9a-f]{17}$/),
    });
    expect(await describeOne(first.AllocationId ?? '')).toEqual({
      ...first,
      Tags: [{ Key: 'team', Value: 'blue' }],
    });
    const others = await Promise.allSettled(Array.from({ length: 5 }, allocate));
    expect(others.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    await expect(allocate()).rejects.toMatchObject(
      refused('AddressLimitExceeded', 'The maximum number of addresses has been reached.'),
    );
    expect([...server.state.list(publicAddresses)]).toHaveLength(5);
  });

  it('says when the installation has none left', async () => {
    for (const region of ['us-east-1', 'us-west-1', 'us-west-2'])
      for (let count = 0; count < 5; count++)
        await server
          .in(region)
          .allocateAddress({})
          .catch((error) => expect(error).toMatchObject(refused('InsufficientAddressCapacity')));
    expect([...server.state.list(publicAddresses)]).toHaveLength(13);
    await expect(allocate()).rejects.toMatchObject(
      refused('InsufficientAddressCapacity', /198\.18\.0\.0\/28/),
    );
  });

  it.each([
    ['one’s own', { Address: '203.0.113.7' }, 'UnsupportedOperation'],
    ['EC2-Classic’s', { Domain: 'standard' as const }, 'UnsupportedOperation'],
    ['another border’s', { NetworkBorderGroup: 'us-east-1-lax-1' }, 'InvalidParameterValue'],
  ])('refuses %s', async (_whose, input, name) => {
    await expect(server.ec2.allocateAddress(input)).rejects.toMatchObject(refused(name));
  });
});

describe('AssociateAddress', () => {
  it('gives an interface a public address, and DisassociateAddress takes it', async () => {
    const { AllocationId, PublicIp } = await allocate();
    const NetworkInterfaceId = await newInterface();
    const { AssociationId } = await server.ec2.associateAddress({ AllocationId, NetworkInterfaceId });
    expect(AssociationId).toMatch(/^eipassoc-[0-9a-f]{17}$/);
    expect(await describeOne(AllocationId)).toMatchObject({
      ...{ AssociationId, NetworkInterfaceId, NetworkInterfaceOwnerId: scope.accountId },
      PrivateIpAddress: '10.0.0.5',
    });
    expect(await publicIpsOf(NetworkInterfaceId)).toEqual([PublicIp, undefined]);
    await expect(server.ec2.releaseAddress({ AllocationId })).rejects.toMatchObject(
      refused('InvalidIPAddress.InUse', `Address ${PublicIp} is in use.`),
    );
    await server.ec2.disassociateAddress({ AssociationId });
    expect(await publicIpsOf(NetworkInterfaceId)).toEqual([undefined, undefined]);
    await server.ec2.releaseAddress({ AllocationId });
    expect([...server.state.list(publicAddresses)]).toEqual([]);
  });

  it('moves it, unless it may not', async () => {
    const { AllocationId, PublicIp } = await allocate();
    const [one, two] = [await newInterface(), await newInterface()];
    const associate = (NetworkInterfaceId: string, AllowReassociation?: boolean) =>
      server.ec2.associateAddress({
        ...{ AllocationId, NetworkInterfaceId },
        ...(AllowReassociation !== undefined && { AllowReassociation }),
      });
    const { AssociationId } = await associate(one);
    expect(await associate(one)).toMatchObject({ AssociationId });
    await expect(associate(two, false)).rejects.toMatchObject(
      refused(
        'Resource.AlreadyAssociated',
        `resource ${AllocationId} is already associated with associate-id ${AssociationId}`,
      ),
    );
    await associate(two);
    expect(await publicIpsOf(one)).toEqual([undefined, undefined]);
    expect(await publicIpsOf(two)).toEqual([PublicIp, undefined]);
    await expect(server.ec2.disassociateAddress({ AssociationId })).rejects.toMatchObject(
      refused('InvalidAssociationID.NotFound', `The association ID '${AssociationId}' does not exist`),
    );
  });

  it('puts one in the other’s place', async () => {
    const [one, two] = [await allocate(), await allocate()];
    const NetworkInterfaceId = await newInterface();
    await server.ec2.associateAddress({ AllocationId: one.AllocationId, NetworkInterfaceId });
    await server.ec2.associateAddress({ PublicIp: two.PublicIp, NetworkInterfaceId });
    expect(await publicIpsOf(NetworkInterfaceId)).toEqual([two.PublicIp, undefined]);
    expect((await describeOne(one.AllocationId)).AssociationId).toBeUndefined();
  });

  it('stays with the private address that it is of, or goes with it', async () => {
    const { AllocationId, PublicIp } = await allocate();
    const [one, two] = [await newInterface(), await newInterface()];
    const toSecondary = (NetworkInterfaceId: string, PrivateIpAddress: string) =>
      server.ec2.associateAddress({ AllocationId, NetworkInterfaceId, PrivateIpAddress });
    await expect(toSecondary(one, '10.0.0.99')).rejects.toMatchObject(refused('InvalidParameterValue'));
    await toSecondary(one, '10.0.0.4');
    expect(await publicIpsOf(one)).toEqual([undefined, PublicIp]);
    await server.ec2.assignPrivateIpAddresses({
      ...{ NetworkInterfaceId: two, PrivateIpAddresses: ['10.0.0.4'], AllowReassignment: true },
    });
    expect(await publicIpsOf(two)).toEqual([undefined, undefined, PublicIp]);
    await server.ec2.unassignPrivateIpAddresses({
      ...{ NetworkInterfaceId: two, PrivateIpAddresses: ['10.0.0.4'] },
    });
    expect((await describeOne(AllocationId)).AssociationId).toBeUndefined();
  });

  it('ends with its interface', async () => {
    const { AllocationId } = await allocate();
    const NetworkInterfaceId = await newInterface();
    await server.ec2.associateAddress({ AllocationId, NetworkInterfaceId });
    await server.ec2.deleteNetworkInterface({ NetworkInterfaceId });
    expect((await describeOne(AllocationId)).AssociationId).toBeUndefined();
  });

  it('refuses what can’t be', async () => {
    const { AllocationId, PublicIp } = await allocate();
    const closed = await putNetwork(server.state, scope, 2, ['10.0.0.0/24']);
    const NetworkInterfaceId = await newInterface(closed);
    const { ec2 } = server;
    await expect(ec2.associateAddress({ AllocationId, NetworkInterfaceId })).rejects.toMatchObject(
      refused('Gateway.NotAttached', `Network ${closed.vpcId} is not attached to any internet gateway`),
    );
    await expect(ec2.associateAddress({ AllocationId })).rejects.toMatchObject(refused('MissingParameter'));
    await expect(ec2.associateAddress({ NetworkInterfaceId })).rejects.toMatchObject(
      refused('MissingParameter'),
    );
    await expect(
      ec2.associateAddress({ AllocationId, InstanceId: 'i-0123456789abcdef0' }),
    ).rejects.toMatchObject(refused('InvalidInstanceID.NotFound'));
    await expect(ec2.associateAddress({ AllocationId, PublicIp, NetworkInterfaceId })).rejects.toMatchObject(
      refused('InvalidParameterCombination'),
    );
    await expect(
      ec2.associateAddress({ AllocationId: 'eipalloc-00000000', NetworkInterfaceId }),
    ).rejects.toMatchObject(
      refused('InvalidAllocationID.NotFound', "The allocation ID 'eipalloc-00000000' does not exist"),
    );
    await expect(ec2.disassociateAddress({ PublicIp })).rejects.toMatchObject(
      refused('InvalidAssociationID.NotFound'),
    );
    await expect(ec2.disassociateAddress({ AssociationId: 'eipassoc-00000000' })).rejects.toMatchObject(
      refused('InvalidAssociationID.NotFound'),
    );
    await expect(ec2.releaseAddress({ PublicIp: '198.18.0.9' })).rejects.toMatchObject(
      refused('InvalidAddress.NotFound', "Address '198.18.0.9' not found."),
    );
  });

  it('leaves services’ interfaces alone', async () => {
    const { AllocationId } = await allocate();
    const made = await server.state.transact((tx) =>
      createServiceInterface(tx, server.context, scope, {
        ...{ subnetIds: network.subnetIds, securityGroupIds: [], description: 'd', tags: {} },
        ...{ requesterId: 'amazon-ecs', assignPublicIp: false, now: 0 },
      }),
    );
    const NetworkInterfaceId = made.type === 'created' ? made.networkInterface.record.id : '';
    await expect(server.ec2.associateAddress({ AllocationId, NetworkInterfaceId })).rejects.toMatchObject(
      refused('AuthFailure', 'You do not have permission to access the specified resource.'),
    );
  });
});

describe('DescribeAddresses', () => {
  it('takes allocations, addresses and filters, of the caller’s region', async () => {
    const [one, two] = [await allocate(), await allocate()];
    const { AllocationId: elsewhere = '' } = await server.in('us-east-1').allocateAddress({});
    const NetworkInterfaceId = await newInterface();
    await server.ec2.associateAddress({ AllocationId: two.AllocationId, NetworkInterfaceId });
    const find = async (input: object) => {
      const { Addresses = [] } = await server.ec2.describeAddresses(input);
      return Addresses.map(({ AllocationId }) => AllocationId);
    };
    const filter = (Name: string, ...Values: string[]) => find({ Filters: [{ Name, Values }] });
    expect(await find({})).toEqual([one.AllocationId, two.AllocationId].sort());
    expect(await find({ PublicIps: [one.PublicIp] })).toEqual([one.AllocationId]);
    expect(await filter('network-interface-id', NetworkInterfaceId)).toEqual([two.AllocationId]);
    expect(await filter('private-ip-address', '10.0.0.5')).toEqual([two.AllocationId]);
    expect(await filter('public-ip', one.PublicIp)).toEqual([one.AllocationId]);
    expect(await filter('domain', 'standard')).toEqual([]);
    await expect(find({ AllocationIds: [elsewhere] })).rejects.toMatchObject(
      refused('InvalidAllocationID.NotFound'),
    );
    await expect(find({ PublicIps: ['198.18.0.14'] })).rejects.toMatchObject(
      refused('InvalidAddress.NotFound'),
    );
  });
});
