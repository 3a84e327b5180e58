import type { DeploymentRecord, ServiceRecord } from '../records.ts';
import type { LiveTask } from './live-task.ts';
import { startsBlockedUntil } from './restart-throttle.ts';
import type { SchedulerSettings } from './scheduler-settings.ts';
import { healthyCount, type Situation } from './situation.ts';
import { leastUsefulFirst } from './tasks-to-stop.ts';

/**
 * Availability Zone rebalancing (Amazon ECS developer guide, "Balancing an Amazon ECS service across Availability
 * Zones"): once a service is steady, tasks are started in the zone that has fewest, and when those are healthy as
 * many are stopped in the zone that has most; from one steady state to the next, until no two zones differ by more
 * than one task. What the service has begun stands in its record; whatever else happens to the service meanwhile
 * ends it, and the scheduler goes on from there.
 */

/** So many tasks are to move. */
export interface ZoneMove {
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

/** Undefined when the zones are balanced. `zones`: where tasks can be started. */
export function nextMove(
  tasks: readonly Pick<LiveTask, 'availabilityZone'>[],
  zones: readonly string[],
  atMost: number,
): ZoneMove | undefined {
  const counts = tasksByZone(tasks, zones);
  const [to] = zones.toSorted((left, right) => (counts.get(left) ?? 0) - (counts.get(right) ?? 0));
  const [from] = [...counts.keys()].sort((left, right) => (counts.get(right) ?? 0) - (counts.get(left) ?? 0));
  if (from === undefined || to === undefined) return undefined;
  const count = Math.min(Math.floor(((counts.get(from) ?? 0) - (counts.get(to) ?? 0)) / 2), atMost);
  return count > 0 ? { from, to, count } : undefined;
}

/** Zones without a task are there too; in order of their names. */
export function tasksByZone(
  tasks: readonly Pick<LiveTask, 'availabilityZone'>[],
  zones: readonly string[],
): ReadonlyMap<string, number> {
  const names = [...new Set([...zones, ...tasks.map(({ availabilityZone }) => availabilityZone)])].sort();
  const counts = new Map(names.map((zone) => [zone, 0]));
  for (const { availabilityZone } of tasks)
    counts.set(availabilityZone, (counts.get(availabilityZone) ?? 0) + 1);
  return counts;
}

export type RebalancingStep =
  | {
      readonly type: 'start-rebalancing';
      readonly deploymentId: string;
      readonly move: ZoneMove;
      /** Tasks by zone, before. */
      readonly counts: ReadonlyMap<string, number>;
    }
  | {
      readonly type: 'finish-rebalancing';
      /** To be stopped in that zone. */
      readonly taskIds: readonly string[];
      readonly availabilityZone: string;
      /** Tasks by zone after it, when nothing more is to move. */
      readonly balancedCounts?: ReadonlyMap<string, number>;
    }
  | { readonly type: 'stop-rebalancing' };

/** What of a snapshot matters here. */
export interface RebalancingSight {
  readonly service: ServiceRecord;
  /** Where tasks can be started. */
  readonly zones?: readonly string[];
  readonly capacityRevision: number;
  readonly now: number;
  readonly settings: SchedulerSettings;
}

export interface RebalancingPlan {
  readonly steps: readonly RebalancingStep[];
  /** There is something to move, and this is when it may be tried again. */
  readonly blockedUntil?: number;
}

/** Of a service that is as it should be in everything else. */
export function beginRebalancing(
  { service, zones = [], capacityRevision, now, settings }: RebalancingSight,
  primary: DeploymentRecord,
  { keepers, live, desired, room }: Situation,
): RebalancingPlan {
  const isAtRest =
    service.availabilityZoneRebalancing === 'ENABLED' &&
    service.steadyAt !== undefined &&
    primary.rolloutState === 'COMPLETED' &&
    live.length === desired &&
    healthyCount(keepers) === desired;
  const wanted = isAtRest ? nextMove(keepers, zones, Math.min(room, settings.maxBatch)) : undefined;
  if (wanted === undefined) return { steps: [] };
  // What can't be stopped afterwards is not worth starting.
  const free = keepers.filter((task) => task.availabilityZone === wanted.from && !isProtected(task)).length;
  if (free === 0) return { steps: [] };
  const move = { ...wanted, count: Math.min(wanted.count, free) };
  const blockedUntil = startsBlockedUntil(capacityRevision, primary, primary);
  if (blockedUntil > now) return { steps: [], blockedUntil };
  const counts = tasksByZone(keepers, zones);
  return { steps: [{ type: 'start-rebalancing', deploymentId: primary.id, move, counts }] };
}

/** Of a service with a rebalancing under way: what to do about it now; nothing while it must wait. */
export function continueRebalancing(
  { service, zones = [] }: RebalancingSight,
  primary: DeploymentRecord,
  { keepers, leaving, sick, stopping, live, desired }: Situation,
): readonly RebalancingStep[] {
  const { rebalancing } = service;
  if (rebalancing === undefined) return [];
  const ids = new Set(rebalancing.taskIds);
  const started = live.filter(({ id, isStopping }) => ids.has(id) && !isStopping);
  const isUndisturbed =
    service.availabilityZoneRebalancing === 'ENABLED' &&
    rebalancing.deploymentId === primary.id &&
    leaving.length + sick.length + stopping.length === 0 &&
    started.length === ids.size &&
    keepers.length === desired + started.length;
  if (!isUndisturbed) return [{ type: 'stop-rebalancing' }];
  if (healthyCount(started) < started.length) return [];

  const taskIds = keepers
    .filter((task) => task.availabilityZone === rebalancing.from && !isProtected(task) && !ids.has(task.id))
    .sort(leastUsefulFirst)
    .slice(0, started.length)
    .map(({ id }) => id);
  if (taskIds.length < started.length) return [{ type: 'stop-rebalancing' }];
  const left = keepers.filter(({ id }) => !taskIds.includes(id));
  const isDone = nextMove(left, zones, 1) === undefined;
  const counts = isDone ? { balancedCounts: tasksByZone(left, zones) } : {};
  return [{ type: 'finish-rebalancing', taskIds, availabilityZone: rebalancing.from, ...counts }];
}

const isProtected = ({ protectedUntil }: LiveTask): boolean => protectedUntil !== undefined;
