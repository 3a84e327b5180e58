import { allContainers, type Pod, type PodContainer } from '../objects/pod.ts';
import { podLabels } from './names.ts';
import {
  type ContainerRun,
  exitCodeOf,
  isRunning,
  latestRun,
  type PodSandbox,
  type PodView,
} from './pod-view.ts';
import { isSidecar, isToRestart } from './restart-policy.ts';

/** Of what ends by SIGKILL. */
const killedExitCode = 137;

/** What probes and hooks say of a container that runs. */
export interface ContainerHealth {
  /** Its startup probe has passed, or it has none. */
  readonly isStarted: boolean;
  /** Only a new run has what its pod has been given. */
  readonly isOutgrown?: boolean;
  /** It is to be killed: why, e.g. `Container c failed liveness probe`, and within how long, if not the pod's own time. */
  readonly failure?: { readonly why: string; readonly graceSeconds?: number };
}

/** What is to be done for a pod now, in this order. */
export interface PodPlan {
  /** The sandbox is lost: what still runs in an old one is killed, and a new one made. */
  readonly sandbox:
    | { readonly do: 'keep'; readonly sandbox: PodSandbox }
    | { readonly do: 'make'; readonly attempt: number }
    /** There is nothing left to run, so none is made. */
    | { readonly do: 'nothing' };
  readonly kill: readonly {
    readonly run: ContainerRun;
    readonly container: PodContainer;
    readonly why: string;
    readonly graceSeconds?: number;
  }[];
  /** Each once what it follows is there; what ended before is started anew after its back-off. */
  readonly start: readonly PodContainer[];
  /** Nothing runs and nothing will: the pod has ended. */
  readonly isOver: boolean;
}

/**
 * What a pod that is to run needs: first its sandbox, then its init containers one after the other, then all others.
 * Deciding again changes nothing but what has changed.
 * @param healthOf Of a container that runs.
 */
export function planPod(pod: Pod, view: PodView, healthOf: (run: ContainerRun) => ContainerHealth): PodPlan {
  const [newest] = view.sandboxes;
  const hasSandbox = newest?.isRunning ?? false;
  const current = newest?.attempt ?? -1;
  // What ran in a sandbox that is lost does not run any more, and begins anew where it may.
  const inSandbox = (name: string): ContainerRun | undefined => {
    const run = latestRun(view, name);
    return run !== undefined && hasSandbox && run.sandboxAttempt === current ? run : undefined;
  };
  const wanted = wantedContainers(pod, view, inSandbox, healthOf);
  if (wanted.isOver) return { sandbox: keep(newest, hasSandbox), kill: [], start: [], isOver: true };
  if (!hasSandbox) {
    const kill = lostRuns(pod, view);
    if (wanted.start.length === 0) return { sandbox: { do: 'nothing' }, kill, start: [], isOver: false };
    return { sandbox: { do: 'make', attempt: current + 1 }, kill, start: wanted.start, isOver: false };
  }
  return { sandbox: keep(newest, hasSandbox), kill: wanted.kill, start: wanted.start, isOver: false };
}

function keep(sandbox: PodSandbox | undefined, isThere: boolean): PodPlan['sandbox'] {
  return sandbox !== undefined && isThere ? { do: 'keep', sandbox } : { do: 'nothing' };
}

interface Wanted {
  readonly kill: PodPlan['kill'];
  readonly start: readonly PodContainer[];
  readonly isOver: boolean;
}

function wantedContainers(
  pod: Pod,
  view: PodView,
  inSandbox: (name: string) => ContainerRun | undefined,
  healthOf: (run: ContainerRun) => ContainerHealth,
): Wanted {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const kill: PodPlan['kill'][number][] = [];
  const start: PodContainer[] = [];
  const over = { kill: [], start: [], isOver: true };
  if (isWorkOver(pod, view)) return over;

  // As upstream, also while init containers are at it: it may be those that are looked into.
  for (const container of ephemeralContainers) {
    if (latestRun(view, container.name) === undefined) start.push(container);
  }

  const hasInitialized = containers.some(({ name }) => inSandbox(name) !== undefined);
  for (const container of initContainers) {
    const run = inSandbox(container.name);
    if (!isSidecar(container) && hasInitialized) continue;
    if (isRunning(run) && run) {
      const { failure, isStarted, isOutgrown } = healthOf(run);
      if (failure) kill.push(killed(pod, container, run, failure, true));
      else if (isOutgrown && isSidecar(container)) kill.push(outgrown(container, run));
      else if (isSidecar(container) && isAnother(pod, container, run)) kill.push(redefined(container, run));
      if ((!isSidecar(container) || !isStarted) && !hasInitialized) return { kill, start, isOver: false };
      continue;
    }
    const exitCode = exitCodeOf(run);
    if (exitCode === 0 && !isSidecar(container)) continue;
    if (exitCode !== undefined && !isToRestart(pod, container, exitCode, true)) return over;
    start.push(container);
    if (!hasInitialized) return { kill, start, isOver: false };
  }
  for (const container of containers) {
    const run = inSandbox(container.name);
    if (run !== undefined && isRunning(run)) {
      const { failure, isOutgrown } = healthOf(run);
      if (failure) kill.push(killed(pod, container, run, failure, false));
      else if (isOutgrown) kill.push(outgrown(container, run));
      else if (isAnother(pod, container, run)) kill.push(redefined(container, run));
      continue;
    }
    const last = exitCodeOf(latestRun(view, container.name));
    if (last === undefined || isToRestart(pod, container, last)) start.push(container);
  }
  return { kill, start, isOver: false };
}

/** Whether each container has run to its end and none is to run again, or an init container has failed for good. */
function isWorkOver(pod: Pod, view: PodView): boolean {
  const { containers, initContainers = [] } = pod.spec;
  const hasEnded = (container: PodContainer, isInit: boolean): boolean => {
    const exitCode = exitCodeOf(latestRun(view, container.name));
    return exitCode !== undefined && !isToRestart(pod, container, exitCode, isInit);
  };
  const hasFailedInit = initContainers.some((container) => {
    const exitCode = exitCodeOf(latestRun(view, container.name));
    return exitCode !== undefined && exitCode !== 0 && hasEnded(container, true);
  });
  return hasFailedInit || containers.every((container) => hasEnded(container, false));
}

function killed(
  pod: Pod,
  container: PodContainer,
  run: ContainerRun,
  { why, ...grace }: NonNullable<ContainerHealth['failure']>,
  isInit: boolean,
): PodPlan['kill'][number] {
  const isRestarted = isToRestart(pod, container, killedExitCode, isInit);
  return { run, container, why: isRestarted ? `${why}, will be restarted` : why, ...grace };
}

function outgrown(container: PodContainer, run: ContainerRun): PodPlan['kill'][number] {
  return { run, container, why: `Container ${container.name} resize requires restart` };
}

/** It runs another image than it is to, and would run again however it ends. */
function isAnother(pod: Pod, container: PodContainer, { container: { labels } }: ContainerRun): boolean {
  const image = labels[podLabels.image];
  return image !== undefined && image !== (container.image ?? '') && isToRestart(pod, container, 0);
}

function redefined(container: PodContainer, run: ContainerRun): PodPlan['kill'][number] {
  return { run, container, why: `Container ${container.name} definition changed, will be restarted` };
}

function lostRuns(pod: Pod, view: PodView): PodPlan['kill'] {
  return allContainers(pod.spec).flatMap((container) => {
    const run = latestRun(view, container.name);
    return run !== undefined && isRunning(run)
      ? [{ run, container, why: 'Pod sandbox changed, it will be killed and re-created.' }]
      : [];
  });
}
