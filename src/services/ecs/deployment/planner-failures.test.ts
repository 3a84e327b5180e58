import { describe, expect, it } from 'vitest';
import type { AlarmReading } from '../../cloudwatch/index.ts';
import type { CircuitBreakerRecord, DeploymentRecord, ServiceDeploymentRecord } from '../records.ts';
import { now, type Row, situation, written } from '../testing/plan-rows.ts';
import { deploymentRecord, serviceDeploymentRecord } from '../testing/service-record.ts';
import type { ServiceSnapshot } from './plan.ts';
import { planService } from './planner.ts';
import type { TaskEnd } from './restart-throttle.ts';

describe('tasks that fail', () => {
  const failure = (changes: Partial<TaskEnd> = {}): TaskEnd => ({
    taskId: 'x',
    deploymentId: 'A',
    type: 'failed',
    isFailure: true,
    createdAt: now - 1_000,
    stoppedAt: now - 10,
    revision: 7,
    ...changes,
  });
  const withDeployment = (
    snapshot: ServiceSnapshot,
    changes: Partial<DeploymentRecord>,
  ): ServiceSnapshot => ({
    ...snapshot,
    service: { ...snapshot.service, deployments: [deploymentRecord('A', changes)] },
  });

  it('are counted and followed by a pause', () => {
    const plan = planService({ ...situation('3 100/200', 'A'), ends: [failure()] });
    expect(written(plan)).toBe('count 1 pause 1000');
    expect(plan.lookAgainAfterMs).toBe(1_000);
  });

  it('of one wave count each, and pause once', () => {
    const wave = [failure(), failure({ revision: 8 }), failure({ revision: 9 })];
    expect(written(planService({ ...situation('3 100/200', 'A'), ends: wave }))).toBe('count 3 pause 1000');
  });

  it('are not counted twice', () => {
    const snapshot = withDeployment(situation('3 100/200', 'A'), { failedTasks: 1, countedRevision: 7 });
    expect(written(planService({ ...snapshot, ends: [failure()] }))).toBe('start 3 A');
  });

  it('lengthen the pause up to fifteen minutes', () => {
    const snapshot = withDeployment(situation('1 100/200', 'A'), {
      restart: { streak: 40, notBefore: now - 2_000 },
    });
    expect(written(planService({ ...snapshot, ends: [failure()] }))).toBe('count 1 pause 900000');
  });

  it('are told of after the third wave', () => {
    const snapshot = withDeployment(situation('1 100/200', 'A'), {
      failedTasks: 2,
      lastFailureAt: now - 5_000,
      restart: { streak: 2, notBefore: now - 2_000 },
    });
    expect(written(planService({ ...snapshot, ends: [failure()] }))).toBe(
      'count 3 pause 4000; tell is unable to consistently',
    );
  });

  it.each([
    ['that had become healthy are no failures', false, 'count 0 pause 10000'],
    ['that had not are', true, 'count 1 pause 10000'],
  ])('soon after they ran pause for ten seconds at most; those %s', (_sentence, isFailure, steps) => {
    const snapshot = withDeployment(situation('1 100/200', 'A'), {
      restart: { streak: 40, notBefore: now - 2_000 },
    });
    const ends = [failure({ type: 'crashed', isFailure })];
    expect(written(planService({ ...snapshot, ends }))).toBe(steps);
  });

  it('soon after they ran are not told of', () => {
    const snapshot = withDeployment(situation('1 100/200', 'A'), {
      failedTasks: 2,
      lastFailureAt: now - 5_000,
      restart: { streak: 2, notBefore: now - 2_000 },
    });
    expect(written(planService({ ...snapshot, ends: [failure({ type: 'crashed' })] }))).toBe(
      'count 3 pause 4000',
    );
  });

  it('long after they ran, but without having become healthy, are failures that nobody pauses for', () => {
    const ends = [failure({ type: 'ended' })];
    expect(written(planService({ ...situation('1 100/200', 'A'), ends }))).toBe('count 1; start 1 A');
  });

  it('are forgotten when one becomes healthy after them, but not for those that were healthy all along', () => {
    const failing: Partial<DeploymentRecord> = {
      failedTasks: 4,
      lastFailureAt: now - 1_000,
      restart: { streak: 4, notBefore: now + 8_000 },
    };
    const old = withDeployment(situation('2 100/200', 'A h'), failing);
    expect(written(planService(old))).toBe('');
    const recovered = withDeployment(situation('2 100/200', 'A h'), {
      ...failing,
      lastFailureAt: now - 100_000,
    });
    expect(written(planService(recovered))).toBe('count 0; start 1 A');
  });

  it('keep nobody from stopping', () => {
    const snapshot = withDeployment(situation('1 100/200', 'A hh'), {
      restart: { streak: 4, notBefore: now + 8_000 },
    });
    expect(written(planService(snapshot))).toBe('stop A1');
  });
});

describe('early success', () => {
  const early = (service: string, tasks: string, sourceServiceRevisionCleanup: 'BLOCKING' | 'DEFERRED') => {
    const snapshot = situation(service, tasks);
    const deploymentConfiguration = {
      ...snapshot.service.deploymentConfiguration,
      earlySuccessCriteria: { enable: true, healthyPercent: 50, sourceServiceRevisionCleanup } as const,
    };
    return planService({ ...snapshot, service: { ...snapshot.service, deploymentConfiguration } });
  };

  it.each<[sentence: string, ...Parameters<typeof early>, steps: string]>([
    ['waits for its share', '4 50/100', 'A! | B hppp', 'BLOCKING', 'drop A'],
    [
      'completes with its share, and goes on',
      '4 50/100',
      'A! | B hhp',
      'BLOCKING',
      'start 1 B; drop A; complete B',
    ],
    ['rounds its share up', '3 50/200', 'A! | B hpp', 'BLOCKING', 'drop A'],
    ['waits for the older tasks to go', '4 50/100', 'A! h- | B hhp', 'BLOCKING', ''],
    ['does not where that is deferred', '4 50/100', 'A! h- | B hhp', 'DEFERRED', 'complete B'],
    ['cleans up then', '4 50/100', 'A! h | B! hhp', 'DEFERRED', 'stop A1'],
  ])('%s', (_sentence, service, tasks, cleanup, steps) => {
    expect(written(early(service, tasks, cleanup))).toBe(steps);
  });
});

describe('a deployment that fails', () => {
  const guarded = (
    tasks: string,
    failureCount: number,
    breaker: Partial<CircuitBreakerRecord> = {},
    desired = '1 100/200',
  ): ServiceSnapshot => {
    const snapshot = situation(desired, tasks);
    const { service } = snapshot;
    const deploymentCircuitBreaker = { enable: true, rollback: true, ...breaker };
    return {
      ...snapshot,
      service: {
        ...service,
        deployments: service.deployments.map((each) =>
          each.status === 'PRIMARY' ? { ...each, failureCount } : each,
        ),
        deploymentConfiguration: { ...service.deploymentConfiguration, deploymentCircuitBreaker },
      },
    };
  };
  const requested = (status: ServiceDeploymentRecord['status']): ServiceSnapshot => ({
    ...situation('1 100/200', 'A'),
    serviceDeployments: [serviceDeploymentRecord({ status })],
  });

  it.each<[sentence: string, snapshot: ServiceSnapshot, steps: string]>([
    ['by its circuit breaker rolls back', guarded('A! h | B', 3), 'fail B circuit-breaker, roll back'],
    ['without the option does not', guarded('A! h | B', 3, { rollback: false }), 'fail B circuit-breaker'],
    ['does not below the threshold', guarded('A! h | B', 2), 'start 1 B'],
    ['does not with the breaker off', guarded('A! h | B', 9, { enable: false }), 'start 1 B'],
    ['goes by the desired count as it is', guarded('A! h | B', 3, {}, '10 100/200'), 'start 10 B'],
    ['does not when it was complete before', guarded('A! h', 9), 'steady'],
    ['on request rolls back', requested('ROLLBACK_REQUESTED'), 'fail A user-request, roll back'],
    ['on request is aborted', requested('STOP_REQUESTED'), 'fail A user-request'],
  ])('%s', (_sentence, snapshot, steps) => {
    expect(written(planService(snapshot))).toBe(steps);
  });

  const watched = (
    tasks: string,
    alarms: Readonly<Record<string, AlarmReading['state']>>,
    changes: Partial<DeploymentRecord> = { ignoredAlarms: [] },
    bakeTimeInMinutes = 0,
  ): ServiceSnapshot => {
    const snapshot = guarded(tasks, 0);
    const { service } = snapshot;
    return {
      ...snapshot,
      alarms: new Map(Object.entries(alarms).map(([name, state]) => [name, { state, evaluationMs: 60_000 }])),
      service: {
        ...service,
        deployments: service.deployments.map((each) =>
          each.status === 'PRIMARY' ? { ...each, ...changes } : each,
        ),
        deploymentConfiguration: {
          ...service.deploymentConfiguration,
          bakeTimeInMinutes,
          alarms: { alarmNames: Object.keys(alarms), enable: true, rollback: true },
        },
      },
    };
  };

  it.each<[sentence: string, snapshot: ServiceSnapshot, steps: string]>([
    ['is watched from the first look on', watched('A! h | B', { a: 'OK' }, {}), 'start 1 B; note none'],
    ['ignores what was in ALARM then', watched('A! h | B p', { a: 'ALARM' }, {}), 'note a'],
    ['ignores it for good', watched('A! h | B p', { a: 'ALARM' }, { ignoredAlarms: ['a'] }), ''],
    ['fails by another one', watched('A! h | B p', { a: 'ALARM' }), 'fail B alarm, roll back'],
    ['does not by one without data', watched('A! h | B p', { a: 'INSUFFICIENT_DATA' }), ''],
    ['bakes when its tasks are up', watched('A! | B h', { a: 'OK' }), 'bake B'],
    [
      'bakes, with the old one listed',
      watched('A! | B h', { a: 'OK' }, { ignoredAlarms: [], bakeStartedAt: now - 59_999 }),
      '',
    ],
    [
      'completes then',
      watched('A! | B h', { a: 'OK' }, { ignoredAlarms: [], bakeStartedAt: now - 60_000 }),
      'drop A; complete B; steady',
    ],
    [
      'bakes as long as it is told to',
      watched('A! | B h', { a: 'OK' }, { ignoredAlarms: [], bakeStartedAt: now - 60_000 }, 2),
      '',
    ],
    [
      'fails while it bakes',
      watched('A! | B h', { a: 'ALARM' }, { ignoredAlarms: [], bakeStartedAt: now - 1_000 }),
      'fail B alarm, roll back',
    ],
    ['is not watched when it is complete', watched('A! h', { a: 'ALARM' }), 'steady'],
  ])('by an alarm: %s', (_sentence, snapshot, steps) => {
    expect(written(planService(snapshot))).toBe(steps);
  });

  it('is looked at every ten seconds while it is watched, and when it has baked', () => {
    expect(planService(watched('A! h | B p', { a: 'OK' })).lookAgainAfterMs).toBe(10_000);
    const baking = { ignoredAlarms: [], bakeStartedAt: now - 58_000 };
    expect(planService(watched('A! | B h', { a: 'OK' }, baking)).lookAgainAfterMs).toBe(2_000);
  });

  const stalled = (service: string, tasks: string) => {
    const snapshot = situation(service, tasks);
    const deployments = snapshot.service.deployments.map(
      (each): DeploymentRecord => (each.status === 'PRIMARY' ? { ...each, rolloutState: 'FAILED' } : each),
    );
    return planService({ ...snapshot, service: { ...snapshot.service, deployments } });
  };

  it.each<Row>([
    ['starts nothing more', '3 100/200', 'A! hh | B', ''],
    ['leaves what runs, whatever the minimum', '3 0/200', 'A! hhh | B', ''],
    ['leaves what runs of its own', '3 100/200', 'A! hh | B h', ''],
    ['still scales in', '1 100/200', 'A! hhh | B', 'stop A1 A2'],
    ['stops nobody to make room', '2 50/100', 'A! xx | B', ''],
    ['is in no deadlock', '3 100/125', 'A! hhh | B', ''],
    ['is not told as steady', '3 100/200', 'B hhh', ''],
  ])('and stays %s: %s, %s', (_sentence, service, tasks, steps) => {
    expect(written(stalled(service, tasks))).toBe(steps);
  });

  it('counts tasks that never reached RUNNING while none has, and those that ended unhealthy always', () => {
    const end = {
      taskId: 'x',
      deploymentId: 'A',
      isFailure: true,
      createdAt: 0,
      stoppedAt: now,
      revision: 7,
    };
    const counted = (tasks: string, type: TaskEnd['type']) => {
      const [step] = planService({ ...situation('3 100/200', tasks), ends: [{ ...end, type }] }).steps;
      return step?.type === 'count-failures' ? step.count.failureCount : undefined;
    };
    expect(counted('A', 'failed')).toBe(1);
    expect(counted('A u', 'failed')).toBe(0);
    expect(counted('A u', 'crashed')).toBe(1);
    expect(counted('A u', 'ended')).toBe(1);
  });

  it.each([
    [true, 0],
    [false, 2],
  ])('forgets its failures when a task becomes healthy, if it is told so (%s)', (reset, failureCount) => {
    const snapshot = guarded('A h', 2, { resetOnHealthyTask: reset });
    const deployments = snapshot.service.deployments.map((each) => ({
      ...each,
      failedTasks: 2,
      lastFailureAt: now - 100_000,
    }));
    const [step] = planService({ ...snapshot, service: { ...snapshot.service, deployments } }).steps;
    expect(step).toMatchObject({ type: 'count-failures', count: { failedTasks: 0, failureCount } });
  });
});
