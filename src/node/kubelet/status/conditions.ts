import { apiTime } from '../objects/object.ts';
import type { ContainerStatus, Pod, PodCondition, PodPhase } from '../objects/pod.ts';
import { isSidecar } from '../pods/restart-policy.ts';
import { type ResizeProgress, resizeVerdicts } from '../resources/resizes.ts';

interface Verdict {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

export interface ConditionInputs {
  readonly phase: PodPhase;
  readonly statuses: ReadonlyMap<string, ContainerStatus>;
  /** It has its sandbox, and the sandbox its network. */
  readonly hasSandbox: boolean;
  readonly resize: ResizeProgress;
  /** Why the node ends it for others. */
  readonly disruption?: string;
  readonly nowMs: number;
}

/**
 * The conditions that the kubelet writes, in upstream's words. Those of others (readiness gates, DisruptionTarget) are read
 * and left alone.
 */
export function podConditions(
  pod: Pod,
  before: readonly PodCondition[],
  { phase, statuses, hasSandbox, resize, disruption, nowMs }: ConditionInputs,
): readonly PodCondition[] {
  const containersReady = containersReadyVerdict(pod, phase, statuses);
  const verdicts: readonly (Verdict & Pick<PodCondition, 'observedGeneration'>)[] = [
    ...(disruption === undefined
      ? []
      : [
          {
            ...{ type: 'DisruptionTarget', status: 'True' as const },
            ...{ reason: 'TerminationByKubelet', message: disruption },
          },
        ]),
    ...resizeVerdicts(resize),
    { type: 'PodReadyToStartContainers', status: hasSandbox ? 'True' : 'False' },
    initializedVerdict(pod, phase, statuses),
    { ...readyVerdict(pod, before, containersReady), type: 'Ready' },
    containersReady,
    { type: 'PodScheduled', status: 'True' },
  ];
  const { generation } = pod.metadata;
  return verdicts.map((verdict) => {
    const earlier = before.find(({ type }) => type === verdict.type);
    const isSame = earlier?.status === verdict.status && earlier.lastTransitionTime;
    return {
      ...(generation !== undefined && { observedGeneration: generation }),
      ...verdict,
      lastProbeTime: null,
      lastTransitionTime: isSame ? (earlier.lastTransitionTime ?? null) : apiTime(nowMs),
    };
  });
}

function initializedVerdict(
  { spec }: Pod,
  phase: PodPhase,
  statuses: ReadonlyMap<string, ContainerStatus>,
): Verdict {
  const { containers, initContainers = [] } = spec;
  if (phase === 'Succeeded') return { type: 'Initialized', status: 'True', reason: 'PodCompleted' };
  // Once the others have begun it stays so.
  const hasBegun = containers.some(({ name }) => statuses.get(name)?.containerID !== undefined);
  const incomplete = initContainers.filter((container) => {
    const status = statuses.get(container.name);
    if (isSidecar(container)) return status?.started !== true;
    return status?.state?.terminated?.exitCode !== 0;
  });
  if (incomplete.length === 0 || hasBegun) return { type: 'Initialized', status: 'True' };
  const names = incomplete.map(({ name }) => name).join(' ');
  return {
    ...{ type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized' },
    message: `containers with incomplete status: [${names}]`,
  };
}

function containersReadyVerdict(
  { spec }: Pod,
  phase: PodPhase,
  statuses: ReadonlyMap<string, ContainerStatus>,
): Verdict {
  const type = 'ContainersReady';
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  const counted = [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers];
  const unready = counted.filter(({ name }) => statuses.get(name)?.ready !== true);
  if (unready.length === 0) return { type, status: 'True' };
  const names = unready.map(({ name }) => name).join(' ');
  return {
    type,
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${names}]`,
  };
}

function readyVerdict(
  { spec, status }: Pod,
  before: readonly PodCondition[],
  containersReady: Verdict,
): Omit<Verdict, 'type'> {
  if (containersReady.status !== 'True') return containersReady;
  const conditions = status?.conditions ?? before;
  const missing = (spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = conditions.find(({ type }) => type === conditionType);
    if (found?.status === 'True') return [];
    const name = JSON.stringify(conditionType);
    return [
      found === undefined
        ? `corresponding condition of pod readiness gate ${name} does not exist.`
        : `the status of pod readiness gate ${name} is not "True", but ${found.status}`,
    ];
  });
  if (missing.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: missing.join(', ') };
}
