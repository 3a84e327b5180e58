import { describe, expect, it } from 'vitest';
import { putAttributes } from '../operations/attribute.ts';
import { updateContainerInstancesState } from '../operations/container-instance.ts';
import { runTask } from '../operations/run-task.ts';
import { createService, deleteService, listServices } from '../operations/service.ts';
import { stopTask } from '../operations/task.ts';
import { containerInstances } from '../records.ts';
import {
  completed,
  type Fleet,
  isStable,
  messages,
  openFleet,
  started,
  steady,
  stopped,
} from '../testing/fleet.ts';

const daemon = { schedulingStrategy: 'DAEMON', desiredCount: undefined } as const;
const setState = (fleet: Fleet, id: string, status: 'ACTIVE' | 'DRAINING') =>
  updateContainerInstancesState(fleet.room.ecs, { containerInstances: [id], status }, fleet.room.call);
const instancesOf = (fleet: Fleet) =>
  fleet
    .live()
    .filter(({ service }) => service?.name === 'web')
    .map(({ containerInstanceId }) => containerInstanceId)
    .sort();

describe('a DAEMON service', () => {
  it('has one task on each instance, also on those that come later', async () => {
    await using fleet = await openFleet({ instances: 3 });
    await fleet.create(daemon);
    expect(fleet.describe()).toMatchObject({
      schedulingStrategy: 'DAEMON',
      desiredCount: 3,
      deploymentConfiguration: { maximumPercent: 100, minimumHealthyPercent: 0 },
      deployments: [{ desiredCount: 3 }],
    });
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    expect(messages(fleet.describe())).toEqual([steady, completed, started(3)]);
    expect(new Set(instancesOf(fleet)).size).toBe(3);

    const { id } = await fleet.room.addInstance();
    expect(fleet.describe().desiredCount).toBe(4);
    await fleet.until(() => isStable(fleet.describe()), 5_000);
    expect(instancesOf(fleet)).toContain(id);
  });

  it('rolls by stopping first, never under its minimum', async () => {
    await using fleet = await openFleet({ instances: 4 });
    await fleet.create({ ...daemon, deploymentConfiguration: { minimumHealthyPercent: 50 } });
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    fleet.extremes();
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    expect(fleet.extremes()).toEqual({ most: 4, fewest: 2 });
    expect(messages(fleet.describe())[1]).toBe(completed);
    expect(fleet.live().every(({ taskDefinition }) => taskDefinition.revision === 2)).toBe(true);
    expect(new Set(instancesOf(fleet)).size).toBe(4);
  });

  it('replaces a task that a user stopped, on the same instance', async () => {
    await using fleet = await openFleet({ instances: 2 });
    await fleet.create(daemon);
    await fleet.stable();
    const before = instancesOf(fleet);
    await stopTask(fleet.room.ecs, { task: fleet.live()[0]?.id ?? '' }, fleet.room.call);
    await fleet.until(() => messages(fleet.describe())[0] === started(1));
    await fleet.stable();
    expect(instancesOf(fleet)).toEqual(before);
  });

  it('is the last to leave an instance that drains, and comes back with it', async () => {
    await using fleet = await openFleet({ instances: 2 });
    const { room } = fleet;
    await fleet.create(daemon);
    await fleet.stable();
    const other = { serviceName: 'other', taskDefinition: 'web:1', desiredCount: 2 };
    await createService(room.ecs, other, room.call);
    await fleet.until(() => fleet.live().filter((task) => task.lastStatus === 'RUNNING').length === 4);
    const [drained = ''] = instancesOf(fleet);
    await setState(fleet, drained, 'DRAINING');
    expect(fleet.describe().desiredCount).toBe(1);
    const there = () => fleet.live().filter((task) => task.containerInstanceId === drained);
    await fleet.until(() => {
      // The daemon's own task is never asked to stop while the other service's is there.
      const own = there().find(({ service }) => service?.name === 'web');
      if (there().some(({ service }) => service?.name === 'other'))
        expect(own?.desiredStatus).toBe('RUNNING');
      return there().length === 0;
    });
    await fleet.until(() => isStable(fleet.describe()));
    expect(messages(fleet.describe())).toContain(stopped(1));

    await setState(fleet, drained, 'ACTIVE');
    await fleet.until(() => instancesOf(fleet).includes(drained), 1_000);
  });

  it('gets its place on an instance before others can look at it', async () => {
    await using fleet = await openFleet({ instances: 1, memoryMiB: 1024 });
    const { room } = fleet;
    const [id = ''] = [...room.ecs.state.list(containerInstances)].map(({ value }) => value.id);
    await setState(fleet, id, 'DRAINING');
    await fleet.create(daemon);
    const greedy = { serviceName: 'greedy', taskDefinition: 'web:1', desiredCount: 5 };
    await createService(room.ecs, greedy, room.call);
    await room.ecs.clock.advance(60_000);
    await setState(fleet, id, 'ACTIVE');
    await fleet.until(() => fleet.live().length === 2, 5_000);
    expect(room.instance(id)?.groups.map(({ group }) => group)).toEqual(['service:web', 'service:greedy']);
    await fleet.until(() => isStable(fleet.describe()), 5_000);
  });

  it('runs where its constraints say, and leaves when they no longer do', async () => {
    await using fleet = await openFleet({ instances: 2 });
    const { room } = fleet;
    const { id } = await room.addInstance({ attributes: { stack: 'blue' } });
    const blue = { type: 'memberOf', expression: 'attribute:stack == blue' } as const;
    await fleet.create({ ...daemon, placementConstraints: [blue] });
    await fleet.stable();
    expect(instancesOf(fleet)).toEqual([id]);

    const other = [...room.ecs.state.list(containerInstances)].map(({ value }) => value.id);
    const targetId = other.find((each) => each !== id) ?? '';
    const attribute = (to: string, value: string) =>
      putAttributes(
        room.ecs,
        { attributes: [{ name: 'stack', value, targetId: to, targetType: 'container-instance' }] },
        room.call,
      );
    await attribute(targetId, 'blue');
    await attribute(id, 'green');
    expect(fleet.describe().desiredCount).toBe(1);
    await fleet.until(() => isStable(fleet.describe()) && instancesOf(fleet)[0] === targetId);
    expect(instancesOf(fleet)).toEqual([targetId]);
  });

  it('says where there is no room, and goes on when there is', async () => {
    await using fleet = await openFleet({ instances: 1, memoryMiB: 512 });
    const { room } = fleet;
    const { tasks = [] } = await runTask(room.ecs, { taskDefinition: 'web:1' }, room.call);
    await fleet.create(daemon);
    await room.ecs.clock.advance(600_000);
    expect(messages(fleet.describe())).toEqual([
      'was unable to place a task because no container instance met all of its requirements. ' +
        'The closest matching (container-instance ID) has insufficient memory available. ' +
        'For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.',
    ]);
    await stopTask(room.ecs, { task: tasks[0]?.taskArn ?? '' }, room.call);
    await fleet.until(() => isStable(fleet.describe()), 5_000);
  });

  it('needs no force to be deleted', async () => {
    await using fleet = await openFleet({ instances: 2 });
    const { ecs, call } = fleet.room;
    await fleet.create(daemon);
    await fleet.stable();
    const listed = (schedulingStrategy?: 'REPLICA' | 'DAEMON') =>
      listServices(ecs, { ...(schedulingStrategy ? { schedulingStrategy } : {}) }, call).serviceArns?.length;
    expect([listed(), listed('DAEMON'), listed('REPLICA')]).toEqual([1, 1, 0]);
    expect((await deleteService(ecs, { service: 'web' }, call)).service).toMatchObject({
      status: 'DRAINING',
      desiredCount: 0,
    });
    await fleet.until(() => fleet.describe().status === 'INACTIVE');
    expect(fleet.live()).toEqual([]);
  });
});
