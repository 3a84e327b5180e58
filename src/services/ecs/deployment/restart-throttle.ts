import type { Stored } from '../../../reconcile/index.ts';
import type { DeploymentRecord, RestartRecord, TaskRecord } from '../records.ts';
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
  /** `failed`: never reached RUNNING. `crashed`: ran, but not for long. */
  readonly type: 'failed' | 'crashed';
  readonly createdAt: number;
  readonly stoppedAt: number;
  /** Store revision of its record, whose last write this is. */
  readonly revision: number;
}

/** Undefined for tasks that live, that somebody stopped, or that ended after a proper run. */
export function taskEnd(stored: Stored<TaskRecord>, settings: SchedulerSettings): TaskEnd | undefined {
  const { value: task, revision } = stored;
  if (task.lastStatus !== 'STOPPED' || task.service === undefined) return undefined;
  if (task.stopCode !== 'TaskFailedToStart' && task.stopCode !== 'EssentialContainerExited') return undefined;
  const stoppedAt = task.stoppedAt ?? task.createdAt;
  if (task.startedAt !== undefined && stoppedAt - task.startedAt >= settings.shortRunMs) return undefined;
  return {
    taskId: task.id,
    deploymentId: task.service.deploymentId,
    type: task.startedAt === undefined ? 'failed' : 'crashed',
    createdAt: task.createdAt,
    stoppedAt,
    revision,
  };
}

/** What a deployment knows of its failures. */
export type FailureCount = Pick<
  DeploymentRecord,
  'failedTasks' | 'lastFailureAt' | 'countedRevision' | 'restart'
>;

/** The count after the ends not counted before and after whoever became healthy since; the same when nothing new. */
export function countFailures(
  deployment: DeploymentRecord,
  ends: readonly TaskEnd[],
  live: readonly LiveTask[],
  now: number,
  settings: SchedulerSettings,
): FailureCount {
  let count: FailureCount = deployment;
  const news = ends
    .filter((end) => end.deploymentId === deployment.id && end.revision > deployment.countedRevision)
    .sort((left, right) => left.revision - right.revision);
  for (const end of news) {
    const restart = restartAfter(count.restart, end, now, settings);
    count = {
      failedTasks: count.failedTasks + (end.type === 'failed' ? 1 : 0),
      lastFailureAt: Math.max(count.lastFailureAt ?? 0, end.stoppedAt),
      countedRevision: end.revision,
      restart,
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
  return hasRecovered ? { failedTasks: 0, countedRevision: count.countedRevision } : count;
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
): RestartRecord {
  if (restart !== undefined && end.createdAt < restart.notBefore) return restart;
  const streak = (restart?.streak ?? 0) + 1;
  const mostMs = end.type === 'failed' ? settings.mostStartPauseMs : settings.mostCrashPauseMs;
  return { streak, notBefore: now + pauseMs(streak, settings.leastRestartPauseMs, mostMs) };
}
