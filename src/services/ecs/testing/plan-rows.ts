import { expect, it } from 'vitest';
import type { LiveTask } from '../deployment/live-task.ts';
import type { ServicePlan, ServiceSnapshot, Step } from '../deployment/plan.ts';
import { planService } from '../deployment/planner.ts';
import { schedulerSettings } from '../deployment/scheduler-settings.ts';
import type { DeploymentRecord, ServiceRecord } from '../records.ts';
import { deploymentRecord, serviceRecord } from './service-record.ts';

/**
 * A situation is written as its service and its tasks, the answer as its steps:
 *
 *     '3 100/200'      desired count, minimumHealthyPercent/maximumPercent
 *     'A hhh | B pu'   deployments, the last PRIMARY and IN_PROGRESS (with `!`: COMPLETED), each with its tasks:
 *                      p pending, u running but unproven, h healthy, x UNHEALTHY;
 *                      after it - asked to stop, ~ on a DRAINING instance, * protected
 *     'stop A1 A2; start 2 B; complete B; drop A; steady; unsteady; inactive; tell ...'
 */
export type Row = readonly [sentence: string, service: string, tasks: string, steps: string];

export const now = 1_000_000;
const soon = now + 2_000;

export function situation(
  service: string,
  tasks: string,
  changes: Partial<ServiceRecord> = {},
): ServiceSnapshot {
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
    deactivating: [],
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

export function written(plan: ServicePlan): string {
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
    case 'settle-hooks':
      return `settle ${step.hooks.map(({ status }) => status)}`;
    case 'enter-stage':
      return `enter ${step.stage}`;
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

export function expectPlans(rows: readonly Row[], changes: Partial<ServiceRecord> = {}): void {
  it.each(rows)('%s: %s, %s', (_sentence, service, tasks, steps) => {
    expect(written(planService(situation(service, tasks, changes)))).toBe(steps);
  });
}
