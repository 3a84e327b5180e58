import type { DeploymentRecord } from '../records.ts';
import type { LiveTask } from './live-task.ts';
import type { ServicePlan, ServiceSnapshot } from './plan.ts';
import {
  closingSteps,
  countSteps,
  failingSteps,
  followSteps,
  isUnderWay,
  lookAgain,
  obstacleSteps,
  planService,
  type StartPlan,
  stopStep,
} from './planner.ts';
import { countFailures, type FailureCount, startsBlockedUntil } from './restart-throttle.ts';
import { alarmSteps } from './rollout.ts';
import { healthyCount, type Situation } from './situation.ts';
import { leastUsefulFirst, type TasksToStop } from './tasks-to-stop.ts';

/**
 * The decisions for a service with the scheduling strategy DAEMON: one task on each of its container instances,
 * which are its cluster's ACTIVE ones that meet its constraints (Amazon ECS developer guide, "Daemon scheduling").
 * What it is, is otherwise what `planner.ts` says of a REPLICA service: the same steps, failures, events.
 *
 * There is never a second task beside another on an instance, so everything is replaced by stopping first:
 *
 *     min = ceil(instances * minimumHealthyPercent / 100)
 *     stop old ones while as many as min stay healthy; start where there is none
 */
export interface DaemonSnapshot extends ServiceSnapshot {
  readonly daemon: DaemonGround;
}

/** Where a DAEMON service is to run, and where it may not leave yet. */
export interface DaemonGround {
  /** One for each task that is wanted. */
  readonly places: readonly DaemonPlace[];
  /** DRAINING instances on which others' tasks are left: a daemon is the last to stop. */
  readonly lingeringOn: ReadonlySet<string>;
}

export interface DaemonPlace {
  readonly containerInstanceId: string;
  /** Nothing can be started where the agent is away. */
  readonly isAgentConnected: boolean;
}

export function planDaemon(snapshot: DaemonSnapshot): ServicePlan {
  const { service, settings } = snapshot;
  if (service.status !== 'ACTIVE') return planService(snapshot);
  const primary = service.deployments.find(({ status }) => status === 'PRIMARY');
  if (primary === undefined)
    throw new Error(`Service ${service.name} is ACTIVE without a PRIMARY deployment`);

  const count = countFailures(primary, snapshot);
  const failing = failingSteps(snapshot, primary, count);
  if (failing.length > 0) return { steps: failing };
  const { situation, outdated, misplaced } = assessDaemon(snapshot, primary);
  const stops = daemonsToStop(situation, outdated, misplaced, settings.maxBatch);
  const start = planStart(snapshot, primary, count);
  const steps = [
    ...countSteps(snapshot, primary, count),
    ...stopStep('unhealthy', stops.unhealthy),
    ...stopStep('scaling', stops.scaling),
    ...start.steps,
    ...closingSteps(snapshot, primary, situation),
    ...alarmSteps(snapshot, primary),
    ...followSteps(snapshot),
  ];
  if (!isUnderWay(snapshot, situation, stops, start))
    // Where a task is missing, its agent is away or its instance is full: no matter of the percentages.
    steps.push(...obstacleSteps(snapshot, primary, { ...situation, missing: 0 }));
  return { steps, ...lookAgain(snapshot, start.blockedUntil) };
}

interface DaemonAssessment {
  readonly situation: Situation;
  /** Of an older deployment. */
  readonly outdated: readonly LiveTask[];
  /** On an instance that is not, or no longer, one of the service's. */
  readonly misplaced: readonly LiveTask[];
}

function assessDaemon(
  { service, live, daemon: { places, lingeringOn } }: DaemonSnapshot,
  primary: DeploymentRecord,
): DaemonAssessment {
  const wanted = new Set(places.map(({ containerInstanceId }) => containerInstanceId));
  const stopping: LiveTask[] = [];
  const misplaced: LiveTask[] = [];
  const outdated: LiveTask[] = [];
  const sick: LiveTask[] = [];
  const keepers = new Map<string, LiveTask>();
  for (const task of live) {
    const { containerInstanceId } = task;
    if (task.isStopping) stopping.push(task);
    else if (!wanted.has(containerInstanceId)) {
      if (!lingeringOn.has(containerInstanceId)) misplaced.push(task);
    } else if (task.deploymentId !== primary.id) outdated.push(task);
    else if (task.health.type === 'unhealthy') sick.push(task);
    else if (keepers.has(containerInstanceId)) misplaced.push(task);
    else keepers.set(containerInstanceId, task);
  }
  const desired = places.length;
  const isStalled = primary.rolloutState === 'FAILED';
  const situation: Situation = {
    desired,
    min: isStalled
      ? desired
      : Math.ceil((desired * service.deploymentConfiguration.minimumHealthyPercent) / 100),
    max: desired,
    isStalled,
    live,
    stopping,
    keepers: [...keepers.values()],
    leaving: [...outdated, ...misplaced],
    sick,
    missing: desired - keepers.size,
    room: 0,
    placementStrategies: [],
  };
  return { situation, outdated, misplaced };
}

/**
 * Whoever is in the wrong place or UNHEALTHY goes at once, the latter if something will come in its place; old ones as
 * far as the minimum allows.
 */
function daemonsToStop(
  { keepers, sick, min, isStalled }: Situation,
  outdated: readonly LiveTask[],
  misplaced: readonly LiveTask[],
  atMost: number,
): TasksToStop {
  const scaling = misplaced.filter(isFree).map(({ id }) => id);
  let healthy = healthyCount([...keepers, ...outdated]);
  for (const task of outdated.filter(isFree).sort(leastUsefulFirst)) {
    const healthyLeft = healthy - (task.health.type === 'healthy' ? 1 : 0);
    // A batch has its end: who is not stopped now stays healthy for the next look.
    if (scaling.length >= atMost) break;
    if (task.phase !== 'pending' && healthyLeft < min) continue;
    scaling.push(task.id);
    healthy = healthyLeft;
  }
  return {
    scaling: scaling.slice(0, atMost),
    unhealthy: (isStalled ? [] : [...sick])
      .sort(leastUsefulFirst)
      .slice(0, atMost)
      .map(({ id }) => id),
  };
}

const isFree = ({ protectedUntil }: LiveTask): boolean => protectedUntil === undefined;

function planStart(snapshot: DaemonSnapshot, primary: DeploymentRecord, failures: FailureCount): StartPlan {
  const { live, daemon, now, settings } = snapshot;
  const taken = new Set(live.map(({ containerInstanceId }) => containerInstanceId));
  const instanceIds = daemon.places
    .filter((place) => place.isAgentConnected && !taken.has(place.containerInstanceId))
    .map(({ containerInstanceId }) => containerInstanceId)
    .slice(0, settings.maxBatch);
  if (instanceIds.length === 0 || primary.rolloutState === 'FAILED') return { steps: [] };
  const blockedUntil = startsBlockedUntil(snapshot.capacityRevision, primary, failures);
  if (blockedUntil > now) return { steps: [], blockedUntil };
  const { id: deploymentId } = primary;
  const count = instanceIds.length;
  return { steps: [{ type: 'start', deploymentId, count, instanceIds, replacedUnhealthy: 0 }] };
}
