import { isDeepStrictEqual } from 'node:util';
import type { RecordKey, Transaction } from '../../reconcile/index.ts';
import { deleteServiceInterface } from '../ec2/index.ts';
import {
  deregisterTask,
  isDraining,
  moveTargets,
  onItsInstance,
  registerTask,
  tellHealth,
} from './activation/registration.ts';
import { scopeOfKey } from './arn.ts';
import type { EcsContext } from './context.ts';
import { given } from './given.ts';
import { placedOn } from './placed-on.ts';
import {
  type ContainerInstanceRecord,
  type TaskContainerRecord,
  type TaskRecord,
  type TaskStopCode,
  tasks,
  taskTargets,
  taskTargetsKey,
} from './records.ts';
import { giveRoomBack, takeRoom } from './reservation.ts';
import { deactivating, noticed, noticeLeftMs, stopped, unregistered } from './task-end.ts';
import { withInterface } from './task-interface.ts';
import { afterReport, type TaskReport } from './task-report.ts';
import { isBefore } from './task-statuses.ts';

/**
 * The life of a task: one function per legal transition, and nothing else changes a task's record. A task only
 * moves forward through its statuses; STOPPED is the end, at which what it had reserved is given back, once.
 *
 * The control plane writes `desiredStatus`, `stopCode` and `stoppedReason`. Agents report facts about
 * containers; what those mean for the task is concluded here.
 */

/**
 * Asks for a task's end: sets `desiredStatus` STOPPED with the reason, once. The agent hears of it as soon as
 * the transaction is committed; of a task that others find, when it is DEACTIVATING no more. Tasks already stopping
 * or unknown are left as they are.
 * @returns the task as it now stands; undefined when there is none.
 */
export function requestTaskStop(
  tx: Transaction,
  key: RecordKey,
  request: { readonly stopCode: TaskStopCode; readonly reason: string; readonly now: number },
): TaskRecord | undefined {
  return change(tx, key, request.now, (task) => {
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
    if (task.containerInstanceId === undefined) return stopped(asked, request.now);
    // Capacity that is taken back waits for nobody.
    return request.stopCode === 'SpotInterruption'
      ? { ...asked, ...unregistered(asked) }
      : deactivating(asked);
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
  const placed = change(tx, key, ecs.clock.now(), () => connected);
  if (placed?.containerInstanceId === instance.id) takeRoom(tx, key, placed);
  return undefined;
}

/** No capacity came for it in time. */
export function provisioningFailed(tx: Transaction, key: RecordKey, reason: string, now: number): void {
  change(tx, key, now, (task) =>
    task.awaiting === undefined
      ? task
      : { ...stopped(task, now), stopCode: 'TaskFailedToStart', stoppedReason: reason },
  );
}

/**
 * The last step of a task that is ACTIVATING: it is registered wherever others look for it. One that can't be has failed
 * to start.
 */
export function endActivation(tx: Transaction, key: RecordKey, now: number): void {
  const found = tx.get(tasks, key);
  if (found?.activation === undefined || found.lastStatus !== 'ACTIVATING') return;
  if (found.desiredStatus === 'STOPPED') return;
  const task = onItsInstance(tx, key, found);
  const obstacle = registerTask(tx, key, task, now);
  if (obstacle !== undefined) {
    const reason = `ResourceInitializationError: failed to register the task: ${obstacle}`;
    requestTaskStop(tx, key, { stopCode: 'TaskFailedToStart', reason, now });
    return;
  }
  const activation = { ...task.activation, isRegistered: true };
  change(tx, key, now, () => ({ ...task, lastStatus: 'RUNNING', startedAt: now, activation }));
}

/**
 * Takes a task that is DEACTIVATING away from where others find it. When it has answered what load balancers have sent to
 * it, and nobody comes any more who knows it from before, its agent is to stop it.
 */
export function deactivateTask(tx: Transaction, key: RecordKey, now: number): void {
  const found = tx.get(tasks, key);
  if (found?.lastStatus !== 'DEACTIVATING') return;
  if (found.activation?.isRegistered) deregisterTask(tx, key, found, now);
  const after = noticed({ ...found, ...unregistered(found) }, now);
  const isWaiting = noticeLeftMs(after, now) > 0 || isDraining(tx, key, found);
  change(tx, key, now, () => (isWaiting ? after : { ...after, lastStatus: 'STOPPING', stoppingAt: now }));
}

/** The last step of a task that is DEPROVISIONING: its interface and its room are given back. */
export function endDeprovisioning(tx: Transaction, key: RecordKey, now: number): void {
  change(tx, key, now, (task) =>
    task.lastStatus === 'DEPROVISIONING'
      ? { ...task, lastStatus: 'STOPPED', stoppedAt: Math.max(now, task.executionStoppedAt ?? 0) }
      : task,
  );
}

/** The agent has taken note that the task is to stop, and stops its containers. */
export function agentStopsTask(tx: Transaction, key: RecordKey, now: number): TaskRecord | undefined {
  return change(tx, key, now, (task) => {
    if (task.desiredStatus !== 'STOPPED' || !isBefore(task.lastStatus, 'STOPPING')) return task;
    return { ...task, lastStatus: 'STOPPING', stoppingAt: now };
  });
}

/** Its instance was deregistered by force: ECS forgets the task, whatever still runs there. */
export function abandonTask(tx: Transaction, key: RecordKey, now: number): TaskRecord | undefined {
  return change(tx, key, now, (task) => ({
    ...stopped(task, now),
    stoppedReason: 'Container instance deregistration forced by user',
  }));
}

/**
 * Its Fargate host is lost, with whatever ran there. `TerminationNotice` is the stop code of tasks that Fargate's own
 * infrastructure ends (Amazon ECS API reference, `Task.stopCode`); who was to stop anyway keeps the reason for that.
 */
export function loseHost(tx: Transaction, key: RecordKey, now: number): void {
  change(tx, key, now, (task) => {
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
  now: number,
): TaskRecord | undefined {
  return change(tx, key, now, ({ protectedUntil: _before, ...task }) => ({
    ...task,
    ...given('protectedUntil', until),
  }));
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
  return change(tx, key, now, (task) => afterReport(task, report, now));
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
  now: number,
): TaskRecord | undefined {
  const before = tx.get(tasks, key);
  const after = change(tx, key, now, (task) => {
    const containers = task.containers.map((container) => {
      const news = health.find(({ name }) => name === container.name);
      return news === undefined || news.status === container.healthStatus
        ? container
        : { ...container, healthStatus: news.status, healthStatusSince: news.since };
    });
    return { ...task, containers, healthStatus: taskHealth(containers) };
  });
  if (after !== undefined && after.version !== before?.version) tellHealth(tx, key, after);
  return after;
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
  now: number,
  transition: (task: TaskRecord) => TaskRecord,
): TaskRecord | undefined {
  const before = tx.get(tasks, key);
  if (before === undefined || before.lastStatus === 'STOPPED') return before;
  const next = transition(before);
  if (isDeepStrictEqual(next, before)) return before;
  const after = { ...withLastHealth(tx, key, next), version: before.version + 1 };
  tx.put(tasks, key, after);
  if (before.activation?.isRegistered) {
    if (after.activation?.isRegistered) moveTargets(tx, key, before, after, now);
    else deregisterTask(tx, key, before, now);
  }
  if (after.lastStatus === 'STOPPED') release(tx, key, after);
  return after;
}

/** What its load balancers said of it counts after its end, too: a task that never was healthy has failed. */
function withLastHealth(tx: Transaction, key: RecordKey, task: TaskRecord): TaskRecord {
  if (task.lastStatus !== 'STOPPED' || task.activation?.loadBalancers === undefined) return task;
  const wasHealthyTarget = tx.get(taskTargets, taskTargetsKey(key))?.hasBeenHealthy ?? false;
  return { ...task, activation: { ...task.activation, wasHealthyTarget } };
}

/** Gives back what the task held. STOPPED is entered once, so this runs once. */
function release(tx: Transaction, key: RecordKey, task: TaskRecord): void {
  if (task.activation?.loadBalancers) tx.delete(taskTargets, taskTargetsKey(key));
  giveRoomBack(tx, key, task);
  if (task.networkInterface)
    deleteServiceInterface(tx, scopeOfKey(key), task.networkInterface.networkInterfaceId);
}
