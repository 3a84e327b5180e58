import { expect, it } from 'vitest';
import { availableAddressCount } from '../addresses/ipam.ts';
import {
  addresses,
  dhcpOptions,
  ec2Key,
  networkInterfaces,
  publicAddresses,
  subnetAddresses,
  subnets,
  vpcs,
} from '../records.ts';
import { scope } from '../testing/ec2-server.ts';
import { putNetwork, type TestNetwork } from '../testing/networks.ts';
import { openRoom, type TestRoom } from '../testing/room.ts';
import { readAwsvpc } from './awsvpc.ts';
import {
  createServiceInterface,
  deleteServiceInterface,
  readServiceInterface,
  type ServiceInterfaceRequest,
} from './service-interface.ts';

const requestIn = ({ subnetIds }: TestNetwork): ServiceInterfaceRequest => ({
  subnetIds,
  securityGroupIds: [],
  description: 'arn:aws:ecs:eu-west-1:111122223333:attachment/a',
  requesterId: 'amazon-ecs',
  tags: { 'aws:ecs:clusterName': 'harbor' },
  assignPublicIp: false,
  now: 1_000,
});
const create = ({ ec2 }: TestRoom, request: ServiceInterfaceRequest) =>
  ec2.state.transact((tx) => createServiceInterface(tx, ec2, scope, request));
const remove = ({ ec2 }: TestRoom, id: string) =>
  ec2.state.transact((tx) => deleteServiceInterface(tx, scope, id));

async function created(room: TestRoom, request: ServiceInterfaceRequest) {
  const result = await create(room, request);
  if (result.type !== 'created') throw new Error(`Got ${result.type}`);
  return result.networkInterface;
}

it('makes an interface for a service, and tells what its machine must know', async () => {
  await using room = await openRoom({ publicCidr: '198.18.0.0/29' });
  const vpc = await putNetwork(room.ec2.state, scope, 1, ['10.0.16.0/20']);
  const made = await created(room, requestIn(vpc));
  expect(made).toEqual({
    record: {
      id: expect.stringMatching(/^eni-[0-9a-f]{17}$/),
      vpcId: vpc.vpcId,
      subnetId: vpc.subnetIds[0],
      availabilityZone: 'eu-west-1a',
      description: 'arn:aws:ecs:eu-west-1:111122223333:attachment/a',
      macAddress: expect.stringMatching(/^02(:[0-9a-f]{2}){5}$/),
      privateIpv4Addresses: ['10.0.16.4'],
      ipv4Prefixes: [],
      securityGroupIds: [vpc.defaultGroupId],
      sourceDestCheck: true,
      interfaceType: 'interface',
      requesterId: 'amazon-ecs',
      attachment: {
        id: expect.stringMatching(/^eni-attach-[0-9a-f]{17}$/),
        ...{ instanceOwnerId: 'amazon-ecs', deviceIndex: 1, status: 'attached' },
        ...{ attachedAt: 1_000, deleteOnTermination: false },
      },
      tags: { 'aws:ecs:clusterName': 'harbor' },
    },
    subnetCidr: '10.0.16.0/20',
    gatewayIpv4: '10.0.16.1',
    nameServers: ['10.0.0.2'],
    domainName: 'eu-west-1.compute.internal',
    privateDnsName: 'ip-10-0-16-4.eu-west-1.compute.internal',
  });
  expect(readServiceInterface(room.ec2.state, scope, made.record.id)).toEqual(made);
});

it('deletes it once, with its addresses, and lets an Elastic one go', async () => {
  await using room = await openRoom({ publicCidr: '198.18.0.0/29' });
  const { state } = room.ec2;
  const vpc = await putNetwork(room.ec2.state, scope, 1, ['10.0.0.0/28']);
  const { record } = await created(room, { ...requestIn(vpc), assignPublicIp: true });
  expect(record.autoAssignedPublicIpv4).toBe('198.18.0.2');
  const elastic = { allocationId: 'eipalloc-0a', publicIpv4: '198.18.0.7', tags: {} };
  const key = ec2Key(addresses, scope, elastic.allocationId);
  const association = { id: 'eipassoc-0a', networkInterfaceId: record.id, privateIpv4: '10.0.0.4' };
  await state.transact((tx) => tx.put(addresses, key, { ...elastic, association }));

  await remove(room, record.id);
  await remove(room, record.id);
  await remove(room, 'no/interface');
  expect([...state.list(networkInterfaces)]).toEqual([]);
  expect([...state.list(subnetAddresses)]).toEqual([]);
  expect([...state.list(publicAddresses)]).toEqual([]);
  expect(state.get(addresses, key)).toEqual(elastic);
});

it('takes the first subnet that has a free address, and says when none has', async () => {
  await using room = await openRoom({ publicCidr: '198.18.0.0/29' });
  const vpc = await putNetwork(room.ec2.state, scope, 1, ['10.0.0.0/28', '10.0.0.16/28']);
  const made = await Promise.all(Array.from({ length: 23 }, () => create(room, requestIn(vpc))));
  const subnetsOf = made.map((each) =>
    each.type === 'created' ? each.networkInterface.record.subnetId : each.type,
  );
  const [first, second] = vpc.subnetIds;
  expect(subnetsOf).toEqual([...Array(11).fill(first), ...Array(11).fill(second), 'no-free-address']);
  expect(made.at(-1)).toMatchObject({ id: second });
});

it('makes nothing when it cannot make all of it', async () => {
  await using room = await openRoom({ publicCidr: '198.18.0.0/29' });
  const { state } = room.ec2;
  const vpc = await putNetwork(room.ec2.state, scope, 1, ['10.0.0.0/24']);
  const open = { ...requestIn(vpc), assignPublicIp: true };
  for (let index = 0; index < 5; index++) await created(room, open);
  expect(await create(room, open)).toEqual({ type: 'no-public-address' });
  expect(await create(room, { ...open, securityGroupIds: ['sg-0f'] })).toEqual({
    type: 'security-group-missing',
    id: 'sg-0f',
  });
  expect(await create(room, { ...open, subnetIds: ['subnet/0f'] })).toEqual({
    type: 'subnet-missing',
    id: 'subnet/0f',
  });
  expect([...state.list(networkInterfaces)]).toHaveLength(5);
  const subnet = state.get(subnets, ec2Key(subnets, scope, vpc.subnetIds[0] ?? ''));
  expect(subnet && availableAddressCount(state, subnet)).toBe(251 - 5);
});

it('tells name servers and domain as the VPC has them', async () => {
  await using room = await openRoom({ publicCidr: '198.18.0.0/29' });
  const { state } = room.ec2;
  const vpc = await putNetwork(room.ec2.state, scope, 1, ['10.0.0.0/24']);
  const { record } = await created(room, requestIn(vpc));
  const withVpc = async (change: object) => {
    await state.transact((tx) => {
      const key = ec2Key(vpcs, scope, vpc.vpcId);
      const before = tx.get(vpcs, key);
      if (before !== undefined) tx.put(vpcs, key, { ...before, ...change });
    });
    const { nameServers, domainName } = readServiceInterface(state, scope, record.id) ?? {};
    return { nameServers, domainName };
  };
  await state.transact((tx) =>
    tx.put(dhcpOptions, ec2Key(dhcpOptions, scope, 'dopt-0a'), {
      id: 'dopt-0a',
      configurations: {
        'domain-name': ['harbor.test'],
        'domain-name-servers': ['10.9.9.9', 'AmazonProvidedDNS'],
      },
      tags: {},
    }),
  );
  expect(await withVpc({ dhcpOptionsId: 'dopt-0a' })).toEqual({
    nameServers: ['10.9.9.9', '10.0.0.2'],
    domainName: 'harbor.test',
  });
  expect(await withVpc({ enableDnsSupport: false })).toEqual({
    nameServers: ['10.9.9.9'],
    domainName: 'harbor.test',
  });
});

it('reads what a service is told to use: all there, and in one VPC', async () => {
  await using room = await openRoom({ publicCidr: '198.18.0.0/29' });
  const { state } = room.ec2;
  const here = await putNetwork(room.ec2.state, scope, 1, ['10.0.0.0/24', '10.0.1.0/24']);
  const there = await putNetwork(room.ec2.state, scope, 2, ['10.0.0.0/24']);
  const read = (subnetIds: readonly string[], groupIds: readonly string[]) =>
    readAwsvpc(state, scope, { subnets: subnetIds, securityGroups: groupIds });
  expect(read(here.subnetIds, [here.defaultGroupId])).toMatchObject({
    type: 'found',
    vpcId: here.vpcId,
    subnets: here.subnetIds.map((id) => ({ id })),
    securityGroups: [{ id: here.defaultGroupId }],
  });
  expect(read(here.subnetIds, [])).toMatchObject({ type: 'found', securityGroups: [] });
  expect(read([...here.subnetIds, 'subnet-0f'], [])).toEqual({ type: 'subnet-missing', id: 'subnet-0f' });
  expect(read(here.subnetIds, ['web'])).toEqual({ type: 'security-group-missing', id: 'web' });
  const vpcIds = [here.vpcId, there.vpcId];
  expect(read([...here.subnetIds, ...there.subnetIds], [])).toEqual({
    ...{ type: 'several-vpcs', of: 'subnets', vpcIds },
  });
  expect(read(here.subnetIds, [there.defaultGroupId])).toEqual({
    ...{ type: 'several-vpcs', of: 'security-groups', vpcIds },
  });
});
