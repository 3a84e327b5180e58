import type { Container } from '../../runtime/index.ts';
import { type ContainerOutcome, patchContainer, type TaskProgress } from '../state/task-record.ts';
import type { PlannedContainer, TaskPlan } from './plan.ts';
import { bindingsOf } from './task-view.ts';

/**
 * The legal changes of a task's progress, each a pure function from one to the next. What is final stays: an
 * outcome, having run, the first failure.
 */

/** What the engine says of a container that is there. `hasJustStarted`: by the word of the start itself. */
export function withObserved(
  progress: TaskProgress,
  container: PlannedContainer,
  observed: Container,
  hasJustStarted: boolean,
): TaskProgress {
  const before = progress.containers[container.name];
  const { status } = observed;
  const hasRun =
    status.state === 'running' || (status.state === 'exited' && status.startedAtMs !== undefined);
  return patchContainer(progress, container.name, {
    runtimeId: observed.runtimeId,
    hasStarted: (before?.hasStarted ?? false) || hasJustStarted || hasRun,
    ...(status.state === 'running' && { networkBindings: bindingsOf(container, observed) }),
  });
}

/** A container's end. The first essential one's is the end of the task's execution. */
export function withOutcome(
  progress: TaskProgress,
  container: PlannedContainer,
  outcome: ContainerOutcome,
): TaskProgress {
  const before = progress.containers[container.name];
  if (!before || before.outcome) return progress;
  const ended = patchContainer(progress, container.name, { outcome });
  const isExecutionOver = container.isEssential && before.hasStarted;
  return isExecutionOver && progress.executionStoppedAtMs === undefined
    ? { ...ended, executionStoppedAtMs: outcome.finishedAtMs }
    : ended;
}

/** The task's own reason is its first failure: its own, or an essential container's before RUNNING. */
export function withFailure(
  progress: TaskProgress,
  reason: string,
  container?: PlannedContainer,
): TaskProgress {
  const isTaskFailure = container === undefined || (container.isEssential && !progress.hasReachedRunning);
  return isTaskFailure && progress.failure === undefined ? { ...progress, failure: reason } : progress;
}

/** RUNNING means that every container has been started; one that could not and is not essential does not count. */
export function withRunning(progress: TaskProgress, plan: TaskPlan): TaskProgress {
  if (progress.hasReachedRunning) return progress;
  const isRunning = plan.containers.every(({ name, isEssential }) => {
    const container = progress.containers[name];
    return container?.hasStarted || (!isEssential && container?.outcome !== undefined);
  });
  return isRunning ? { ...progress, hasReachedRunning: true } : progress;
}

/** From the beginning of the first pull to the end of the last. */
export function withPull(progress: TaskProgress, startedAtMs: number, stoppedAtMs: number): TaskProgress {
  return {
    ...progress,
    pullStartedAtMs: Math.min(startedAtMs, progress.pullStartedAtMs ?? startedAtMs),
    pullStoppedAtMs: stoppedAtMs,
  };
}
