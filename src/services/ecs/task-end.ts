import { given } from './given.ts';
import { maxReasonLength, withManagedAgent } from './managed-agent.ts';
import type { TaskRecord } from './records.ts';

/** The end of tasks: what a task that is to stop, or has stopped, becomes. */

/**
 * A task that is to stop. One that others find is taken from them first, and its agent hears nothing of it until that
 * is done.
 */
export function deactivating(task: TaskRecord): TaskRecord {
  return task.activation?.isRegistered ? { ...task, lastStatus: 'DEACTIVATING' } : task;
}

/** Nobody finds it any more; to be spread over the task. */
export function unregistered({ activation }: TaskRecord): Pick<TaskRecord, 'activation'> {
  return activation?.isRegistered ? { activation: { ...activation, isRegistered: false } } : {};
}

/** Nothing of it runs any more; what Fargate had provided for it is still to be taken back. */
export function deprovisioning({ stoppedAt: _stoppedAt, ...task }: TaskRecord): TaskRecord {
  return { ...task, lastStatus: 'DEPROVISIONING' };
}

/** The task taken away now, if it wasn't before, where somebody may still come to it for a while. */
export function noticed(task: TaskRecord, now: number): TaskRecord {
  const { activation } = task;
  return activation?.noticeMs === undefined || activation.unregisteredAt !== undefined
    ? task
    : { ...task, activation: { ...activation, unregisteredAt: now } };
}

/** How long somebody may still come to a task that was taken away; 0: nobody comes any more. */
export function noticeLeftMs({ activation }: TaskRecord, now: number): number {
  const { noticeMs = 0, unregisteredAt = now } = activation ?? {};
  return Math.max(0, unregisteredAt + noticeMs - now);
}

/**
 * The task with nothing of it running any more. Its times come in the order in which things happened: an agent tells
 * of a start and of an end later than they were, and a task may end before anything asked it to stop.
 */
export function stopped(task: TaskRecord, now: number): TaskRecord {
  const hasRun = task.containers.some(({ runtimeId }) => runtimeId !== undefined);
  const saidToHaveEnded = task.executionStoppedAt ?? (hasRun ? now : undefined);
  const executionStoppedAt =
    saidToHaveEnded === undefined
      ? undefined
      : Math.min(now, Math.max(saidToHaveEnded, task.startedAt ?? task.createdAt));
  return {
    ...task,
    desiredStatus: 'STOPPED',
    lastStatus: 'STOPPED',
    stoppingAt: Math.min(task.stoppingAt ?? now, executionStoppedAt ?? now),
    stoppedAt: now,
    ...unregistered(task),
    ...given('executionStoppedAt', executionStoppedAt),
    containers: task.containers.map((container) =>
      withManagedAgent({ ...container, lastStatus: 'STOPPED' as const }, undefined, now),
    ),
  };
}

/**
 * A stop code says who began the stop: once somebody asked for it, that stays the answer, whatever the exit
 * codes are. Otherwise the task ended by itself: it never came up, or an essential container exited.
 */
export function concluded(task: TaskRecord, reportedReason: string | undefined): TaskRecord {
  if (task.stopCode !== undefined) return task;
  const hasEssentialExited = task.containers.some(
    (container) =>
      container.essential && container.exitCode !== undefined && !isStartFailure(container.reason),
  );
  if (task.startedAt !== undefined || hasEssentialExited) {
    return {
      ...task,
      stopCode: 'EssentialContainerExited',
      // What its agent says for itself is why they exited.
      stoppedReason: reportedReason?.slice(0, maxReasonLength) ?? 'Essential container in task exited',
    };
  }
  const failure =
    reportedReason ??
    task.containers.find(({ essential, reason }) => essential && isStartFailure(reason))?.reason ??
    task.containers.find(({ reason }) => isStartFailure(reason))?.reason ??
    'Task failed to start';
  return { ...task, stopCode: 'TaskFailedToStart', stoppedReason: failure.slice(0, maxReasonLength) };
}

/** Reasons of containers that never ran; the Engine gives some of those an exit code (127, 128) all the same. */
const startFailures =
  /^(CannotPull\w*|CannotCreate\w*|CannotStart\w*|CannotInspect\w*|ResourceInitialization|ContainerNetworking|DockerTimeout|DockerClientConfig|HostConfig|TaskDependency|InvalidVolume|TaskStoppedBeforePullBegin)Error\b/;

function isStartFailure(reason: string | undefined): boolean {
  return reason !== undefined && startFailures.test(reason);
}
