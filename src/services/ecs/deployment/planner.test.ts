import { describe, expect, it } from 'vitest';
import type { AlarmReading } from '../../cloudwatch/index.ts';
import type {
  CircuitBreakerRecord,
  DeploymentRecord,
  ServiceDeploymentRecord,
  ServiceRecord,
} from '../records.ts';
import { deploymentRecord, serviceDeploymentRecord, serviceRecord } from '../testing/service-record.ts';
import type { LiveTask } from './live-task.ts';
import { planService, type ServicePlan, type ServiceSnapshot, type Step } from './planner.ts';
import type { TaskEnd } from './restart-throttle.ts';
import { schedulerSettings } from './scheduler-settings.ts';
import { eventMessages } from './service-events.ts';

/**
 * A situation is written as its service and its tasks, the answer as its steps:
 *
 *     '3 100/200'      desired count, minimumHealthyPercent/maximumPercent
 *     'A hhh | B pu'   deployments, the last PRIMARY and IN_PROGRESS (with `!`: COMPLETED), each with its tasks:
 *                      p pending, u running but unproven, h healthy, x UNHEALTHY;
 *                      after it - asked to stop, ~ on a DRAINING instance, * protected
 *     'stop A1 A2; start 2 B; complete B; drop A; steady; unsteady; inactive; tell ...'
 */
type Row = readonly [sentence: string, service: string, tasks: string, steps: string];

const now = 1_000_000;
const soon = now + 2_000;

function situation(service: string, tasks: string, changes: Partial<ServiceRecord> = {}): ServiceSnapshot {
  const [, desired, min, max] = /^(\d+) (\d+)\/(\d+)$/.exec(service) ?? [];
  const live: LiveTask[] = [];
  const deployments: DeploymentRecord[] = [];
  for (const [place, text] of tasks.split('|').entries()) {
    const [, id = '', isCompleted, letters = ''] = /^([A-Z])(!?) ?(.*)$/.exec(text.trim()) ?? [];
    deployments.unshift(
      deploymentRecord(id, {
        status: place === tasks.split('|').length - 1 ? 'PRIMARY' : 'ACTIVE',
        rolloutState: isCompleted ? 'COMPLETED' : 'IN_PROGRESS',
      }),
    );
    for (const [, letter = '', mark] of letters.matchAll(/([puhx])([-~*]?)/g))
      live.push(task(id, live.filter(({ deploymentId }) => deploymentId === id).length + 1, letter, mark));
  }
  const record = serviceRecord({ desiredCount: Number(desired), deployments, ...changes });
  return {
    service: {
      ...record,
      deploymentConfiguration: {
        ...record.deploymentConfiguration,
        minimumHealthyPercent: Number(min),
        maximumPercent: Number(max),
      },
    },
    desired: Number(desired),
    serviceDeployments: [],
    live,
    ends: [],
    capacityRevision: 0,
    alarms: new Map(),
    now,
    settings: schedulerSettings,
  };
}

function task(deploymentId: string, place: number, letter: string, mark: string | undefined): LiveTask {
  const health: Record<string, LiveTask['health']> = {
    p: { type: 'unproven' },
    u: { type: 'unproven', until: soon },
    h: { type: 'healthy', since: now - 60_000 },
    x: { type: 'unhealthy', since: now - 500 },
  };
  return {
    id: `${deploymentId}${place}`,
    deploymentId,
    phase: letter === 'p' ? 'pending' : 'running',
    isStopping: mark === '-',
    isDraining: mark === '~',
    ...(mark === '*' ? { protectedUntil: now + 60_000 } : {}),
    health: health[letter] ?? { type: 'unproven' },
    createdAt: place,
    containerInstanceId: 'i',
    availabilityZone: 'a',
  };
}

function written(plan: ServicePlan): string {
  return plan.steps.map(writtenStep).join('; ');
}

function writtenStep(step: Step): string {
  switch (step.type) {
    case 'start':
      return `start ${step.count} ${step.deploymentId}${step.replacedUnhealthy > 0 ? ` for ${step.replacedUnhealthy} unhealthy` : ''}`;
    case 'stop':
      return `stop${step.because === 'unhealthy' ? ' unhealthy' : ''} ${step.taskIds.join(' ')}`;
    case 'count-failures':
      return `count ${step.count.failedTasks}${step.count.restart ? ` pause ${step.count.restart.notBefore - now}` : ''}`;
    case 'start-rebalancing':
      return `move ${step.move.count} ${step.move.from}>${step.move.to}`;
    case 'finish-rebalancing':
      return `moved ${step.taskIds.join(' ')}${step.balancedCounts === undefined ? '' : ' balanced'}`;
    case 'stop-rebalancing':
      return 'stop rebalancing';
    case 'drop-deployment':
      return `drop ${step.deploymentId}`;
    case 'fail-deployment':
      return `fail ${step.deploymentId} ${step.failure.cause}${step.failure.rollsBack ? ', roll back' : ''}`;
    case 'follow-service':
      return 'follow';
    case 'note-alarms':
      return `note ${step.alarmNames.join(' ') || 'none'}`;
    case 'begin-bake':
      return `bake ${step.deploymentId}`;
    case 'complete-deployment':
      return `complete ${step.deploymentId}`;
    case 'become-steady':
    case 'become-unsteady':
    case 'become-inactive':
      return step.type.slice('become-'.length);
    case 'tell':
      return `tell ${step.message.split(' ').slice(0, 4).join(' ')}`;
  }
}

function expectPlans(rows: readonly Row[], changes: Partial<ServiceRecord> = {}): void {
  it.each(rows)('%s: %s, %s', (_sentence, service, tasks, steps) => {
    expect(written(planService(situation(service, tasks, changes)))).toBe(steps);
  });
}

describe('a first deployment', () => {
  expectPlans([
    ['starts all at once', '3 100/200', 'A', 'start 3 A'],
    ['waits for what it started', '3 100/200', 'A ppp', ''],
    ['waits until they are proven', '3 100/200', 'A huh', ''],
    ['completes when all are healthy', '3 100/200', 'A hhh', 'complete A; steady'],
    ['is complete at once with nothing to do', '0 100/200', 'A', 'complete A; steady'],
    ['starts a hundred at a time', '250 100/200', 'A', 'start 100 A'],
    ['replaces what ended', '3 100/200', 'A! hh', 'start 1 A'],
    ['replaces what is asked to stop, while there is room', '3 100/200', 'A! hhh-', 'start 1 A'],
    ['replaces it only when it is gone, without room', '3 0/100', 'A! hhh-', ''],
  ]);
});

describe('a rolling update', () => {
  expectPlans([
    ['starts as many new ones as the maximum allows', '3 100/200', 'A! hhh | B', 'start 3 B'],
    ['keeps the old ones until the new are proven', '3 100/200', 'A! hhh | B ppu', ''],
    ['stops an old one for each healthy new one', '3 100/200', 'A! hhh | B hpp', 'stop A1'],
    ['stops all the old ones together', '3 100/200', 'A! hhh | B hhh', 'stop A1 A2 A3'],
    ['goes on while stopping ones still take their places', '3 100/200', 'A! h-hh | B hpp', ''],
    ['ends when the last old one is gone', '3 100/200', 'A! | B hhh', 'drop A; complete B; steady'],
    ['stays while an old one is still stopping', '3 100/200', 'A! h- | B hhh', ''],
    ['with a minimum below stops old ones first', '4 50/100', 'A! hhhh | B', 'stop A1 A2'],
    ['then starts in their places', '4 50/100', 'A! hh | B', 'start 2 B'],
    ['rounds the maximum down', '3 100/150', 'A! hhh | B', 'start 1 B'],
    ['rounds the minimum up', '3 50/100', 'A! hhh | B', 'stop A1'],
    ['of one task makes room beside it', '1 100/200', 'A! h | B', 'start 1 B'],
    ['of one task waits for the new one', '1 100/200', 'A! h | B u', ''],
    ['of one task then stops the old', '1 100/200', 'A! h | B h', 'stop A1'],
    ['stops pending old ones freely', '3 100/200', 'A pph | B', 'stop A1 A2; start 3 B'],
    ['stops unhealthy old ones first', '4 75/125', 'A! hxhh | B p', 'stop A2'],
    ['keeps old ones that may still prove themselves', '3 100/200', 'A uuu | B ppp', ''],
    ['frees a place one at a time when all old ones are unhealthy', '2 50/100', 'A! xx | B', 'stop A1'],
    ['drains older ones alike when a newer one comes', '2 100/200', 'A! hh | B p | C', 'stop B1; start 1 C'],
    ['scaled in meanwhile stops what is too much', '1 100/200', 'A! hhh | B pp', 'stop B1 A1 A2'],
    ['drops what has nothing left', '2 100/200', 'A! hh | B | C p', 'start 1 C; drop B'],
  ]);

  it.each([
    ['75% of 2 is 2: nothing may stop', '2 75/100'],
    ['125% of 3 is 3: nothing may start', '3 100/125'],
  ])('says so in an event when nothing may move: %s', (_sentence, service) => {
    const tasks = service.startsWith('2') ? 'A! hh | B' : 'A! hhh | B';
    const snapshot = situation(service, tasks);
    expect(written(planService(snapshot))).toBe('tell was unable to stop');
    const events = [{ id: '1', createdAt: now - 1_000, message: `(service web) ${eventMessages.deadlock}` }];
    expect(written(planService(situation(service, tasks, { events })))).toBe('');
  });
});

describe('scaling', () => {
  expectPlans([
    ['out starts what is missing', '5 100/200', 'A! hhh', 'start 2 A'],
    ['in stops the oldest', '1 100/200', 'A! hhh', 'stop A1 A2'],
    ['in takes pending ones first', '2 100/200', 'A! hhp', 'stop A3'],
    ['to nothing stops all', '0 100/200', 'A! hh', 'stop A1 A2'],
  ]);

  it('in leaves what stays spread over zones, then instances', () => {
    const snapshot = situation('2 100/200', 'A! hhhh');
    const places = ['a/1', 'b/2', 'b/2', 'b/3'];
    const live = snapshot.live.map((each, place) => {
      const [availabilityZone = '', containerInstanceId = ''] = places[place]?.split('/') ?? [];
      return { ...each, availabilityZone, containerInstanceId };
    });
    expect(written(planService({ ...snapshot, live }))).toBe('stop A2 A3');
  });
});

describe('unhealthy tasks', () => {
  expectPlans([
    ['get their replacements first', '3 100/200', 'A! hhx', 'start 1 A for 1 unhealthy'],
    ['stay until those are healthy', '3 100/200', 'A! hhxp', ''],
    ['stop then', '3 100/200', 'A! hhxh', 'stop unhealthy A3'],
    ['stop one at a time where there is no room', '2 50/100', 'A! xx', 'stop unhealthy A1'],
    ['and not before the last has gone', '2 50/100', 'A! x-x', ''],
    ['are counted by none of the healthy ones', '2 50/150', 'A! xxh', 'stop unhealthy A1'],
  ]);
});

describe('a DRAINING instance', () => {
  expectPlans([
    ['loses its pending tasks at once', '2 100/200', 'A! hp~', 'stop A2; start 1 A'],
    ['keeps its running ones until replacements are healthy', '2 100/200', 'A! hh~', 'start 1 A'],
    ['loses them then', '2 100/200', 'A! hh~h', 'stop A2'],
    ['loses them first where there is no room', '2 50/100', 'A! hh~', 'stop A2'],
  ]);
});

describe('protected tasks', () => {
  expectPlans([
    ['are spared by scaling in', '1 100/200', 'A! h*hh', 'stop A2 A3'],
    ['do not count as healthy before they are', '1 50/200', 'A! p*ph', 'stop A2'],
    ['are spared by a deployment', '2 100/200', 'A! h*h | B hh', 'stop A2'],
    ['take their places meanwhile', '2 100/150', 'A! h*h* | B', 'start 1 B'],
    ['too many of them are told of', '1 100/200', 'A! h*h*', 'tell was unable to reach'],
    ['of an older deployment are told of', '1 100/200', 'A! h* | B h', 'tell was unable to reach'],
    ['without room for others too', '2 100/100', 'A! h*h* | B', 'tell was unable to reach'],
    ['are replaced when they are UNHEALTHY', '1 100/200', 'A! x*h', 'stop unhealthy A1'],
  ]);
  expectPlans([['are stopped with their service', '0 100/200', 'A! h*', 'stop A1']], { status: 'DRAINING' });

  it('are looked at again when their protection ends', () => {
    expect(planService(situation('1 100/200', 'A! h*h*')).lookAgainAfterMs).toBe(60_000);
  });
});

describe('steadiness', () => {
  expectPlans(
    [
      ['is told once', '3 100/200', 'A! hhh', ''],
      ['outlives a check without opinion', '3 100/200', 'A! huh', ''],
      ['ends with a task', '3 100/200', 'A! hh', 'start 1 A; unsteady'],
      ['ends with a new deployment', '3 100/200', 'A! hhh | B', 'start 3 B; unsteady'],
    ],
    { steadyAt: now - 10_000 },
  );
  expectPlans([['is told again after six hours', '3 100/200', 'A! hhh', 'steady']], {
    steadyAt: now - schedulerSettings.eventRepeatMs,
  });

  it('asks for a look when a task will have proven itself, and when it is to be told again', () => {
    expect(planService(situation('3 100/200', 'A huh')).lookAgainAfterMs).toBe(2_000);
    expect(planService(situation('1 100/200', 'A! h', { steadyAt: now })).lookAgainAfterMs).toBe(
      schedulerSettings.eventRepeatMs,
    );
    expect(planService(situation('3 100/200', 'A ppp')).lookAgainAfterMs).toBeUndefined();
  });
});

describe('a deleted service', () => {
  expectPlans(
    [
      ['stops everything, whatever the minimum', '0 100/200', 'A! hh | B px-', 'stop A1 A2 B1'],
      ['waits for them', '0 100/200', 'A! h-h-', ''],
      ['ends with the last', '0 100/200', 'A!', 'inactive'],
    ],
    { status: 'DRAINING' },
  );
  expectPlans([['starts nothing once it is INACTIVE', '3 100/200', 'A', '']], { status: 'INACTIVE' });
});

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

describe('tasks without a place', () => {
  const waiting = (capacityRevision: number): ServiceSnapshot => {
    const snapshot = situation('3 100/200', 'A h');
    const placement = { failures: 2, notBefore: now + 7_000, capacityRevision: 10 };
    return {
      ...snapshot,
      capacityRevision,
      service: { ...snapshot.service, deployments: [deploymentRecord('A', { placement })] },
    };
  };

  it('wait', () => {
    const plan = planService(waiting(10));
    expect(written(plan)).toBe('');
    expect(plan.lookAgainAfterMs).toBe(7_000);
  });

  it('are tried again as soon as an instance has changed', () => {
    expect(written(planService(waiting(11)))).toBe('start 2 A');
  });
});
