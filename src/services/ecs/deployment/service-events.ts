import { capacityUnavailable } from '../capacity/fargate-hosts.ts';
import type { ServiceEventRecord, TargetFailureRecord } from '../records.ts';
import type { LaunchFailure } from '../task-launch.ts';
import { unassumableRole } from '../task-roles.ts';
import type { SchedulerSettings } from './scheduler-settings.ts';

/**
 * The words of a service's events, as ECS writes them (Amazon ECS developer guide, "Viewing Amazon ECS service
 * events"), and the list that keeps the newest hundred.
 */
const maxEvents = 100;

const troubleshooting =
  'For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.';

export const eventMessages = {
  started: (taskIds: readonly string[], replacedUnhealthy: number): string =>
    `has started ${taskIds.length} tasks: ${named(taskIds)}.${
      replacedUnhealthy > 0
        ? ` Amazon ECS replaced ${replacedUnhealthy} tasks due to an unhealthy status.`
        : ''
    }`,
  stopped: (taskIds: readonly string[]): string =>
    `has stopped ${taskIds.length} running tasks: ${named(taskIds)}.`,
  stoppedPending: (taskIds: readonly string[]): string => `stopped ${taskIds.length} pending tasks.`,
  registered: (targets: number, targetGroupArn: string): string =>
    `registered ${targets} targets in (target-group ${targetGroupArn})`,
  deregistered: (targets: number, targetGroupArn: string): string =>
    `deregistered ${targets} targets in (target-group ${targetGroupArn})`,
  /** Said of a deployment. */
  drains: (tasks: number): string => `has begun draining connections on ${tasks} tasks.`,
  unhealthyTarget: (taskId: string, { targetGroupArn, port, reason }: TargetFailureRecord): string =>
    `(task ${taskId}) (port ${port}) is unhealthy in (target-group ${targetGroupArn}) due to (reason ${reason}).`,
  failedHealthChecks: (taskId: string): string => `(task ${taskId}) failed container health checks.`,
  deploymentCompleted: (deploymentId: string): string => `(deployment ${deploymentId}) deployment completed.`,
  deploymentFailed: (deploymentId: string, why: string): string =>
    `(deployment ${deploymentId}) deployment failed: ${why}`,
  rollingBack: (deploymentId: string): string => `rolling back to deployment ${deploymentId}.`,
  steady: 'has reached a steady state.',
  cannotStart: 'is unable to consistently start tasks successfully.',
  deadlock:
    'was unable to stop or start tasks during a deployment because of the service deployment configuration. ' +
    'Update the minimumHealthyPercent or maximumPercent value and try again.',
  notZoneBalanced: (counts: ReadonlyMap<string, number>): string =>
    `is not AZ balanced with ${inZones(counts)}. AZ Rebalancing in progress.`,
  zoneBalanced: (counts: ReadonlyMap<string, number>): string => `is AZ balanced with ${inZones(counts)}.`,
  startedToRebalance: (zone: string, taskIds: readonly string[]): string =>
    `has started ${taskIds.length} tasks in ${zone} to AZ Rebalance: ${taskIds.join(', ')}.`,
  stoppedToRebalance: (zone: string, taskIds: readonly string[]): string =>
    `has stopped ${taskIds.length} running tasks in ${zone} due to AZ rebalancing: ${taskIds.join(', ')}.`,
  rebalancingStopped: 'stopped AZ Rebalancing.',
  computedDesiredCount: (taskSetId: string, count: number): string =>
    `updated computedDesiredCount for taskSet ${taskSetId} to ${count}.`,
  /** By Application Auto Scaling. */
  updatedDesiredCount: (count: number): string => `updated desiredCount to ${count}.`,
  /** ECS calls a deployment a task set here. */
  tooManyProtected: (deploymentId: string): string =>
    `was unable to reach steady state because task set (${deploymentId}) was unable to scale in. ` +
    'Reason: The number of protected tasks are more than the desired count of tasks.',
  cannotAssumeRole: (error: string): string => `failed to launch a task with (error ${error}).`,
  cannotPlace: (failures: readonly LaunchFailure[]): string =>
    failures.some(({ reason }) => reason === capacityUnavailable)
      ? `was unable to place a task. Reason: ${capacityUnavailable}. ${troubleshooting}`
      : `was unable to place a task because no container instance met all of its requirements. ${closestMatch(
          failures,
        )} ${troubleshooting}`,
} as const;

/** Why a launch gave fewer tasks than it was asked for. */
export function launchFailed(failures: readonly LaunchFailure[]): string {
  const role = failures.find(({ reason }) => reason === unassumableRole);
  return role === undefined
    ? eventMessages.cannotPlace(failures)
    : eventMessages.cannotAssumeRole(role.detail ?? role.reason);
}

const inZones = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([zone, count]) => `${count} tasks in ${zone}`).join(', ');

const named = (taskIds: readonly string[]): string => taskIds.map((id) => `(task ${id})`).join(' ');

/** From what lacks least to what lacks most. */
const obstacles: readonly (readonly [reason: string, words: string])[] = [
  ['RESOURCE:CPU', 'has insufficient CPU units available.'],
  ['RESOURCE:MEMORY', 'has insufficient memory available.'],
  ['RESOURCE:GPU', 'encountered error "RESOURCE:GPU".'],
  ['RESOURCE:PORTS', 'is already using a port required by your task.'],
  ['RESOURCE:ENI', 'encountered error "RESOURCE:ENI".'],
  ['LOCATION', 'encountered error "LOCATION".'],
  ['ATTRIBUTE', 'is missing an attribute required by your task.'],
  ['AGENT', 'encountered error "AGENT".'],
];

/** The instance that comes nearest; with nothing to tell them apart the first by its ARN, so that the words stay the same. */
function closestMatch(failures: readonly LaunchFailure[]): string {
  for (const [reason, words] of obstacles) {
    const [arn] = failures
      .flatMap((failure) => (failure.reason === reason ? (failure.arn ?? []) : []))
      .sort();
    if (arn !== undefined)
      return `The closest matching (container-instance ${arn.split('/').at(-1)}) ${words}`;
  }
  const [reason = 'unknown'] = failures.map((failure) => failure.reason).sort();
  return `Reason: ${reason.replace(/\.$/, '')}.`;
}

export interface Teller {
  readonly serviceName: string;
  readonly now: number;
  readonly settings: SchedulerSettings;
  readonly newEventId: () => string;
}

/** The events with one more, newest first. */
export function withEvent(
  events: readonly ServiceEventRecord[],
  message: string,
  { serviceName, now, newEventId }: Omit<Teller, 'settings'>,
): readonly ServiceEventRecord[] {
  const event = { id: newEventId(), createdAt: now, message: `(service ${serviceName}) ${message}` };
  return [event, ...events].slice(0, maxEvents);
}

/** Whether the same was said lately and no start or steady state since then says that its cause went away. */
export function isRepetition(
  events: readonly ServiceEventRecord[],
  message: string,
  { serviceName, now, settings }: Omit<Teller, 'newEventId'>,
): boolean {
  const prefix = `(service ${serviceName}) `;
  for (const event of events) {
    if (now - event.createdAt >= settings.eventRepeatMs) return false;
    if (event.message === prefix + message) return true;
    if (event.message.startsWith(`${prefix}has started `) || event.message === prefix + eventMessages.steady)
      return false;
  }
  return false;
}
