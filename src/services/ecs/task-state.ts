import { isDeepStrictEqual } from 'node:util';
import type { RecordKey, Transaction } from '../../reconcile/index.ts';
import { deleteServiceInterface } from '../ec2/index.ts';
import { scopeOfKey } from './arn.ts';
import type { EcsContext } from './context.ts';
import { given } from './given.ts';
import { placedOn } from './placed-on.ts';
import {
  type ContainerInstanceRecord,
  type NetworkBindingRecord,
  type TaskContainerRecord,
  type TaskRecord,
  type TaskStatus,
  type TaskStopCode,
  tasks,
} from './records.ts';
import { giveRoomBack, takeRoom } from './reservation.ts';
import { withInterface } from './task-interface.ts';

/**
 * The life of a task: one function per legal transition, and nothing else changes a task's record. A task only
 * moves forward through its statuses; STOPPED is the end, at which what it had reserved is given back, once.
 *
 * The control plane writes `desiredStatus`, `stopCode` and `stoppedReason`. Agents report facts about
 * containers; what those mean for the task is concluded here.
 */

/**
 * Asks for a task's end: sets `desiredStatus` STOPPED with the reason, once. The agent hears of it as soon as
 * the transaction is committed. Tasks already stopping or unknown are left as they are.
 * @returns the task as it now stands; undefined when there is none.
 */
export function requestTaskStop(
  tx: Transaction,
  key: RecordKey,
  request: { readonly stopCode: TaskStopCode; readonly reason: string; readonly now: number },
): TaskRecord | undefined {
  return change(tx, key, (task) => {
    if (task.desiredStatus === 'STOPPED') return task;
    const asked: TaskRecord = {
      ...task,
      desiredStatus: 'STOPPED',
      stopAskedAt: request.now,
      stopCode: request.stopCode,
      stoppedReason: request.reason,
      // StopTask's documentation: "Any tags associated with the task are deleted."
      tags: request.stopCode === 'UserInitiated' ? [] : task.tags,
    };
    // Without an instance there is no agent that would stop it.
    return task.containerInstanceId === undefined ? stopped(asked, request.now) : asked;
  });
}

/**
 * A task that waited for capacity has an instance now: it takes room on it and gets its network interface.
 * @returns what is in the way of the interface: it waits on then.
 */
export function placeTask(
  tx: Transaction,
  ecs: EcsContext,
  key: RecordKey,
  instance: ContainerInstanceRecord,
): string | undefined {
  const waiting = tx.get(tasks, key);
  if (waiting?.awaiting === undefined) return undefined;
  const { network } = waiting.awaiting;
  const task = placedOn(waiting, instance);
  const zone = task.availabilityZone;
  const connected =
    network === undefined ? task : withInterface(tx, ecs, scopeOfKey(key), { task, instance, network, zone });
  if ('reason' in connected) return connected.reason;
  const placed = change(tx, key, () => connected);
  if (placed?.containerInstanceId === instance.id) takeRoom(tx, key, placed);
  return undefined;
}

/** No capacity came for it in time. */
export function provisioningFailed(tx: Transaction, key: RecordKey, reason: string, now: number): void {
  change(tx, key, (task) =>
    task.awaiting === undefined
      ? task
      : { ...stopped(task, now), stopCode: 'TaskFailedToStart', stoppedReason: reason },
  );
}

/** The last step of a task that is DEPROVISIONING: its interface and its room are given back. */
export function endDeprovisioning(tx: Transaction, key: RecordKey, now: number): void {
  change(tx, key, (task) =>
    task.lastStatus === 'DEPROVISIONING'
      ? { ...task, lastStatus: 'STOPPED', stoppedAt: Math.max(now, task.executionStoppedAt ?? 0) }
      : task,
  );
}

/** The agent has taken note that the task is to stop, and stops its containers. */
export function agentStopsTask(tx: Transaction, key: RecordKey, now: number): TaskRecord | undefined {
  return change(tx, key, (task) => {
    if (task.desiredStatus !== 'STOPPED' || !isBefore(task.lastStatus, 'STOPPING')) return task;
    return { ...task, lastStatus: 'STOPPING', stoppingAt: now };
  });
}

/** Its instance was deregistered by force: ECS forgets the task, whatever still runs there. */
export function abandonTask(tx: Transaction, key: RecordKey, now: number): TaskRecord | undefined {
  return change(tx, key, (task) => ({
    ...stopped(task, now),
    stoppedReason: 'Container instance deregistration forced by user',
  }));
}

/**
 * Its Fargate host is lost, with whatever ran there. `TerminationNotice` is the stop code of tasks that Fargate's own
 * infrastructure ends (Amazon ECS API reference, `Task.stopCode`); who was to stop anyway keeps the reason for that.
 */
export function loseHost(tx: Transaction, key: RecordKey, now: number): void {
  change(tx, key, (task) => {
    const over = stopped(task, now);
    return over.stopCode === undefined
      ? { ...over, stopCode: 'TerminationNotice', stoppedReason: 'The host of the task was lost.' }
      : over;
  });
}

/**
 * Protects a task from scale-in and deployments until `until` (epoch milliseconds), or no longer. Each call
 * replaces what the one before said.
 */
export function setTaskProtection(
  tx: Transaction,
  key: RecordKey,
  until: number | undefined,
): TaskRecord | undefined {
  return change(tx, key, ({ protectedUntil: _before, ...task }) => ({
    ...task,
    ...given('protectedUntil', until),
  }));
}

/** What an agent says of a task (SubmitTaskStateChange and its kin). Absent members say nothing. */
export interface TaskReport {
  readonly status?: 'PENDING' | 'RUNNING' | 'STOPPED';
  /** Why it failed, when no container tells. */
  readonly reason?: string;
  readonly containers: readonly ContainerReport[];
  readonly managedAgents?: readonly ManagedAgentReport[];
  /** The interface is in place. */
  readonly isInterfaceAttached?: boolean;
  /** Epoch milliseconds. */
  readonly pullStartedAt?: number;
  readonly pullStoppedAt?: number;
  readonly executionStoppedAt?: number;
}

export interface ContainerReport {
  readonly name: string;
  readonly status?: 'PENDING' | 'RUNNING' | 'STOPPED';
  readonly runtimeId?: string;
  readonly imageDigest?: string;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly networkBindings?: readonly NetworkBindingRecord[];
}

/** What an agent says of its part in a container that takes ECS Exec's sessions. It may come and go. */
export interface ManagedAgentReport {
  readonly container: string;
  readonly status: 'PENDING' | 'RUNNING' | 'STOPPED';
  readonly reason?: string;
}

/**
 * Takes an agent's report into the record. Reports come late, twice and out of order; what they say that the
 * record already knows or has left behind changes nothing.
 */
export function applyTaskReport(
  tx: Transaction,
  key: RecordKey,
  report: TaskReport,
  now: number,
): TaskRecord | undefined {
  return change(tx, key, (task) => afterReport(task, report, now));
}

export interface ContainerHealth {
  readonly name: string;
  readonly status: 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN';
  /** Epoch milliseconds. */
  readonly since: number;
}

/** Takes the results of container health checks into the record. */
export function applyContainerHealth(
  tx: Transaction,
  key: RecordKey,
  health: readonly ContainerHealth[],
): TaskRecord | undefined {
  return change(tx, key, (task) => {
    const containers = task.containers.map((container) => {
      const news = health.find(({ name }) => name === container.name);
      return news === undefined || news.status === container.healthStatus
        ? container
        : { ...container, healthStatus: news.status, healthStatusSince: news.since };
    });
    return { ...task, containers, healthStatus: taskHealth(containers) };
  });
}

/** The worst of the essential containers: UNHEALTHY before UNKNOWN before HEALTHY. */
function taskHealth(containers: readonly TaskContainerRecord[]): TaskRecord['healthStatus'] {
  const seen = new Set(
    containers.filter(({ essential }) => essential).map(({ healthStatus }) => healthStatus),
  );
  if (seen.has('UNHEALTHY')) return 'UNHEALTHY';
  return seen.has('UNKNOWN') ? 'UNKNOWN' : 'HEALTHY';
}

/** The one writer of task records after their launch. */
function change(
  tx: Transaction,
  key: RecordKey,
  transition: (task: TaskRecord) => TaskRecord,
): TaskRecord | undefined {
  const before = tx.get(tasks, key);
  if (before === undefined || before.lastStatus === 'STOPPED') return before;
  const next = transition(before);
  if (isDeepStrictEqual(next, before)) return before;
  const after = { ...next, version: before.version + 1 };
  tx.put(tasks, key, after);
  if (after.lastStatus === 'STOPPED') release(tx, key, after);
  return after;
}

/** Gives back what the task held. STOPPED is entered once, so this runs once. */
function release(tx: Transaction, key: RecordKey, task: TaskRecord): void {
  giveRoomBack(tx, key, task);
  if (task.networkInterface)
    deleteServiceInterface(tx, scopeOfKey(key), task.networkInterface.networkInterfaceId);
}

function afterReport(task: TaskRecord, report: TaskReport, now: number): TaskRecord {
  const isAttached = report.isInterfaceAttached || report.status === 'RUNNING';
  const heard: TaskRecord = {
    ...task,
    connectivityAt: task.connectivityAt ?? now,
    containers: task.containers.map((container) => {
      const news = report.containers.find(({ name }) => name === container.name);
      const agentNews = report.managedAgents?.find((agent) => agent.container === container.name);
      const after = news === undefined ? container : afterContainerReport(container, news);
      return withManagedAgent(after, agentNews, now);
    }),
    ...(task.networkInterface && isAttached
      ? { networkInterface: { ...task.networkInterface, isAttached: true } }
      : {}),
    ...given('pullStartedAt', task.pullStartedAt ?? report.pullStartedAt),
    ...given('pullStoppedAt', task.pullStoppedAt ?? report.pullStoppedAt),
    ...given('executionStoppedAt', task.executionStoppedAt ?? report.executionStoppedAt),
  };
  if (report.status === 'STOPPED') {
    const over = concluded(stopped(heard, now), report.reason);
    return over.launchType === 'FARGATE' ? deprovisioning(over) : over;
  }
  if (report.status === 'RUNNING' && isBefore(heard.lastStatus, 'RUNNING')) {
    return { ...heard, lastStatus: 'RUNNING', startedAt: now };
  }
  const isProvisioned = report.status === 'PENDING' || isAttached;
  if (isProvisioned && isBefore(heard.lastStatus, 'PENDING')) return { ...heard, lastStatus: 'PENDING' };
  return heard;
}

const containerStatuses = ['PENDING', 'RUNNING', 'STOPPED'] as const;
const maxReasonLength = 1024;

function afterContainerReport(container: TaskContainerRecord, report: ContainerReport): TaskContainerRecord {
  const status = report.status ?? container.lastStatus;
  const isForward = containerStatuses.indexOf(status) > containerStatuses.indexOf(container.lastStatus);
  return {
    ...container,
    lastStatus: isForward ? status : container.lastStatus,
    ...given('runtimeId', report.runtimeId ?? container.runtimeId),
    ...given('imageDigest', report.imageDigest ?? container.imageDigest),
    ...given('exitCode', report.exitCode ?? container.exitCode),
    ...given('reason', report.reason?.slice(0, maxReasonLength) ?? container.reason),
    ...(report.networkBindings?.length ? { networkBindings: report.networkBindings } : {}),
  };
}

/** With its container its agent has ended, whoever says so. */
function withManagedAgent(
  container: TaskContainerRecord,
  news: ManagedAgentReport | undefined,
  now: number,
): TaskContainerRecord {
  const before = container.executeCommandAgent;
  if (before === undefined) return container;
  const lastStatus = container.lastStatus === 'STOPPED' ? 'STOPPED' : (news?.status ?? before.lastStatus);
  const hasStarted = lastStatus === 'RUNNING' && before.lastStatus !== 'RUNNING';
  const { reason: _reason, ...rest } = before;
  const reason = news === undefined ? before.reason : news.reason?.slice(0, maxReasonLength);
  return {
    ...container,
    executeCommandAgent: {
      ...rest,
      lastStatus,
      ...given('lastStartedAt', hasStarted ? now : before.lastStartedAt),
      ...given('reason', reason),
    },
  };
}

/** Nothing of it runs any more; what Fargate had provided for it is still to be taken back. */
function deprovisioning({ stoppedAt: _stoppedAt, ...task }: TaskRecord): TaskRecord {
  return { ...task, lastStatus: 'DEPROVISIONING' };
}

/**
 * The task with nothing of it running any more. Its times come in the order in which things happened: an agent tells
 * of a start and of an end later than they were, and a task may end before anything asked it to stop.
 */
function stopped(task: TaskRecord, now: number): TaskRecord {
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
function concluded(task: TaskRecord, reportedReason: string | undefined): TaskRecord {
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

const taskStatuses: readonly TaskStatus[] = [
  'PROVISIONING',
  'PENDING',
  'ACTIVATING',
  'RUNNING',
  'DEACTIVATING',
  'STOPPING',
  'DEPROVISIONING',
  'STOPPED',
];

function isBefore(status: TaskStatus, than: TaskStatus): boolean {
  return taskStatuses.indexOf(status) < taskStatuses.indexOf(than);
}
