import { given } from '../given.ts';
import type { DeploymentRecord, LifecycleRecord, ServiceRecord } from '../records.ts';
import type { LaunchFailure } from '../task-launch.ts';
import { hooksOf } from '../traffic-shift/hooks.ts';
import { withStage } from '../traffic-shift/stages.ts';
import { failureWords } from './failure-words.ts';
import type { LiveTask } from './live-task.ts';
import { rolledBack, withoutPauses } from './new-deployment.ts';
import type { Step, StopCause } from './plan.ts';
import { pauseMs } from './scheduler-settings.ts';
import { eventMessages, isRepetition, launchFailed, type Teller, withEvent } from './service-events.ts';

/** What each step of a plan makes of the service's record. Tasks are started and stopped by `apply-plan.ts`. */
export function afterStep(
  service: ServiceRecord,
  step: Exclude<
    Step,
    {
      readonly type:
        | 'start'
        | 'stop'
        | 'follow-service'
        | 'start-rebalancing'
        | 'finish-rebalancing'
        | 'stop-rebalancing';
    }
  >,
  teller: Teller,
): ServiceRecord {
  const { now } = teller;
  switch (step.type) {
    case 'count-failures':
      return withDeployment(service, step.deploymentId, (deployment) => {
        const { lastFailureAt: _at, restart: _restart, ...rest } = deployment;
        const { failedTasks, failureCount, lastFailureAt, countedRevision, restart } = step.count;
        return {
          ...rest,
          failedTasks,
          failureCount,
          countedRevision,
          ...(lastFailureAt === undefined ? {} : { lastFailureAt }),
          ...(restart === undefined ? {} : { restart }),
        };
      });
    case 'drop-deployment':
      return { ...service, deployments: service.deployments.filter(({ id }) => id !== step.deploymentId) };
    case 'complete-deployment': {
      const completed = withDeployment(service, step.deploymentId, (deployment) => ({
        ...deployment,
        rolloutState: 'COMPLETED',
        rolloutStateReason: `ECS deployment ${deployment.id} completed.`,
        updatedAt: now,
      }));
      const lastCompleted = completed.deployments.find(({ id }) => id === step.deploymentId);
      return tell(
        { ...completed, ...given('lastCompleted', lastCompleted) },
        eventMessages.deploymentCompleted(step.deploymentId),
        teller,
      );
    }
    case 'enter-stage':
      return afterStage(service, step, teller);
    case 'settle-hooks':
      return withDeployment(service, step.deploymentId, ({ lifecycle, ...deployment }) => ({
        ...deployment,
        ...given('lifecycle', lifecycle && { ...lifecycle, hooks: step.hooks }),
      }));
    case 'note-alarms':
      return withDeployment(service, step.deploymentId, (deployment) => ({
        ...deployment,
        ignoredAlarms: step.alarmNames,
      }));
    case 'begin-bake':
      return withDeployment(service, step.deploymentId, (deployment) => ({
        ...deployment,
        bakeStartedAt: now,
      }));
    case 'fail-deployment':
      return afterFailure(service, step, teller);
    case 'tell':
      return tell(service, step.message, teller);
    case 'become-steady':
      return { ...tell(service, eventMessages.steady, teller), steadyAt: now };
    case 'become-unsteady': {
      const { steadyAt: _steadyAt, ...rest } = service;
      return rest;
    }
    case 'become-inactive': {
      const { steadyAt: _steadyAt, ...rest } = service;
      return { ...rest, status: 'INACTIVE', inactiveAt: now, deployments: [] };
    }
  }
}

/** In its last stage it is what a deployment after it goes back to. */
function afterStage(
  service: ServiceRecord,
  { deploymentId, ...next }: Extract<Step, { readonly type: 'enter-stage' }>,
  { now, newEventId }: Teller,
): ServiceRecord {
  const { lifecycleHooks = [] } = service.deploymentConfiguration;
  const entering = (lifecycle: LifecycleRecord): LifecycleRecord => {
    // On the way back, where traffic goes back.
    const isWaitedFor = !lifecycle.isRollback || next.traffic !== undefined;
    const hooks = isWaitedFor ? hooksOf(lifecycleHooks, next.stage, { now, newId: newEventId }) : [];
    return withStage(lifecycle, next, { now, hooks });
  };
  const after = withDeployment(service, deploymentId, ({ lifecycle, ...deployment }) => ({
    ...deployment,
    updatedAt: now,
    ...given('lifecycle', lifecycle && entering(lifecycle)),
  }));
  const entered = after.deployments.find(({ id }) => id === deploymentId);
  return next.stage === 'CLEAN_UP' && !entered?.lifecycle?.isRollback
    ? { ...after, ...given('lastCompleted', entered) }
    : after;
}

/** The deployment is given up; the one that completed last is PRIMARY again, if the failure says so and there is one. */
function afterFailure(
  service: ServiceRecord,
  { deploymentId, failure, countedRevision }: Extract<Step, { readonly type: 'fail-deployment' }>,
  teller: Teller,
): ServiceRecord {
  const words = failureWords(failure);
  const marked = withDeployment(service, deploymentId, (deployment) => ({
    ...withoutPauses(deployment),
    rolloutState: 'FAILED',
    rolloutStateReason: words.rolloutStateReason,
    failure,
    updatedAt: teller.now,
  }));
  const failed = tell(marked, eventMessages.deploymentFailed(deploymentId, words.event), teller);
  if (!failure.rollsBack || failed.lastCompleted === undefined) return failed;
  const { id } = failed.lastCompleted;
  const back = rolledBack(failed, failed.lastCompleted, {
    now: teller.now,
    reason: `${words.rollingBackTo} ${id}.`,
    countedRevision,
  });
  return tell(back, eventMessages.rollingBack(id), teller);
}

/** After tasks were asked to stop; those that failed their health checks count as failures. */
export function afterStop(
  service: ServiceRecord,
  because: StopCause,
  stopped: readonly LiveTask[],
  teller: Teller,
): ServiceRecord {
  let after = service;
  if (because === 'unhealthy') {
    for (const { id, deploymentId, health } of stopped) {
      const failedAt = health.type === 'unhealthy' ? health.since : teller.now;
      after = withDeployment(after, deploymentId, (deployment) => ({
        ...deployment,
        failedTasks: deployment.failedTasks + 1,
        failureCount: deployment.failureCount + 1,
        // A replacement that became healthy since then makes up for it.
        lastFailureAt: Math.max(deployment.lastFailureAt ?? 0, failedAt),
      }));
      const message =
        health.type === 'unhealthy' && health.target
          ? eventMessages.unhealthyTarget(id, health.target)
          : eventMessages.failedHealthChecks(id);
      after = tell(after, message, teller);
    }
  }
  const inPhase = (wanted: LiveTask['phase']) =>
    stopped.flatMap(({ id, phase }) => (phase === wanted ? id : []));
  const pending = inPhase('pending');
  if (pending.length > 0) after = tell(after, eventMessages.stoppedPending(pending), teller);
  const running = inPhase('running');
  return running.length > 0 ? tell(after, eventMessages.stopped(running), teller) : after;
}

export interface Launched {
  readonly deploymentId: string;
  readonly taskIds: readonly string[];
  readonly replacedUnhealthy: number;
  /** Why there are not as many as were asked for; empty when there are. */
  readonly failures: readonly LaunchFailure[];
  /** Highest store revision among the instances that were looked at. */
  readonly capacityRevision: number;
}

/** After a launch, of all or of some or of none. */
export function afterLaunch(service: ServiceRecord, launched: Launched, teller: Teller): ServiceRecord {
  const { taskIds } = launched;
  if (taskIds.length === 0) return withPlacementOutcome(service, launched, teller);
  const replaced = Math.min(launched.replacedUnhealthy, taskIds.length);
  return withPlacementOutcome(
    tell(service, eventMessages.started(taskIds, replaced), teller),
    launched,
    teller,
  );
}

/** Why tasks found no place is told, and kept for the pause before the next try; a launch of all ends the waiting. */
export function withPlacementOutcome(
  service: ServiceRecord,
  { deploymentId, taskIds, failures, capacityRevision }: Omit<Launched, 'replacedUnhealthy'>,
  teller: Teller,
): ServiceRecord {
  let after = service;
  if (failures.length > 0) {
    const message = launchFailed(failures);
    if (!isRepetition(after.events, message, teller)) after = tell(after, message, teller);
  }
  return withDeployment(after, deploymentId, (deployment) => {
    const { placement, ...rest } = deployment;
    if (failures.length === 0) return rest;
    const failed = (taskIds.length > 0 ? 0 : (placement?.failures ?? 0)) + 1;
    const { leastPlacementPauseMs, mostPlacementPauseMs } = teller.settings;
    const notBefore = teller.now + pauseMs(failed, leastPlacementPauseMs, mostPlacementPauseMs);
    return { ...rest, placement: { failures: failed, notBefore, capacityRevision } };
  });
}

export function tell(service: ServiceRecord, message: string, teller: Teller): ServiceRecord {
  return { ...service, events: withEvent(service.events, message, teller) };
}

function withDeployment(
  service: ServiceRecord,
  deploymentId: string,
  change: (deployment: DeploymentRecord) => DeploymentRecord,
): ServiceRecord {
  return {
    ...service,
    deployments: service.deployments.map((deployment) =>
      deployment.id === deploymentId ? change(deployment) : deployment,
    ),
  };
}
