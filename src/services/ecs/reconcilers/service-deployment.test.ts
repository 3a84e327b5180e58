import { describe, expect, it } from 'vitest';
import type { Random } from '../../../clock/index.ts';
import { openState, type State } from '../../../reconcile/index.ts';
import {
  deregisterContainerInstance,
  updateContainerInstancesState,
} from '../operations/container-instance.ts';
import { runTask } from '../operations/run-task.ts';
import { createService, deleteService, describeServices } from '../operations/service.ts';
import { describeServiceDeployments, stopServiceDeployment } from '../operations/service-deployment.ts';
import { describeServiceRevisions } from '../operations/service-revision.ts';
import { stopTask } from '../operations/task.ts';
import { updateTaskProtection } from '../operations/task-protection.ts';
import {
  containerInstances,
  phaseOf,
  services,
  type TaskRecord,
  taskDefinitions,
  tasks,
} from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { applyContainerHealth, applyTaskReport } from '../task-state.ts';
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
import { container, key, openRoom, scope, taskDefinition } from '../testing/room.ts';
import { serviceDeployment } from './service-deployment.ts';

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
        applyContainerHealth(tx, key(tasks, 'default', task?.id ?? ''), [
          { name: 'app', status, since: ecs.clock.now() },
        ]),
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

describe('a service deployment', () => {
  it('begins with the service, and is SUCCESSFUL when its tasks are up', async () => {
    await using fleet = await openFleet();
    await fleet.create();
    await fleet.until(() => fleet.deployment().status === 'IN_PROGRESS');
    expect(fleet.deployment()).toMatchObject({
      sourceServiceRevisions: [],
      targetServiceRevision: { requestedTaskCount: 3, runningTaskCount: 0, pendingTaskCount: 3 },
      deploymentCircuitBreaker: { status: 'DISABLED', failureCount: 0, threshold: 3 },
    });
    await fleet.until(() => fleet.deployment().status === 'SUCCESSFUL');
    expect(fleet.trails()).toEqual(['PENDING IN_PROGRESS SUCCESSFUL']);
    const { startedAt, finishedAt, targetServiceRevision } = fleet.deployment();
    expect(startedAt?.getTime()).toBeLessThan(finishedAt?.getTime() ?? 0);
    expect(targetServiceRevision).toMatchObject({ requestedTaskCount: 3, runningTaskCount: 3 });
    expect(fleet.describe().currentServiceDeployment).toBe(fleet.deployment().serviceDeploymentArn);
    // What was is not recounted.
    await fleet.update({ desiredCount: 1 });
    await fleet.stable();
    expect(fleet.deployment().targetServiceRevision?.runningTaskCount).toBe(3);
  });

  it('goes from the revisions that run to the new one, and supersedes those before it', async () => {
    await using fleet = await openFleet({ startMs: 30_000 });
    await fleet.create();
    await fleet.until(() => fleet.deployment().status === 'SUCCESSFUL');
    const first = fleet.deployment();
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.until(() => fleet.deployment().status === 'IN_PROGRESS');
    const second = fleet.deployment();
    expect(second.sourceServiceRevisions).toMatchObject([
      { arn: first.targetServiceRevision?.arn, requestedTaskCount: 3, runningTaskCount: 3 },
    ]);
    expect(fleet.describe().currentServiceRevisions?.map(({ arn }) => arn)).toEqual([
      second.targetServiceRevision?.arn,
      first.targetServiceRevision?.arn,
    ]);
    await fleet.update({ forceNewDeployment: true });
    await fleet.until(() => fleet.deployment(second.serviceDeploymentArn).status === 'STOPPED');
    expect(fleet.deployment(second.serviceDeploymentArn)).toMatchObject({
      statusReason: 'Service deployment was superseded by a newer service deployment.',
      stoppedAt: expect.any(Date),
      finishedAt: expect.any(Date),
    });
    await fleet.until(() => fleet.deployment().status === 'SUCCESSFUL');
    expect(fleet.trails()).toEqual([
      'PENDING IN_PROGRESS SUCCESSFUL',
      'PENDING IN_PROGRESS STOP_REQUESTED STOPPED',
      'PENDING IN_PROGRESS SUCCESSFUL',
    ]);
  });

  it('keeps the image digests that its tasks agreed on', async () => {
    await using fleet = await openFleet({ imageDigest: 'sha256:aa' });
    await fleet.create();
    const arn = fleet.deployment().targetServiceRevision?.arn ?? '';
    const images = () =>
      describeServiceRevisions(fleet.room.ecs, { serviceRevisionArns: [arn] }, fleet.room.call)
        .serviceRevisions?.[0]?.containerImages;
    expect(images()).toEqual([{ containerName: 'app', image: 'app:1' }]);
    await fleet.until(() => fleet.deployment().status === 'SUCCESSFUL');
    await fleet.update({ desiredCount: 0 });
    await fleet.stable();
    expect(images()).toEqual([{ containerName: 'app', image: 'app:1', imageDigest: 'sha256:aa' }]);
  });

  it('ends with its service', async () => {
    await using fleet = await openFleet();
    await fleet.create();
    await fleet.until(() => fleet.deployment().status === 'SUCCESSFUL');
    const { serviceDeploymentArn = '', targetServiceRevision } = fleet.deployment();
    await deleteService(fleet.room.ecs, { service: 'web', force: true }, fleet.room.call);
    await fleet.until(() => fleet.describe().status === 'INACTIVE');
    const { ecs, call } = fleet.room;
    const failures = [{ arn: serviceDeploymentArn, reason: 'MISSING' }];
    expect(describeServiceDeployments(ecs, { serviceDeploymentArns: [serviceDeploymentArn] }, call)).toEqual({
      serviceDeployments: [],
      failures,
    });
    expect(
      describeServiceRevisions(ecs, { serviceRevisionArns: [targetServiceRevision?.arn ?? ''] }, call)
        .failures,
    ).toHaveLength(1);
    expect(fleet.describe()).not.toHaveProperty('currentServiceDeployment');
  });
});

describe('the circuit breaker', () => {
  const breaker = (rollback: boolean) => ({
    deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback } },
  });
  const secondFails = { cannotStart: ({ taskDefinition }: TaskRecord) => taskDefinition.revision === 2 };

  it('with rollback brings the last completed deployment back, whose tasks never stopped', async () => {
    await using fleet = await openFleet(secondFails);
    await fleet.create(breaker(true));
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    const before = fleet.live().map(({ id }) => id);
    const [first] = fleet.describe().deployments ?? [];
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.until(() => fleet.deployment().status === 'ROLLBACK_SUCCESSFUL', 20_000);
    const service = fleet.describe();
    expect(service.taskDefinition).toMatch(/web:1$/);
    expect(service.deployments).toMatchObject([
      { id: first?.id, status: 'PRIMARY', rolloutState: 'COMPLETED' },
    ]);
    expect([...fleet.reasons].slice(-4)).toEqual([
      'ECS deployment ecs-svc/ID in progress.',
      'ECS deployment ecs-svc/ID completed.',
      'ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/ID.',
      'ECS deployment circuit breaker: tasks failed to start.',
    ]);
    expect(fleet.trails().at(-1)).toBe('PENDING IN_PROGRESS ROLLBACK_IN_PROGRESS ROLLBACK_SUCCESSFUL');
    expect(fleet.live().map(({ id }) => id)).toEqual(before);
    expect(messages(service).slice(0, 5)).toEqual([
      steady,
      completed,
      'rolling back to deployment ecs-svc/ID.',
      '(deployment ecs-svc/ID) deployment failed: tasks failed to start.',
      started(3),
    ]);
    const [{ targetServiceRevision: firstRevision } = {}] = fleet.deployments().slice(-1);
    expect(fleet.deployment()).toMatchObject({
      statusReason: 'Service deployment rolled back because the circuit breaker threshold was exceeded.',
      rollback: { serviceRevisionArn: firstRevision?.arn, startedAt: expect.any(Date) },
      deploymentCircuitBreaker: { status: 'TRIGGERED', failureCount: 3, threshold: 3 },
    });
  });

  it('with rollback starts the old tasks again where they had to go first', async () => {
    await using fleet = await openFleet(secondFails);
    await fleet.create({
      desiredCount: 2,
      deploymentConfiguration: {
        ...breaker(true).deploymentConfiguration,
        minimumHealthyPercent: 0,
        maximumPercent: 100,
      },
    });
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.until(() => fleet.deployment().status === 'ROLLBACK_SUCCESSFUL');
    expect(fleet.live().map(({ taskDefinition }) => taskDefinition.revision)).toEqual([1, 1]);
  });

  it('without rollback launches nothing more and leaves what runs', async () => {
    await using fleet = await openFleet(secondFails);
    await fleet.create(breaker(false));
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.until(() => fleet.deployment().status === 'STOPPED');
    const made = fleet.room.tasksOf('default').length;
    await fleet.room.ecs.clock.advance(3_600_000);
    expect(fleet.room.tasksOf('default').length).toBeLessThanOrEqual(made);
    expect(fleet.describe().deployments).toMatchObject([
      { status: 'PRIMARY', rolloutState: 'FAILED', runningCount: 0 },
      { status: 'ACTIVE', runningCount: 3 },
    ]);
    // A new deployment is what helps.
    await fleet.update({ taskDefinition: 'web:1' });
    await fleet.stable();
    expect(fleet.describe().runningCount).toBe(3);
  });

  it('of a first deployment has nothing to roll back to', async () => {
    await using fleet = await openFleet({ cannotStart: () => true });
    await fleet.create(breaker(true));
    await fleet.until(() => fleet.deployment().status === 'ROLLBACK_FAILED');
    expect(fleet.deployment()).toMatchObject({
      statusReason: 'No rollback candidate was found to run the rollback.',
      deploymentCircuitBreaker: { status: 'TRIGGERED' },
    });
    expect(fleet.deployment().rollback).not.toHaveProperty('serviceRevisionArn');
    expect(fleet.describe().deployments).toMatchObject([{ status: 'PRIMARY', rolloutState: 'FAILED' }]);
    await fleet.room.ecs.clock.advance(3_600_000);
    expect(fleet.live()).toEqual([]);
  });

  it('counts tasks that fail their health checks', async () => {
    await using fleet = await openFleet();
    const { ecs } = fleet.room;
    await fleet.room.addDefinition({
      family: 'checked',
      containerDefinitions: [container({ healthCheck: { command: ['CMD', 'true'] } })],
    });
    await fleet.create(breaker(true));
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    await fleet.update({ taskDefinition: 'checked:1', desiredCount: 1 });
    using _checks = ecs.state.subscribe(tasks, ({ after }) => {
      if (after?.taskDefinition.family !== 'checked' || after.lastStatus !== 'RUNNING') return;
      if (after.healthStatus === 'UNHEALTHY') return;
      const sick = [{ name: 'app', status: 'UNHEALTHY', since: ecs.clock.now() }] as const;
      void fleet.room.write((tx) => applyContainerHealth(tx, key(tasks, 'default', after.id), sick));
    });
    await fleet.until(() => fleet.deployment().status === 'ROLLBACK_SUCCESSFUL', 600_000);
    expect(fleet.deployment().deploymentCircuitBreaker).toMatchObject({
      status: 'TRIGGERED',
      failureCount: 3,
    });
    expect(fleet.live().map(({ taskDefinition }) => taskDefinition.family)).toEqual(['web']);
  });
});

describe('early success', () => {
  it('completes a deployment with its share of healthy tasks; the rest follows', async () => {
    await using fleet = await openFleet({ instances: 1, memoryMiB: 1_600 });
    await fleet.create({
      deploymentConfiguration: {
        minimumHealthyPercent: 50,
        maximumPercent: 150,
        earlySuccessCriteria: {
          enable: true,
          healthyPercent: 50,
          sourceServiceRevisionCleanup: 'DEFERRED',
        },
      },
    });
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.until(() => fleet.deployment().status === 'SUCCESSFUL');
    expect(fleet.describe().deployments?.[0]).toMatchObject({ rolloutState: 'COMPLETED' });
    expect(fleet.deployment().targetServiceRevision).toMatchObject({
      requestedTaskCount: 3,
      runningTaskCount: 2,
    });
    const service = await fleet.stable();
    expect(service.runningCount).toBe(3);
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    expect(fleet.live().map(({ taskDefinition }) => taskDefinition.revision)).toEqual([2, 2, 2]);
  });
});

describe('deployment alarms', () => {
  const watched = (rollback: boolean) => ({
    deploymentConfiguration: { alarms: { alarmNames: ['errors', 'slow'], enable: true, rollback } },
  });
  const say = (fleet: Fleet, name: string, state: 'OK' | 'ALARM') =>
    fleet.room.alarms.set(name, { state, evaluationMs: 60_000 });

  it('roll back when one goes into ALARM, also after the tasks are up', async () => {
    await using fleet = await openFleet();
    for (const name of ['errors', 'slow']) say(fleet, name, 'OK');
    await fleet.create(watched(true));
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.until(() => fleet.live().every(({ taskDefinition }) => taskDefinition.revision === 2));
    // The bake time: the old deployment is still listed, so that nobody takes the service for stable.
    expect(fleet.describe().deployments).toMatchObject([
      { rolloutState: 'IN_PROGRESS' },
      { runningCount: 0 },
    ]);
    expect(fleet.deployment().alarms).toEqual({
      status: 'MONITORING',
      alarmNames: ['errors', 'slow'],
      triggeredAlarmNames: [],
    });
    say(fleet, 'errors', 'ALARM');
    await fleet.until(() => fleet.deployment().status === 'ROLLBACK_SUCCESSFUL', 240_000);
    expect(fleet.deployment().alarms).toMatchObject({ status: 'TRIGGERED', triggeredAlarmNames: ['errors'] });
    expect(fleet.live().map(({ taskDefinition }) => taskDefinition.revision)).toEqual([1, 1, 1]);
    expect(messages(fleet.describe())).toEqual(
      expect.arrayContaining([
        '(deployment ecs-svc/ID) deployment failed: alarm detected.',
        'rolling back to deployment ecs-svc/ID.',
      ]),
    );
  });

  it('mean nothing when they were in ALARM at the start', async () => {
    await using fleet = await openFleet();
    say(fleet, 'errors', 'ALARM');
    say(fleet, 'slow', 'OK');
    await fleet.create(watched(true));
    await fleet.until(() => fleet.deployment().status === 'SUCCESSFUL', 240_000);
    expect(fleet.deployment().alarms?.status).toBe('MONITORING_COMPLETE');
  });

  it('without rollback stop the deployment', async () => {
    await using fleet = await openFleet({ startMs: 30_000 });
    for (const name of ['errors', 'slow']) say(fleet, name, 'OK');
    await fleet.create(watched(false));
    await fleet.until(() => fleet.deployment().status === 'IN_PROGRESS');
    await fleet.room.ecs.clock.advance(1_000);
    say(fleet, 'slow', 'ALARM');
    await fleet.until(() => fleet.deployment().status === 'STOPPED');
    expect(fleet.deployment().statusReason).toBe('Service deployment stopped because an alarm was detected.');
  });
});

describe('StopServiceDeployment', () => {
  const stop = (fleet: Fleet, stopType?: 'ABORT' | 'ROLLBACK') =>
    stopServiceDeployment(
      fleet.room.ecs,
      { serviceDeploymentArn: fleet.deployment().serviceDeploymentArn ?? '', ...(stopType && { stopType }) },
      fleet.room.call,
    );
  const underWay = async (fleet: Fleet): Promise<void> => {
    await fleet.create();
    await fleet.until(() => messages(fleet.describe())[0] === steady);
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.until(() => fleet.deployment().status === 'IN_PROGRESS');
  };

  it('rolls back, also without the options for it', async () => {
    await using fleet = await openFleet({ startMs: 30_000 });
    await underWay(fleet);
    // Twice is the same as once.
    await Promise.all([stop(fleet), stop(fleet)]);
    await fleet.until(() => fleet.deployment().status === 'ROLLBACK_SUCCESSFUL', 100);
    expect(fleet.trails().at(-1)).toBe(
      'PENDING IN_PROGRESS ROLLBACK_REQUESTED ROLLBACK_IN_PROGRESS ROLLBACK_SUCCESSFUL',
    );
    await fleet.stable();
    expect(fleet.live().map(({ taskDefinition }) => taskDefinition.revision)).toEqual([1, 1, 1]);
    expect(fleet.describe().deployments).toMatchObject([{ status: 'PRIMARY', rolloutState: 'COMPLETED' }]);
    await expect(stop(fleet)).rejects.toMatchObject({ code: 'ConflictException' });
  });

  it('aborts: nothing more is started, and what runs stays', async () => {
    await using fleet = await openFleet({ startMs: 30_000 });
    await underWay(fleet);
    await stop(fleet, 'ABORT');
    await fleet.until(() => fleet.deployment().status === 'STOPPED');
    expect(fleet.trails().at(-1)).toBe('PENDING IN_PROGRESS STOP_REQUESTED STOPPED');
    const made = fleet.room.tasksOf('default').length;
    await fleet.room.ecs.clock.advance(3_600_000);
    expect(fleet.room.tasksOf('default')).toHaveLength(made);
    expect(fleet.describe().deployments?.[0]).toMatchObject({ status: 'PRIMARY', rolloutState: 'FAILED' });
  });

  it('of a first deployment stops it, for there is nothing to go back to', async () => {
    await using fleet = await openFleet({ startMs: 30_000 });
    await fleet.create();
    await stop(fleet);
    await fleet.until(() => fleet.deployment().status === 'STOPPED');
    expect(fleet.deployment().statusReason).toBe('No rollback candidate was found to run the rollback.');
  });
});

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

describe('whoever is killed', () => {
  /** A state that commits and then, often, does not live to tell. */
  function deadly(state: State, random: Random): State {
    return {
      get: (collection, recordKey) => state.get(collection, recordKey),
      list: (collection, prefix) => state.list(collection, prefix),
      byIndex: (collection, index, value) => state.byIndex(collection, index, value),
      countByIndex: (collection, index, value) => state.countByIndex(collection, index, value),
      subscribe: (collection, listener) => state.subscribe(collection, listener),
      transact: async (run) => {
        if (random.float() < 0.2) throw new Error('killed before the commit');
        const result = await state.transact(run);
        if (random.float() < 0.5) throw new Error('killed after the commit');
        return result;
      },
    };
  }

  it.each([1, 2, 3, 4, 5, 6])('at any point leaves nothing doubled or lost (seed %i)', async (seed) => {
    await using fleet = await openFleet({ through: deadly, seed, instances: 3 });
    await fleet.create();
    await fleet.until(() => messages(fleet.describe())[0] === steady, 3_600_000);
    expect(fleet.room.tasksOf('default')).toHaveLength(3);
    fleet.extremes();
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.until(
      () => messages(fleet.describe())[0] === steady && isStable(fleet.describe()),
      3_600_000,
    );
    expect(fleet.extremes()).toEqual({ most: 6, fewest: 3 });
    expect(
      fleet.room.tasksOf('default').filter(({ taskDefinition }) => taskDefinition.revision === 2),
    ).toHaveLength(3);
    expect(fleet.live()).toHaveLength(3);
  });
});

describe('two control planes over one store', () => {
  it('start nothing twice, however they coincide', async () => {
    await using room = await openRoom();
    const { ecs, call, store } = room;
    await room.addInstance();
    await room.addDefinition();
    await createService(ecs, { serviceName: 'web', taskDefinition: 'web:1', desiredCount: 3 }, call);
    await using other = await openState(store, { clock: ecs.clock });
    const schedulers = [ecs, { ...ecs, state: other }].map((each) => serviceDeployment(each));
    const serviceKey = key(services, 'default', 'web');
    const looks = schedulers.map((scheduler) => scheduler.reconcile(serviceKey, call.signal));
    await ecs.clock.advance(0);
    await Promise.all(looks);
    expect(room.tasksOf('default')).toHaveLength(3);
    const [service] = describeServices(ecs, { services: ['web'] }, call).services ?? [];
    expect(service?.events).toHaveLength(1);
  });
});
