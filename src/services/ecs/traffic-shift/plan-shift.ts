import type { ServicePlan, ServiceSnapshot, Step } from '../deployment/plan.ts';
import type { StartPlan } from '../deployment/planner.ts';
import {
  closingSteps,
  countSteps,
  failingSteps,
  followSteps,
  lookAgain,
  planService,
  planStart,
  stopStep,
} from '../deployment/planner.ts';
import { countFailures } from '../deployment/restart-throttle.ts';
import { alarmSteps, bakeTimeMs } from '../deployment/rollout.ts';
import { assess, healthyCount, type Situation } from '../deployment/situation.ts';
import { tasksToStop } from '../deployment/tasks-to-stop.ts';
import type { DeploymentRecord, LifecycleRecord } from '../records.ts';
import { areDone, hookFailure, isPending, settled } from './hooks.ts';
import { hasTestRule, routed } from './routes.ts';
import { endsAt, expiresAt, isShifting, type NextStage, nextStage, type Passage } from './stages.ts';

/**
 * The scheduler's decisions about a deployment that traffic is shifted to. Until it is cleaned up there are two
 * deployments, each kept at the service's desired count as if it were alone: the new one from SCALE_UP on, and the one
 * that traffic comes from all the time, so that it can come back.
 */
export function planReplica(snapshot: ServiceSnapshot): ServicePlan {
  const { service } = snapshot;
  const primary = service.deployments.find(({ status }) => status === 'PRIMARY');
  if (service.status !== 'ACTIVE' || primary?.lifecycle === undefined) return planService(snapshot);
  if (!isShifting(primary, service.deployments)) return planService(snapshot);
  return planShift(snapshot, primary, primary.lifecycle);
}

function planShift(
  snapshot: ServiceSnapshot,
  primary: DeploymentRecord,
  lifecycle: LifecycleRecord,
): ServicePlan {
  const { service } = snapshot;
  if (service.rebalancing !== undefined) return { steps: [{ type: 'stop-rebalancing' }] };
  const failing = failingSteps(snapshot, primary, countFailures(primary, snapshot));
  if (failing.length > 0) return { steps: failing };

  const current = snapshot.serviceDeployments.find(({ id }) => id === service.serviceDeploymentId);
  const hooks = lifecycle.hooks.map((hook) => settled(hook, current?.hookAnswers ?? {}, snapshot.now));
  if (hooks.some((hook, place) => hook !== lifecycle.hooks[place]))
    return { steps: [{ type: 'settle-hooks', deploymentId: primary.id, hooks }] };

  const source = service.deployments.find(({ id }) => id === lifecycle.sourceId);
  const others = service.deployments.filter(({ id }) => id !== primary.id && id !== source?.id);
  if (lifecycle.stage === 'CLEAN_UP') return planCleanUp(snapshot, primary);
  const own = kept(snapshot, primary, []);
  // What failed is not kept up, and goes when traffic has gone back.
  const beside = others.filter((other) => source !== undefined && groupsOf(other) === groupsOf(source));
  const before = source && !lifecycle.isRollback ? kept(snapshot, notGivenUp(source), beside) : undefined;
  const passage: Passage = {
    now: snapshot.now,
    isUp: isUp(own.situation),
    canServe: canServe(own.situation),
    canSourceServe: before === undefined || canServe(before.situation),
    isAtSource: snapshot.traffic?.isAtSource ?? true,
    isServed: service.desiredCount === 0 || (snapshot.traffic?.isServed ?? true),
    hasOthers: others.length > 0,
    hasTestRule: hasTestRule(routed(service, primary)),
    areHooksDone: areDone(lifecycle.hooks, lifecycle.isRollback),
    bakeMs: bakeTimeMs(snapshot),
  };
  const next = primary.rolloutState === 'IN_PROGRESS' ? nextStage(lifecycle, passage) : undefined;
  const failure = failureOf(snapshot, primary, lifecycle, next, passage);
  if (failure.length > 0) return { steps: failure };

  const steps: Step[] = [
    ...(isScaledUp(lifecycle) ? own.steps : []),
    ...(before?.steps ?? []),
    ...(lifecycle.stage === 'RECONCILE_SERVICE' ? leave(snapshot, others, beside) : []),
    ...(next === undefined ? [] : [{ type: 'enter-stage', deploymentId: primary.id, ...next } as const]),
    ...alarmSteps(snapshot, primary),
    ...followSteps(snapshot),
  ];
  const blockedUntil = Math.min(own.blockedUntil, before?.blockedUntil ?? Number.POSITIVE_INFINITY);
  return { steps, ...lookAgain(snapshot, nextLookAt(primary, lifecycle, passage, blockedUntil)) };
}

interface Kept {
  readonly situation: Situation;
  readonly steps: readonly Step[];
  readonly blockedUntil: number;
}

/** A deployment at the service's desired count. @param leaving Deployments of the same target groups that make way for it. */
function kept(
  snapshot: ServiceSnapshot,
  deployment: DeploymentRecord,
  leaving: readonly DeploymentRecord[],
): Kept {
  const ids = [deployment, ...leaving].map(({ id }) => id);
  const live = snapshot.live.filter(({ deploymentId }) => ids.includes(deploymentId));
  const situation = assess(snapshot.service, deployment, live);
  const count = countFailures(deployment, snapshot);
  const stops = tasksToStop(situation, snapshot.settings.maxBatch);
  const start: StartPlan = planStart(snapshot, deployment, count, situation);
  return {
    situation,
    steps: [
      ...countSteps(snapshot, deployment, count),
      ...stopStep('unhealthy', stops.unhealthy),
      ...stopStep('scaling', stops.scaling),
      ...start.steps,
    ],
    blockedUntil: start.blockedUntil ?? Number.POSITIVE_INFINITY,
  };
}

/** Nothing is started of one that is given up, unless traffic goes there until the next one has taken over. */
const notGivenUp = (source: DeploymentRecord): DeploymentRecord =>
  source.rolloutState === 'FAILED' ? { ...source, rolloutState: 'IN_PROGRESS' } : source;

const isUp = ({ keepers, desired }: Situation): boolean =>
  keepers.length === desired && healthyCount(keepers) === desired;

const canServe = ({ keepers, desired }: Situation): boolean => desired === 0 || healthyCount(keepers) > 0;

/** Where a deployment's tasks are, as a text: the same for those that share their traffic. */
const groupsOf = ({ loadBalancers = [], targetGroupArns }: DeploymentRecord): string =>
  (targetGroupArns ?? loadBalancers.map(({ targetGroupArn }) => targetGroupArn)).join(' ');

function isScaledUp({ stage, isRollback }: LifecycleRecord): boolean {
  return isRollback || !(stage === undefined || stage === 'RECONCILE_SERVICE' || stage === 'PRE_SCALE_UP');
}

/** All traffic goes to it. Whatever else there is stops, and it is complete. */
function planCleanUp(snapshot: ServiceSnapshot, primary: DeploymentRecord): ServicePlan {
  const { service, live } = snapshot;
  const own = kept(snapshot, primary, []);
  const others = service.deployments.filter(({ id }) => id !== primary.id);
  const closing = closingSteps(snapshot, primary, assess(service, primary, live));
  const steps = [
    ...own.steps,
    ...leave(snapshot, others, []).filter(({ type }) => type === 'stop'),
    ...closing,
    ...alarmSteps(snapshot, primary),
    ...followSteps(snapshot),
  ];
  return { steps, ...lookAgain(snapshot, own.blockedUntil) };
}

/** What nobody needs: no production traffic goes there. @param beside Those that do have some, with the source. */
function leave(
  { live, deactivating, settings }: ServiceSnapshot,
  others: readonly DeploymentRecord[],
  beside: readonly DeploymentRecord[],
): Step[] {
  const staying = new Set(beside.map(({ id }) => id));
  const occupied = new Set([...live.map(({ deploymentId }) => deploymentId), ...deactivating]);
  const ids = others.map(({ id }) => id);
  const stopped = live.filter(
    ({ deploymentId, isStopping, protectedUntil }) =>
      ids.includes(deploymentId) && !staying.has(deploymentId) && !isStopping && protectedUntil === undefined,
  );
  return [
    ...stopStep(
      'scaling',
      stopped.slice(0, settings.maxBatch).map(({ id }) => id),
    ),
    ...ids
      .filter((id) => !occupied.has(id))
      .map((id) => ({ type: 'drop-deployment', deploymentId: id }) as const),
  ];
}

/** What only a shift of traffic can fail by. */
function failureOf(
  { traffic, now }: ServiceSnapshot,
  primary: DeploymentRecord,
  lifecycle: LifecycleRecord,
  next: NextStage | undefined,
  { hasOthers, bakeMs }: Passage,
): Step[] {
  if (primary.rolloutState !== 'IN_PROGRESS') return [];
  const rollsBack = !lifecycle.isRollback;
  const failed = (cause: 'networking' | 'lifecycle', detail: string): Step[] => [
    {
      type: 'fail-deployment',
      deploymentId: primary.id,
      failure: { cause, detail, rollsBack, at: now },
      countedRevision: primary.countedRevision,
    },
  ];
  // Of two that serve traffic one may be what a deployment before this one left.
  const start = lifecycle.stage === undefined && rollsBack && !hasOthers ? traffic?.startObstacle : undefined;
  const isAsked = next?.traffic !== undefined || (lifecycle.stage === undefined && rollsBack);
  const obstacle = start ?? (isAsked ? traffic?.obstacle : undefined);
  if (obstacle !== undefined) return failed('networking', obstacle);
  const hook = rollsBack ? hookFailure(lifecycle.stage, lifecycle.hooks) : undefined;
  if (hook !== undefined) return failed('lifecycle', hook);
  if (now >= expiresAt(lifecycle, { createdAt: primary.createdAt, bakeMs }) && rollsBack)
    return failed('lifecycle', `the ${lifecycle.stage ?? 'first'} lifecycle stage timed out.`);
  return [];
}

/** Traffic has been shifted to where no target is healthy yet: so often it is looked at again. */
const lookForTargetsMs = 1_000;

function nextLookAt(
  { createdAt, rolloutState }: DeploymentRecord,
  lifecycle: LifecycleRecord,
  { now, bakeMs, isServed }: Passage,
  blockedUntil: number,
): number {
  if (rolloutState !== 'IN_PROGRESS') return blockedUntil;
  const isLookedFor = !isServed && lifecycle.stage?.endsWith('_TRAFFIC_SHIFT');
  const ends = endsAt(lifecycle, bakeMs);
  const expires = lifecycle.isRollback
    ? Number.POSITIVE_INFINITY
    : expiresAt(lifecycle, { createdAt, bakeMs });
  const pending = lifecycle.hooks.filter(isPending).map((hook) => hook.expiresAt);
  const looksAt = isLookedFor ? now + lookForTargetsMs : Number.POSITIVE_INFINITY;
  return Math.min(blockedUntil, looksAt, ends > now ? ends : expires, expires, ...pending);
}
