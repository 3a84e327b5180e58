import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ec2Server, scope, startEc2Server } from '../testing/ec2-server.ts';
import { terminateInstance } from './instance.ts';
import { type LaunchRequest, type LaunchResult, launchNode, nodeDnsName } from './node-instance.ts';

const id = 'i-0123456789abcdef0';
let server: Ec2Server;
let subnetId: string;
let groupId: string;
beforeEach(async () => {
  server = await startEc2Server();
  const { ec2 } = server;
  const { Vpc } = await ec2.createVpc({ CidrBlock: '10.7.0.0/16' });
  const { Subnet } = await ec2.createSubnet({ VpcId: Vpc?.VpcId, CidrBlock: '10.7.0.0/28' });
  subnetId = Subnet?.SubnetId ?? '';
  const asked = { GroupName: 'nodes', Description: 'nodes', VpcId: Vpc?.VpcId };
  groupId = (await ec2.createSecurityGroup(asked)).GroupId ?? '';
});
afterEach(() => server[Symbol.asyncDispose]());

const launch = (more: Partial<LaunchRequest> = {}, context = server.context): Promise<LaunchResult> =>
  server.state.transact((tx) =>
    launchNode(tx, context, scope, {
      ...{ id, instanceType: 't3.medium', imageId: 'ami-0a', isSpot: false, architecture: 'x86_64' },
      ...{ subnetIds: [subnetId], securityGroupIds: [groupId], now: server.clock.now() },
      ...{ tags: { 'eks:nodegroup-name': 'blue' }, interfaceTags: {}, ...more },
    }),
  );

async function found(Name: string, ...Values: string[]) {
  const { Reservations = [] } = await server.ec2.describeInstances({ Filters: [{ Name, Values }] });
  return Reservations.flatMap(({ Instances = [] }) => Instances);
}

describe('an instance that is a node', () => {
  it('has a type, a place in a VPC and a name there', async () => {
    const launched = await launch();
    expect(launched).toMatchObject({ type: 'launched', instance: { subnetId, privateIpv4: '10.7.0.4' } });
    const name = 'ip-10-7-0-4.eu-west-1.compute.internal';
    expect(nodeDnsName(server.state, scope, id)).toBe(name);
    const [instance] = await found('tag:eks:nodegroup-name', 'blue');
    expect(instance).toMatchObject({
      ...{ InstanceId: id, InstanceType: 't3.medium', ImageId: 'ami-0a', State: { Name: 'running' } },
      ...{ PrivateDnsName: name, PrivateIpAddress: '10.7.0.4', SubnetId: subnetId },
      ...{ SecurityGroups: [{ GroupId: groupId }], CpuOptions: { CoreCount: 1, ThreadsPerCore: 2 } },
      NetworkInterfaces: [{ Attachment: { DeviceIndex: 0, DeleteOnTermination: true } }],
    });
    for (const [filter, value] of [
      ['instance-type', 't3.medium'],
      ['subnet-id', subnetId],
      ['private-dns-name', name],
      ['instance.group-id', groupId],
    ] as const)
      expect(await found(filter, value), filter).toHaveLength(1);
    expect(await found('instance-type', 'm5.large')).toEqual([]);
  });

  it('keeps its primary interface while it runs, and takes it along', async () => {
    await launch();
    const [instance] = await found('instance-id', id);
    const AttachmentId = instance?.NetworkInterfaces?.[0]?.Attachment?.AttachmentId;
    await expect(server.ec2.detachNetworkInterface({ AttachmentId })).rejects.toMatchObject({
      ...{ name: 'OperationNotPermitted' },
      message: 'The network interface at device index 0 cannot be detached.',
    });
    await server.state.transact((tx) => terminateInstance(tx, scope, id, server.clock.now()));
    expect((await server.ec2.describeNetworkInterfaces({})).NetworkInterfaces).toEqual([]);
    expect(nodeDnsName(server.state, scope, id)).toBeUndefined();
  });

  it('has a public address where its subnet gives those to instances, which goes with it', async () => {
    await launch();
    expect((await found('instance-id', id))[0]?.PublicIpAddress).toBeUndefined();
    const { ec2, context } = server;
    await ec2.modifySubnetAttribute({ SubnetId: subnetId, MapPublicIpOnLaunch: { Value: true } });
    const other = 'i-0fedcba9876543210';
    await launch({ id: other });
    const shown = async () => (await found('instance-id', other))[0];
    expect((await shown())?.PublicIpAddress).toMatch(/^198\.18\.0\.\d+$/);
    expect((await shown())?.NetworkInterfaces?.[0]?.Association).toMatchObject({ IpOwnerId: 'amazon' });
    await server.state.transact((tx) => terminateInstance(tx, scope, other, server.clock.now()));
    // A block that has one address to give: it is given again.
    const narrow = { ...context, publicCidr: '198.19.0.0/30' };
    expect(await launch({ id: other }, narrow)).toMatchObject({ type: 'launched' });
    expect(await launch({ id: 'i-00000000000000001' }, narrow)).toEqual({ type: 'no-public-address' });
    expect(await found('instance-id', 'i-00000000000000001')).toEqual([]);
    await server.state.transact((tx) => terminateInstance(tx, scope, other, server.clock.now()));
    expect(await launch({ id: 'i-00000000000000001' }, narrow)).toMatchObject({ type: 'launched' });
    const { NetworkInterfaces } = await ec2.describeNetworkInterfaces({});
    expect(NetworkInterfaces).toHaveLength(2);
  });

  it('is not launched where something of it is missing, or no address is free', async () => {
    expect(await launch({ subnetIds: ['subnet-0f'] })).toEqual({ type: 'subnet-missing', id: 'subnet-0f' });
    expect(await launch({ securityGroupIds: ['sg-0f'] })).toEqual({
      ...{ type: 'security-group-missing', id: 'sg-0f' },
    });
    // A /28 has eleven.
    for (let count = 0; count < 11; count++) await launch({ id: `i-${String(count).padStart(17, '0')}` });
    expect(await launch()).toEqual({ type: 'no-free-address', id: subnetId });
    expect(await found('instance-id', id)).toEqual([]);
  });
});
