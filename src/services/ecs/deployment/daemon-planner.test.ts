import { describe, expect, it } from 'vitest';
import type { DeploymentRecord, ServiceRecord } from '../records.ts';
import { deploymentRecord, serviceRecord } from '../testing/service-record.ts';
import { type DaemonSnapshot, planDaemon } from './daemon-planner.ts';
import type { LiveTask } from './live-task.ts';
import type { ServicePlan, Step } from './plan.ts';
import { schedulerSettings } from './scheduler-settings.ts';

/**
 * A situation is a minimumHealthyPercent and the container instances, by number, each with what is on it:
 *
 *     '0 Bh Ah B-'     instance 1 with a healthy task of deployment B, instance 2 with one of A, instance 3 with
 *                      one of B that was asked to stop; B is PRIMARY and COMPLETED, A superseded
 *     '.'              an instance without a task        '?'   and whose agent is away
 *     p u h x          pending, running but unproven, healthy, UNHEALTHY; * after it: protected
 *     'Bh~' 'Bh!'      on a DRAINING instance, alone there; with others' tasks beside it
 */
type Row = readonly [sentence: string, situation: string, steps: string];

const now = 1_000_000;

function situation(text: string, changes: Partial<ServiceRecord> = {}): DaemonSnapshot {
  const [percent = '', ...instances] = text.split(' ');
  const live: LiveTask[] = [];
  const places: { containerInstanceId: string; isAgentConnected: boolean }[] = [];
  const lingeringOn = new Set<string>();
  for (const [index, on] of instances.entries()) {
    const id = String(index + 1);
    const [, deploymentId = '', letter = 'h', mark = ''] = /^([AB])([puhx]?)([-~!*]?)$/.exec(on) ?? [];
    if (deploymentId !== '') live.push(task(deploymentId, id, letter, mark));
    if (mark === '!') lingeringOn.add(id);
    if (mark !== '~' && mark !== '!') places.push({ containerInstanceId: id, isAgentConnected: on !== '?' });
  }
  const deployments: DeploymentRecord[] = [deploymentRecord('B', { rolloutState: 'COMPLETED' })];
  if (text.includes('A')) deployments.push(deploymentRecord('A', { status: 'ACTIVE' }));
  const record = serviceRecord({ schedulingStrategy: 'DAEMON', desiredCount: 0, deployments, ...changes });
  const deploymentConfiguration = {
    ...record.deploymentConfiguration,
    minimumHealthyPercent: Number(percent),
    maximumPercent: 100,
  };
  return {
    service: { ...record, deploymentConfiguration },
    desired: places.length,
    serviceDeployments: [],
    live,
    deactivating: [],
    ends: [],
    capacityRevision: 0,
    alarms: new Map(),
    now,
    settings: schedulerSettings,
    daemon: { places, lingeringOn },
  };
}

function task(deploymentId: string, containerInstanceId: string, letter: string, mark: string): LiveTask {
  const health: Record<string, LiveTask['health']> = {
    p: { type: 'unproven' },
    u: { type: 'unproven', until: now + 2_000 },
    h: { type: 'healthy', since: now - 60_000 },
    x: { type: 'unhealthy', since: now - 500 },
  };
  return {
    id: `${deploymentId}${containerInstanceId}`,
    deploymentId,
    phase: letter === 'p' ? 'pending' : 'running',
    isStopping: mark === '-',
    isDraining: mark === '~' || mark === '!',
    ...(mark === '*' ? { protectedUntil: now + 60_000 } : {}),
    health: health[letter] ?? { type: 'unproven' },
    createdAt: Number(containerInstanceId),
    containerInstanceId,
    availabilityZone: 'a',
  };
}

function written(plan: ServicePlan): string {
  return plan.steps.map(writtenStep).join('; ');
}

function writtenStep(step: Step): string {
  switch (step.type) {
    case 'start':
      return `start on ${step.instanceIds?.join(' ')}`;
    case 'stop':
      return `stop${step.because === 'unhealthy' ? ' unhealthy' : ''} ${step.taskIds.join(' ')}`;
    case 'tell':
      return `tell ${step.message.split(' ').slice(0, 4).join(' ')}`;
    case 'drop-deployment':
      return `drop ${step.deploymentId}`;
    default:
      return step.type;
  }
}

function expectPlans(rows: readonly Row[], changes: Partial<ServiceRecord> = {}): void {
  it.each(rows)('%s: %s', (_sentence, text, steps) => {
    expect(written(planDaemon(situation(text, changes)))).toBe(steps);
  });
}

const quiet = { steadyAt: now - 1_000 };

describe('a DAEMON service', () => {
  expectPlans(
    [
      ['starts one task on each instance', '0 . . .', 'start on 1 2 3; become-unsteady'],
      ['starts nothing where there is one', '0 Bh . Bp', 'start on 2; become-unsteady'],
      ['waits for one that still stops', '0 Bh B-', 'become-unsteady'],
      ['waits for an agent that is away', '0 Bh ?', 'become-unsteady'],
      ['has nothing to do when each has one', '0 Bh Bh', ''],
      ['is as it should be without instances', '0', ''],
      ['replaces an UNHEALTHY one by stopping it first', '100 Bh Bx', 'stop unhealthy B2; become-unsteady'],
    ],
    quiet,
  );
  expectPlans([
    ['is steady when each instance has one', '0 Bh Bh', 'become-steady'],
    ['is steady without instances', '0', 'become-steady'],
    ['is not steady before they are proven', '0 Bh Bu', ''],
  ]);
});

describe('an update', () => {
  expectPlans([
    ['stops all old ones where no minimum is set', '0 Ah Ah', 'stop A1 A2'],
    ['starts where they are gone', '0 . Ah-', 'start on 1'],
    ['leaves the minimum', '50 Ah Ah Ah Ah', 'stop A1 A2'],
    ['rounds the minimum up', '50 Ah Ah Ah', 'stop A1'],
    ['waits until the new ones are healthy', '50 Bu Bu Ah Ah', ''],
    ['goes on then', '50 Bh Bh Ah Ah', 'stop A3 A4'],
    ['goes one for one', '75 Bh Ah Ah Ah', 'stop A2'],
    ['stops pending old ones freely', '100 Ap Ah', 'stop A1'],
    ['spares protected ones', '0 Ah* Ah', 'stop A2'],
    ['tells of the protected ones it waits for', '0 Ah* Bh', 'tell was unable to reach'],
    ['tells of a minimum that allows nothing', '90 Ah Ah Ah', 'tell was unable to stop'],
  ]);
});

describe('an instance', () => {
  expectPlans([
    ['that drains keeps its task as long as others have theirs there', '0 Bh Bh!', 'become-steady'],
    ['that drains loses it with the last of them', '0 Bh Bh~', 'stop B2'],
    ['that drains loses it whatever the minimum', '100 Bh~ Bh~', 'stop B1 B2'],
    ['that drains gets none of a new deployment', '0 Ah! .', 'start on 2'],
  ]);
});

describe('a deleted DAEMON service', () => {
  expectPlans([['stops everything, also where others are left', '0 Bh Bh!', 'stop B1 B2']], {
    status: 'DRAINING',
  });
  expectPlans([['ends with the last', '0 .', 'become-inactive']], { status: 'DRAINING' });
});

describe('tasks without a place', () => {
  const placement = { failures: 1, notBefore: now + 7_000, capacityRevision: 10 };
  const full = (capacityRevision: number) => ({
    ...situation('0 Bh .', { ...quiet, deployments: [deploymentRecord('B', { placement })] }),
    capacityRevision,
  });

  it('wait until an instance has changed', () => {
    expect(planDaemon(full(10))).toMatchObject({ lookAgainAfterMs: 7_000 });
    expect(written(planDaemon(full(10)))).toBe('become-unsteady');
    expect(written(planDaemon(full(11)))).toBe('start on 2; become-unsteady');
  });
});

describe('a DAEMON deployment that fails', () => {
  const failing = (text: string, changes: Partial<DeploymentRecord>) => {
    const snapshot = situation(text, quiet);
    const { service } = snapshot;
    const deployments = service.deployments.map((each) =>
      each.status === 'PRIMARY' ? { ...each, ...changes } : each,
    );
    const deploymentCircuitBreaker = { enable: true, rollback: true };
    const deploymentConfiguration = { ...service.deploymentConfiguration, deploymentCircuitBreaker };
    return planDaemon({ ...snapshot, service: { ...service, deployments, deploymentConfiguration } });
  };

  it('by its circuit breaker, which goes by the number of instances, rolls back', () => {
    const count = { rolloutState: 'IN_PROGRESS', failureCount: 3 } as const;
    expect(failing('0 Ah .', count).steps).toMatchObject([
      { type: 'fail-deployment', failure: { cause: 'circuit-breaker', rollsBack: true } },
    ]);
    expect(written(failing('0 . . . . . . . .', count))).toBe('start on 1 2 3 4 5 6 7 8; become-unsteady');
  });

  it.each([
    ['starts nothing more', '0 Bh .', 'become-unsteady'],
    ['leaves what runs, whatever the minimum', '0 Ah Ah Bx', 'become-unsteady'],
  ])('and stays %s: %s', (_sentence, text, steps) => {
    expect(written(failing(text, { rolloutState: 'FAILED' }))).toBe(steps);
  });
});
