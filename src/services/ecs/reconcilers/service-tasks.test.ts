import { describe, expect, it } from 'vitest';
import { stopTask } from '../operations/task.ts';
import { updateTaskProtection } from '../operations/task-protection.ts';
import { type TaskRecord, taskDefinitions, tasks } from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { applyContainerHealth, applyTaskReport } from '../task-state.ts';
import { isStable, messages, openFleet, started, steady, stopped } from '../testing/fleet.ts';
import { container, key, scope, taskDefinition } from '../testing/room.ts';

describe('a protected task', () => {
  it('outlives scaling in and a deployment, until its protection ends', async () => {
    await using fleet = await openFleet();
    const { ecs, call } = fleet.room;
    await fleet.create({ desiredCount: 2 });
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    const [first, second] = fleet.live().map(({ id }) => id);
    const protect = (id: string | undefined, expiresInMinutes: number) =>
      updateTaskProtection(
        ecs,
        { cluster: 'default', tasks: [id ?? ''], protectionEnabled: true, expiresInMinutes },
        call,
      );
    await protect(first, 60);
    await protect(second, 60);
    await fleet.update({ desiredCount: 1 });
    await ecs.clock.advance(600_000);
    const cannot = (id: string) =>
      `was unable to reach steady state because task set (${id}) was unable to scale in. ` +
      'Reason: The number of protected tasks are more than the desired count of tasks.';
    expect(messages(fleet.describe())[0]).toBe(cannot('ecs-svc/ID'));
    expect(fleet.live()).toHaveLength(2);
    await updateTaskProtection(
      ecs,
      { cluster: 'default', tasks: [second ?? ''], protectionEnabled: false },
      call,
    );
    await fleet.until(() => fleet.live().length === 1, 5_000);

    await fleet.update({ taskDefinition: 'web:2' });
    await ecs.clock.advance(600_000);
    expect(messages(fleet.describe())[0]).toBe(cannot('ecs-svc/ID'));
    expect(fleet.describe().deployments).toMatchObject([
      { status: 'PRIMARY', runningCount: 1, rolloutState: 'IN_PROGRESS' },
      { status: 'ACTIVE', runningCount: 1 },
    ]);
    await ecs.clock.advance(2_400_000 - 5_000);
    expect(fleet.live().map(({ id }) => id)).toContain(first);
    await fleet.until(() => messages(fleet.describe())[0] === steady, 10_000);
    expect(fleet.live()).toMatchObject([{ taskDefinition: { revision: 2 } }]);
  });
});

describe('a task that ends', () => {
  it('is replaced at once when a user stopped it, and is no failure', async () => {
    await using fleet = await openFleet();
    await fleet.create();
    await fleet.stable();
    const [victim] = fleet.live();
    await stopTask(fleet.room.ecs, { task: victim?.id ?? '' }, fleet.room.call);
    await fleet.until(
      () => fleet.live().filter((task) => task.desiredStatus === 'RUNNING').length === 3,
      100,
    );
    const service = await fleet.stable();
    expect(service.deployments?.[0]).toMatchObject({ failedTasks: 0, runningCount: 3 });
    expect(messages(service)).toContain(started(1));
  });

  it('is replaced when its essential container exits', async () => {
    await using fleet = await openFleet();
    await fleet.create();
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    await fleet.room.ecs.clock.advance(60_000);
    const [victim] = fleet.live();
    const report = {
      status: 'STOPPED',
      containers: [{ name: 'app', status: 'STOPPED', exitCode: 1 }],
    } as const;
    await fleet.room.write((tx) =>
      applyTaskReport(tx, key(tasks, 'default', victim?.id ?? ''), report, fleet.room.ecs.clock.now()),
    );
    await fleet.until(() => fleet.live().length === 3, 100);
    expect((await fleet.stable()).deployments?.[0]?.failedTasks).toBe(0);
  });

  it('is replaced by a service whose definition has become INACTIVE', async () => {
    await using fleet = await openFleet();
    await fleet.create();
    await fleet.stable();
    await fleet.room.write((tx) =>
      tx.put(taskDefinitions, taskDefinitionKey(scope, 'web', 1), {
        ...taskDefinition(),
        status: 'INACTIVE',
      }),
    );
    await fleet.update({ desiredCount: 4 });
    expect((await fleet.stable()).runningCount).toBe(4);
  });
});

describe('a task that fails its health checks', () => {
  it('is replaced first, then stopped', async () => {
    await using fleet = await openFleet();
    const { ecs } = fleet.room;
    await fleet.room.addDefinition({
      family: 'checked',
      containerDefinitions: [container({ healthCheck: { command: ['CMD', 'true'] } })],
    });
    const say = (task: TaskRecord | undefined, status: 'HEALTHY' | 'UNHEALTHY') =>
      fleet.room.write((tx) =>
        applyContainerHealth(
          ...([tx, key(tasks, 'default', task?.id ?? '')] as const),
          [{ name: 'app', status, since: ecs.clock.now() }],
          ecs.clock.now(),
        ),
      );
    await fleet.create({ taskDefinition: 'checked:1', desiredCount: 2 });
    await fleet.stable();
    await ecs.clock.advance(60_000);
    expect(fleet.describe().deployments?.[0]?.rolloutState).toBe('IN_PROGRESS');
    for (const task of fleet.live()) await say(task, 'HEALTHY');
    await fleet.until(() => messages(fleet.describe())[0] === steady);

    const [sick] = fleet.live();
    await say(sick, 'UNHEALTHY');
    await fleet.until(() => fleet.live().length === 3);
    await ecs.clock.advance(60_000);
    expect(fleet.live().map(({ id }) => id)).toContain(sick?.id);
    const replacement = fleet
      .live()
      .reduce((newest, task) => (task.createdAt > newest.createdAt ? task : newest));
    await say(replacement, 'HEALTHY');
    const service = await fleet.stable();
    expect(messages(service).slice(0, 4)).toEqual([
      steady,
      stopped(1),
      '(task ID) failed container health checks.',
      `${started(1)} Amazon ECS replaced 1 tasks due to an unhealthy status.`,
    ]);
    expect(fleet.room.task(sick?.id ?? '')).toMatchObject({
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: 'Task failed container health checks',
    });
  });
});

describe('tasks that never start', () => {
  it('are retried after growing pauses while the old ones keep running', async () => {
    await using fleet = await openFleet({
      cannotStart: ({ taskDefinition }) => taskDefinition.revision === 2,
    });
    await fleet.create();
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    fleet.extremes();
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.room.ecs.clock.advance(60 * 60_000);

    const service = fleet.describe();
    expect(service.deployments).toMatchObject([
      { status: 'PRIMARY', runningCount: 0, rolloutState: 'IN_PROGRESS' },
      { status: 'ACTIVE', runningCount: 3 },
    ]);
    // 1, 2, 4, ... 512, 900 seconds between waves of three.
    expect(service.deployments?.[0]?.failedTasks).toBe(3 * 13);
    expect(fleet.extremes().fewest).toBe(3);
    expect(messages(service).filter((message) => message?.startsWith('is unable'))).toEqual([
      'is unable to consistently start tasks successfully.',
    ]);

    await fleet.update({ taskDefinition: 'web:1' });
    await fleet.until(() => isStable(fleet.describe()), 20_000);
  });

  it('are tried at once after any update', async () => {
    await using fleet = await openFleet({ cannotStart: () => true });
    await fleet.create({ desiredCount: 1 });
    await fleet.room.ecs.clock.advance(20 * 60_000);
    const failedTasks = fleet.describe().deployments?.[0]?.failedTasks ?? 0;
    await fleet.update({ desiredCount: 1 });
    await fleet.until(() => fleet.live().length === 1, 100);
    await fleet.room.ecs.clock.advance(1_500);
    expect(fleet.describe().deployments?.[0]?.failedTasks).toBe(failedTasks + 1);
  });
});
