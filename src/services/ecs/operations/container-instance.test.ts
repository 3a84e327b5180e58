import type { RegisterContainerInstanceCommandInput, Resource } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { findInstance } from '../../ec2/index.ts';
import { tasks } from '../records.ts';
import { nothingUsed } from '../reservation.ts';
import { applyTaskReport } from '../task-state.ts';
import { container, key, openRoom, scope, type TestRoom } from '../testing/room.ts';
import {
  deregisterContainerInstance,
  describeContainerInstances,
  listContainerInstances,
  registerContainerInstance,
  updateContainerAgent,
  updateContainerInstancesState,
} from './container-instance.ts';
import { runTask } from './run-task.ts';

const totalResources: Resource[] = [
  { name: 'CPU', type: 'INTEGER', integerValue: 2048 },
  { name: 'MEMORY', type: 'INTEGER', integerValue: 4096 },
  { name: 'PORTS', type: 'STRINGSET', stringSetValue: ['22'] },
];

const register = async (
  room: TestRoom,
  input: Partial<RegisterContainerInstanceCommandInput> & { readonly clientToken?: string } = {},
) => {
  const { containerInstance } = await registerContainerInstance(
    room.ecs,
    { totalResources, ...input },
    room.call,
  );
  if (containerInstance === undefined) throw new Error('no answer');
  return containerInstance;
};
const describeOne = (room: TestRoom, arn: string | undefined) =>
  describeContainerInstances(room.ecs, { containerInstances: [arn ?? ''] }, room.call)
    .containerInstances?.[0];

describe('RegisterContainerInstance', () => {
  it('answers with every attribute as it was sent, and adds its own', async () => {
    await using room = await openRoom();
    const sent = [
      { name: 'com.amazonaws.ecs.capability.privileged-container' },
      { name: 'stack', value: 'blue' },
    ];
    const instance = await register(room, {
      attributes: sent,
      instanceIdentityDocument: JSON.stringify({
        instanceId: 'i-1',
        instanceType: 'm5.large',
        architecture: 'x86_64',
      }),
    });
    expect(instance).toMatchObject({
      containerInstanceArn: expect.stringMatching(/:container-instance\/default\/[0-9a-f]{32}$/),
      ec2InstanceId: 'i-1',
      status: 'ACTIVE',
      agentConnected: false,
      version: 1,
      runningTasksCount: 0,
    });
    expect(instance.attributes).toEqual([
      ...sent,
      { name: 'ecs.availability-zone', value: 'eu-west-1a' },
      { name: 'ecs.instance-type', value: 'm5.large' },
      { name: 'ecs.cpu-architecture', value: 'x86_64' },
    ]);
  });

  it('makes the machine that says its address an instance of EC2’s, the same at each registration', async () => {
    await using room = await openRoom();
    const { state } = room.ecs;
    const id = 'i-0123456789abcdef0';
    const document = (privateIp: string) => JSON.stringify({ instanceId: id, privateIp });
    const instanceIdentityDocument = document('127.0.0.2');
    const attributes = [{ name: 'ecs.cpu-architecture', value: 'arm64' }];
    const first = await register(room, { attributes, instanceIdentityDocument });
    expect(first.ec2InstanceId).toBe(id);
    expect(findInstance(state, scope, id)).toMatchObject({
      ...{ address: '127.0.0.2', availabilityZone: 'eu-west-1a', architecture: 'arm64' },
      ...{ ownTcpPorts: [22], tags: {} },
    });
    const again = await register(room, {
      containerInstanceArn: first.containerInstanceArn,
      instanceIdentityDocument: document('127.0.0.3'),
    });
    expect(again.ec2InstanceId).toBe(id);
    expect(findInstance(state, scope, id)?.address).toBe('127.0.0.3');
    const found = (filter: string) =>
      listContainerInstances(room.ecs, { filter }, room.call).containerInstanceArns;
    expect(found(`ec2InstanceId == ${id}`)).toEqual([first.containerInstanceArn]);
    expect(found(`ec2InstanceId != ${id}`)).toEqual([]);
    await expect(register(room, { instanceIdentityDocument: document('here') })).rejects.toThrow(
      'not an IPv4 address',
    );
    await expect(register(room, { instanceIdentityDocument: document('192.168.1.1') })).rejects.toThrow(
      `The privateIp 192.168.1.1 of the instance ${id} is not a loopback address`,
    );
    const elsewhere = [{ name: 'catamaran.machine', value: 'm-1' }];
    await expect(register(room, { attributes: elsewhere, instanceIdentityDocument })).rejects.toThrow(
      `The instance ${id} is on another machine.`,
    );

    // It comes back with nothing but its id: what is left of its first registration goes without it.
    const anew = await register(room, { instanceIdentityDocument });
    await deregisterContainerInstance(room.ecs, { containerInstance: first.containerInstanceArn }, room.call);
    expect(findInstance(state, scope, id)?.address).toBe('127.0.0.2');

    await deregisterContainerInstance(room.ecs, { containerInstance: anew.containerInstanceArn }, room.call);
    expect(findInstance(state, scope, id)).toBeUndefined();
    expect(describeOne(room, first.containerInstanceArn)?.ec2InstanceId).toBe(id);
    const ofAws = JSON.stringify({ instanceId: id, privateIp: '10.0.0.1', imageId: 'ami-1' });
    expect((await register(room, { instanceIdentityDocument: ofAws })).ec2InstanceId).toBe(id);
    expect(findInstance(state, scope, id)).toBeUndefined();
  });

  it('refreshes a known instance: capabilities are replaced, custom attributes stay', async () => {
    await using room = await openRoom();
    const first = await register(room, {
      attributes: [{ name: 'ecs.capability.old' }, { name: 'stack', value: 'blue' }],
    });
    const again = await register(room, {
      containerInstanceArn: first.containerInstanceArn,
      attributes: [{ name: 'ecs.capability.new' }],
      totalResources: [{ name: 'CPU', type: 'INTEGER', integerValue: 4096 }, ...totalResources.slice(1)],
    });
    expect(again.containerInstanceArn).toBe(first.containerInstanceArn);
    expect(again.attributes?.map(({ name }) => name)).toEqual([
      'stack',
      'ecs.capability.new',
      'ecs.availability-zone',
    ]);
    expect(again.remainingResources?.[0]?.integerValue).toBe(4096);
    expect(listContainerInstances(room.ecs, {}, room.call).containerInstanceArns).toHaveLength(1);
  });

  it('answers the clientToken of an earlier registration with the same instance, in its cluster alone', async () => {
    await using room = await openRoom();
    const first = await register(room, { clientToken: 'one' });
    const again = await register(room, { clientToken: 'one' });
    expect(again).toMatchObject({ containerInstanceArn: first.containerInstanceArn, version: 2 });
    const other = await register(room, { clientToken: 'two' });
    expect(other.containerInstanceArn).not.toBe(first.containerInstanceArn);
    expect(listContainerInstances(room.ecs, {}, room.call).containerInstanceArns).toHaveLength(2);
    await expect(register(room, { clientToken: 'x'.repeat(65) })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });

    await deregisterContainerInstance(room.ecs, { containerInstance: first.containerInstanceArn }, room.call);
    await expect(register(room, { clientToken: 'one' })).rejects.toThrow('was deregistered');
  });

  it('refuses a known instance that has become another type of machine', async () => {
    await using room = await openRoom();
    const identity = (instanceType: string) => JSON.stringify({ instanceType });
    const { containerInstanceArn } = await register(room, { instanceIdentityDocument: identity('m5.large') });
    await expect(
      register(room, { containerInstanceArn, instanceIdentityDocument: identity('m5.xlarge') }),
    ).rejects.toMatchObject({ code: 'ClientException' });
  });

  it('is in the zone that its identity document names, also when it registers again', async () => {
    await using room = await openRoom();
    const identity = { instanceIdentityDocument: JSON.stringify({ availabilityZone: 'eu-west-1b' }) };
    const zoneOf = (instance: Awaited<ReturnType<typeof register>>) =>
      instance.attributes?.find(({ name }) => name === 'ecs.availability-zone')?.value;
    const first = await register(room, identity);
    const { containerInstanceArn } = first;
    expect([zoneOf(first), zoneOf(await register(room, { ...identity, containerInstanceArn }))]).toEqual([
      'eu-west-1b',
      'eu-west-1b',
    ]);
    for (const availabilityZone of ['us-east-1a', 'eu-west-1', 'eu-west-1bb', 'eu-west-1B'])
      await expect(
        register(room, { instanceIdentityDocument: JSON.stringify({ availabilityZone }) }),
      ).rejects.toMatchObject({ code: 'InvalidParameterException' });
  });

  it.each<[string, Partial<RegisterContainerInstanceCommandInput>, string]>([
    ['an unknown cluster', { cluster: 'nope' }, 'ClusterNotFoundException'],
    ['no memory', { totalResources: totalResources.slice(0, 1) }, 'InvalidParameterException'],
    ['a device without a name', { platformDevices: [{ id: '', type: 'GPU' }] }, 'InvalidParameterException'],
    [
      'the ARN of an unknown instance',
      {
        containerInstanceArn: `arn:aws:ecs:eu-west-1:123456789012:container-instance/default/${'f'.repeat(32)}`,
      },
      'ClientException',
    ],
  ])('refuses %s', async (_, input, code) => {
    await using room = await openRoom();
    await expect(register(room, input)).rejects.toMatchObject({ code });
  });
});

describe('what an instance has left', () => {
  it('shrinks by what tasks reserve; ports are listed when they are taken', async () => {
    await using room = await openRoom();
    const { id } = await room.addInstance();
    await room.addDefinition({
      containerDefinitions: [
        container({ memoryReservation: 100, portMappings: [{ containerPort: 80, hostPort: 8080 }] }),
      ],
    });
    await runTask(room.ecs, { taskDefinition: 'web:1' }, room.call);
    const shown = describeOne(room, id);
    const remaining = Object.fromEntries(shown?.remainingResources?.map((each) => [each.name, each]) ?? []);
    expect(remaining.CPU?.integerValue).toBe(4096 - 256);
    expect(remaining.MEMORY?.integerValue).toBe(8192 - 100);
    expect(remaining.PORTS?.stringSetValue).toEqual(['22', '8080']);
    expect(shown).toMatchObject({ pendingTasksCount: 1, runningTasksCount: 0 });
  });
});

describe('DeregisterContainerInstance', () => {
  it('refuses an instance with tasks unless it is forced; then the tasks are forgotten', async () => {
    await using room = await openRoom();
    const { id } = await room.addInstance();
    await room.addDefinition();
    await runTask(room.ecs, { taskDefinition: 'web:1', count: 2 }, room.call);
    const deregister = (force: boolean) =>
      deregisterContainerInstance(room.ecs, { containerInstance: id, force }, room.call);
    await expect(deregister(false)).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: 'Found running tasks on the instance.',
    });
    expect((await deregister(true)).containerInstance).toMatchObject({
      status: 'INACTIVE',
      pendingTasksCount: 0,
    });
    expect(room.instance(id)).toMatchObject({ used: nothingUsed, taskCount: 0 });
    for (const task of room.tasksOf('default')) {
      expect(task).toMatchObject({
        lastStatus: 'STOPPED',
        stoppedReason: 'Container instance deregistration forced by user',
      });
      expect(task).not.toHaveProperty('stopCode');
    }
    expect(listContainerInstances(room.ecs, {}, room.call).containerInstanceArns).toEqual([]);
    expect(describeOne(room, id)?.status).toBe('INACTIVE');
  });
});

describe('UpdateContainerInstancesState and ListContainerInstances', () => {
  it('drains and takes back, tells of the unknown, and lists by status', async () => {
    await using room = await openRoom();
    const one = await room.addInstance();
    const two = await room.addInstance();
    const unknown = 'f'.repeat(32);
    const update = (status: 'ACTIVE' | 'DRAINING', ids: string[]) =>
      updateContainerInstancesState(room.ecs, { containerInstances: ids, status }, room.call);
    const { containerInstances, failures } = await update('DRAINING', [one.id, unknown]);
    expect(containerInstances).toEqual([expect.objectContaining({ status: 'DRAINING' })]);
    expect(failures).toEqual([expect.objectContaining({ reason: 'MISSING' })]);
    const list = (status?: 'DRAINING' | 'ACTIVE') =>
      listContainerInstances(room.ecs, status ? { status } : {}, room.call).containerInstanceArns?.map(
        (arn) => arn.split('/').at(-1),
      );
    expect(list('DRAINING')).toEqual([one.id]);
    expect(list('ACTIVE')).toEqual([two.id]);
    await update('ACTIVE', [one.id]);
    expect(list()).toEqual([one.id, two.id].sort());
  });

  it('lists those that a filter holds', async () => {
    await using room = await openRoom();
    const blue = await room.addInstance({ attributes: { stack: 'blue' } });
    const green = await room.addInstance({ attributes: { stack: 'green' }, agentConnected: false });
    const list = (filter: string, status?: 'DRAINING') =>
      listContainerInstances(
        room.ecs,
        { filter, ...(status && { status }) },
        room.call,
      ).containerInstanceArns?.map((arn) => arn.split('/').at(-1));
    expect(list('attribute:stack == blue')).toEqual([blue.id]);
    expect(list('agentConnected == false')).toEqual([green.id]);
    expect(list('attribute:stack exists')).toEqual([blue.id, green.id].sort());
    expect(list('attribute:stack exists', 'DRAINING')).toEqual([]);

    // What is told as running counts, not what is only on its way.
    await room.addDefinition();
    const { tasks: placed } = await runTask(room.ecs, { taskDefinition: 'web:1' }, room.call);
    expect(list('runningTasksCount > 0')).toEqual([]);
    expect(list('task:group == family:web')).toEqual([blue.id]);
    const id = placed?.[0]?.taskArn?.split('/').at(-1) ?? '';
    await room.write((tx) =>
      applyTaskReport(tx, key(tasks, 'default', id), { status: 'RUNNING', containers: [] }, 0),
    );
    expect(list('runningTasksCount > 0')).toEqual([blue.id]);

    expect(() => list('color == blue')).toThrowError(
      expect.objectContaining({
        code: 'InvalidParameterException',
        message: expect.stringMatching(/'color == blue' is not valid: .* at position 1/),
      }),
    );
  });
});

describe('UpdateContainerInstancesState', () => {
  it('of a deregistered instance fails as INACTIVE', async () => {
    await using room = await openRoom();
    const { id } = await room.addInstance();
    await deregisterContainerInstance(room.ecs, { containerInstance: id }, room.call);
    const input = { containerInstances: [id], status: 'DRAINING' as const };
    expect(await updateContainerInstancesState(room.ecs, input, room.call)).toMatchObject({
      containerInstances: [],
      failures: [{ reason: 'INACTIVE' }],
    });
  });
});

describe('UpdateContainerAgent', () => {
  it('finds no update, and says for which instance', async () => {
    await using room = await openRoom();
    const update = (containerInstance: string | undefined, cluster = 'default') =>
      expect(() => updateContainerAgent(room.ecs, { containerInstance, cluster }, room.call));
    const throwing = (code: string) => expect.objectContaining({ code });
    const told = await register(room, { versionInfo: { agentVersion: '1.0.0' } });
    const silent = await register(room);
    update(told.containerInstanceArn).toThrow(throwing('NoUpdateAvailableException'));
    update(silent.containerInstanceArn).toThrow(throwing('MissingVersionException'));
    update('f'.repeat(32)).toThrow(throwing('InvalidParameterException'));
    update(told.containerInstanceArn, 'nope').toThrow(throwing('ClusterNotFoundException'));
    await deregisterContainerInstance(
      room.ecs,
      { containerInstance: told.containerInstanceArn ?? '' },
      room.call,
    );
    update(told.containerInstanceArn).toThrow(throwing('InvalidParameterException'));
  });
});
