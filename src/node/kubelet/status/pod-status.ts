import { apiTime } from '../objects/object.ts';
import type { ContainerStatus, Pod, PodContainer, PodPhase, PodStatus } from '../objects/pod.ts';
import type { PodEnd } from '../pods/pod-end.ts';
import { allRuns, type ContainerRun, exitCodeOf, isRunning, type PodView } from '../pods/pod-view.ts';
import { isToRestart } from '../pods/restart-policy.ts';
import { qosOf } from '../resources/qos.ts';
import type { ResizeProgress } from '../resources/resizes.ts';
import { podConditions } from './conditions.ts';
import { type ContainerFacts, containerStatus } from './container-status.ts';
import { podPhase } from './phase.ts';

/** What a pod's status is made from, beside the pod. */
export interface StatusInputs {
  readonly view: PodView;
  factsOf(container: PodContainer): ContainerFacts;
  readonly hostIp: string;
  /** Its last one, also when it has ended. Absent: it has none yet. */
  readonly podIp: string | undefined;
  /** It has been ended by the node: with this reason it has failed, once nothing of it runs. */
  readonly end?: PodEnd;
  readonly resize: ResizeProgress;
  /** Nothing of it will run again. */
  readonly isEnding: boolean;
  /** Of container ids: the runtime's name. */
  readonly scheme: string;
  readonly nowMs: number;
}

/** The status that the kubelet tells of a pod. @param before As it told it last. */
export function podStatus(pod: Pod, before: PodStatus, inputs: StatusInputs): PodStatus {
  const { view, hostIp, podIp, end, nowMs } = inputs;
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  // As upstream, of init containers as well.
  const initial = initContainers.length === 0 ? 'ContainerCreating' : 'PodInitializing';
  const of = (list: readonly PodContainer[], earlier: readonly ContainerStatus[] = []): ContainerStatus[] =>
    list.map((container) => {
      const runs = view.runs.get(container.name) ?? [];
      return containerStatus(container, runs, factsOf(pod, container, runs, inputs), {
        before: earlier.find(({ name }) => name === container.name),
        isOver: isOver(before.phase),
        initial,
        scheme: inputs.scheme,
      });
    });
  const told = of(containers, before.containerStatuses);
  const toldInit = of(initContainers, before.initContainerStatuses);
  const toldEphemeral = of(ephemeralContainers, before.ephemeralContainerStatuses);
  const statuses = new Map([...told, ...toldInit].map((status) => [status.name, status]));
  const phase = endedPhase(pod, before, statuses, inputs);
  const sandbox = view.sandboxes[0];
  const { generation } = pod.metadata;
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    phase,
    conditions: podConditions(pod, before.conditions ?? pod.status?.conditions ?? [], {
      ...{ phase, statuses, nowMs, resize: inputs.resize },
      ...(end?.disruption !== undefined && { disruption: end.disruption }),
      hasSandbox: (sandbox?.isRunning ?? false) && podIp !== undefined,
    }),
    ...(isOver(phase) && endOf(before, end)),
    ...{ hostIP: hostIp, hostIPs: [{ ip: hostIp }] },
    ...(podIp !== undefined && { podIP: podIp, podIPs: [{ ip: podIp }] }),
    startTime: before.startTime ?? apiTime(nowMs),
    ...(initContainers.length > 0 && { initContainerStatuses: toldInit }),
    containerStatuses: isOver(phase) && hasInitialized(toldInit, told) ? told.map(ended) : told,
    ...(ephemeralContainers.length > 0 && { ephemeralContainerStatuses: toldEphemeral }),
    qosClass: qosOf(pod),
  };
}

/** As upstream: of a container that was never seen to end, its pod's end tells no more than this. */
function ended(status: ContainerStatus): ContainerStatus {
  if (status.state?.terminated) return status;
  const terminated = {
    ...{ exitCode: 137, reason: 'ContainerStatusUnknown', startedAt: null, finishedAt: null },
    message: 'The container could not be located when the pod was terminated',
  };
  return { ...status, state: { terminated }, ready: false, started: false };
}

function hasInitialized(init: readonly ContainerStatus[], others: readonly ContainerStatus[]): boolean {
  if (init.length === 0 || init.at(-1)?.state?.terminated?.exitCode === 0) return true;
  return others.some(({ state, lastState }) => state?.waiting === undefined || lastState?.terminated);
}

/** What has ended for good waits for nothing, also when it could not be started. */
function factsOf(
  pod: Pod,
  container: PodContainer,
  [run]: readonly ContainerRun[],
  inputs: StatusInputs,
): ContainerFacts {
  const { waiting, ...facts } = inputs.factsOf(container);
  const exitCode = exitCodeOf(run);
  const isInit = pod.spec.initContainers?.includes(container) ?? false;
  const isDone = exitCode !== undefined && !isToRestart(pod, container, exitCode, isInit);
  return { ...facts, ...(waiting && !isDone && { waiting }) };
}

/** Why the node has ended it, also when that was an earlier kubelet; as upstream, not before it is over. */
function endOf(before: PodStatus, end: PodEnd | undefined): Pick<PodStatus, 'reason' | 'message'> {
  const { reason, message } = end ?? (isOver(before.phase) ? before : {});
  return { ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) };
}

/** A pod is over only when nothing of it runs, and once it is over it stays so. */
function endedPhase(
  pod: Pod,
  before: PodStatus,
  statuses: ReadonlyMap<string, ContainerStatus>,
  { view, end, isEnding }: StatusInputs,
): PodPhase {
  if (isOver(before.phase)) return before.phase;
  const stillRuns = allRuns(view).some(isRunning);
  const phase = end ? 'Failed' : podPhase(pod, statuses, isEnding && !stillRuns);
  return isOver(phase) && stillRuns ? (before.phase ?? 'Pending') : phase;
}

export function isOver(phase: PodPhase | undefined): phase is 'Succeeded' | 'Failed' {
  return phase === 'Succeeded' || phase === 'Failed';
}
