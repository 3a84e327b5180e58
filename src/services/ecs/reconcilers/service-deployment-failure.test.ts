import { describe, expect, it } from 'vitest';
import { stopServiceDeployment } from '../operations/service-deployment.ts';
import { type TaskRecord, tasks } from '../records.ts';
import { applyContainerHealth } from '../task-state.ts';
import { completed, type Fleet, messages, openFleet, started, steady } from '../testing/fleet.ts';
import { container, key } from '../testing/room.ts';

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
      void fleet.room.write((tx) =>
        applyContainerHealth(tx, key(tasks, 'default', after.id), sick, ecs.clock.now()),
      );
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
