import { given } from './given.ts';
import { type ManagedAgentReport, maxReasonLength, withManagedAgent } from './managed-agent.ts';
import type { NetworkBindingRecord, TaskContainerRecord, TaskRecord } from './records.ts';
import { concluded, deactivating, deprovisioning, stopped } from './task-end.ts';
import { isBefore } from './task-statuses.ts';

/** What an agent says of a task (SubmitTaskStateChange and its kin). Absent members say nothing. */
export interface TaskReport {
  readonly status?: 'PENDING' | 'RUNNING' | 'STOPPED';
  /** Why it failed, when no container tells. */
  readonly reason?: string;
  readonly containers: readonly ContainerReport[];
  readonly managedAgents?: readonly ManagedAgentReport[];
  /** The interface is in place. */
  readonly isInterfaceAttached?: boolean;
  /** Epoch milliseconds. */
  readonly pullStartedAt?: number;
  readonly pullStoppedAt?: number;
  readonly executionStoppedAt?: number;
}

export interface ContainerReport {
  readonly name: string;
  readonly status?: 'PENDING' | 'RUNNING' | 'STOPPED';
  readonly runtimeId?: string;
  readonly imageDigest?: string;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly networkBindings?: readonly NetworkBindingRecord[];
}

/** The task as it is after a report; what says nothing new changes nothing. */
export function afterReport(task: TaskRecord, report: TaskReport, now: number): TaskRecord {
  const isAttached = report.isInterfaceAttached || report.status === 'RUNNING';
  const heard: TaskRecord = {
    ...task,
    connectivityAt: task.connectivityAt ?? now,
    containers: task.containers.map((container) => {
      const news = report.containers.find(({ name }) => name === container.name);
      const agentNews = report.managedAgents?.find((agent) => agent.container === container.name);
      const after = news === undefined ? container : afterContainerReport(container, news);
      return withManagedAgent(after, agentNews, now);
    }),
    ...(task.networkInterface && isAttached
      ? { networkInterface: { ...task.networkInterface, isAttached: true } }
      : {}),
    ...given('pullStartedAt', task.pullStartedAt ?? report.pullStartedAt),
    ...given('pullStoppedAt', task.pullStoppedAt ?? report.pullStoppedAt),
    ...given('executionStoppedAt', task.executionStoppedAt ?? report.executionStoppedAt),
  };
  if (report.status === 'STOPPED') {
    const over = concluded(stopped(heard, now), report.reason);
    return over.launchType === 'FARGATE' ? deprovisioning(over) : over;
  }
  if (report.status === 'RUNNING' && isBefore(heard.lastStatus, 'RUNNING')) return up(heard, now);
  // Its other containers may take a while to end: nobody is to be led to them.
  if (heard.activation?.isRegistered && heard.desiredStatus === 'RUNNING' && hasEssentialEnded(heard))
    return deactivating({ ...concluded(heard, report.reason), desiredStatus: 'STOPPED' });
  const isProvisioned = report.status === 'PENDING' || isAttached;
  if (isProvisioned && isBefore(heard.lastStatus, 'PENDING')) return { ...heard, lastStatus: 'PENDING' };
  return heard;
}

/** Its containers run. That is all there is to it, unless others are to find it first. */
function up(task: TaskRecord, now: number): TaskRecord {
  if (task.activation === undefined) return { ...task, lastStatus: 'RUNNING', startedAt: now };
  // What is to stop anyway, nobody needs to find any more.
  return task.desiredStatus === 'RUNNING' ? { ...task, lastStatus: 'ACTIVATING' } : task;
}

const hasEssentialEnded = ({ containers }: TaskRecord): boolean =>
  containers.some(({ essential, lastStatus }) => essential && lastStatus === 'STOPPED');

const containerStatuses = ['PENDING', 'RUNNING', 'STOPPED'] as const;

function afterContainerReport(container: TaskContainerRecord, report: ContainerReport): TaskContainerRecord {
  const status = report.status ?? container.lastStatus;
  const isForward = containerStatuses.indexOf(status) > containerStatuses.indexOf(container.lastStatus);
  return {
    ...container,
    lastStatus: isForward ? status : container.lastStatus,
    ...given('runtimeId', report.runtimeId ?? container.runtimeId),
    ...given('imageDigest', report.imageDigest ?? container.imageDigest),
    ...given('exitCode', report.exitCode ?? container.exitCode),
    ...given('reason', report.reason?.slice(0, maxReasonLength) ?? container.reason),
    ...(report.networkBindings?.length ? { networkBindings: report.networkBindings } : {}),
  };
}
