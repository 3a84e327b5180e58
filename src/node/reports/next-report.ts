import { given } from '../reading.ts';
import type { ContainerProgress, ReportedState, TaskProgress } from '../state/task-record.ts';
import type { TaskPlan } from '../tasks/plan.ts';

/** One SubmitTaskStateChange. */
export interface TaskReport {
  readonly taskArn: string;
  readonly clusterArn: string;
  readonly status: 'PENDING' | 'RUNNING' | 'STOPPED';
  readonly reason?: string;
  readonly containers: readonly ContainerReport[];
  readonly managedAgents?: readonly ManagedAgentReport[];
  /** This network interface is in place. */
  readonly attachmentArn?: string;
  readonly pullStartedAtMs?: number;
  readonly pullStoppedAtMs?: number;
  readonly executionStoppedAtMs?: number;
  /** What will have been reported when this is acknowledged. */
  readonly reported: ReportedState;
  /** A status of the task itself; news of its containers may wait a moment for more of its kind. */
  readonly isUrgent: boolean;
}

export interface ContainerReport {
  readonly name: string;
  readonly status: 'PENDING' | 'RUNNING' | 'STOPPED';
  readonly runtimeId?: string;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly imageDigest?: string;
  readonly networkBindings: ContainerProgress['networkBindings'];
}

/** Of a container's ExecuteCommandAgent, the only managed agent that there is. */
export interface ManagedAgentReport {
  readonly container: string;
  readonly status: 'RUNNING' | 'STOPPED';
}

/**
 * What the control plane should be told next, from what is and what it has acknowledged; undefined when it knows
 * all. Never derived from events: after a crash the same difference gives the same report. PENDING, RUNNING and
 * STOPPED come in this order, and RUNNING is told even when the task is over by then, for a task that ran is
 * something else than one that never did.
 */
export function nextReport(plan: TaskPlan, progress: TaskProgress): TaskReport | undefined {
  const known = progress.reported;
  if (known.status === 'STOPPED') return undefined;

  const isFirstRunning = progress.hasReachedRunning && known.status !== 'RUNNING';
  const status: TaskReport['status'] = isFirstRunning
    ? 'RUNNING'
    : progress.isReleased
      ? 'STOPPED'
      : (known.status ?? 'PENDING');
  const containers = plan.containers.flatMap(({ name, isEssential }) => {
    const container = progress.containers[name];
    return container ? [containerReport(name, container, isFirstRunning && isEssential)] : [];
  });
  const digests = Object.fromEntries(containers.map((container) => [container.name, digestOf(container)]));
  const isChanged = status !== (known.status ?? 'PENDING');
  const changed = containers.filter(
    (container) => isNews(container) && known.containers[container.name] !== digests[container.name],
  );
  const isAttachmentNews = progress.isAttached === true && known.isAttached !== true;
  const managedAgents = managedAgentNews(plan, progress);
  if (!isChanged && changed.length === 0 && !isAttachmentNews && managedAgents.length === 0) return undefined;

  return given({
    taskArn: plan.taskArn,
    clusterArn: plan.clusterArn,
    status,
    reason: status === 'STOPPED' ? progress.failure : undefined,
    containers: isChanged ? containers.filter(isNews) : changed,
    managedAgents: managedAgents.length > 0 ? managedAgents : undefined,
    attachmentArn: isAttachmentNews ? plan.attachmentArn : undefined,
    pullStartedAtMs: progress.pullStartedAtMs,
    pullStoppedAtMs: progress.pullStoppedAtMs,
    executionStoppedAtMs: isFirstRunning ? undefined : progress.executionStoppedAtMs,
    reported: given({
      status,
      isAttached: progress.isAttached,
      containers: { ...known.containers, ...digests },
      managedAgents:
        managedAgents.length > 0
          ? {
              ...known.managedAgents,
              ...Object.fromEntries(managedAgents.map(({ container, status: said }) => [container, said])),
            }
          : known.managedAgents,
    }),
    isUrgent: isChanged,
  });
}

/** PENDING is where it begins: nothing to say. */
function managedAgentNews(plan: TaskPlan, progress: TaskProgress): ManagedAgentReport[] {
  return plan.containers.flatMap(({ name, hasExecuteCommandAgent }) => {
    const container = progress.containers[name];
    if (!hasExecuteCommandAgent || container === undefined) return [];
    const { outcome, isExecuteCommandReady } = container;
    const status = outcome !== undefined ? 'STOPPED' : isExecuteCommandReady ? 'RUNNING' : undefined;
    if (status === undefined || status === progress.reported.managedAgents?.[name]) return [];
    return [{ container: name, status }];
  });
}

/** `asRunning`: in the report that the task runs, an essential container that has ended since is told as it was. */
function containerReport(name: string, container: ContainerProgress, asRunning: boolean): ContainerReport {
  const { outcome, runtimeId, imageDigest, networkBindings, hasStarted } = container;
  const isStopped = outcome !== undefined && !(asRunning && hasStarted);
  return given({
    name,
    status: isStopped ? ('STOPPED' as const) : hasStarted ? ('RUNNING' as const) : ('PENDING' as const),
    runtimeId,
    exitCode: isStopped ? outcome.exitCode : undefined,
    reason: isStopped ? outcome.reason : undefined,
    imageDigest,
    networkBindings,
  });
}

/** Of a container that waits there is nothing to say but its image's digest, once a registry gave one. */
const isNews = (container: ContainerReport): boolean =>
  container.status !== 'PENDING' || container.imageDigest !== undefined;

const digestOf = (container: ContainerReport): string =>
  JSON.stringify([
    container.status,
    container.runtimeId,
    container.exitCode,
    container.reason,
    container.imageDigest,
    container.networkBindings,
  ]);
