import type { Stored } from '../../../reconcile/index.ts';
import type { MetricPoint } from '../../cloudwatch/index.ts';
import { clusterOfArn, type Scope } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { keyOfTask } from '../operations/task.ts';
import { type ContainerInstanceRecord, tasks } from '../records.ts';
import { applyContainerHealth } from '../task-state.ts';
import { serviceConnectPoints } from '../utilization/service-connect-points.ts';
import type { Utilization } from '../utilization/utilization.ts';
import { type InboundFrame, type Members, taskHealths, taskMetrics } from './frames.ts';
import { type AgentSocket, Link } from './link.ts';

export interface TelemetrySessionOptions {
  readonly ecs: EcsContext;
  readonly scope: Scope;
  readonly instance: Stored<ContainerInstanceRecord>;
  readonly utilization: Utilization;
  readonly socket: AgentSocket;
  readonly signal: AbortSignal;
}

/**
 * One agent's telemetry connection (TCS): the only way by which container health and what tasks use become known.
 */
export function openTelemetrySession(options: TelemetrySessionOptions): void {
  const { ecs, instance, utilization, socket, signal } = options;
  const fields = { containerInstance: instance.key };
  utilization.opened();
  const link = new Link({
    ecs,
    socket,
    signal,
    fields,
    expectsAnswers: false,
    onFrame: (frame) => {
      receive(options, link, frame).catch((error: unknown) => {
        if (!link.isOpen) return;
        ecs.log.error('A telemetry session failed', { ...fields, error });
        link.close(1011, 'Internal error');
      });
    },
    onClose: () => utilization.closed(),
  });
}

async function receive(options: TelemetrySessionOptions, link: Link, frame: InboundFrame): Promise<void> {
  switch (frame.type) {
    case 'PublishHealthRequest':
      await takeHealth(options, frame.message);
      link.send('AckPublishHealth', { message: 'ok' });
      return;
    case 'PublishMetricsRequest':
      takeMetrics(options, frame.message);
      link.send('AckPublishMetric', { message: 'ok' });
      return;
    case 'PublishInstanceStatusRequest':
      link.send('AckPublishInstanceStatus', { message: 'ok' });
      return;
    default:
      options.ecs.log.debug('An agent sent telemetry of an unknown type', {
        containerInstance: options.instance.key,
        type: frame.type,
      });
  }
}

const msPerSecond = 1_000;

async function takeHealth(
  { ecs, scope, instance }: TelemetrySessionOptions,
  message: Members,
): Promise<void> {
  const { cluster, id } = instance.value;
  const health = taskHealths(message).flatMap((task) => {
    const key = keyOf(scope, cluster, task);
    const record = key && ecs.state.get(tasks, key);
    if (key === undefined || record?.containerInstanceId !== id) return [];
    const containers = task.containers.map(({ containerName, healthStatus, statusSince }) => ({
      name: containerName,
      status: healthStatus,
      since: Math.round(statusSince * msPerSecond),
    }));
    return [{ key, containers }];
  });
  if (health.length === 0) return;
  await ecs.state.transact((tx) => {
    const now = ecs.clock.now();
    for (const { key, containers } of health) applyContainerHealth(tx, key, containers, now);
  });
}

function takeMetrics({ ecs, scope, instance, utilization }: TelemetrySessionOptions, message: Members): void {
  const { cluster, id } = instance.value;
  const points: MetricPoint[] = [];
  for (const metric of taskMetrics(message)) {
    const key = keyOf(scope, cluster, metric);
    const record = key && ecs.state.get(tasks, key);
    if (key === undefined || record?.containerInstanceId !== id || metric.containers.length === 0) continue;
    utilization.take(scope, key, metric);
    points.push(...serviceConnectPoints(record, metric.serviceConnect, ecs.clock.now()));
  }
  if (points.length === 0) return;
  ecs.publishMetrics(scope, points).catch((error: unknown) => {
    ecs.log.error('Cannot publish what Service Connect has counted', { error });
  });
}

function keyOf(scope: Scope, cluster: string, { taskArn }: { readonly taskArn: string }) {
  try {
    return keyOfTask(scope, clusterOfArn(taskArn) ?? cluster, taskArn);
  } catch {
    return undefined; // Not an ARN of a task at all.
  }
}
