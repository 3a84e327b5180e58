import type { Dependency, PlannedContainer, TaskPlan } from './plan.ts';

/**
 * The sandbox's state machine, as one pure decision: what is wanted, what is so, and the time give the steps that
 * may be taken now. Steps are idempotent and several may be under way at once, but never two on one container.
 * Whoever carries them out comes back with what has changed, or at `wakeAtMs`.
 */
export interface TaskView {
  readonly desired: 'RUNNING' | 'STOPPED';
  /** Waits for other tasks to give back what they hold. */
  readonly isBlocked: boolean;
  /** The task as a whole failed. */
  readonly hasFailed: boolean;
  readonly sandbox: SandboxView;
  readonly containers: Readonly<Record<string, ContainerView>>;
  /** When the remains may go; undefined while the control plane has not acknowledged STOPPED. */
  readonly removeAtMs?: number;
}

export interface SandboxView {
  readonly state: 'absent' | 'ready' | 'released' | 'removed';
  readonly isBusy: boolean;
  readonly notBeforeMs?: number;
}

export interface ContainerView {
  /** `exited` is what the engine says; `stopped` is what was made of it, and final. */
  readonly state: 'none' | 'pulled' | 'created' | 'running' | 'exited' | 'stopped';
  /** The step under way. */
  readonly busy?: Step['type'];
  /** Something happened to it: the engine must be asked before anything is decided. */
  readonly isStale: boolean;
  /** A step failed in a way that may pass: nothing before then. */
  readonly notBeforeMs?: number;
  /** It has run at some time. */
  readonly hasStarted: boolean;
  /** Of the last start. */
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly health?: 'STARTING' | 'HEALTHY' | 'UNHEALTHY';
  readonly exitCode?: number;
}

export type Step =
  /** Makes sure that the image is there. */
  | { readonly type: 'pull'; readonly container: string }
  | { readonly type: 'cancel-pull'; readonly container: string }
  | { readonly type: 'create-sandbox' }
  | { readonly type: 'create'; readonly container: string }
  | { readonly type: 'start'; readonly container: string }
  | { readonly type: 'restart'; readonly container: string }
  | { readonly type: 'stop'; readonly container: string; readonly timeoutSeconds: number }
  | { readonly type: 'inspect'; readonly container: string }
  /** Its end is final: by its own exit, or because it will never be started (`reason`). */
  | { readonly type: 'settle'; readonly container: string; readonly reason?: string }
  | { readonly type: 'fail-task'; readonly reason: string }
  | { readonly type: 'release-sandbox' }
  | { readonly type: 'remove' };

export interface Decision {
  readonly steps: readonly Step[];
  readonly wakeAtMs?: number;
}

export function decide(plan: TaskPlan, view: TaskView, nowMs: number): Decision {
  const isStopping = isTaskStopping(plan, view);
  const decisions = [
    ...plan.containers.map((container) => decideContainer(plan, container, view, isStopping, nowMs)),
    decideSandbox(plan, view, isStopping, nowMs),
  ];
  const steps = decisions.flatMap((decision) => decision.steps);
  const wakes = decisions.flatMap((decision) => (decision.wakeAtMs === undefined ? [] : [decision.wakeAtMs]));
  return wakes.length === 0 ? { steps } : { steps, wakeAtMs: Math.min(...wakes) };
}

/** Any essential container's end, whatever its exit code, ends the task. */
export function isTaskStopping(plan: TaskPlan, view: TaskView): boolean {
  return (
    view.desired === 'STOPPED' ||
    view.hasFailed ||
    plan.containers.some(
      (container) => container.isEssential && view.containers[container.name]?.state === 'stopped',
    )
  );
}

const nothing: Decision = { steps: [] };
const take = (step: Step): Decision => ({ steps: [step] });
const waitUntil = (wakeAtMs: number): Decision => ({ steps: [], wakeAtMs });

function decideContainer(
  plan: TaskPlan,
  container: PlannedContainer,
  view: TaskView,
  isStopping: boolean,
  nowMs: number,
): Decision {
  const { name } = container;
  const seen = view.containers[name];
  if (!seen || seen.state === 'stopped') return nothing;
  if (seen.busy !== undefined) {
    return isStopping && seen.busy === 'pull' ? take({ type: 'cancel-pull', container: name }) : nothing;
  }
  if (seen.notBeforeMs !== undefined && seen.notBeforeMs > nowMs) return waitUntil(seen.notBeforeMs);
  if (seen.isStale) {
    // One that waits to be started need not be looked at before: starting what runs is success, and says all.
    const mayStart = seen.state === 'created' && !isStopping && !view.isBlocked;
    const decision = mayStart ? decideStart(plan, container, view, nowMs) : nothing;
    return decision.steps[0]?.type === 'start' ? decision : take({ type: 'inspect', container: name });
  }
  if (seen.state === 'exited') {
    return take({ type: !isStopping && mayRestart(container, seen) ? 'restart' : 'settle', container: name });
  }
  if (isStopping) {
    if (seen.state !== 'running') return take({ type: 'settle', container: name });
    return dependentsOf(plan, name).every((other) => view.containers[other]?.state === 'stopped')
      ? take({ type: 'stop', container: name, timeoutSeconds: container.stopTimeoutSeconds })
      : nothing;
  }
  if (view.isBlocked) return nothing;
  switch (seen.state) {
    case 'none':
      return take({ type: 'pull', container: name });
    case 'pulled':
    case 'created':
      return decideStart(plan, container, view, nowMs);
    case 'running':
      return nothing;
  }
}

/** Made as early as possible, started when its dependencies are met, given up when they never can be. */
function decideStart(plan: TaskPlan, container: PlannedContainer, view: TaskView, nowMs: number): Decision {
  const waits: number[] = [];
  let isWaiting = false;
  for (const dependency of container.dependencies) {
    const verdict = judge(plan, dependency, view, nowMs);
    switch (verdict.type) {
      case 'met':
        break;
      case 'waiting':
        isWaiting = true;
        if (verdict.untilMs !== undefined) waits.push(verdict.untilMs);
        break;
      case 'impossible': {
        const reason = `CannotStartContainerError: dependency graph: failed to resolve container ordering dependency [${dependency.on}] for target [${container.name}] as ${verdict.because}`;
        return take({ type: 'settle', container: container.name, reason });
      }
      case 'timed-out': {
        const reason = `TaskDependencyError: container ordering dependency [${dependency.on}] for target [${container.name}] has timed out`;
        return {
          steps: [
            { type: 'settle', container: container.name, reason },
            { type: 'fail-task', reason },
          ],
        };
      }
    }
  }
  if (view.containers[container.name]?.state === 'pulled') {
    const isPossible =
      view.sandbox.state === 'ready' && container.madeAfter.every((other) => isMade(view.containers[other]));
    if (isPossible) return take({ type: 'create', container: container.name });
  } else if (!isWaiting) {
    return take({ type: 'start', container: container.name });
  }
  return waits.length === 0 ? nothing : waitUntil(Math.min(...waits));
}

type Verdict =
  | { readonly type: 'met' }
  | { readonly type: 'waiting'; readonly untilMs?: number }
  | { readonly type: 'impossible'; readonly because: string }
  | { readonly type: 'timed-out' };

/**
 * Whether a dependency's condition is met. `startTimeout` stands on the container that is waited for and runs from
 * its start; START is met by then, so the timeout is about the other three.
 */
function judge(plan: TaskPlan, { on, condition }: Dependency, view: TaskView, nowMs: number): Verdict {
  const target = view.containers[on];
  if (!target) return { type: 'impossible', because: 'it is not in the task' };
  if (isConditionMet(condition, target)) return { type: 'met' };
  if (target.state === 'stopped') {
    return { type: 'impossible', because: unmetReasons[condition] };
  }
  const timeoutMs = plan.containers.find((container) => container.name === on)?.startTimeoutMs;
  if (timeoutMs === undefined || condition === 'START' || target.startedAtMs === undefined) {
    return { type: 'waiting' };
  }
  const untilMs = target.startedAtMs + timeoutMs;
  return untilMs <= nowMs ? { type: 'timed-out' } : { type: 'waiting', untilMs };
}

/** Exits count only once they are final: a container that will be restarted has not completed. */
export function isConditionMet(condition: Dependency['condition'], target: ContainerView): boolean {
  switch (condition) {
    case 'START':
      return target.hasStarted;
    case 'COMPLETE':
      return target.state === 'stopped' && target.hasStarted;
    case 'SUCCESS':
      return target.state === 'stopped' && target.hasStarted && target.exitCode === 0;
    case 'HEALTHY':
      return target.state === 'running' && target.health === 'HEALTHY';
  }
}

const unmetReasons: Readonly<Record<Dependency['condition'], string>> = {
  START: 'dependency did not start',
  COMPLETE: 'dependency never ran',
  SUCCESS: 'dependency did not exit successfully',
  HEALTHY: 'dependency stopped before it was healthy',
};

/** ECS developer guide, "Restart individual containers": ran long enough, and not with an ignored exit code. */
function mayRestart(container: PlannedContainer, seen: ContainerView): boolean {
  const policy = container.restartPolicy;
  if (!policy || seen.exitCode === undefined) return false;
  if (seen.startedAtMs === undefined || seen.finishedAtMs === undefined) return false;
  if (policy.ignoredExitCodes.includes(seen.exitCode)) return false;
  return seen.finishedAtMs - seen.startedAtMs >= policy.attemptPeriodSeconds * 1000;
}

function isMade(seen: ContainerView | undefined): boolean {
  if (seen === undefined || seen.state === 'none' || seen.state === 'pulled') return false;
  return seen.state !== 'stopped' || seen.hasStarted;
}

export function dependentsOf(plan: TaskPlan, name: string): readonly string[] {
  return plan.containers
    .filter((container) => container.dependencies.some((dependency) => dependency.on === name))
    .map((container) => container.name);
}

function decideSandbox(plan: TaskPlan, view: TaskView, isStopping: boolean, nowMs: number): Decision {
  const { sandbox } = view;
  if (sandbox.isBusy || sandbox.state === 'removed') return nothing;
  if (sandbox.notBeforeMs !== undefined && sandbox.notBeforeMs > nowMs) return waitUntil(sandbox.notBeforeMs);
  if (sandbox.state === 'released') {
    if (view.removeAtMs === undefined) return nothing;
    return view.removeAtMs <= nowMs ? take({ type: 'remove' }) : waitUntil(view.removeAtMs);
  }
  const states = plan.containers.map((container) => view.containers[container.name]?.state);
  if (states.every((state) => state === 'stopped')) return take({ type: 'release-sandbox' });
  const isNeeded = states.some((state) => state === 'none' || state === 'pulled' || state === 'created');
  return sandbox.state === 'absent' && isNeeded && !isStopping && !view.isBlocked
    ? take({ type: 'create-sandbox' })
    : nothing;
}
