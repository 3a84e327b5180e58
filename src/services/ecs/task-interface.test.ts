import type { RunTaskCommandInput, Task } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { networkInterfaces, publicAddresses, subnetAddresses } from '../ec2/records.ts';
import { runTask } from './operations/run-task.ts';
import { tasks } from './records.ts';
import { placeTask } from './task-state.ts';
import { addSubnet, testNetwork } from './testing/network.ts';
import { key, openRoom, scope, type TestRoom } from './testing/room.ts';

const zoneB = { id: 'subnet-0000000b', cidr: '10.231.128.0/24', availabilityZone: 'eu-west-1b' } as const;
/** Has room for eleven. */
const small = { id: 'subnet-0000000c', cidr: '10.231.129.0/28', availabilityZone: 'eu-west-1a' } as const;

async function roomWith(
  instances: readonly string[],
  definition: Parameters<TestRoom['addDefinition']>[0] = {},
): Promise<TestRoom> {
  const room = await openRoom();
  for (const zone of instances) await room.addInstance({ attributes: { 'ecs.availability-zone': zone } });
  await room.addDefinition({ networkMode: 'awsvpc', ...definition });
  await room.write((tx) => {
    addSubnet(tx, scope, zoneB);
    addSubnet(tx, scope, small);
  });
  return room;
}

const run = (
  room: TestRoom,
  subnets: readonly string[],
  input: Partial<RunTaskCommandInput> = {},
  configuration: object = {},
) =>
  runTask(
    room.ecs,
    {
      taskDefinition: 'web:1',
      networkConfiguration: { awsvpcConfiguration: { subnets: [...subnets], ...configuration } },
      ...input,
    },
    room.call,
  );

const detailOf = (task: Task | undefined, name: string): string | undefined =>
  task?.attachments?.[0]?.details?.find((detail) => detail.name === name)?.value;

const interfacesOf = (room: TestRoom) =>
  [...room.ecs.state.list(networkInterfaces)].map(({ value }) => value);

describe('the interface of an awsvpc task', () => {
  it('is EC2’s, made for ECS, with what the task’s managed tags say', async () => {
    await using room = await roomWith(['eu-west-1a']);
    const { tasks: [task] = [] } = await run(room, [testNetwork.subnetId], { enableECSManagedTags: true });
    const [attachment] = task?.attachments ?? [];
    expect(interfacesOf(room)).toMatchObject([
      {
        id: detailOf(task, 'networkInterfaceId'),
        subnetId: testNetwork.subnetId,
        securityGroupIds: [testNetwork.securityGroupId],
        description: `arn:aws:ecs:eu-west-1:123456789012:attachment/${attachment?.id}`,
        macAddress: detailOf(task, 'macAddress'),
        privateIpv4Addresses: [detailOf(task, 'privateIPv4Address')],
        requesterId: 'amazon-ecs',
        tags: { 'aws:ecs:clusterName': 'default' },
      },
    ]);
  });

  it('is in the zone of the instance that the task is placed on', async () => {
    await using room = await roomWith(['eu-west-1a', 'eu-west-1b']);
    const { tasks: launched = [] } = await run(room, [testNetwork.subnetId, zoneB.id], { count: 4 });
    expect(launched).toHaveLength(4);
    for (const task of launched) {
      const expected = task.availabilityZone === 'eu-west-1b' ? zoneB.id : testNetwork.subnetId;
      expect(detailOf(task, 'subnetId')).toBe(expected);
    }
    expect(new Set(launched.map(({ availabilityZone }) => availabilityZone)).size).toBe(2);
  });

  it('is on the machine of the instance', async () => {
    await using room = await openRoom();
    await room.addInstance({
      attributes: { 'ecs.availability-zone': 'eu-west-1a', 'catamaran.machine': 'm-0b' },
    });
    await room.addDefinition({ networkMode: 'awsvpc' });
    await run(room, [testNetwork.subnetId]);
    expect(interfacesOf(room)).toMatchObject([{ attachment: { machineId: 'm-0b' } }]);
  });

  it('keeps the task from instances in other zones', async () => {
    await using room = await roomWith(['eu-west-1a']);
    const { tasks: launched, failures } = await run(room, [zoneB.id]);
    expect(launched).toEqual([]);
    expect(failures).toMatchObject([
      { reason: 'LOCATION', detail: 'It is in eu-west-1a, the subnets are in eu-west-1b.' },
    ]);
    expect(interfacesOf(room)).toEqual([]);
  });

  it('is where most addresses are free, and nowhere when none is', async () => {
    await using room = await roomWith(['eu-west-1a'], { cpu: '1' });
    await run(room, [small.id, testNetwork.subnetId]);
    expect(interfacesOf(room).map(({ subnetId }) => subnetId)).toEqual([testNetwork.subnetId]);
    expect((await run(room, [small.id], { count: 10 })).tasks).toHaveLength(10);
    const last = await run(room, [small.id], { count: 3 });
    expect(last.tasks).toHaveLength(1);
    expect(last.failures).toMatchObject([
      { reason: 'RESOURCE:ENI', detail: 'No address is free in subnet-0000000c (10.231.129.0/28).' },
      { reason: 'RESOURCE:ENI' },
    ]);
    expect([...room.ecs.state.list(subnetAddresses)]).toHaveLength(12);
    expect(room.tasksOf('default')).toHaveLength(12);
  });

  it('comes with the place, for a task that waits for its capacity provider', async () => {
    await using room = await roomWith([]);
    const waiting = await room.write((tx) => {
      const task = {
        ...waitingTask(room),
        awaiting: {
          ...{ placementStrategy: [], placementConstraints: [] },
          network: { subnets: [zoneB.id], securityGroups: [], assignPublicIp: 'DISABLED' as const },
        },
      };
      tx.put(tasks, key(tasks, 'default', task.id), task);
      return task;
    });
    expect(interfacesOf(room)).toEqual([]);
    const instance = await room.addInstance({ attributes: { 'ecs.availability-zone': 'eu-west-1b' } });
    await room.write((tx) => placeTask(tx, room.ecs, key(tasks, 'default', waiting.id), instance));
    expect(room.task(waiting.id)).toMatchObject({
      lastStatus: 'PROVISIONING',
      availabilityZone: 'eu-west-1b',
      networkInterface: { networkInterfaceId: interfacesOf(room)[0]?.id, subnetId: zoneB.id },
    });
  });

  it('has a public address on Fargate if one is asked for, and elsewhere never', async () => {
    await using room = await roomWith(['eu-west-1a']);
    const assignPublicIp = 'ENABLED';
    await expect(run(room, [testNetwork.subnetId], {}, { assignPublicIp })).rejects.toMatchObject({
      message: 'Assign public IP is not supported for this launch type.',
    });
    expect([...room.ecs.state.list(publicAddresses)]).toEqual([]);
  });
});

function waitingTask(room: TestRoom) {
  return {
    id: 'a'.repeat(32),
    cluster: 'default',
    taskDefinition: { family: 'web', revision: 1 },
    availabilityZone: 'eu-west-1a',
    attributes: [],
    launchType: 'EC2' as const,
    capacityProviderName: 'provider',
    group: 'family:web',
    desiredStatus: 'RUNNING' as const,
    lastStatus: 'PROVISIONING' as const,
    version: 1,
    createdAt: room.call.now,
    overrides: { containerOverrides: [] },
    containers: [],
    enableExecuteCommand: false,
    healthStatus: 'UNKNOWN' as const,
    reserved: { cpu: 1, memoryMiB: 1, tcpPorts: [], udpPorts: [] },
    tags: [],
  };
}
