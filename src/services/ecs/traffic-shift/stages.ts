import type {
  DeploymentRecord,
  HookRecord,
  LifecycleRecord,
  LifecycleStage,
  TrafficRecord,
} from '../records.ts';

/**
 * The stages of a deployment that traffic is shifted to, and what leads from one to the next (Amazon ECS developer guide,
 * "Amazon ECS blue/green service deployments workflow"). The two stages of production traffic come once for each step.
 *
 * On the way back there are three: production traffic returns, then test traffic, and what failed is cleaned up.
 */

/** One that failed with nothing to go back to leaves what there is as it is, so both deployments are still kept. */
export function isShifting(primary: DeploymentRecord, deployments: readonly DeploymentRecord[]): boolean {
  const { lifecycle, rolloutState } = primary;
  if (lifecycle === undefined) return false;
  if (rolloutState === 'IN_PROGRESS') return true;
  return rolloutState === 'FAILED' && deployments.some(({ id }) => id === lifecycle.sourceId);
}

/** What of a look at the service decides. */
export interface Passage {
  readonly now: number;
  /** As many tasks as are desired, all of them healthy. */
  readonly isUp: boolean;
  /** One of its tasks is healthy, or none is wanted. */
  readonly canServe: boolean;
  /** The same of the deployment that traffic comes from; true when there is none. */
  readonly canSourceServe: boolean;
  /** No production traffic goes to where its tasks will be; on the way back, to where those of the one that failed are. */
  readonly isAtSource: boolean;
  /** Wherever traffic has been shifted to, a load balancer has found a target healthy since; or no task is wanted. */
  readonly isServed: boolean;
  /** There are deployments besides it and the one that traffic comes from. */
  readonly hasOthers: boolean;
  readonly hasTestRule: boolean;
  /** Of its stage. */
  readonly areHooksDone: boolean;
  readonly bakeMs: number;
}

export interface NextStage {
  readonly stage: LifecycleStage;
  /** What changes with it, in percent to the deployment. */
  readonly traffic?: Partial<TrafficRecord>;
}

/** Undefined: it stays where it is for now. */
export function nextStage(lifecycle: LifecycleRecord, passage: Passage): NextStage | undefined {
  if (!passage.areHooksDone) return undefined;
  return lifecycle.isRollback ? nextOnTheWayBack(lifecycle, passage) : nextOnTheWay(lifecycle, passage);
}

function nextOnTheWay(lifecycle: LifecycleRecord, passage: Passage): NextStage | undefined {
  const { isUp } = passage;
  switch (lifecycle.stage) {
    case undefined: {
      if (!passage.isAtSource && !passage.canSourceServe) return undefined;
      const returns = !passage.isAtSource &&
        lifecycle.sourceId !== undefined && { traffic: { production: 0 } };
      return { stage: passage.hasOthers ? 'RECONCILE_SERVICE' : 'PRE_SCALE_UP', ...returns };
    }
    case 'RECONCILE_SERVICE':
      return passage.hasOthers ? undefined : { stage: 'PRE_SCALE_UP' };
    case 'PRE_SCALE_UP':
      return { stage: 'SCALE_UP' };
    case 'SCALE_UP':
      return isUp ? { stage: 'POST_SCALE_UP' } : undefined;
    case 'POST_SCALE_UP': {
      const tests = passage.hasTestRule && { traffic: { test: 100 } };
      return isUp ? { stage: 'TEST_TRAFFIC_SHIFT', ...tests } : undefined;
    }
    case 'TEST_TRAFFIC_SHIFT':
      // Groups that no rule sent to before are looked at from now on: until then a load balancer answers 503.
      return passage.isServed || !passage.hasTestRule ? { stage: 'POST_TEST_TRAFFIC_SHIFT' } : undefined;
    case 'POST_TEST_TRAFFIC_SHIFT':
      return { stage: 'PRE_PRODUCTION_TRAFFIC_SHIFT' };
    case 'PRE_PRODUCTION_TRAFFIC_SHIFT': {
      const production = lifecycle.steps[lifecycle.stepsTaken] ?? 100;
      return isUp ? { stage: 'PRODUCTION_TRAFFIC_SHIFT', traffic: { production } } : undefined;
    }
    case 'PRODUCTION_TRAFFIC_SHIFT':
      if (!passage.isServed) return undefined;
      if (lifecycle.stepsTaken >= lifecycle.steps.length) return { stage: 'POST_PRODUCTION_TRAFFIC_SHIFT' };
      return passage.now >= endsAt(lifecycle, passage.bakeMs)
        ? { stage: 'PRE_PRODUCTION_TRAFFIC_SHIFT' }
        : undefined;
    case 'POST_PRODUCTION_TRAFFIC_SHIFT':
      return { stage: 'BAKE_TIME' };
    case 'BAKE_TIME':
      return isUp && passage.now >= endsAt(lifecycle, passage.bakeMs) ? { stage: 'CLEAN_UP' } : undefined;
    default:
      return undefined;
  }
}

function nextOnTheWayBack(
  { stage, traffic }: LifecycleRecord,
  { canServe, isAtSource, hasOthers }: Passage,
): NextStage | undefined {
  switch (stage) {
    case undefined:
      // What failed before it began may have found traffic that the deployment before it had left there.
      if (traffic.production === 100 && (isAtSource || !hasOthers))
        return { stage: 'PRODUCTION_TRAFFIC_SHIFT' };
      return canServe ? { stage: 'PRODUCTION_TRAFFIC_SHIFT', traffic: { production: 100 } } : undefined;
    case 'PRODUCTION_TRAFFIC_SHIFT':
      return traffic.test === undefined
        ? { stage: 'CLEAN_UP' }
        : { stage: 'TEST_TRAFFIC_SHIFT', traffic: { test: 100 } };
    default:
      return { stage: 'CLEAN_UP' };
  }
}

/** When the time of a stage that takes its time is over: at once, if it doesn't. */
export function endsAt({ stage, enteredAt, stepBakeMs }: LifecycleRecord, bakeMs: number): number {
  if (stage === 'PRODUCTION_TRAFFIC_SHIFT') return enteredAt + stepBakeMs;
  return stage === 'BAKE_TIME' ? enteredAt + bakeMs : enteredAt;
}

export function withStage(
  lifecycle: LifecycleRecord,
  { stage, traffic = {} }: NextStage,
  { now, hooks }: { readonly now: number; readonly hooks: readonly HookRecord[] },
): LifecycleRecord {
  const isStep = stage === 'PRODUCTION_TRAFFIC_SHIFT';
  return {
    ...lifecycle,
    stage,
    enteredAt: now,
    stepsTaken: lifecycle.stepsTaken + (isStep ? 1 : 0),
    traffic: { ...lifecycle.traffic, ...traffic },
    hooks,
  };
}

/** A stage that lasts longer has failed, and a deployment too ("Deployment lifecycle stages"; its quota). */
const longestStageMs = 24 * 3_600_000;
const longestDeploymentMs = 30 * longestStageMs;

/** When it has lasted too long. Nothing ends the time that is given to a bake. */
export function expiresAt(
  lifecycle: LifecycleRecord,
  { createdAt, bakeMs }: { readonly createdAt: number; readonly bakeMs: number },
): number {
  // A pause may be longer than a stage.
  const hooksEndAt = Math.max(0, ...lifecycle.hooks.map((hook) => hook.expiresAt + longestStageMs));
  const stageEndsAt = Math.max(endsAt(lifecycle, bakeMs) + longestStageMs, hooksEndAt);
  return Math.min(stageEndsAt, createdAt + longestDeploymentMs);
}
