import { describe, expect, it } from 'vitest';
import type { TaskContainerRecord, TaskRecord } from '../records.ts';
import { nothingUsed } from '../reservation.ts';
import { container, taskDefinition } from '../testing/room.ts';
import { checkedContainers, liveTask, type TaskHealth } from './live-task.ts';
import { schedulerSettings } from './scheduler-settings.ts';

const now = 1_000_000;
const startedAt = now - 20_000;

function runningTask(health: Readonly<Record<string, TaskContainerRecord['healthStatus']>>): TaskRecord {
  return {
    id: 't',
    cluster: 'default',
    taskDefinition: { family: 'web', revision: 1 },
    containerInstanceId: 'i',
    availabilityZone: 'a',
    attributes: [],
    launchType: 'EC2',
    group: 'service:web',
    service: { name: 'web', deploymentId: 'A' },
    desiredStatus: 'RUNNING',
    lastStatus: 'RUNNING',
    version: 1,
    createdAt: startedAt - 1_000,
    startedAt,
    overrides: { containerOverrides: [] },
    containers: Object.entries(health).map(([name, healthStatus]) => ({
      name,
      id: name,
      image: 'app:1',
      essential: true,
      lastStatus: 'RUNNING',
      networkBindings: [],
      healthStatus,
      healthStatusSince: now - 3_000,
      cpu: '0',
    })),
    enableExecuteCommand: false,
    healthStatus: 'UNKNOWN',
    reserved: nothingUsed,
    tags: [],
  };
}

const healthOf = (task: TaskRecord, checked: readonly string[] = [], gracePeriodMs = 0) =>
  liveTask(task, {
    now,
    settings: schedulerSettings,
    gracePeriodMs,
    checkedContainers: new Set(checked),
    isDraining: false,
  })?.health;

describe('a task without health checks', () => {
  it.each<[number, TaskHealth]>([
    [4_999, { type: 'unproven', until: now + 1 }],
    [5_000, { type: 'healthy', since: now }],
    [60_000, { type: 'healthy', since: now - 55_000 }],
  ])('that has been RUNNING for %i ms', (ranMs, expected) => {
    expect(healthOf({ ...runningTask({ app: 'UNKNOWN' }), startedAt: now - ranMs })).toEqual(expected);
  });
});

describe('a task with health checks', () => {
  const checkedAt = now - 3_000;
  it.each<[string, Parameters<typeof runningTask>[0], readonly string[], TaskHealth]>([
    ['is unproven while one is UNKNOWN', { a: 'HEALTHY', b: 'UNKNOWN' }, ['a', 'b'], { type: 'unproven' }],
    [
      'is healthy when all are',
      { a: 'HEALTHY', b: 'HEALTHY' },
      ['a', 'b'],
      { type: 'healthy', since: checkedAt },
    ],
    [
      'is unhealthy when one is',
      { a: 'HEALTHY', b: 'UNHEALTHY' },
      ['a', 'b'],
      { type: 'unhealthy', since: checkedAt },
    ],
    [
      'asks only those that have one',
      { a: 'HEALTHY', b: 'UNKNOWN' },
      ['a'],
      { type: 'healthy', since: checkedAt },
    ],
  ])('%s', (_sentence, containers, checked, expected) => {
    expect(healthOf(runningTask(containers), checked)).toEqual(expected);
  });

  it('is unproven within its grace period, however its checks fail', () => {
    const task = runningTask({ a: 'UNHEALTHY' });
    expect(healthOf(task, ['a'], 30_000)).toEqual({ type: 'unproven', until: startedAt + 30_000 });
    expect(healthOf(task, ['a'], 20_000)).toEqual({ type: 'unhealthy', since: checkedAt });
  });

  it('is checked by its essential containers only', () => {
    const healthCheck = { command: ['CMD', 'true'] };
    const { definition } = taskDefinition({
      containerDefinitions: [
        container({ name: 'a', healthCheck }),
        container({ name: 'b' }),
        container({ name: 'c', healthCheck, essential: false }),
      ],
    });
    expect([...checkedContainers(definition)]).toEqual(['a']);
  });
});

describe('which tasks count', () => {
  it.each([
    ['PROVISIONING', 'pending'],
    ['PENDING', 'pending'],
    ['ACTIVATING', 'pending'],
    ['RUNNING', 'running'],
    ['STOPPING', undefined],
    ['STOPPED', undefined],
  ] as const)('%s is %s', (lastStatus, phase) => {
    const sight = {
      now,
      settings: schedulerSettings,
      gracePeriodMs: 0,
      checkedContainers: new Set<string>(),
      isDraining: false,
    };
    expect(liveTask({ ...runningTask({}), lastStatus }, sight)?.phase).toBe(phase);
  });
});
