import { describe, expect, it } from 'vitest';
import {
  deregisterContainerInstance,
  updateContainerInstancesState,
} from '../operations/container-instance.ts';
import { runTask } from '../operations/run-task.ts';
import { containerInstances } from '../records.ts';
import { cannotAssume } from '../task-roles.ts';
import { type Fleet, isStable, messages, openFleet, started, steady } from '../testing/fleet.ts';
import { key, scope } from '../testing/room.ts';

describe('tasks that find no place', () => {
  it('are told of once, and started when an instance has room', async () => {
    await using fleet = await openFleet({ instances: 1, memoryMiB: 1100 });
    await fleet.create();
    await fleet.room.ecs.clock.advance(30 * 60_000);
    const noPlace =
      'was unable to place a task because no container instance met all of its requirements. ' +
      'The closest matching (container-instance ID) has insufficient memory available. ' +
      'For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.';
    expect(messages(fleet.describe())).toEqual([noPlace, started(2)]);
    expect(fleet.describe().deployments?.[0]).toMatchObject({ runningCount: 2, failedTasks: 0 });
    await fleet.room.addInstance();
    await fleet.until(() => isStable(fleet.describe()), 2_000);
  });

  it('are told of with their role, and start when it can be assumed', async () => {
    await using fleet = await openFleet();
    await fleet.room.addDefinition({ executionRoleArn: 'execution' });
    const role = `arn:aws:iam::${scope.accountId}:role/execution`;
    fleet.room.untrustedRoles.add(role);
    await fleet.create();
    await fleet.room.ecs.clock.advance(10 * 60_000);
    expect(messages(fleet.describe())).toEqual([
      `failed to launch a task with (error ${cannotAssume(role)}).`,
    ]);
    expect(fleet.room.tasksOf('default')).toEqual([]);
    fleet.room.untrustedRoles.clear();
    await fleet.stable();
  });

  it('wait for a first instance', async () => {
    await using fleet = await openFleet({ instances: 0 });
    await fleet.create();
    await fleet.room.ecs.clock.advance(1_000);
    expect(messages(fleet.describe())[0]).toContain(
      'Reason: No Container Instances were found in your cluster.',
    );
    await fleet.room.addInstance();
    await fleet.until(() => isStable(fleet.describe()), 2_000);
  });
});

describe('a DRAINING instance', () => {
  const setState = (fleet: Fleet, id: string, status: 'ACTIVE' | 'DRAINING') =>
    updateContainerInstancesState(fleet.room.ecs, { containerInstances: [id], status }, fleet.room.call);

  it('is left once replacements are healthy', async () => {
    await using fleet = await openFleet({ instances: 2 });
    await fleet.create({ desiredCount: 4 });
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    fleet.extremes();
    const drained = fleet.live()[0]?.containerInstanceId ?? '';
    await setState(fleet, drained, 'DRAINING');
    await fleet.until(() => fleet.room.instance(drained)?.taskCount === 0);
    await fleet.stable();
    expect(fleet.extremes()).toEqual({ most: 6, fewest: 4 });
  });

  it('loses pending tasks of services at once, and keeps standalone ones', async () => {
    await using fleet = await openFleet({ instances: 2, startMs: 30_000 });
    const { room } = fleet;
    await runTask(room.ecs, { taskDefinition: 'web:1', count: 2 }, room.call);
    await fleet.create({ desiredCount: 2 });
    await room.ecs.clock.advance(100);
    const of = (id: string) => fleet.live().filter((task) => task.containerInstanceId === id);
    const drained = fleet.live()[0]?.containerInstanceId ?? '';
    const [standalone] = of(drained).filter((task) => task.service === undefined);
    await setState(fleet, drained, 'DRAINING');
    await fleet.until(() => of(drained).length === 1, 3_000);
    await fleet.stable();
    expect(of(drained)).toMatchObject([{ id: standalone?.id, desiredStatus: 'RUNNING' }]);
  });

  it('that is ACTIVE again gets tasks again', async () => {
    await using fleet = await openFleet({ instances: 1, memoryMiB: 1024 });
    const [id = ''] = [...fleet.room.ecs.state.list(containerInstances)].map(({ value }) => value.id);
    await setState(fleet, id, 'DRAINING');
    await fleet.create({ desiredCount: 1 });
    await fleet.room.ecs.clock.advance(60_000);
    expect(fleet.live()).toEqual([]);
    await setState(fleet, id, 'ACTIVE');
    await fleet.until(() => isStable(fleet.describe()), 2_000);
  });
});

describe('an instance', () => {
  it('whose agent is away keeps its tasks and gets no others', async () => {
    await using fleet = await openFleet({ instances: 2 });
    await fleet.create({ desiredCount: 2 });
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    const away = fleet.live()[0]?.containerInstanceId ?? '';
    await fleet.room.write((tx) => {
      const instanceKey = key(containerInstances, 'default', away);
      const instance = tx.get(containerInstances, instanceKey);
      if (instance) tx.put(containerInstances, instanceKey, { ...instance, agentConnected: false });
    });
    const before = fleet.live().map(({ id }) => id);
    await fleet.room.ecs.clock.advance(3_600_000);
    expect(fleet.live().map(({ id }) => id)).toEqual(before);
    await fleet.update({ desiredCount: 4 });
    await fleet.stable();
    expect(fleet.live().filter((task) => task.containerInstanceId === away)).toHaveLength(1);
  });

  it('that is deregistered by force has its tasks replaced elsewhere', async () => {
    await using fleet = await openFleet({ instances: 2 });
    const { room } = fleet;
    await fleet.create({ desiredCount: 2 });
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    const gone = fleet.live()[0]?.containerInstanceId ?? '';
    await deregisterContainerInstance(room.ecs, { containerInstance: gone, force: true }, room.call);
    await fleet.until(() => fleet.live().length === 2, 1_000);
    await fleet.stable();
    for (const task of fleet.live()) expect(task.containerInstanceId).not.toBe(gone);
    expect(fleet.describe().deployments?.[0]?.failedTasks).toBe(0);
  });
});
