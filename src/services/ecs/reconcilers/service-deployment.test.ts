import { describe, expect, it } from 'vitest';
import { deleteService, describeServices } from '../operations/service.ts';
import { phaseOf, services, tasks } from '../records.ts';
import { completed, isStable, messages, openFleet, started, steady, stopped } from '../testing/fleet.ts';

describe('a new service', () => {
  it('starts its tasks, completes its deployment and reaches a steady state', async () => {
    await using fleet = await openFleet();
    await fleet.create();
    expect(fleet.describe()).toMatchObject({
      status: 'ACTIVE',
      runningCount: 0,
      deployments: [{ status: 'PRIMARY', rolloutState: 'IN_PROGRESS', desiredCount: 3 }],
    });
    await fleet.stable();
    await fleet.until(() => fleet.describe().deployments?.[0]?.rolloutState === 'COMPLETED');
    const service = fleet.describe();
    expect(messages(service)).toEqual([steady, completed, started(3)]);
    expect(service).toMatchObject({ runningCount: 3, pendingCount: 0 });
    const id = service.deployments?.[0]?.id ?? '';
    expect(service.deployments?.[0]?.rolloutStateReason).toBe(`ECS deployment ${id} completed.`);
    for (const task of fleet.live())
      expect(task).toMatchObject({
        group: 'service:web',
        startedBy: id,
        service: { name: 'web', deploymentId: id },
      });
  });

  it('spreads its tasks over the instances', async () => {
    await using fleet = await openFleet({ instances: 3 });
    await fleet.create();
    await fleet.stable();
    expect(new Set(fleet.live().map(({ containerInstanceId }) => containerInstanceId)).size).toBe(3);
  });

  it('is not complete before its tasks have been RUNNING for five seconds', async () => {
    await using fleet = await openFleet();
    await fleet.create();
    await fleet.stable();
    await fleet.room.ecs.clock.advance(4_000);
    expect(fleet.describe().deployments?.[0]?.rolloutState).toBe('IN_PROGRESS');
    await fleet.room.ecs.clock.advance(1_000);
    expect(fleet.describe().deployments?.[0]?.rolloutState).toBe('COMPLETED');
  });

  it('gives its tasks the tags that it is told to', async () => {
    await using fleet = await openFleet();
    await fleet.create({
      tags: [{ key: 'team', value: 'blue' }],
      propagateTags: 'SERVICE',
      enableECSManagedTags: true,
    });
    await fleet.stable();
    expect(fleet.live()[0]?.tags).toEqual([
      { key: 'team', value: 'blue' },
      { key: 'aws:ecs:clusterName', value: 'default' },
      { key: 'aws:ecs:serviceName', value: 'web' },
    ]);
  });

  it('of many tasks starts them in batches and gets there', async () => {
    await using fleet = await openFleet({ instances: 20 });
    await fleet.create({ desiredCount: 250 });
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    expect(fleet.describe().runningCount).toBe(250);
    expect(messages(fleet.describe()).slice(2)).toEqual([started(50), started(100), started(100)]);
  });

  it('stays quiet once it is steady', async () => {
    await using fleet = await openFleet();
    await fleet.create();
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    const revision = await fleet.room.store.revision();
    await fleet.room.ecs.clock.advance(3_600_000);
    expect(await fleet.room.store.revision()).toBe(revision);
  });
});

describe('an update', () => {
  it('to another task definition rolls, with no more than the maximum and no fewer than the minimum', async () => {
    await using fleet = await openFleet();
    await fleet.create();
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    fleet.extremes();

    await fleet.update({ taskDefinition: 'web:2' });
    expect(fleet.describe().deployments).toMatchObject([
      { status: 'PRIMARY', desiredCount: 3, runningCount: 0, rolloutState: 'IN_PROGRESS' },
      { status: 'ACTIVE', desiredCount: 3, runningCount: 3, rolloutState: 'COMPLETED' },
    ]);
    const service = await fleet.stable();
    const revisions = fleet.live().map(({ taskDefinition }) => taskDefinition.revision);
    expect(revisions).toEqual([2, 2, 2]);
    expect(fleet.extremes()).toEqual({ most: 6, fewest: 3 });
    expect(messages(service).slice(0, 4)).toEqual([steady, completed, stopped(3), started(3)]);
    const ended = fleet.room.tasksOf('default').filter(({ lastStatus }) => phaseOf(lastStatus) === undefined);
    for (const task of ended)
      expect(task).toMatchObject({
        stopCode: 'ServiceSchedulerInitiated',
        stoppedReason: `Scaling activity initiated by (deployment ${service.deployments?.[0]?.id})`,
      });
  });

  it('rolls in place where the maximum leaves no room', async () => {
    await using fleet = await openFleet();
    await fleet.create({
      desiredCount: 4,
      deploymentConfiguration: { maximumPercent: 100, minimumHealthyPercent: 50 },
    });
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    fleet.extremes();
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.stable();
    expect(fleet.extremes()).toEqual({ most: 4, fewest: 2 });
  });

  it('superseded by another leaves only the newest', async () => {
    await using fleet = await openFleet({ startMs: 30_000 });
    await fleet.create();
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.room.ecs.clock.advance(1_000);
    await fleet.update({ forceNewDeployment: true });
    await fleet.room.ecs.clock.advance(0);
    expect(fleet.describe().deployments?.map(({ status }) => status)).toContain('ACTIVE');
    const service = await fleet.stable();
    for (const task of fleet.live()) expect(task.startedBy).toBe(service.deployments?.[0]?.id);
    expect(fleet.live()).toHaveLength(3);
  });

  it('of the desired count scales out and in without a deployment', async () => {
    await using fleet = await openFleet();
    await fleet.create();
    const before = (await fleet.stable()).deployments?.[0]?.id;
    await fleet.update({ desiredCount: 5 });
    expect((await fleet.stable()).runningCount).toBe(5);
    await fleet.update({ desiredCount: 2 });
    const service = await fleet.stable();
    expect(service).toMatchObject({ runningCount: 2, deployments: [{ id: before }] });
    expect(messages(service)).toContain(stopped(3));
    await fleet.update({ desiredCount: 0 });
    await fleet.stable();
    expect(fleet.live()).toEqual([]);
  });
});

describe('the waiter services-stable', () => {
  it('never passes while tasks of another revision run or are missing', async () => {
    await using fleet = await openFleet();
    const lies: unknown[] = [];
    const look = (): void => {
      const service = fleet.describe();
      const wanted = service.deployments?.[0]?.taskDefinition?.split(':').at(-1);
      const right = fleet
        .live()
        .filter((task) => task.lastStatus === 'RUNNING' && String(task.taskDefinition.revision) === wanted);
      if (isStable(service) && right.length !== service.desiredCount) lies.push(service);
    };
    await fleet.create();
    using _watching = fleet.room.ecs.state.subscribe(tasks, look);
    using _alsoWatching = fleet.room.ecs.state.subscribe(services, look);
    await fleet.stable();
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.stable();
    await fleet.update({ taskDefinition: 'web:1', desiredCount: 5 });
    await fleet.stable();
    await fleet.update({ desiredCount: 1 });
    await fleet.stable();
    expect(lies).toEqual([]);
  });
});

describe('a deleted service', () => {
  it('stops its tasks, is INACTIVE, and is forgotten after an hour', async () => {
    await using fleet = await openFleet();
    const { ecs, call } = fleet.room;
    await fleet.create();
    await fleet.stable();
    const { service } = await deleteService(ecs, { service: 'web', force: true }, call);
    expect(service).toMatchObject({ status: 'DRAINING', desiredCount: 0, runningCount: 3 });
    await fleet.until(() => fleet.describe().status === 'INACTIVE');
    expect(fleet.describe()).toMatchObject({ runningCount: 0, deployments: [] });
    expect(messages(fleet.describe())[0]).toBe(stopped(3));
    await ecs.clock.advance(3_600_000);
    expect(describeServices(ecs, { services: ['web'] }, call)).toMatchObject({
      services: [],
      failures: [{ reason: 'MISSING' }],
    });
  });

  it('without tasks is INACTIVE at once, and its name is free', async () => {
    await using fleet = await openFleet();
    await fleet.create({ desiredCount: 0 });
    await fleet.stable();
    await deleteService(fleet.room.ecs, { service: 'web' }, fleet.room.call);
    await fleet.until(() => fleet.describe().status === 'INACTIVE', 100);
    await fleet.create({ desiredCount: 2 });
    expect((await fleet.stable()).runningCount).toBe(2);
  });
});
