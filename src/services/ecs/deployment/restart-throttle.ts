import type { Stored } from '../../../reconcile/index.ts';
import { given } from '../given.ts';
import type { DeploymentRecord, RestartRecord, ServiceRecord, TaskRecord } from '../records.ts';
import { resetsOnHealthyTask } from './circuit-breaker.ts';
import type { LiveTask } from './live-task.ts';
import { pauseMs, type SchedulerSettings } from './scheduler-settings.ts';

/**
 * Counting failures and pausing after them. Tasks that never reach RUNNING are retried after pauses that grow
 * to fifteen minutes; tasks that crash soon after their start after pauses that grow to the ten seconds in
 * which ECS itself works. Only what happened after the last failure can clear it: a neighbour that has been
 * healthy all along proves nothing about the task that fails.
 */

/** The end of a task that was not wanted by anybody. */
export interface TaskEnd {
  readonly taskId: string;
  readonly deploymentId: string;
  /** `failed`: never reached RUNNING. `crashed`: ran, but not for long. `ended`: ran on without becoming healthy. */
  readonly type: 'failed' | 'crashed' | 'ended';
  /** It was never healthy. */
  readonly isFailure: boolean;
  readonly createdAt: number;
  readonly stoppedAt: number;
  /** Store revision of its record, whose last write this is. */
  readonly revision: number;
}

/**
 * Undefined for tasks that live, that somebody stopped, or that ended after a proper run.
 * `checked`: names of the essential containers that have a health check.
 */
export function taskEnd(
  stored: Stored<TaskRecord>,
  checked: ReadonlySet<string>,
  settings: SchedulerSettings,
): TaskEnd | undefined {
  const { value: task, revision } = stored;
  if (task.lastStatus !== 'STOPPED' || task.service === undefined) return undefined;
  if (task.stopCode !== 'TaskFailedToStart' && task.stopCode !== 'EssentialContainerExited') return undefined;
  const stoppedAt = task.stoppedAt ?? task.createdAt;
  const ranMs = task.startedAt === undefined ? 0 : stoppedAt - task.startedAt;
  const isFailure = task.startedAt === undefined || !wasHealthy(task, ranMs, checked, settings);
  if (ranMs >= settings.shortRunMs && !isFailure) return undefined;
  return {
    taskId: task.id,
    deploymentId: task.service.deploymentId,
    type: task.startedAt === undefined ? 'failed' : ranMs < settings.shortRunMs ? 'crashed' : 'ended',
    isFailure,
    createdAt: task.createdAt,
    stoppedAt,
    revision,
  };
}

function wasHealthy(
  { containers, activation }: TaskRecord,
  ranMs: number,
  checked: ReadonlySet<string>,
  { minimumRunningMs }: SchedulerSettings,
): boolean {
  if (activation?.loadBalancers && !activation.wasHealthyTarget) return false;
  if (checked.size === 0) return ranMs >= minimumRunningMs;
  return containers.every(({ name, healthStatus }) => !checked.has(name) || healthStatus === 'HEALTHY');
}

/** What a deployment knows of its failures. */
export type FailureCount = Pick<
  DeploymentRecord,
  'failedTasks' | 'failureCount' | 'lastFailureAt' | 'countedRevision' | 'restart'
>;

/** What of a look at a service is counted by. */
interface Look {
  readonly service: ServiceRecord;
  readonly ends: readonly TaskEnd[];
  readonly live: readonly LiveTask[];
  readonly now: number;
  readonly settings: SchedulerSettings;
}

/** The count after the ends not counted before and after whoever became healthy since; the same when nothing new. */
export function countFailures(
  deployment: DeploymentRecord,
  { service, ends, live, now, settings }: Look,
): FailureCount {
  let count: FailureCount = deployment;
  const news = ends
    .filter((end) => end.deploymentId === deployment.id && end.revision > deployment.countedRevision)
    .sort((left, right) => left.revision - right.revision);
  const isAnyRunning = live.some(
    ({ deploymentId, phase }) => deploymentId === deployment.id && phase === 'running',
  );
  for (const end of news) {
    const restart = restartAfter(count.restart, end, now, settings);
    const failures = end.isFailure ? 1 : 0;
    count = {
      failedTasks: count.failedTasks + failures,
      failureCount: count.failureCount + (end.type === 'failed' && isAnyRunning ? 0 : failures),
      lastFailureAt: Math.max(count.lastFailureAt ?? 0, end.stoppedAt),
      countedRevision: end.revision,
      ...given('restart', restart),
    };
  }
  const { lastFailureAt } = count;
  if (lastFailureAt === undefined) return count;
  const hasRecovered = live.some(
    ({ deploymentId, isStopping, health }) =>
      deploymentId === deployment.id &&
      !isStopping &&
      health.type === 'healthy' &&
      health.since > lastFailureAt,
  );
  if (!hasRecovered) return count;
  const { failureCount, countedRevision } = count;
  return { failedTasks: 0, failureCount: resetsOnHealthyTask(service) ? 0 : failureCount, countedRevision };
}

/** Nothing is started before then: because tasks failed, or because nothing has changed since there was no place. */
export function startsBlockedUntil(
  capacityRevision: number,
  { placement }: DeploymentRecord,
  { restart }: FailureCount,
): number {
  const isFull = placement !== undefined && placement.capacityRevision >= capacityRevision;
  return Math.max(restart?.notBefore ?? 0, isFull ? placement.notBefore : 0);
}

/** A wave that fails counts once: its tasks were all made before the pause that the first of them caused. */
function restartAfter(
  restart: RestartRecord | undefined,
  end: TaskEnd,
  now: number,
  settings: SchedulerSettings,
): RestartRecord | undefined {
  if (end.type === 'ended') return restart;
  if (restart !== undefined && end.createdAt < restart.notBefore) return restart;
  const streak = (restart?.streak ?? 0) + 1;
  const mostMs = end.type === 'failed' ? settings.mostStartPauseMs : settings.mostCrashPauseMs;
  return { streak, notBefore: now + pauseMs(streak, settings.leastRestartPauseMs, mostMs) };
}
