import type {
  DeploymentAlarmsReading,
  DeploymentFailure,
  DeploymentRecord,
  ServiceRecord,
} from '../records.ts';
import { hasTripped } from './circuit-breaker.ts';
import type { ServiceSnapshot, Step } from './plan.ts';
import type { FailureCount } from './restart-throttle.ts';

/**
 * Whether a rollout has failed, and when it is complete.
 *
 * Alarms (Amazon ECS developer guide, "How CloudWatch alarms detect Amazon ECS deployment failures"): one in ALARM fails
 * the deployment, unless it was in ALARM when the deployment began. When the tasks are up they are watched for the bake
 * time on, which is as long as the longest of the alarms looks back unless `bakeTimeInMinutes` says.
 */

/** Why the rollout is to be given up now, if it is. Somebody's request comes before what is measured. */
export function failureOf(
  snapshot: ServiceSnapshot,
  primary: DeploymentRecord,
  count: FailureCount,
): DeploymentFailure | undefined {
  const { service, desired, serviceDeployments, now: at } = snapshot;
  // Once the older tasks go there is no way back.
  if (primary.rolloutState !== 'IN_PROGRESS' || primary.lifecycle?.stage === 'CLEAN_UP') return undefined;
  const current = serviceDeployments.find(({ id }) => id === service.serviceDeploymentId);
  if (current?.target.deploymentId === primary.id) {
    if (current.status === 'ROLLBACK_REQUESTED') return { cause: 'user-request', rollsBack: true, at };
    if (current.status === 'STOP_REQUESTED') return { cause: 'user-request', rollsBack: false, at };
  }
  const { deploymentCircuitBreaker: breaker, alarms } = service.deploymentConfiguration;
  if (hasTripped(breaker, desired, count))
    return { cause: 'circuit-breaker', rollsBack: breaker.rollback, at };
  const alarmNames = namesInAlarm(snapshot).filter((name) => !primary.ignoredAlarms?.includes(name));
  return alarmNames.length > 0 && primary.ignoredAlarms !== undefined
    ? { cause: 'alarm', rollsBack: alarms?.rollback ?? false, alarmNames, at }
    : undefined;
}

function namesInAlarm({ alarms }: ServiceSnapshot): readonly string[] {
  return [...alarms].flatMap(([name, { state }]) => (state === 'ALARM' ? name : []));
}

/** Whose states matter now: those of a rollout that is watched. */
export function watchedAlarms({ deployments, deploymentConfiguration }: ServiceRecord): readonly string[] {
  const { alarms } = deploymentConfiguration;
  const isInProgress = deployments.some(
    ({ status, rolloutState }) => status === 'PRIMARY' && rolloutState === 'IN_PROGRESS',
  );
  return alarms?.enable && isInProgress ? alarms.alarmNames : [];
}

/** At the first look at a rollout that is watched: what is in ALARM then has nothing to do with it. */
export function alarmSteps(snapshot: ServiceSnapshot, primary: DeploymentRecord): Step[] {
  if (watchedAlarms(snapshot.service).length === 0 || primary.ignoredAlarms !== undefined) return [];
  return [{ type: 'note-alarms', deploymentId: primary.id, alarmNames: namesInAlarm(snapshot) }];
}

/**
 * Whether enough of the rollout is there for its criteria of early success; the rest follows when it is complete. Only
 * the healthy tasks of the PRIMARY deployment count.
 */
export function isEarlySuccess(
  { deploymentConfiguration: { earlySuccessCriteria: criteria } }: ServiceRecord,
  rollout: { readonly desired: number; readonly healthy: number; readonly hasOlderTasks: boolean },
): boolean {
  if (!criteria?.enable) return false;
  const { desired, healthy, hasOlderTasks } = rollout;
  const isCleanedUp = criteria.sourceServiceRevisionCleanup === 'DEFERRED' || !hasOlderTasks;
  return isCleanedUp && healthy >= Math.ceil((desired * criteria.healthyPercent) / 100);
}

/** `isReady`: every task that is wanted is there and healthy, and no other; or as many as early success wants. */
export function rolloutSteps(snapshot: ServiceSnapshot, primary: DeploymentRecord, isReady: boolean): Step[] {
  const { id: deploymentId, rolloutState, bakeStartedAt } = primary;
  if (!isReady || rolloutState !== 'IN_PROGRESS') return [];
  const bakeMs = bakeLeftMs(snapshot, primary);
  if (bakeMs === 0 || (bakeStartedAt !== undefined && bakeStartedAt + bakeMs <= snapshot.now))
    return [{ type: 'complete-deployment', deploymentId }];
  return bakeStartedAt === undefined ? [{ type: 'begin-bake', deploymentId }] : [];
}

/** Older deployments stay listed, without tasks, until the bake time is over. */
export function isBaked(snapshot: ServiceSnapshot, primary: DeploymentRecord, isReady: boolean): boolean {
  if (primary.rolloutState !== 'IN_PROGRESS' || bakeLeftMs(snapshot, primary) === 0) return true;
  return rolloutSteps(snapshot, primary, isReady).some(({ type }) => type === 'complete-deployment');
}

/** A deployment that traffic was shifted to has had its bake time before the older tasks go. */
function bakeLeftMs(snapshot: ServiceSnapshot, { lifecycle }: DeploymentRecord): number {
  return lifecycle === undefined ? bakeTimeMs(snapshot) : 0;
}

/** How long a deployment is watched before it counts as successful. */
export function bakeTimeMs({ service, alarms }: ServiceSnapshot): number {
  const { bakeTimeInMinutes } = service.deploymentConfiguration;
  if (bakeTimeInMinutes > 0) return bakeTimeInMinutes * 60_000;
  return Math.max(0, ...[...alarms.values()].map(({ evaluationMs }) => evaluationMs));
}

/** When the rollout is worth another look though nothing has changed; infinite when it isn't. */
export function rolloutLookAt(snapshot: ServiceSnapshot): number {
  const { service, now, settings } = snapshot;
  const primary = service.deployments.find(({ status }) => status === 'PRIMARY');
  if (primary?.rolloutState !== 'IN_PROGRESS') return Number.POSITIVE_INFINITY;
  const bakedAt = (primary.bakeStartedAt ?? Number.POSITIVE_INFINITY) + bakeTimeMs(snapshot);
  const polledAt = snapshot.alarms.size > 0 ? now + settings.alarmPollMs : Number.POSITIVE_INFINITY;
  return Math.min(bakedAt > now ? bakedAt : Number.POSITIVE_INFINITY, polledAt);
}

export function alarmsReading(
  { deploymentConfiguration: { alarms } }: ServiceRecord,
  { failure }: DeploymentRecord,
): DeploymentAlarmsReading {
  const isTriggered = failure?.cause === 'alarm';
  return {
    status: isTriggered ? 'TRIGGERED' : alarms?.enable ? 'MONITORING' : 'DISABLED',
    alarmNames: alarms?.alarmNames ?? [],
    triggeredAlarmNames: failure?.alarmNames ?? [],
  };
}
