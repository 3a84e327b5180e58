import { given } from '../given.ts';
import type { SeatedTask } from '../placement/scale-in.ts';
import {
  type ContainerInstanceRecord,
  phaseOf,
  type StoredTaskDefinition,
  type TargetFailureRecord,
  type TaskRecord,
  type TaskTargetsRecord,
} from '../records.ts';
import type { SchedulerSettings } from './scheduler-settings.ts';

/** A service's task that is running or on its way there, as the planner sees it. */
export interface LiveTask extends SeatedTask {
  readonly id: string;
  readonly deploymentId: string;
  readonly phase: 'pending' | 'running';
  /** Asked to stop already; it still takes its place until its agent has begun to stop it. */
  readonly isStopping: boolean;
  readonly health: TaskHealth;
  /** Its instance is DRAINING. */
  readonly isDraining: boolean;
  /** Scale-in and deployments must leave it alone until then; absent when they need not. */
  readonly protectedUntil?: number;
  readonly createdAt: number;
}

export type TaskHealth =
  | { readonly type: 'healthy'; readonly since: number }
  /** Running, and nobody knows yet. `until`: when that changes by itself; absent when its health checks will say. */
  | { readonly type: 'unproven'; readonly until?: number }
  | {
      readonly type: 'unhealthy';
      readonly since: number;
      /** What a load balancer finds wrong; absent: its containers' health checks fail. */
      readonly target?: TargetFailureRecord;
    };

export interface Sight {
  readonly now: number;
  readonly settings: SchedulerSettings;
  readonly gracePeriodMs: number;
  /** Names of the essential containers that have a health check. */
  readonly checkedContainers: ReadonlySet<string>;
  /** Of a task that load balancers send to; absent: they have said nothing yet. */
  readonly targets?: TaskTargetsRecord;
  readonly isDraining: boolean;
  readonly instance?: ContainerInstanceRecord;
}

/** Undefined for tasks that are STOPPING or over, which no service counts. */
export function liveTask(task: TaskRecord, sight: Sight): LiveTask | undefined {
  const phase = phaseOf(task.lastStatus);
  if (phase === undefined || task.service === undefined) return undefined;
  return {
    id: task.id,
    deploymentId: task.service.deploymentId,
    phase,
    isStopping: task.desiredStatus === 'STOPPED',
    health: phase === 'running' ? healthOf(task, sight) : { type: 'unproven' },
    isDraining: sight.isDraining,
    ...(task.protectedUntil !== undefined && task.protectedUntil > sight.now
      ? { protectedUntil: task.protectedUntil }
      : {}),
    createdAt: task.createdAt,
    containerInstanceId: task.containerInstanceId ?? '',
    availabilityZone: task.availabilityZone,
    ...given('instance', sight.instance),
    reserved: task.reserved,
  };
}

/** The names of the containers whose health checks decide on the task's health. */
export function checkedContainers(definition: StoredTaskDefinition | undefined): ReadonlySet<string> {
  const checked = (definition?.containerDefinitions ?? []).filter(
    ({ essential, healthCheck }) => essential !== false && healthCheck?.command?.[0] !== undefined,
  );
  return new Set(checked.flatMap(({ name }) => name ?? []));
}

/** As its containers and, where there are any, its load balancers say. */
function healthOf(task: TaskRecord, sight: Sight): TaskHealth {
  const startedAt = task.startedAt ?? sight.now;
  const isBalanced = task.activation?.loadBalancers !== undefined;
  const health = isBalanced
    ? worse(
        sight.checkedContainers.size === 0
          ? { type: 'healthy', since: startedAt }
          : containerHealth(task, startedAt, sight),
        targetHealth(sight.targets, startedAt),
      )
    : containerHealth(task, startedAt, sight);
  if (health.type !== 'unhealthy') return health;
  const graceEndsAt = startedAt + sight.gracePeriodMs;
  return graceEndsAt <= sight.now ? health : { type: 'unproven', until: graceEndsAt };
}

/**
 * Health checks decide where there are any. An essential container without one has no say, though it keeps the
 * task's `healthStatus` at UNKNOWN: otherwise no deployment of such a task could ever complete.
 */
function containerHealth(task: TaskRecord, startedAt: number, sight: Sight): TaskHealth {
  if (sight.checkedContainers.size === 0) {
    const healthyAt = startedAt + sight.settings.minimumRunningMs;
    return healthyAt <= sight.now
      ? { type: 'healthy', since: healthyAt }
      : { type: 'unproven', until: healthyAt };
  }
  const checked = task.containers.filter(({ name }) => sight.checkedContainers.has(name));
  const failed = checked.filter(({ healthStatus }) => healthStatus === 'UNHEALTHY');
  if (failed.length > 0)
    return {
      type: 'unhealthy',
      since: Math.min(...failed.map(({ healthStatusSince = sight.now }) => healthStatusSince)),
    };
  if (checked.some(({ healthStatus }) => healthStatus !== 'HEALTHY')) return { type: 'unproven' };
  return {
    type: 'healthy',
    since: Math.max(startedAt, ...checked.map(({ healthStatusSince = startedAt }) => healthStatusSince)),
  };
}

/** Of a task that load balancers send to. */
function targetHealth(targets: TaskTargetsRecord | undefined, startedAt: number): TaskHealth {
  switch (targets?.state) {
    case undefined:
    case 'initial':
      return { type: 'unproven' };
    case 'healthy':
      return { type: 'healthy', since: Math.max(startedAt, targets.since) };
    case 'unhealthy':
      return { type: 'unhealthy', since: targets.since, ...given('target', targets.failure) };
  }
}

/** Of two that are healthy, the one that has been so for a shorter time. */
function worse(one: TaskHealth, other: TaskHealth): TaskHealth {
  for (const type of ['unhealthy', 'unproven'] as const) {
    const found = [one, other].find((health) => health.type === type);
    if (found !== undefined) return found;
  }
  return one.type === 'healthy' && other.type === 'healthy' && one.since > other.since ? one : other;
}
