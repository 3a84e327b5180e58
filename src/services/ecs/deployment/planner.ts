import type { DeploymentRecord } from '../records.ts';
import { followService } from './follow-service.ts';
import type { LiveTask } from './live-task.ts';
import type { ServicePlan, ServiceSnapshot, Step, StopCause } from './plan.ts';
import { countFailures, type FailureCount, startsBlockedUntil } from './restart-throttle.ts';
import { alarmSteps, failureOf, isBaked, isEarlySuccess, rolloutLookAt, rolloutSteps } from './rollout.ts';
import { eventMessages, isRepetition } from './service-events.ts';
import { assess, healthyCount, type Situation } from './situation.ts';
import { type TasksToStop, tasksToStop } from './tasks-to-stop.ts';
import { beginRebalancing, continueRebalancing } from './zone-rebalancing.ts';

/**
 * The service scheduler's decisions, as data. From one look at a service and its tasks it says what to do now;
 * it remembers nothing, so it may be asked again at any time, and of a service that is as it should be it asks
 * nothing.
 *
 * Rolling update (Amazon ECS developer guide, "Deploy Amazon ECS services by replacing tasks"):
 *
 *     min = ceil(desired * minimumHealthyPercent / 100)     max = floor(desired * maximumPercent / 100)
 *     start up to max - (running + pending of all deployments) of the new revision, never above desired
 *     stop old ones while as many as min stay healthy
 *
 * A rollout is one case of a general one: some tasks are to leave (of an older deployment, on a DRAINING
 * instance, UNHEALTHY), and some are missing (desired less those of the PRIMARY deployment that are to stay).
 */

/** A streak of failures so long is told in an event. */
const toldStreak = 3;

export function planService(snapshot: ServiceSnapshot): ServicePlan {
  switch (snapshot.service.status) {
    case 'ACTIVE':
      return planActive(snapshot);
    case 'DRAINING':
      return planDraining(snapshot);
    case 'INACTIVE':
      return { steps: [] };
  }
}

/** Everything stops; when nothing is left the service is INACTIVE. */
function planDraining({ live, deactivating, settings }: ServiceSnapshot): ServicePlan {
  if (live.length + deactivating.length === 0) return { steps: [{ type: 'become-inactive' }] };
  const taskIds = live.filter(({ isStopping }) => !isStopping).map(({ id }) => id);
  return { steps: stopStep('scaling', taskIds.slice(0, settings.maxBatch)) };
}

function planActive(snapshot: ServiceSnapshot): ServicePlan {
  const { service, live, settings } = snapshot;
  const primary = service.deployments.find(({ status }) => status === 'PRIMARY');
  if (primary === undefined)
    throw new Error(`Service ${service.name} is ACTIVE without a PRIMARY deployment`);

  const count = countFailures(primary, snapshot);
  const failing = failingSteps(snapshot, primary, count);
  if (failing.length > 0) return { steps: failing };
  const situation = assess(service, primary, live);
  if (service.rebalancing !== undefined) {
    const rebalancing = continueRebalancing(snapshot, primary, situation);
    const closing = closingSteps(snapshot, primary, situation);
    return {
      steps: [...countSteps(snapshot, primary, count), ...rebalancing, ...closing, ...followSteps(snapshot)],
      ...lookAgain(snapshot, undefined),
    };
  }
  const stops = tasksToStop(situation, settings.maxBatch);
  const start = planStart(snapshot, primary, count, situation);
  const steps: Step[] = [
    ...countSteps(snapshot, primary, count),
    ...stopStep('unhealthy', stops.unhealthy),
    ...stopStep('scaling', stops.scaling),
    ...start.steps,
    ...closingSteps(snapshot, primary, situation),
    ...alarmSteps(snapshot, primary),
    ...followSteps(snapshot),
  ];
  if (!isUnderWay(snapshot, situation, stops, start))
    steps.push(...obstacleSteps(snapshot, primary, situation));
  if (steps.length > 0) return { steps, ...lookAgain(snapshot, start.blockedUntil) };
  const rebalancing = beginRebalancing(snapshot, primary, situation);
  return { steps: rebalancing.steps, ...lookAgain(snapshot, start.blockedUntil ?? rebalancing.blockedUntil) };
}

/** When the rollout is to be given up now. What follows from it is for the next look. */
export function failingSteps(
  snapshot: ServiceSnapshot,
  primary: DeploymentRecord,
  count: FailureCount,
): Step[] {
  const failure = failureOf(snapshot, primary, count);
  if (failure === undefined) return [];
  const countedRevision = Math.max(count.countedRevision, ...snapshot.ends.map(({ revision }) => revision));
  return [
    ...countSteps(snapshot, primary, count),
    { type: 'fail-deployment', deploymentId: primary.id, failure, countedRevision },
  ];
}

export function followSteps({ service, serviceDeployments, ...look }: ServiceSnapshot): Step[] {
  return serviceDeployments.some((record) => followService(record, service, look) !== record)
    ? [{ type: 'follow-service' }]
    : [];
}

export interface StartPlan {
  readonly steps: readonly Step[];
  /** Tasks are missing, and this is when they may be tried again. */
  readonly blockedUntil?: number;
}

export function planStart(
  snapshot: ServiceSnapshot,
  primary: DeploymentRecord,
  failures: FailureCount,
  { missing, room, sick, isStalled }: Situation,
): StartPlan {
  const { now, settings } = snapshot;
  if (missing === 0 || isStalled) return { steps: [] };
  const blockedUntil = startsBlockedUntil(snapshot.capacityRevision, primary, failures);
  if (blockedUntil > now) return { steps: [], blockedUntil };
  const count = Math.min(missing, room, settings.maxBatch);
  if (count <= 0) return { steps: [] };
  const replacedUnhealthy = Math.min(count, sick.length);
  return { steps: [{ type: 'start', deploymentId: primary.id, count, replacedUnhealthy }] };
}

/** Tasks that never reach RUNNING are told of; those that do are replaced at the usual pace, and not worth a word. */
export function countSteps(
  { ends }: ServiceSnapshot,
  primary: DeploymentRecord,
  count: FailureCount,
): Step[] {
  if (count === primary) return [];
  const streak = count.restart?.streak ?? 0;
  const hasFailed = ends.some(
    ({ type, deploymentId, revision }) =>
      type === 'failed' && deploymentId === primary.id && revision > primary.countedRevision,
  );
  const isTold = hasFailed && streak === toldStreak && (primary.restart?.streak ?? 0) < toldStreak;
  return [
    { type: 'count-failures', deploymentId: primary.id, count },
    ...(isTold ? [{ type: 'tell', message: eventMessages.cannotStart } as const] : []),
  ];
}

/** What ends: drained deployments, the rollout, the unrest. */
export function closingSteps(
  snapshot: ServiceSnapshot,
  primary: DeploymentRecord,
  { desired, keepers, leaving, sick, stopping, live }: Situation,
): Step[] {
  const { service, deactivating, now, settings } = snapshot;
  const occupied = new Set([...live.map(({ deploymentId }) => deploymentId), ...deactivating]);
  const older = service.deployments.filter(({ id }) => id !== primary.id);
  const emptied = older.filter(({ id }) => !occupied.has(id));
  const isAlone =
    emptied.length === older.length && leaving.length + sick.length === 0 && keepers.length === desired;
  const isUp = isAlone && healthyCount(keepers) === desired;
  const isReady =
    isUp ||
    isEarlySuccess(service, {
      desired,
      healthy: healthyCount(keepers),
      hasOlderTasks: emptied.length < older.length,
    });
  const rollout = rolloutSteps(snapshot, primary, isReady);
  const steps: Step[] = [
    ...(isBaked(snapshot, primary, isReady)
      ? emptied.map(({ id }) => ({ type: 'drop-deployment', deploymentId: id }) as const)
      : []),
    ...rollout,
  ];

  const isQuiet =
    isAlone &&
    stopping.length + deactivating.length === 0 &&
    keepers.every(({ phase }) => phase === 'running');
  const wasTold = service.steadyAt !== undefined && now - service.steadyAt < settings.eventRepeatMs;
  const isComplete =
    primary.rolloutState === 'COMPLETED' || rollout.some(({ type }) => type === 'complete-deployment');
  if (isQuiet && isUp && isComplete && !wasTold) steps.push({ type: 'become-steady' });
  // Steadiness outlives a health check that has no opinion for a moment.
  if (!isQuiet && service.steadyAt !== undefined) steps.push({ type: 'become-unsteady' });
  return steps;
}

/** Something is being done, or will change by itself. */
export function isUnderWay(
  { deactivating }: ServiceSnapshot,
  { stopping, live }: Situation,
  stops: TasksToStop,
  start: StartPlan,
): boolean {
  return (
    stopping.length + deactivating.length > 0 ||
    stops.scaling.length + stops.unhealthy.length > 0 ||
    start.steps.length > 0 ||
    start.blockedUntil !== undefined ||
    live.some(({ phase, health }) => phase === 'pending' || health.type === 'unproven')
  );
}

/** Of a service of which nothing is under way: an event about what keeps it from what it should be. */
export function obstacleSteps(
  snapshot: ServiceSnapshot,
  primary: DeploymentRecord,
  situation: Situation,
): Step[] {
  const message = obstacleTo(situation, primary);
  if (message === undefined || isRepetition(snapshot.service.events, message, teller(snapshot))) return [];
  return [{ type: 'tell', message }];
}

function obstacleTo(situation: Situation, primary: DeploymentRecord): string | undefined {
  const { leaving, sick, missing, room, isStalled } = situation;
  if (isStalled) return undefined;
  const blocked = deploymentThatCannotScaleIn(situation, primary);
  if (blocked !== undefined) return eventMessages.tooManyProtected(blocked);
  const isLacking = leaving.some((task) => !isProtected(task)) || sick.length + missing > 0;
  return isLacking && (missing === 0 || room <= 0) ? eventMessages.deadlock : undefined;
}

const isProtected = ({ protectedUntil }: LiveTask): boolean => protectedUntil !== undefined;

/** The deployment that holds more protected tasks than it should have tasks; an older one should have none. */
function deploymentThatCannotScaleIn(
  { keepers, leaving, desired }: Situation,
  primary: DeploymentRecord,
): string | undefined {
  if (keepers.length > desired && keepers.filter(isProtected).length > desired) return primary.id;
  return leaving.find((task) => isProtected(task) && task.deploymentId !== primary.id)?.deploymentId;
}

export function stopStep(because: StopCause, taskIds: readonly string[]): Step[] {
  return taskIds.length === 0 ? [] : [{ type: 'stop', because, taskIds }];
}

export function lookAgain(
  snapshot: ServiceSnapshot,
  blockedUntil: number | undefined,
): { lookAgainAfterMs?: number } {
  const { service, live, now, settings } = snapshot;
  let nextAt = Math.min(blockedUntil ?? Number.POSITIVE_INFINITY, rolloutLookAt(snapshot));
  for (const { health, protectedUntil } of live) {
    if (health.type === 'unproven') nextAt = Math.min(nextAt, health.until ?? nextAt);
    nextAt = Math.min(nextAt, protectedUntil ?? nextAt);
  }
  const tellAt = (service.steadyAt ?? Number.POSITIVE_INFINITY) + settings.eventRepeatMs;
  if (tellAt > now) nextAt = Math.min(nextAt, tellAt);
  return Number.isFinite(nextAt) ? { lookAgainAfterMs: Math.max(1, nextAt - now) } : {};
}

const teller = ({ service, now, settings }: ServiceSnapshot) => ({
  serviceName: service.name,
  now,
  settings,
});
