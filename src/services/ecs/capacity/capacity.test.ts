import type { CapacityProviderStrategyItem, RunTaskCommandInput, Task } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { startReconcilers } from '../../../reconcile/index.ts';
import { networkInterfaces } from '../../ec2/records.ts';
import { createCapacityProvider } from '../operations/capacity-provider.ts';
import { describeClusters } from '../operations/cluster.ts';
import { putClusterCapacityProviders } from '../operations/cluster-capacity-providers.ts';
import { describeContainerInstances, listContainerInstances } from '../operations/container-instance.ts';
import { runTask } from '../operations/run-task.ts';
import { createService, describeServices, updateService } from '../operations/service.ts';
import { describeTasks, listTasks, stopTask } from '../operations/task.ts';
import { serviceDeployment } from '../reconcilers/service-deployment.ts';
import { taskDeprovisioning } from '../reconcilers/task-deprovisioning.ts';
import { taskProvisioning } from '../reconcilers/task-provisioning.ts';
import { type ContainerInstanceRecord, containerInstances, fargateHosts, tasks } from '../records.ts';
import { applyTaskReport, endDeprovisioning } from '../task-state.ts';
import { fakeAgent } from '../testing/fake-agent.ts';
import { testNetwork } from '../testing/network.ts';
import { container, key, openRoom, scope, type TestRoom } from '../testing/room.ts';
import { utilizationPoints } from '../utilization/points.ts';
import { interruptSpot } from './interrupt-spot.ts';

/** A machine: its own instance and its host for Fargate tasks, which borrows from it. */
async function addMachine(
  room: TestRoom,
  size = { cpu: 2048, memoryMiB: 4096 },
  attributes: Readonly<Record<string, string>> = {},
) {
  const own = await room.addInstance({ ...size, attributes });
  const lender = `arn:aws:ecs:${scope.region}:${scope.accountId}:container-instance/default/${own.id}`;
  const host = await room.addInstance({
    ...size,
    cluster: fargateHosts,
    attributes: { 'catamaran.lender': lender, 'ecs.cpu-architecture': 'x86_64' },
  });
  return { own, host };
}

const definition = {
  networkMode: 'awsvpc',
  cpu: '512',
  memory: '1024',
  compatibilities: ['EC2', 'FARGATE'],
  requiresAttributes: [{ name: 'ecs.capability.task-eni' }],
  containerDefinitions: [container()],
} as const;

async function openFargate(): Promise<TestRoom> {
  const room = await openRoom();
  await room.addDefinition({ ...definition, compatibilities: [...definition.compatibilities] } as never);
  return room;
}

const network = {
  networkConfiguration: { awsvpcConfiguration: { subnets: [testNetwork.subnetId] } },
};
const run = (room: TestRoom, input: Partial<RunTaskCommandInput> = {}) =>
  runTask(room.ecs, { taskDefinition: 'web:1', ...network, ...input }, room.call);
const associate = (
  room: TestRoom,
  capacityProviders: string[],
  strategy: CapacityProviderStrategyItem[] = [],
) =>
  putClusterCapacityProviders(
    room.ecs,
    { cluster: 'default', capacityProviders, defaultCapacityProviderStrategy: strategy },
    room.call,
  );
const idOf = (task: Task | undefined): string => task?.taskArn?.split('/').at(-1) ?? '';
const now = (room: TestRoom, { cluster, id }: ContainerInstanceRecord) =>
  room.ecs.state.get(containerInstances, key(containerInstances, cluster, id));
/** What the agent says; of a Fargate task that ended the rest is done as well. */
const report = (room: TestRoom, task: Task | undefined, status: 'RUNNING' | 'STOPPED') =>
  room.write((tx) => {
    applyTaskReport(
      tx,
      key(tasks, 'default', idOf(task)),
      { status, containers: [{ name: 'app', status, ...(status === 'STOPPED' ? { exitCode: 0 } : {}) }] },
      room.call.now,
    );
    endDeprovisioning(tx, key(tasks, 'default', idOf(task)), room.call.now);
  });

describe('RunTask with the launch type FARGATE', () => {
  it('answers with the task as Fargate shows it: a platform, storage, no container instance', async () => {
    await using room = await openFargate();
    await addMachine(room);
    const { tasks: launched, failures } = await run(room, { launchType: 'FARGATE' });
    expect(failures).toEqual([]);
    expect(launched).toEqual([
      expect.objectContaining({
        launchType: 'FARGATE',
        platformVersion: '1.4.0',
        platformFamily: 'Linux',
        ephemeralStorage: { sizeInGiB: 20 },
        fargateEphemeralStorage: { sizeInGiB: 20 },
        lastStatus: 'PROVISIONING',
        cpu: '512',
        memory: '1024',
        attributes: [{ name: 'ecs.cpu-architecture', value: 'x86_64' }],
      }),
    ]);
    expect(launched?.[0]).not.toHaveProperty('containerInstanceArn');
    expect(launched?.[0]).not.toHaveProperty('capacityProviderName');
  });

  it('has the storage that its definition or its overrides ask for', async () => {
    await using room = await openFargate();
    await addMachine(room);
    await room.addDefinition({
      ...definition,
      family: 'large',
      ephemeralStorage: { sizeInGiB: 30 },
    } as never);
    const storage = async (input: Partial<RunTaskCommandInput>) => {
      const { tasks: launched } = await run(room, { launchType: 'FARGATE', ...input });
      return [launched?.[0]?.ephemeralStorage, launched?.[0]?.overrides?.ephemeralStorage];
    };
    const overrides = { ephemeralStorage: { sizeInGiB: 200 } };
    expect(await storage({ taskDefinition: 'large:1' })).toEqual([{ sizeInGiB: 30 }, undefined]);
    expect(await storage({ taskDefinition: 'large:1', overrides })).toEqual([
      { sizeInGiB: 200 },
      { sizeInGiB: 200 },
    ]);
    for (const [sizeInGiB, message] of [
      [20, 'EphemeralStorage size should be at least 21.'],
      [201, 'EphemeralStorage size should be at most 200.'],
    ] as const)
      await expect(storage({ overrides: { ephemeralStorage: { sizeInGiB } } })).rejects.toMatchObject({
        code: 'ClientException',
        message,
      });
    await expect(storage({ launchType: 'EC2', overrides })).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: 'Overrides with ephemeralStorage are supported on Fargate only.',
    });
  });

  it('takes its size from the machine once, and gives it back at its end', async () => {
    await using room = await openFargate();
    const { own, host } = await addMachine(room);
    const { tasks: launched } = await run(room, { launchType: 'FARGATE' });
    expect(now(room, host)).toMatchObject({ used: { cpu: 512, memoryMiB: 1024 }, taskCount: 1 });
    expect(now(room, own)).toMatchObject({ used: { cpu: 512, memoryMiB: 1024 }, taskCount: 0 });
    const [shown] =
      describeContainerInstances(room.ecs, { containerInstances: [own.id] }, room.call).containerInstances ??
      [];
    expect(shown).toMatchObject({ runningTasksCount: 0, pendingTasksCount: 0 });
    expect(shown?.remainingResources).toContainEqual(
      expect.objectContaining({ name: 'CPU', integerValue: 1536 }),
    );
    await report(room, launched?.[0], 'STOPPED');
    for (const instance of [own, host])
      expect(now(room, instance)).toMatchObject({ used: { cpu: 0, memoryMiB: 0 }, taskCount: 0 });
    expect([...room.ecs.state.list(networkInterfaces)]).toEqual([]);
  });

  it('is in no figure of the cluster whose instance lends it room', async () => {
    await using room = await openFargate();
    await addMachine(room, undefined, { 'ecs.capability.task-eni': '' });
    await run(room, { launchType: 'FARGATE' });
    const { tasks: launched } = await run(room, { launchType: 'EC2' });
    const uses = new Map([[key(tasks, 'default', idOf(launched?.[0])), { cpuPercent: 1, memoryMiB: 41 }]]);
    const points = utilizationPoints(room.ecs.state, scope, uses, 0);
    // The EC2 task's own 512 of 2048 CPU units and 1024 of 4096 MiB, and what it uses.
    expect(points.map(({ name, value }) => [name, Math.round(Number(value) * 10) / 10])).toEqual([
      ['CPUUtilization', 1],
      ['MemoryUtilization', 1],
      ['CPUReservation', 25],
      ['MemoryReservation', 25],
    ]);
  });

  it('is DEPROVISIONING between the end of its containers and STOPPED', async () => {
    await using room = await openFargate();
    const { own } = await addMachine(room);
    const { tasks: launched } = await run(room, { launchType: 'FARGATE' });
    const taskKey = key(tasks, 'default', idOf(launched?.[0]));
    const stopped = { status: 'STOPPED' as const, containers: [] };
    await room.write((tx) => applyTaskReport(tx, taskKey, stopped, room.call.now));
    const describeIt = () => describeTasks(room.ecs, { tasks: [idOf(launched?.[0])] }, room.call).tasks?.[0];
    expect(describeIt()).toMatchObject({
      lastStatus: 'DEPROVISIONING',
      desiredStatus: 'STOPPED',
      attachments: [{ status: 'DETACHING' }],
    });
    expect(describeIt()?.stoppedAt).toBeUndefined();
    expect(now(room, own)).toMatchObject({ used: { cpu: 512 } });
    await room.write((tx) => endDeprovisioning(tx, taskKey, room.call.now));
    expect(describeIt()).toMatchObject({ lastStatus: 'STOPPED', attachments: [{ status: 'DELETED' }] });
    expect(now(room, own)).toMatchObject({ used: { cpu: 0 } });
  });

  it('promises no more than the machine has, to EC2 and Fargate tasks together', async () => {
    await using room = await openFargate();
    await addMachine(room);
    const ec2 = await run(room, { launchType: 'EC2', count: 2 }).catch((error: unknown) => error);
    expect(ec2).toMatchObject({ failures: [{ reason: 'ATTRIBUTE' }] });
    const first = await run(room, { launchType: 'FARGATE', count: 5 });
    expect(first.tasks).toHaveLength(4);
    expect(first.failures).toEqual([
      {
        reason:
          'Capacity is unavailable at this time. Please try again later or in a different availability zone',
        detail: 'RESOURCE:CPU on every machine.',
      },
    ]);
  });

  it('spreads over machines, and fails where none takes Fargate tasks', async () => {
    await using room = await openFargate();
    expect(await run(room, { launchType: 'FARGATE' })).toMatchObject({
      tasks: [],
      failures: [{ detail: 'No machine takes Fargate tasks.' }],
    });
    const one = await addMachine(room);
    const other = await addMachine(room);
    await run(room, { launchType: 'FARGATE', count: 2 });
    expect([one.host, other.host].map((host) => now(room, host)?.taskCount)).toEqual([1, 1]);
  });

  it('is of its cluster, whose hosts nobody sees', async () => {
    await using room = await openFargate();
    const { own } = await addMachine(room);
    await run(room, { launchType: 'FARGATE', count: 2 });
    expect(listContainerInstances(room.ecs, {}, room.call).containerInstanceArns).toHaveLength(1);
    expect(() => listContainerInstances(room.ecs, { cluster: fargateHosts }, room.call)).toThrow(
      /Cluster not found/,
    );
    const list = (input: object) => listTasks(room.ecs, input, room.call).taskArns;
    expect(list({ launchType: 'FARGATE' })).toHaveLength(2);
    expect(list({ launchType: 'EC2' })).toEqual([]);
    expect(list({ containerInstance: own.id })).toEqual([]);
    const [cluster] = describeClusters(room.ecs, { include: ['STATISTICS'] }, room.call).clusters ?? [];
    expect(cluster).toMatchObject({ registeredContainerInstancesCount: 1, pendingTasksCount: 2 });
    expect(cluster?.statistics).toContainEqual({ name: 'pendingFargateTasksCount', value: '2' });
  });

  it.each<[string, Partial<RunTaskCommandInput>, string, RegExp]>([
    ['a platform version that never was', { platformVersion: '9.9' }, 'PlatformUnknownException', /9\.9/],
    ['a retired platform version', { platformVersion: '1.3.0' }, 'UnsupportedFeatureException', /1\.3\.0/],
    [
      'placement strategies',
      { placementStrategy: [{ type: 'random' }] },
      'InvalidParameterException',
      /not supported with FARGATE/,
    ],
    [
      'placement constraints',
      { placementConstraints: [{ type: 'distinctInstance' }] },
      'InvalidParameterException',
      /not supported with FARGATE/,
    ],
    [
      'an overridden size that is not sold',
      { overrides: { cpu: '512', memory: '512' } },
      'InvalidParameterException',
      /No Fargate configuration exists for given values: 512 CPU, 512 memory/,
    ],
    [
      'a strategy beside it',
      { capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }] },
      'InvalidParameterException',
      /not both/,
    ],
  ])('refuses %s', async (_, input, code, message) => {
    await using room = await openFargate();
    await addMachine(room);
    await expect(run(room, { launchType: 'FARGATE', ...input })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(room.tasksOf('default')).toEqual([]);
  });

  it('refuses a definition that Fargate cannot run', async () => {
    await using room = await openRoom();
    await room.addDefinition({ compatibilities: ['EC2'] });
    await expect(
      runTask(room.ecs, { taskDefinition: 'web:1', launchType: 'FARGATE' }, room.call),
    ).rejects.toThrow('Task definition does not support launch_type FARGATE.');
  });
});

describe('RunTask with a capacity provider strategy', () => {
  it('shows the provider and its launch type on the task', async () => {
    await using room = await openFargate();
    await addMachine(room);
    await associate(room, ['FARGATE', 'FARGATE_SPOT']);
    const { tasks: launched } = await run(room, {
      count: 4,
      capacityProviderStrategy: [
        { capacityProvider: 'FARGATE', base: 1, weight: 0 },
        { capacityProvider: 'FARGATE_SPOT', weight: 1 },
      ],
    });
    const shown = launched?.map(({ capacityProviderName, launchType }) => [capacityProviderName, launchType]);
    expect(shown?.sort()).toEqual([
      ['FARGATE', 'FARGATE'],
      ['FARGATE_SPOT', 'FARGATE'],
      ['FARGATE_SPOT', 'FARGATE'],
      ['FARGATE_SPOT', 'FARGATE'],
    ]);
  });

  it("goes by the cluster's default strategy when nothing is said, and by the launch type when one is", async () => {
    await using room = await openFargate();
    await addMachine(room);
    await associate(room, ['FARGATE_SPOT'], [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }]);
    expect((await run(room)).tasks?.[0]?.capacityProviderName).toBe('FARGATE_SPOT');
    expect((await run(room, { launchType: 'FARGATE' })).tasks?.[0]).not.toHaveProperty(
      'capacityProviderName',
    );
  });

  it('refuses providers of other clusters, and keeps those in use', async () => {
    await using room = await openFargate();
    await addMachine(room);
    const spot = { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT' }] };
    await expect(run(room, spot)).rejects.toThrow(/not associated with the cluster: FARGATE_SPOT/);
    await associate(room, ['FARGATE_SPOT']);
    const { tasks: launched } = await run(room, spot);
    await expect(associate(room, [])).rejects.toMatchObject({ code: 'ResourceInUseException' });
    await report(room, launched?.[0], 'STOPPED');
    await associate(room, []);
  });
});

describe("tasks of an Auto Scaling group's provider", () => {
  const strategy = { capacityProviderStrategy: [{ capacityProvider: 'spare', weight: 1 }] };

  async function openGroup() {
    const room = await openRoom();
    const { ecs, call } = room;
    await room.addDefinition();
    await createCapacityProvider(
      ecs,
      { name: 'spare', autoScalingGroupProvider: { autoScalingGroupArn: 'spare-group' } },
      call,
    );
    await associate(room, ['spare']);
    const reconcilers = startReconcilers({
      ...{ state: ecs.state, store: room.store, clock: ecs.clock, random: ecs.random, log: ecs.log },
      reconcilers: [taskProvisioning(ecs)],
    });
    const launch = async () => {
      const answer = await runTask(ecs, { taskDefinition: 'web:1', ...strategy }, call);
      expect(answer.failures).toEqual([]);
      return answer.tasks?.[0];
    };
    const describeIt = (task: Task | undefined) =>
      describeTasks(ecs, { tasks: [idOf(task)] }, call).tasks?.[0];
    const until = (task: Task | undefined, lastStatus: string) =>
      ecs.clock.runUntil(() => describeIt(task)?.lastStatus === lastStatus, {
        deadlineMs: 3_600_000,
        seen: () => describeIt(task),
      });
    const attributes = { 'catamaran.capacity-provider': 'spare' };
    const close = async () => {
      await reconcilers.stop();
      await room[Symbol.asyncDispose]();
    };
    return { room, launch, describeIt, until, attributes, [Symbol.asyncDispose]: close };
  }

  it('go to instances of the provider only', async () => {
    await using group = await openGroup();
    await group.room.addInstance();
    const member = await group.room.addInstance({ attributes: group.attributes });
    const task = await group.launch();
    expect(task).toMatchObject({ capacityProviderName: 'spare', launchType: 'EC2', lastStatus: 'PENDING' });
    expect(task?.containerInstanceArn).toContain(member.id);
    const [shown] =
      describeContainerInstances(group.room.ecs, { containerInstances: [member.id] }, group.room.call)
        .containerInstances ?? [];
    expect(shown?.capacityProviderName).toBe('spare');
  });

  it('wait PROVISIONING for an instance, and go there once it comes', async () => {
    await using group = await openGroup();
    const task = await group.launch();
    expect(task).toMatchObject({ lastStatus: 'PROVISIONING' });
    expect(task).not.toHaveProperty('containerInstanceArn');
    const member = await group.room.addInstance({ attributes: group.attributes });
    await group.until(task, 'PENDING');
    expect(group.describeIt(task)?.containerInstanceArn).toContain(member.id);
    expect(group.room.instance(member.id)).toMatchObject({ used: { cpu: 256 }, taskCount: 1 });
  });

  it('fail with what was in the way when no capacity comes in time', async () => {
    await using group = await openGroup();
    const alone = await group.launch();
    await group.until(alone, 'STOPPED');
    expect(group.describeIt(alone)).toMatchObject({
      stopCode: 'TaskFailedToStart',
      stoppedReason: 'EMPTY CAPACITY PROVIDER',
    });
    await group.room.addInstance({ attributes: group.attributes, memoryMiB: 100 });
    const tooLarge = await group.launch();
    await group.until(tooLarge, 'STOPPED');
    expect(group.describeIt(tooLarge)?.stoppedReason).toBe('RESOURCE:MEMORY');
  });

  it('can be stopped while they wait', async () => {
    await using group = await openGroup();
    const task = await group.launch();
    await stopTask(group.room.ecs, { task: idOf(task) }, group.room.call);
    expect(group.describeIt(task)).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'UserInitiated' });
  });
});

describe('services on Fargate', () => {
  async function openService() {
    const room = await openFargate();
    const { ecs, call } = room;
    const machine = await addMachine(room, { cpu: 4096, memoryMiB: 16_384 });
    await associate(room, ['FARGATE', 'FARGATE_SPOT']);
    const reconcilers = startReconcilers({
      ...{ state: ecs.state, store: room.store, clock: ecs.clock, random: ecs.random, log: ecs.log },
      reconcilers: [serviceDeployment(ecs), taskDeprovisioning(ecs), fakeAgent(ecs)],
    });
    const describeIt = () => describeServices(ecs, { services: ['web'] }, call).services?.[0];
    const create = (input: object = {}) =>
      createService(
        ecs,
        { serviceName: 'web', taskDefinition: 'web:1', desiredCount: 2, ...network, ...input },
        call,
      );
    const update = (input: object) => updateService(ecs, { service: 'web', ...input }, call);
    const until = (predicate: () => boolean) =>
      ecs.clock.runUntil(predicate, {
        deadlineMs: 600_000,
        seen: () => [describeIt(), room.tasksOf('default')],
      });
    const running = () => room.tasksOf('default').filter(({ lastStatus }) => lastStatus === 'RUNNING');
    const providers = () => {
      const counts: Record<string, number> = {};
      for (const { capacityProviderName = 'none' } of running())
        counts[capacityProviderName] = (counts[capacityProviderName] ?? 0) + 1;
      return counts;
    };
    const close = async () => {
      await reconcilers.stop();
      await room[Symbol.asyncDispose]();
    };
    return {
      room,
      machine,
      create,
      update,
      describeIt,
      until,
      running,
      providers,
      [Symbol.asyncDispose]: close,
    };
  }

  const mixed = [
    { capacityProvider: 'FARGATE', base: 1, weight: 1 },
    { capacityProvider: 'FARGATE_SPOT', weight: 3 },
  ];

  it('show launch type and platform, and run', async () => {
    await using service = await openService();
    await service.create({ launchType: 'FARGATE' });
    expect(service.describeIt()).toMatchObject({
      launchType: 'FARGATE',
      platformVersion: 'LATEST',
      platformFamily: 'Linux',
      deployments: [{ launchType: 'FARGATE', platformVersion: '1.4.0' }],
    });
    await service.until(() => service.running().length === 2);
  });

  it('keep base and ratio however often they are scaled', async () => {
    await using service = await openService();
    await service.create({ capacityProviderStrategy: mixed, desiredCount: 1 });
    expect(service.describeIt()).toMatchObject({
      capacityProviderStrategy: [
        { capacityProvider: 'FARGATE', base: 1, weight: 1 },
        { capacityProvider: 'FARGATE_SPOT', base: 0, weight: 3 },
      ],
    });
    expect(service.describeIt()).not.toHaveProperty('launchType');
    for (const desiredCount of [2, 4, 5]) {
      await service.update({ desiredCount });
      await service.until(() => service.running().length === desiredCount);
    }
    expect(service.providers()).toEqual({ FARGATE: 2, FARGATE_SPOT: 3 });
  });

  it('have tasks that were interrupted replaced on Spot', async () => {
    await using service = await openService();
    await service.create({ capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] });
    await service.until(() => service.running().length === 2);
    const [first] = service.running();
    const { ecs } = service.room;
    const interrupted = await interruptSpot(ecs, scope, first?.id);
    expect(interrupted).toEqual([expect.stringContaining(`:task/default/${first?.id}`)]);
    expect(await interruptSpot(ecs, scope, first?.id)).toEqual([]);
    await service.until(() => service.room.task(first?.id ?? '')?.lastStatus === 'STOPPED');
    expect(service.room.task(first?.id ?? '')).toMatchObject({
      stopCode: 'SpotInterruption',
      stoppedReason: 'Your Spot Task was interrupted.',
    });
    await service.until(() => service.running().length === 2);
    expect(service.providers()).toEqual({ FARGATE_SPOT: 2 });
    expect(await interruptSpot(ecs, scope, undefined)).toHaveLength(2);
  });

  it('change their strategy with a new deployment only', async () => {
    await using service = await openService();
    await service.create({ launchType: 'FARGATE' });
    await service.until(() => service.running().length === 2);
    const spot = { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] };
    await expect(service.update(spot)).rejects.toThrow(/you must force a new deployment/);
    await service.update({ ...spot, forceNewDeployment: true });
    await service.until(() => service.providers().FARGATE_SPOT === 2 && service.running().length === 2);
    await service.update(spot);
    expect(service.describeIt()?.deployments).toHaveLength(1);
    await service.update({ capacityProviderStrategy: [], forceNewDeployment: true });
    await service.until(() => service.providers().none === 2 && service.running().length === 2);
    expect(service.describeIt()).toMatchObject({ launchType: 'FARGATE' });
  });

  it('begin a deployment for another platform version', async () => {
    await using service = await openService();
    await service.create({ launchType: 'FARGATE' });
    const before = service.describeIt()?.deployments?.[0]?.id;
    await service.update({ platformVersion: '1.4.0' });
    expect(service.describeIt()?.deployments?.[0]?.id).not.toBe(before);
    expect(service.describeIt()?.platformVersion).toBe('1.4.0');
  });

  it('tell that there is no capacity, and start what is missing when there is', async () => {
    await using service = await openService();
    const { ecs, call } = service.room;
    const blockers = await run(service.room, { launchType: 'FARGATE', count: 7 });
    expect(blockers.tasks).toHaveLength(7);
    await service.create({ launchType: 'FARGATE' });
    await service.until(
      () =>
        service
          .describeIt()
          ?.events?.some(({ message }) =>
            message?.startsWith(
              '(service web) was unable to place a task. Reason: Capacity is unavailable at this time.',
            ),
          ) === true,
    );
    await stopTask(ecs, { task: idOf(blockers.tasks?.[0]) }, call);
    await service.until(() => service.running().filter((task) => task.service !== undefined).length === 2);
  });
});
