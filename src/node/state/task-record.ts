import type { AcsRoleCredentials, AcsTask } from '../../protocols/index.ts';
import type { NetworkBinding } from '../tasks/plan.ts';

/** What the agent remembers of a task across restarts. The engine knows the rest: its containers carry our labels. */
export interface TaskRecord {
  /** As the control plane sent it, without secrets: see `withoutSecrets`. Never changes. */
  readonly task: AcsTask;
  readonly progress: TaskProgress;
}

export interface TaskProgress {
  readonly desiredStatus: 'RUNNING' | 'STOPPED';
  readonly receivedAtMs: number;
  /** Tasks whose stop came with this start (same seqNum): it waits for their resources. */
  readonly waitsFor: readonly string[];
  readonly containers: Readonly<Record<string, ContainerProgress>>;
  /** All containers had been started at one time; never taken back. */
  readonly hasReachedRunning: boolean;
  /** The task's network interface is in place. */
  readonly isAttached?: boolean;
  /** Everything is stopped and the shared namespace, address and cgroup are given back. */
  readonly isReleased: boolean;
  /** Why the task as a whole cannot go on, in ECS's `Name: detail` form. */
  readonly failure?: string;
  readonly pullStartedAtMs?: number;
  readonly pullStoppedAtMs?: number;
  /** When the first essential container ended. */
  readonly executionStoppedAtMs?: number;
  readonly stoppedAtMs?: number;
  readonly reported: ReportedState;
}

export interface ContainerProgress {
  /** Random: who knows it may read this container's metadata. */
  readonly metadataId: string;
  readonly imageId?: string;
  readonly imageDigest?: string;
  readonly runtimeId?: string;
  readonly hasStarted: boolean;
  readonly restartCount: number;
  readonly networkBindings: readonly NetworkBinding[];
  /** Its ExecuteCommandAgent has been connected: sessions can reach it. */
  readonly isExecuteCommandReady?: boolean;
  /** Set once, when it has stopped for good or will never start. */
  readonly outcome?: ContainerOutcome;
}

export interface ContainerOutcome {
  readonly finishedAtMs: number;
  readonly exitCode?: number;
  readonly reason?: string;
}

/** What the control plane has acknowledged: the difference to what is, is the next report. */
export interface ReportedState {
  readonly status?: 'PENDING' | 'RUNNING' | 'STOPPED';
  readonly isAttached?: boolean;
  /** By container: a digest of what was said of it. */
  readonly containers: Readonly<Record<string, string>>;
  /** By container: the status of its ExecuteCommandAgent. */
  readonly managedAgents?: Readonly<Record<string, string>>;
}

export function newProgress(
  task: AcsTask,
  options: {
    readonly waitsFor: readonly string[];
    readonly receivedAtMs: number;
    makeMetadataId(): string;
  },
): TaskProgress {
  return {
    desiredStatus: task.desiredStatus,
    receivedAtMs: options.receivedAtMs,
    waitsFor: options.waitsFor,
    containers: Object.fromEntries(
      task.containers.map((container) => [
        container.name,
        {
          metadataId: options.makeMetadataId(),
          hasStarted: false,
          restartCount: 0,
          networkBindings: [],
        },
      ]),
    ),
    hasReachedRunning: false,
    isReleased: false,
    reported: { containers: {} },
  };
}

export function patchContainer(
  progress: TaskProgress,
  name: string,
  patch: Partial<ContainerProgress>,
): TaskProgress {
  const container = progress.containers[name];
  if (!container) return progress;
  return { ...progress, containers: { ...progress.containers, [name]: { ...container, ...patch } } };
}

/** Role credentials are kept in memory only; the control plane sends them again to a restarted agent. */
export function withoutSecrets(task: AcsTask): AcsTask {
  const { roleCredentials, executionRoleCredentials, ...rest } = task;
  return {
    ...rest,
    ...(roleCredentials && { roleCredentials: withoutKeys(roleCredentials) }),
    ...(executionRoleCredentials && { executionRoleCredentials: withoutKeys(executionRoleCredentials) }),
  };
}

function withoutKeys(credentials: AcsRoleCredentials): AcsRoleCredentials {
  return { ...credentials, accessKeyId: '', secretAccessKey: '', sessionToken: '' };
}
