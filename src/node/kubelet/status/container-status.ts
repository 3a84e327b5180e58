import { apiTime } from '../objects/object.ts';
import type {
  ContainerState,
  ContainerStatus,
  PodContainer,
  TerminatedState,
  VolumeMount,
} from '../objects/pod.ts';
import { readUserText } from '../pods/container-user.ts';
import { podLabels } from '../pods/names.ts';
import type { ContainerRun } from '../pods/pod-view.ts';

/** What is known of a container beside what the engine says. */
export interface ContainerFacts {
  /** Why it does not run yet, or not again. */
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly isStarted: boolean;
  readonly isReady: boolean;
  /** An init container that has succeeded is ready from then on. */
  readonly isReadyAtEnd?: boolean;
  /** `<repository>@<digest>` where the image has one; undefined: it is not known yet. */
  readonly imageId?: string;
  /** What runs has what it was given; else what was told of it last still holds. */
  readonly isSized: boolean;
  /** What a run said at its end, by attempt. */
  readonly messages: ReadonlyMap<number, string>;
}

/** The engine's exit code of a container that could not be started says nothing; containerd's kubelets have this. */
const startErrorExitCode = 128;
const never = '1970-01-01T00:00:00Z';

/**
 * @param runs Newest first.
 * @param before As the container's status was last told.
 * @param initial What it waits for before it was ever made.
 * @param scheme Of container ids: the runtime's name.
 */
export function containerStatus(
  { name, image = '', resources, volumeMounts = [] }: PodContainer,
  runs: readonly ContainerRun[],
  facts: ContainerFacts,
  {
    before,
    isOver,
    initial,
    scheme,
  }: {
    readonly before: ContainerStatus | undefined;
    /** Its pod is, and what is told of it stays so. */
    readonly isOver: boolean;
    readonly initial: string;
    readonly scheme: string;
  },
): ContainerStatus {
  const [run, previous] = runs;
  const common = {
    ...{ name, image, imageID: facts.imageId ?? before?.imageID ?? '' },
    ...(volumeMounts.length > 0 && { volumeMounts: volumeMounts.map(mountStatus) }),
  };
  if (run === undefined && isOver && before?.state?.terminated) return before;
  if (run === undefined) {
    const lost = lostState(before);
    const waiting = facts.waiting ?? { reason: initial };
    const restartCount = (before?.restartCount ?? 0) + (lost.isNew ? 1 : 0);
    return {
      ...{ ...common, state: { waiting }, lastState: lost.state, ready: false, started: false, restartCount },
    };
  }
  const id = `${scheme}://${run.container.runtimeId}`;
  const ended = previous && terminatedState(previous, facts, scheme);
  const lastState: ContainerState = ended ? { terminated: ended } : (before?.lastState ?? {});
  const { status } = run.container;
  const held = !facts.isSized && before?.containerID === id ? before.resources : resources;
  const linux = readUserText(run.container.labels[podLabels.user]);
  const told = {
    ...{ ...common, containerID: id, restartCount: run.attempt },
    ...(linux && { user: { linux } }),
    ...(resources?.requests && { allocatedResources: resources.requests }),
    ...(held && { resources: held }),
  };
  switch (status.state) {
    case 'created': {
      const waiting = facts.waiting ?? { reason: initial };
      return { ...told, state: { waiting }, lastState, ready: false, started: false };
    }
    case 'running': {
      const { isReady: ready, isStarted: started } = facts;
      return {
        ...told,
        state: { running: { startedAt: apiTime(status.startedAtMs) } },
        lastState,
        ready,
        started,
      };
    }
    case 'exited': {
      const terminated = terminatedState(run, facts, scheme);
      const unready = { ready: facts.isReadyAtEnd === true && status.exitCode === 0, started: false };
      if (facts.waiting === undefined || terminated === undefined)
        return { ...told, state: terminated ? { terminated } : {}, lastState, ...unready };
      return { ...told, state: { waiting: facts.waiting }, lastState: { terminated }, ...unready };
    }
  }
}

/** This node makes no mount read-only with what is mounted below it: who insists on that is not started. */
const mountStatus = ({ name, mountPath, readOnly }: VolumeMount): VolumeMount => ({
  ...{ name, mountPath },
  ...(readOnly && { readOnly, recursiveReadOnly: 'Disabled' }),
});

function terminatedState(
  run: ContainerRun,
  facts: ContainerFacts,
  scheme: string,
): TerminatedState | undefined {
  const { status, runtimeId } = run.container;
  if (status.state !== 'exited') return undefined;
  const { exitCode, startedAtMs, finishedAtMs, wasOutOfMemory, error } = status;
  const message = facts.messages.get(run.attempt);
  const containerID = `${scheme}://${runtimeId}`;
  const finishedAt = apiTime(finishedAtMs);
  if (error !== undefined && startedAtMs === undefined) {
    const failed = { exitCode: startErrorExitCode, reason: 'StartError', message: error };
    return { ...failed, startedAt: never, finishedAt, containerID };
  }
  const reason = wasOutOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
  const startedAt = startedAtMs === undefined ? never : apiTime(startedAtMs);
  return { exitCode, reason, ...(message && { message }), startedAt, finishedAt, containerID };
}

/** A container that was told of and is not there any more: somebody removed it. */
function lostState(before: ContainerStatus | undefined): { state: ContainerState; isNew: boolean } {
  const { state, lastState } = before ?? {};
  if (before?.containerID === undefined || !(state?.running ?? state?.terminated))
    return { state: lastState ?? {}, isNew: false };
  if (state.terminated) return { state: { terminated: state.terminated }, isNew: false };
  const terminated = {
    ...{ exitCode: 137, reason: 'ContainerStatusUnknown', startedAt: null, finishedAt: null },
    message: 'The container could not be located when the pod was deleted.  The container used to be Running',
  };
  return { state: { terminated }, isNew: true };
}
