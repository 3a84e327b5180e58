import { type Clock, type Random, uuid } from '../../clock/index.ts';
import type { TcsAgentMessages, TcsContainerHealth, TcsMetadata } from '../../protocols/index.ts';
import type { Runtime } from '../../runtime/index.ts';
import type { ServiceConnect } from '../service-connect/service-connect.ts';
import type { TaskBoard } from '../tasks/task-board.ts';
import type { TaskOwner } from '../tasks/task-owner.ts';
import type { SendFrame, Session } from './link.ts';
import { TaskMetrics } from './task-metrics.ts';

const publishIntervalMs = 20_000;
const tasksPerMessage = 10;

export interface TcsSession extends Session {
  /** Some container's health may have changed. */
  healthChanged(owner: TaskOwner): void;
}

/**
 * One TCS connection. Every 20 s it publishes what tasks use, and the health of those that have health checks, which
 * it also does at once when it changes. DescribeTasks shows container health, and CloudWatch utilization, from here
 * alone.
 */
export function openTcsSession(options: TcsSessionOptions, send: SendFrame): TcsSession {
  const { board, clock, random } = options;
  const published = new Map<string, string>();
  const metrics = new TaskMetrics(options);
  let timer: Disposable | undefined;
  let isClosed = false;

  function publish(owners: readonly TaskOwner[]): void {
    const tasks = owners.flatMap((owner) => healthOf(owner));
    const messageId = uuid(random);
    for (let start = 0; start < tasks.length; start += tasksPerMessage) {
      const message: TcsAgentMessages['PublishHealthRequest'] = {
        metadata: metadata(messageId, start + tasksPerMessage >= tasks.length),
        tasks: tasks.slice(start, start + tasksPerMessage),
        timestamp: clock.now() / 1000,
      };
      send('PublishHealthRequest', message);
    }
    for (const task of tasks) published.set(task.taskArn, JSON.stringify(task.containers));
  }

  async function publishMetrics(owners: readonly TaskOwner[]): Promise<void> {
    const taskMetrics = await metrics.measure(owners);
    if (isClosed) return;
    const messageId = uuid(random);
    for (let start = 0; start < taskMetrics.length; start += tasksPerMessage) {
      const message: TcsAgentMessages['PublishMetricsRequest'] = {
        metadata: metadata(messageId, start + tasksPerMessage >= taskMetrics.length),
        taskMetrics: taskMetrics.slice(start, start + tasksPerMessage),
        timestamp: clock.now() / 1000,
      };
      send('PublishMetricsRequest', message);
    }
  }

  function metadata(messageId: string, fin: boolean): TcsMetadata {
    return { cluster: options.cluster, containerInstance: options.containerInstanceArn, fin, messageId };
  }

  function publishAll(): void {
    timer = clock.after(publishIntervalMs, publishAll);
    const owners = [...board.owners()];
    const present = new Set(owners.map((owner) => owner.taskArn));
    for (const taskArn of published.keys()) if (!present.has(taskArn)) published.delete(taskArn);
    publish(owners);
    void publishMetrics(owners);
  }

  publishAll();
  return {
    healthChanged(owner) {
      const [task] = healthOf(owner);
      if (task && published.get(task.taskArn) !== JSON.stringify(task.containers)) publish([owner]);
    },
    /** Acknowledgements and heartbeats: that they came is all that matters, and the link has seen that. */
    receive() {},
    close() {
      isClosed = true;
      timer?.[Symbol.dispose]();
    },
  };
}

/** Nothing for tasks without health checks, or over. */
function healthOf(owner: TaskOwner): TcsAgentMessages['PublishHealthRequest']['tasks'] {
  const { plan, progress, taskArn } = owner;
  if (progress.isReleased) return [];
  const containers = plan.containers
    .filter((container) => container.hasHealthCheck)
    .map(({ name }): TcsContainerHealth => {
      const container = progress.containers[name];
      const observed = owner.observed(name);
      const status = container?.outcome ? undefined : observed?.health?.status;
      const sinceMs = container?.outcome?.finishedAtMs ?? observed?.health?.sinceMs ?? progress.receivedAtMs;
      return {
        containerName: name,
        healthStatus: status === 'HEALTHY' || status === 'UNHEALTHY' ? status : 'UNKNOWN',
        statusSince: Math.floor(sinceMs / 1000),
      };
    });
  if (containers.length === 0) return [];
  return [
    {
      taskArn,
      clusterArn: plan.clusterArn,
      taskDefinitionFamily: plan.family,
      taskDefinitionVersion: plan.revision,
      containers,
    },
  ];
}

export interface TcsSessionOptions {
  readonly cluster: string;
  readonly containerInstanceArn: string;
  readonly board: TaskBoard;
  readonly runtime: Pick<Runtime, 'stats'>;
  readonly serviceConnect?: Pick<ServiceConnect, 'metrics'> | undefined;
  /** What the container instance has registered. */
  readonly cpuUnits: number;
  readonly clock: Clock;
  readonly random: Random;
}
