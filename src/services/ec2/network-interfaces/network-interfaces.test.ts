import type { CreateNetworkInterfaceCommandInput } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { availableAddressCount } from '../addresses/ipam.ts';
import { createServiceInterface, deleteServiceInterface } from '../for-services/service-interface.ts';
import { clientTokens, ec2Key, subnets } from '../records.ts';
import { type Ec2Server, scope, startEc2Server } from '../testing/ec2-server.ts';
import { putNetwork, type TestNetwork } from '../testing/networks.ts';

let server: Ec2Server;
let network: TestNetwork;
let subnetId: string;
let number = 0;
beforeAll(async () => {
  server = await startEc2Server();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  number += 1;
  network = await putNetwork(server.state, scope, number, ['10.0.0.0/26']);
  [subnetId = ''] = network.subnetIds;
});

const refused = (name: string, message: string | RegExp = /./) => ({
  ...{ name, message: expect.stringMatching(message), $metadata: { httpStatusCode: 400 } },
});

async function create(input: Omit<CreateNetworkInterfaceCommandInput, 'SubnetId'> = {}) {
  const { NetworkInterface } = await server.ec2.createNetworkInterface({ SubnetId: subnetId, ...input });
  return NetworkInterface ?? {};
}

async function describeOne(id: string | undefined) {
  const { NetworkInterfaces = [] } = await server.ec2.describeNetworkInterfaces({
    NetworkInterfaceIds: [id ?? ''],
  });
  return NetworkInterfaces[0] ?? {};
}

async function group(): Promise<string> {
  const { GroupId = '' } = await server.ec2.createSecurityGroup({
    ...{ GroupName: 'quay', Description: 'd', VpcId: network.vpcId },
  });
  return GroupId;
}

/** As ECS makes one. */
async function serviceInterface() {
  const made = await server.state.transact((tx) =>
    createServiceInterface(tx, server.context, scope, {
      ...{ subnetIds: [subnetId], securityGroupIds: [], description: 'd', requesterId: 'amazon-ecs' },
      ...{ tags: {}, assignPublicIp: true, now: Date.UTC(2026, 0, 1) },
    }),
  );
  if (made.type !== 'created') throw new Error(`Got ${made.type}`);
  return made.networkInterface.record;
}

const freeAddresses = (): number => {
  const subnet = server.state.get(subnets, ec2Key(subnets, scope, subnetId));
  return subnet === undefined ? 0 : availableAddressCount(server.state, subnet);
};

describe('CreateNetworkInterface', () => {
  it('makes one with an address of the subnet, in the VPC’s default group', async () => {
    const made = await create({
      Description: 'of the pilot',
      TagSpecifications: [{ ResourceType: 'network-interface', Tags: [{ Key: 'team', Value: 'blue' }] }],
    });
    expect(made).toEqual({
      NetworkInterfaceId: expect.stringMatching(/^eni-[0-9a-f]{17}$/),
      ...{ InterfaceType: 'interface', Status: 'available', Description: 'of the pilot' },
      ...{ OwnerId: scope.accountId, VpcId: network.vpcId, SubnetId: subnetId },
      ...{ AvailabilityZone: 'eu-west-1a', AvailabilityZoneId: 'euw1-az1' },
      MacAddress: expect.stringMatching(/^02(:[0-9a-f]{2}){5}$/),
      ...{ PrivateIpAddress: '10.0.0.4', PrivateDnsName: 'ip-10-0-0-4.eu-west-1.compute.internal' },
      PrivateIpAddresses: [
        {
          ...{ PrivateIpAddress: '10.0.0.4', Primary: true },
          PrivateDnsName: 'ip-10-0-0-4.eu-west-1.compute.internal',
        },
      ],
      Ipv6Addresses: [],
      Groups: [{ GroupId: network.defaultGroupId, GroupName: 'default' }],
      ...{ SourceDestCheck: true, DenyAllIgwTraffic: false, RequesterManaged: false },
      Operator: { Managed: false },
      TagSet: [{ Key: 'team', Value: 'blue' }],
    });
    expect(await describeOne(made.NetworkInterfaceId)).toEqual(made);
  });

  it('takes the addresses that are asked for, or as many', async () => {
    const named = await create({
      PrivateIpAddresses: [{ PrivateIpAddress: '10.0.0.9' }, { PrivateIpAddress: '10.0.0.8', Primary: true }],
    });
    expect(named.PrivateIpAddresses?.map(({ PrivateIpAddress }) => PrivateIpAddress)).toEqual([
      '10.0.0.8',
      '10.0.0.9',
    ]);
    const counted = await create({ PrivateIpAddress: '10.0.0.4', SecondaryPrivateIpAddressCount: 5 });
    expect(counted.PrivateIpAddresses?.map(({ PrivateIpAddress }) => PrivateIpAddress)).toEqual([
      ...['10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.0.7', '10.0.0.10', '10.0.0.11'],
    ]);
    expect(freeAddresses()).toBe(59 - 8);
  });

  it('delegates prefixes', async () => {
    const made = await create({ Ipv4PrefixCount: 1 });
    expect(made).toMatchObject({
      Ipv4Prefixes: [{ Ipv4Prefix: '10.0.0.16/28' }],
      PrivateIpAddress: '10.0.0.32',
    });
    const named = await create({ Ipv4Prefixes: [{ Ipv4Prefix: '10.0.0.32/28' }] }).catch((error) => error);
    expect(named).toMatchObject(refused('InvalidIPAddress.InUse', 'Address 10.0.0.32 is in use.'));
    await create({ PrivateIpAddress: '10.0.0.50' });
    await expect(create({ Ipv4PrefixCount: 1 })).rejects.toMatchObject(
      refused('InsufficientCidrBlocks', 'does not have enough free cidr blocks'),
    );
  });

  it('says when the subnet has not enough left, and takes nothing then', async () => {
    await create({ SecondaryPrivateIpAddressCount: 39 });
    await expect(create({ SecondaryPrivateIpAddressCount: 19 })).rejects.toMatchObject(
      refused(
        'InsufficientFreeAddressesInSubnet',
        'The specified subnet does not have enough free addresses to satisfy the request.',
      ),
    );
    expect(freeAddresses()).toBe(19);
  });

  it('makes one for a client token, however often it is told to', async () => {
    const input = { ClientToken: 'once', Description: 'pilot' };
    const made = await Promise.all([create(input), create(input), create(input)]);
    expect(new Set(made.map(({ NetworkInterfaceId }) => NetworkInterfaceId)).size).toBe(1);
    await expect(create({ ...input, Description: 'other' })).rejects.toMatchObject(
      refused('IdempotentParameterMismatch', 'The request uses the same client token'),
    );
    await server.ec2.deleteNetworkInterface({ NetworkInterfaceId: made[0]?.NetworkInterfaceId });
    const again = await create({ ...input, Description: 'other' });
    expect(again.NetworkInterfaceId).not.toBe(made[0]?.NetworkInterfaceId);
  });

  it.each<[string, CreateNetworkInterfaceCommandInput, string, RegExp]>([
    ['no subnet', { SubnetId: undefined }, 'MissingParameter', /SubnetId/],
    [
      'an unknown subnet',
      { SubnetId: 'subnet-00000000' },
      'InvalidSubnetID.NotFound',
      /^The subnet ID 'subnet-00000000' does not exist$/,
    ],
    [
      'an unknown group',
      { SubnetId: 'own', Groups: ['sg-00000000'] },
      'InvalidGroup.NotFound',
      /^The security group 'sg-00000000' does not exist$/,
    ],
    [
      'a malformed group',
      { SubnetId: 'own', Groups: ['web'] },
      'InvalidGroupId.Malformed',
      /^Invalid id: "web" \(expecting "sg-..."\)$/,
    ],
    [
      'two primary addresses',
      {
        SubnetId: 'own',
        PrivateIpAddress: '10.0.0.8',
        PrivateIpAddresses: [{ PrivateIpAddress: '10.0.0.9', Primary: true }],
      },
      'InvalidParameterCombination',
      /Only one primary/,
    ],
    [
      'addresses and a number of them',
      {
        SubnetId: 'own',
        PrivateIpAddresses: [{ PrivateIpAddress: '10.0.0.9' }],
        SecondaryPrivateIpAddressCount: 1,
      },
      'InvalidParameterCombination',
      /^The parameter privateIpAddresses cannot be used with the parameter secondaryPrivateIpAddressCount$/,
    ],
    [
      'more addresses than any interface has',
      { SubnetId: 'own', SecondaryPrivateIpAddressCount: 50 },
      'PrivateIpAddressLimitExceeded',
      /Number of private addresses will exceed limit/,
    ],
    ['IPv6', { SubnetId: 'own', Ipv6AddressCount: 1 }, 'UnsupportedOperation', /Ipv6AddressCount/],
    ['a trunk', { SubnetId: 'own', InterfaceType: 'trunk' }, 'UnsupportedOperation', /trunk/],
  ])('refuses %s', async (_what, input, name, message) => {
    const asked = { ...input, SubnetId: input.SubnetId === 'own' ? subnetId : input.SubnetId };
    await expect(server.ec2.createNetworkInterface(asked)).rejects.toMatchObject(refused(name, message));
    expect(freeAddresses()).toBe(59);
  });

  it('refuses groups of another VPC, and more than five', async () => {
    const other = await putNetwork(server.state, scope, 1_000 + number, []);
    await expect(create({ Groups: [other.defaultGroupId] })).rejects.toMatchObject(
      refused(
        'InvalidParameter',
        `Security group ${other.defaultGroupId} and subnet ${subnetId} belong to different networks.`,
      ),
    );
    const groups = await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const made = await server.ec2.createSecurityGroup({
          ...{ GroupName: `g${index}`, Description: 'd', VpcId: network.vpcId },
        });
        return made.GroupId ?? '';
      }),
    );
    await expect(create({ Groups: groups })).rejects.toMatchObject(
      refused('SecurityGroupsPerInterfaceLimitExceeded'),
    );
  });
});

describe('DescribeNetworkInterfaces', () => {
  it('finds by AWS’s filters', async () => {
    const plain = await create({ Description: 'plain' });
    const record = await serviceInterface();
    const find = async (Name: string, ...Values: string[]) => {
      const { NetworkInterfaces = [] } = await server.ec2.describeNetworkInterfaces({
        Filters: [
          { Name: 'vpc-id', Values: [network.vpcId] },
          { Name, Values },
        ],
      });
      return NetworkInterfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
    };
    const [ofPlain, ofService] = [[plain.NetworkInterfaceId], [record.id]];
    const { autoAssignedPublicIpv4: publicIp = '', attachment } = record;
    expect(await find('description', 'plain')).toEqual(ofPlain);
    expect(await find('status', 'available')).toEqual(ofPlain);
    expect(await find('status', 'in-use')).toEqual(ofService);
    expect(await find('requester-managed', 'true')).toEqual(ofService);
    expect(await find('requester-id', 'amazon-*')).toEqual(ofService);
    expect(await find('mac-address', plain.MacAddress ?? '')).toEqual(ofPlain);
    expect(await find('private-ip-address', '10.0.0.4')).toEqual(ofPlain);
    expect(await find('addresses.private-ip-address', '10.0.0.5')).toEqual(ofService);
    expect(await find('private-dns-name', 'ip-10-0-0-4.*')).toEqual(ofPlain);
    expect(await find('association.public-ip', publicIp)).toEqual(ofService);
    expect(await find('addresses.association.public-ip', publicIp)).toEqual(ofService);
    expect(await find('association.ip-owner-id', 'amazon')).toEqual(ofService);
    expect(await find('attachment.attachment-id', attachment?.id ?? '')).toEqual(ofService);
    expect(await find('attachment.attach-time', '2026-01-01T00:00:00.000Z')).toEqual(ofService);
    expect(await find('attachment.device-index', '1')).toEqual(ofService);
    expect(await find('attachment.instance-owner-id', 'amazon-ecs')).toEqual(ofService);
    const both = [...ofPlain, ...ofService].sort();
    expect(await find('subnet-id', subnetId)).toEqual(both);
    expect(await find('group-id', network.defaultGroupId)).toEqual(both);
    expect(await find('group-name', 'default')).toEqual(both);
    expect(await find('availability-zone-id', 'euw1-az1')).toEqual(both);
    expect(await find('owner-id', scope.accountId)).toEqual(both);
    expect(await find('source-dest-check', 'false')).toEqual([]);
    await expect(find('colour', 'red')).rejects.toMatchObject(
      refused('InvalidParameterValue', "The filter 'colour' is invalid"),
    );
  });

  it('shows what a service has, with the public address that it was given', async () => {
    const { id, autoAssignedPublicIpv4 = '', attachment } = await serviceInterface();
    const association = {
      PublicIp: autoAssignedPublicIpv4,
      PublicDnsName: `ec2-${autoAssignedPublicIpv4.replaceAll('.', '-')}.eu-west-1.compute.amazonaws.com`,
      IpOwnerId: 'amazon',
    };
    expect(await describeOne(id)).toMatchObject({
      ...{ Status: 'in-use', RequesterManaged: true, RequesterId: 'amazon-ecs' },
      Attachment: {
        ...{ AttachmentId: attachment?.id, InstanceOwnerId: 'amazon-ecs', DeviceIndex: 1 },
        ...{ Status: 'attached', AttachTime: new Date(Date.UTC(2026, 0, 1)), DeleteOnTermination: false },
      },
      Association: association,
      PrivateIpAddresses: [{ PrivateIpAddress: '10.0.0.4', Association: association }],
    });
  });

  it('does not know ids that are nobody’s', async () => {
    await expect(describeOne('eni-00000000')).rejects.toMatchObject(
      refused('InvalidNetworkInterfaceID.NotFound', "The networkInterface ID 'eni-00000000' does not exist"),
    );
  });
});

describe('what changes an interface', () => {
  it('is one attribute at a time', async () => {
    const { NetworkInterfaceId } = await create();
    const modify = (change: object) =>
      server.ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, ...change });
    const groupId = await group();
    await modify({ Description: { Value: 'new' } });
    await modify({ SourceDestCheck: { Value: false } });
    await modify({ Groups: [groupId, groupId] });
    expect(await describeOne(NetworkInterfaceId)).toMatchObject({
      ...{ Description: 'new', SourceDestCheck: false },
      Groups: [{ GroupId: groupId, GroupName: 'quay' }],
    });
    await server.ec2.resetNetworkInterfaceAttribute({ NetworkInterfaceId, SourceDestCheck: 'true' });
    expect(await describeOne(NetworkInterfaceId)).toMatchObject({ SourceDestCheck: true });

    await expect(modify({})).rejects.toMatchObject(
      refused('InvalidParameterCombination', 'No attributes specified.'),
    );
    await expect(modify({ Groups: [groupId], Description: { Value: '' } })).rejects.toMatchObject(
      refused(
        'InvalidParameterCombination',
        'Fields for multiple attribute types specified: Description, Groups',
      ),
    );
    await expect(modify({ Groups: ['sg-00000000'] })).rejects.toMatchObject(refused('InvalidGroup.NotFound'));
    await expect(
      modify({ Attachment: { AttachmentId: 'eni-attach-00000000', DeleteOnTermination: true } }),
    ).rejects.toMatchObject(refused('InvalidAttachmentID.NotFound'));
    await expect(modify({ AssociatePublicIpAddress: true })).rejects.toMatchObject(
      refused('UnsupportedOperation'),
    );
  });

  it('is seen attribute by attribute', async () => {
    const { NetworkInterfaceId } = await create({ Description: 'd' });
    const attribute = async (Attribute: 'description' | 'groupSet' | 'sourceDestCheck' | 'attachment') => {
      const { $metadata: _, ...answer } = await server.ec2.describeNetworkInterfaceAttribute({
        ...{ NetworkInterfaceId, Attribute },
      });
      return answer;
    };
    expect(await attribute('description')).toEqual({ NetworkInterfaceId, Description: { Value: 'd' } });
    expect(await attribute('sourceDestCheck')).toEqual({
      NetworkInterfaceId,
      SourceDestCheck: { Value: true },
    });
    expect(await attribute('groupSet')).toEqual({
      ...{ NetworkInterfaceId, Groups: [{ GroupId: network.defaultGroupId, GroupName: 'default' }] },
    });
    expect(await attribute('attachment')).toEqual({ NetworkInterfaceId });
  });

  it('gives it addresses and takes them again', async () => {
    const { NetworkInterfaceId } = await create();
    const assigned = await server.ec2.assignPrivateIpAddresses({
      ...{ NetworkInterfaceId, SecondaryPrivateIpAddressCount: 2 },
    });
    expect(assigned).toMatchObject({
      NetworkInterfaceId,
      AssignedPrivateIpAddresses: [{ PrivateIpAddress: '10.0.0.5' }, { PrivateIpAddress: '10.0.0.6' }],
    });
    const { AssignedIpv4Prefixes } = await server.ec2.assignPrivateIpAddresses({
      ...{ NetworkInterfaceId, Ipv4PrefixCount: 1 },
    });
    expect(AssignedIpv4Prefixes).toEqual([{ Ipv4Prefix: '10.0.0.16/28' }]);
    expect(freeAddresses()).toBe(59 - 3 - 16);

    const unassign = (...PrivateIpAddresses: string[]) =>
      server.ec2.unassignPrivateIpAddresses({ NetworkInterfaceId, PrivateIpAddresses });
    await unassign('10.0.0.5');
    await server.ec2.unassignPrivateIpAddresses({ NetworkInterfaceId, Ipv4Prefixes: ['10.0.0.16/28'] });
    expect((await describeOne(NetworkInterfaceId)).PrivateIpAddresses).toMatchObject([
      { PrivateIpAddress: '10.0.0.4', Primary: true },
      { PrivateIpAddress: '10.0.0.6', Primary: false },
    ]);
    expect(freeAddresses()).toBe(59 - 2);
    await expect(unassign('10.0.0.4')).rejects.toMatchObject(refused('InvalidParameterValue', /primary/));
    await expect(unassign('10.0.0.5')).rejects.toMatchObject(
      refused('InvalidParameterValue', /not assigned/),
    );
  });

  it('moves a secondary address from another interface, when it may', async () => {
    const one = await create({ PrivateIpAddresses: [{ PrivateIpAddress: '10.0.0.9' }] });
    const two = await create();
    const assign = (address: string, AllowReassignment: boolean) =>
      server.ec2.assignPrivateIpAddresses({
        NetworkInterfaceId: two.NetworkInterfaceId,
        ...{ PrivateIpAddresses: [address], AllowReassignment },
      });
    await expect(assign('10.0.0.9', false)).rejects.toMatchObject(refused('InvalidIPAddress.InUse'));
    await expect(assign(one.PrivateIpAddress ?? '', true)).rejects.toMatchObject(
      refused('InvalidIPAddress.InUse'),
    );
    await assign('10.0.0.9', true);
    await assign('10.0.0.9', true);
    expect((await describeOne(one.NetworkInterfaceId)).PrivateIpAddresses).toHaveLength(1);
    expect((await describeOne(two.NetworkInterfaceId)).PrivateIpAddresses).toMatchObject([
      {},
      { PrivateIpAddress: '10.0.0.9' },
    ]);
    expect(freeAddresses()).toBe(59 - 3);
  });
});

describe('DeleteNetworkInterface', () => {
  it('frees its addresses and forgets its token', async () => {
    const { NetworkInterfaceId } = await create({ SecondaryPrivateIpAddressCount: 3 });
    await server.ec2.deleteNetworkInterface({ NetworkInterfaceId });
    expect(freeAddresses()).toBe(59);
    const tokens = [...server.state.list(clientTokens)].filter(
      ({ value }) => value.resourceId === NetworkInterfaceId,
    );
    expect(tokens).toEqual([]);
    await expect(server.ec2.deleteNetworkInterface({ NetworkInterfaceId })).rejects.toMatchObject(
      refused('InvalidNetworkInterfaceID.NotFound'),
    );
  });
});

describe('a service’s interface', () => {
  it('is the service’s alone', async () => {
    const { id: NetworkInterfaceId, attachment } = await serviceInterface();
    const { ec2 } = server;
    await expect(ec2.deleteNetworkInterface({ NetworkInterfaceId })).rejects.toMatchObject(
      refused('InvalidParameterValue', `Network interface '${NetworkInterfaceId}' is currently in use.`),
    );
    const notYours = refused('AuthFailure', 'You do not have permission to access the specified resource.');
    for (const change of [
      ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, Description: { Value: 'mine' } }),
      ec2.resetNetworkInterfaceAttribute({ NetworkInterfaceId, SourceDestCheck: 'true' }),
      ec2.assignPrivateIpAddresses({ NetworkInterfaceId, SecondaryPrivateIpAddressCount: 1 }),
      ec2.unassignPrivateIpAddresses({ NetworkInterfaceId, PrivateIpAddresses: ['10.0.0.4'] }),
      ec2.attachNetworkInterface({ NetworkInterfaceId, InstanceId: 'i-00000000', DeviceIndex: 1 }),
      ec2.detachNetworkInterface({ AttachmentId: attachment?.id, Force: true }),
    ])
      await expect(change).rejects.toMatchObject(notYours);
    await server.state.transact((tx) => deleteServiceInterface(tx, scope, NetworkInterfaceId));
    expect(freeAddresses()).toBe(59);
  });
});
