import { type Reader, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import type { MetricPoint } from '../../cloudwatch/index.ts';
import type { Scope } from '../arn.ts';
import {
  type ContainerInstanceRecord,
  containerInstances,
  instanceClusterOf,
  type TaskRecord,
  tasks,
} from '../records.ts';

/** What a task used, as its container instance's agent measured it. */
export interface TaskUse {
  /** Of the container instance's registered CPU. */
  readonly cpuPercent: number;
  readonly memoryMiB: number;
}

interface Amounts {
  readonly cpu: number;
  readonly memoryMiB: number;
}

/**
 * A minute's figures of `AWS/ECS` (developer guide, "Amazon ECS service utilization metrics" and "... cluster ..."):
 * for each service, one figure per task, of what its definition reserves; for each cluster, what all tasks use, and
 * what all reserve, of what all container instances have registered. Where nothing was measured there is no figure.
 */
export function utilizationPoints(
  reader: Reader,
  scope: Scope,
  uses: ReadonlyMap<RecordKey, TaskUse>,
  timestamp: number,
): readonly MetricPoint[] {
  const points: MetricPoint[] = [];
  const clusters = new Map<string, Amounts>();
  const add = (
    kind: 'Utilization' | 'Reservation',
    dimensions: MetricPoint['dimensions'],
    used: Amounts,
    whole: Amounts,
  ) => {
    for (const [name, value] of [
      [`CPU${kind}`, used.cpu / whole.cpu],
      [`Memory${kind}`, used.memoryMiB / whole.memoryMiB],
    ] as const) {
      if (!Number.isFinite(value)) continue;
      points.push({ namespace: 'AWS/ECS', name, dimensions, unit: 'Percent', timestamp, value: value * 100 });
    }
  };

  for (const [key, use] of uses) {
    const task = reader.get(tasks, key);
    const instance = task && instanceOf(reader, scope, task);
    if (task === undefined || instance === undefined) continue;
    const used = { cpu: (use.cpuPercent / 100) * registered(instance).cpu, memoryMiB: use.memoryMiB };
    // A cluster's figures are of its container instances, of which FARGATE tasks take nothing.
    if (task.launchType !== 'FARGATE')
      clusters.set(task.cluster, sum(clusters.get(task.cluster) ?? nothing, used));
    const clusterName = { name: 'ClusterName', value: task.cluster };
    if (task.service !== undefined) {
      const serviceName = { name: 'ServiceName', value: task.service.name };
      add('Utilization', [clusterName, serviceName], used, task.reserved);
    }
  }
  for (const [cluster, used] of clusters) {
    const instances = reader
      .byIndex(containerInstances, 'registeredByCluster', `${scope.accountId}/${scope.region}/${cluster}`)
      .map(({ value }) => value);
    const whole = instances.map(registered).reduce(sum, nothing);
    const reserved = instances.map(ownReservation).reduce(sum, nothing);
    const dimensions = [{ name: 'ClusterName', value: cluster }];
    add('Utilization', dimensions, used, whole);
    add('Reservation', dimensions, reserved, whole);
  }
  return points;
}

const nothing: Amounts = { cpu: 0, memoryMiB: 0 };

const sum = (one: Amounts, other: Amounts): Amounts => ({
  cpu: one.cpu + other.cpu,
  memoryMiB: one.memoryMiB + other.memoryMiB,
});

/** Without what FARGATE tasks have borrowed. */
function ownReservation({ used, lent = nothing }: ContainerInstanceRecord): Amounts {
  return { cpu: used.cpu - lent.cpu, memoryMiB: used.memoryMiB - lent.memoryMiB };
}

function instanceOf(
  reader: Reader,
  { accountId, region }: Scope,
  task: TaskRecord,
): ContainerInstanceRecord | undefined {
  const id = task.containerInstanceId;
  if (id === undefined) return undefined;
  return reader.get(
    containerInstances,
    recordKey(containerInstances, accountId, region, instanceClusterOf(task), id),
  );
}

function registered({ registeredResources }: ContainerInstanceRecord): Amounts {
  const amount = (name: string): number =>
    registeredResources.find((resource) => resource.name === name)?.integerValue ?? 0;
  return { cpu: amount('CPU'), memoryMiB: amount('MEMORY') };
}
