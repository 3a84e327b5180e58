import {
  type CreateNatGatewayCommandInput,
  waitUntilNatGatewayAvailable,
  waitUntilNatGatewayDeleted,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { natGatewayTopology } from '../network-interfaces/topology.ts';
import { clientTokens, ec2Key, natGateways, subnetAddresses } from '../records.ts';
import { type Ec2Server, scope, startEc2Server } from '../testing/ec2-server.ts';
import { putInternetGateway, putNetwork, type TestNetwork } from '../testing/networks.ts';

let server: Ec2Server;
let network: TestNetwork;
let SubnetId: string;
beforeEach(async () => {
  server = await startEc2Server();
  network = await putNetwork(server.state, scope, 1, ['10.0.0.0/28', '10.0.1.0/24']);
  [SubnetId = ''] = network.subnetIds;
});
afterEach(() => server[Symbol.asyncDispose]());

const hourMs = 60 * 60 * 1000;
const refused = (name: string, message: string | RegExp = /./) => ({
  ...{ name, message: expect.stringMatching(message), $metadata: { httpStatusCode: 400 } },
});

const open = () => putInternetGateway(server.state, scope, network.vpcId);

async function allocate(): Promise<{ readonly AllocationId: string; readonly PublicIp: string }> {
  const { AllocationId = '', PublicIp = '' } = await server.ec2.allocateAddress({});
  return { AllocationId, PublicIp };
}

/** As it is when there is nothing left to do. */
async function settled(id: string | undefined) {
  await server.reconcilers.idle();
  const { NatGateways = [] } = await server.ec2.describeNatGateways({ NatGatewayIds: [id ?? ''] });
  return NatGateways[0] ?? {};
}

/** Its record: the SDK signs with the real time, so it can't ask once an hour has passed. */
const kept = (id: string | undefined) => server.state.get(natGateways, ec2Key(natGateways, scope, id ?? ''));

async function passTime(ms: number): Promise<void> {
  await server.clock.advance(ms);
  await server.reconcilers.idle();
}

async function create(input: Partial<CreateNatGatewayCommandInput> = {}) {
  const { AllocationId } = input.AllocationId ? { AllocationId: input.AllocationId } : await allocate();
  const { NatGateway } = await server.ec2.createNatGateway({ SubnetId, AllocationId, ...input });
  return NatGateway ?? {};
}

describe('a NAT gateway', () => {
  it('is pending, then available, with an interface and an address of its own', async () => {
    await open();
    const { AllocationId, PublicIp } = await allocate();
    const made = await create({ AllocationId });
    const { NatGatewayId } = made;
    expect(made).toEqual({
      NatGatewayId: expect.stringMatching(/^nat-[0-9a-f]{17}$/),
      ...{ VpcId: network.vpcId, SubnetId, State: 'pending', ConnectivityType: 'public' },
      ...{ AvailabilityMode: 'zonal', Tags: [], CreateTime: expect.any(Date) },
      NatGatewayAddresses: [{ AllocationId, IsPrimary: true, Status: 'associating' }],
    });
    await waitUntilNatGatewayAvailable(
      { client: server.ec2, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
      { NatGatewayIds: [NatGatewayId ?? ''] },
    );
    const { State, NatGatewayAddresses = [] } = await settled(NatGatewayId);
    const [address = {}] = NatGatewayAddresses;
    expect({ State, address }).toEqual({
      State: 'available',
      address: {
        ...{ AllocationId, PublicIp, PrivateIp: '10.0.0.4', IsPrimary: true, Status: 'succeeded' },
        AssociationId: expect.stringMatching(/^eipassoc-/),
        NetworkInterfaceId: expect.stringMatching(/^eni-/),
      },
    });
    const { NetworkInterfaces = [] } = await server.ec2.describeNetworkInterfaces({});
    expect(NetworkInterfaces).toMatchObject([
      {
        ...{ NetworkInterfaceId: address.NetworkInterfaceId, InterfaceType: 'natGateway', Status: 'in-use' },
        ...{ Description: `Interface for NAT Gateway ${NatGatewayId}`, RequesterManaged: true },
        ...{ SourceDestCheck: false, Groups: [], Association: { AllocationId, PublicIp } },
      },
    ]);
    const record = kept(NatGatewayId);
    expect(record && natGatewayTopology(record)).toEqual({
      ...{ id: NatGatewayId, subnetId: SubnetId, privateIpv4: '10.0.0.4', publicIpv4: PublicIp },
    });
  });

  it('keeps its address to itself until it is deleted', async () => {
    await open();
    const { AllocationId } = await allocate();
    const { NatGatewayId } = await create({ AllocationId });
    const { NatGatewayAddresses = [] } = await settled(NatGatewayId);
    const { AssociationId, NetworkInterfaceId } = NatGatewayAddresses[0] ?? {};
    const notYours = refused('AuthFailure', 'You do not have permission to access the specified resource.');
    await expect(server.ec2.disassociateAddress({ AssociationId })).rejects.toMatchObject(notYours);
    await expect(server.ec2.releaseAddress({ AllocationId })).rejects.toMatchObject(notYours);
    await expect(server.ec2.deleteNetworkInterface({ NetworkInterfaceId })).rejects.toMatchObject(
      refused('InvalidParameterValue', 'currently in use'),
    );

    expect(await server.ec2.deleteNatGateway({ NatGatewayId })).toMatchObject({ NatGatewayId });
    await waitUntilNatGatewayDeleted(
      { client: server.ec2, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
      { NatGatewayIds: [NatGatewayId ?? ''] },
    );
    expect([...server.state.list(subnetAddresses)]).toEqual([]);
    const { Addresses = [] } = await server.ec2.describeAddresses({ AllocationIds: [AllocationId] });
    expect(Addresses[0]).not.toHaveProperty('AssociationId');
    await server.ec2.releaseAddress({ AllocationId });
  });

  it('is shown for an hour after it is deleted', async () => {
    await open();
    const { NatGatewayId } = await create();
    await server.reconcilers.idle();
    await server.ec2.deleteNatGateway({ NatGatewayId });
    expect(await settled(NatGatewayId)).toMatchObject({ State: 'deleted', DeleteTime: expect.any(Date) });
    await server.ec2.deleteNatGateway({ NatGatewayId });
    await passTime(hourMs - 1);
    expect(kept(NatGatewayId)?.state).toBe('deleted');
    await passTime(1);
    expect(kept(NatGatewayId)).toBeUndefined();
    expect([...server.state.list(clientTokens)]).toEqual([]);
  });

  it('fails without an internet gateway, and leaves nothing behind', async () => {
    const { NatGatewayId } = await create();
    expect(await settled(NatGatewayId)).toMatchObject({
      ...{ State: 'failed', FailureCode: 'Gateway.NotAttached' },
      FailureMessage: `Network ${network.vpcId} has no Internet gateway attached`,
      NatGatewayAddresses: [{ Status: 'failed' }],
    });
    expect([...server.state.list(subnetAddresses)]).toEqual([]);
    await passTime(hourMs);
    expect(kept(NatGatewayId)).toBeUndefined();
  });

  it('fails with an address that is not there, or is somebody’s', async () => {
    await open();
    const missing = await create({ AllocationId: 'eipalloc-00000000' });
    expect(await settled(missing.NatGatewayId)).toMatchObject({
      ...{ State: 'failed', FailureCode: 'InvalidAllocationID.NotFound' },
      FailureMessage: 'Elastic IP address eipalloc-00000000 could not be associated with this NAT gateway',
    });
    const { AllocationId } = await allocate();
    const gateways = [await create({ AllocationId }), await create({ AllocationId })];
    const states = await Promise.all(gateways.map(async ({ NatGatewayId }) => settled(NatGatewayId)));
    expect(states.map(({ State }) => State).sort()).toEqual(['available', 'failed']);
    expect(states.find(({ State }) => State === 'failed')).toMatchObject({
      ...{ FailureCode: 'Resource.AlreadyAssociated' },
      FailureMessage: `Elastic IP address ${AllocationId} is already associated`,
    });
  });

  it('fails in a full subnet, and without the private address that it is to have', async () => {
    await open();
    await server.ec2.createNetworkInterface({ SubnetId, SecondaryPrivateIpAddressCount: 10 });
    const { NatGatewayId } = await create();
    expect(await settled(NatGatewayId)).toMatchObject({
      ...{ State: 'failed', FailureCode: 'InsufficientFreeAddressesInSubnet' },
      FailureMessage: 'Subnet has insufficient free addresses to create this NAT gateway',
    });
    const taken = await create({ PrivateIpAddress: '10.0.0.7' });
    expect(await settled(taken.NatGatewayId)).toMatchObject({ FailureCode: 'InvalidIPAddress.InUse' });
    const named = await create({ SubnetId: network.subnetIds[1], PrivateIpAddress: '10.0.1.77' });
    expect((await settled(named.NatGatewayId)).NatGatewayAddresses).toMatchObject([
      { PrivateIp: '10.0.1.77', Status: 'succeeded' },
    ]);
  });
});

describe('CreateNatGateway', () => {
  it('makes one for a client token', async () => {
    const { AllocationId } = await allocate();
    const input = { AllocationId, ClientToken: 'once' };
    const made = await Promise.all([create(input), create(input)]);
    expect(new Set(made.map(({ NatGatewayId }) => NatGatewayId)).size).toBe(1);
    await expect(create({ ...input, SubnetId: network.subnetIds[1] })).rejects.toMatchObject(
      refused('IdempotentParameterMismatch'),
    );
  });

  it('makes five in a zone at most, and those that failed don’t count', async () => {
    await open();
    for (let count = 0; count < 5; count++) {
      await create({ AllocationId: 'eipalloc-00000000' });
      await server.reconcilers.idle();
      await create();
    }
    await expect(create({ AllocationId: 'eipalloc-00000000' })).rejects.toMatchObject(
      refused('NatGatewayLimitExceeded', 'The maximum number of NAT Gateways has been reached.'),
    );
  });

  it.each<[string, Partial<CreateNatGatewayCommandInput>, string]>([
    ['a private one', { ConnectivityType: 'private' }, 'UnsupportedOperation'],
    ['a regional one', { AvailabilityMode: 'regional' }, 'UnsupportedOperation'],
    ['several addresses', { SecondaryAllocationIds: ['eipalloc-00000000'] }, 'UnsupportedOperation'],
    ['an unknown subnet', { SubnetId: 'subnet-00000000' }, 'InvalidSubnetID.NotFound'],
    ['a malformed allocation', { AllocationId: 'mine' }, 'InvalidAllocationID.Malformed'],
    ['a malformed address', { PrivateIpAddress: 'mine' }, 'InvalidParameterValue'],
  ])('refuses %s', async (_what, input, name) => {
    await expect(create({ AllocationId: 'eipalloc-00000000', ...input })).rejects.toMatchObject(
      refused(name),
    );
  });
});

describe('DescribeNatGateways', () => {
  it('takes filters', async () => {
    await open();
    const one = await create({
      TagSpecifications: [{ ResourceType: 'natgateway', Tags: [{ Key: 'team', Value: 'blue' }] }],
    });
    const two = await create({ SubnetId: network.subnetIds[1], AllocationId: 'eipalloc-00000000' });
    await server.reconcilers.idle();
    const find = async (Name: string, ...Values: string[]) => {
      const { NatGateways = [] } = await server.ec2.describeNatGateways({ Filter: [{ Name, Values }] });
      return NatGateways.map(({ NatGatewayId }) => NatGatewayId);
    };
    expect(await find('state', 'available')).toEqual([one.NatGatewayId]);
    expect(await find('state', 'failed')).toEqual([two.NatGatewayId]);
    expect(await find('subnet-id', SubnetId)).toEqual([one.NatGatewayId]);
    expect(await find('tag:team', 'blue')).toEqual([one.NatGatewayId]);
    expect(await find('vpc-id', network.vpcId)).toEqual([one.NatGatewayId, two.NatGatewayId].sort());
  });
});
