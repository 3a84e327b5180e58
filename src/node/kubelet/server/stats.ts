import type { Clock } from '../../../clock/index.ts';
import type { ContainerLimits, ContainerStats, Runtime } from '../../../runtime/index.ts';
import { allContainers, type Pod, type PodContainer } from '../objects/pod.ts';
import { diskOf, type PodUse } from '../usage/pod-use.ts';
import type { VolumeUse } from '../volumes/driver-volumes.ts';
import { MetricsText, type MetricTable } from './metrics-text.ts';
import type { ServedPods } from './served-pods.ts';

export interface VolumeUses {
  /** Of a pod's volumes that have a file system of their own. */
  useOf(pod: Pod): Promise<readonly VolumeUse[]>;
}

/** What the node as a whole is told of. */
export interface NodeStats {
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  readonly memoryCapacityBytes: number;
  readonly cpuMillis: number;
  readonly cpu: CpuTotal;
  /** As it was measured last: not every pod has been. */
  readonly uses: () => readonly PodUse[];
  /** Its share of the machine's disk, in bytes. */
  readonly disk: () => Promise<{ readonly capacity: number; readonly available: number }>;
}

/**
 * What all containers together have used since the kubelet began: it grows, also where those that have ended are no longer
 * told of. What one used between the last look and its end is lost.
 */
export class CpuTotal {
  #known = new Map<string, number>();
  #nanos = 0;

  /** @returns nanoseconds, with what these have used by now. */
  after(running: readonly { readonly runtimeId: string; readonly stats: ContainerStats }[]): number {
    const known = new Map<string, number>();
    for (const { runtimeId, stats } of running) {
      this.#nanos += Math.max(0, stats.cpuUsageNanos - (this.#known.get(runtimeId) ?? 0));
      known.set(runtimeId, stats.cpuUsageNanos);
    }
    this.#known = known;
    return this.#nanos;
  }
}

export interface StatsParts {
  readonly volumes: VolumeUses;
  readonly nodeName: string;
  readonly pods: ServedPods;
  readonly stats: NodeStats;
  readonly runtime: Pick<Runtime, 'stats'>;
  readonly clock: Clock;
}

interface ContainerUsage {
  readonly name: string;
  readonly image: string;
  readonly limits: ContainerLimits;
  readonly runtimeId: string;
  readonly startedAtMs: number;
  readonly timeMs: number;
  readonly stats: ContainerStats;
}

interface PodUsage {
  readonly pod: Pod;
  readonly containers: readonly ContainerUsage[];
}

/** What every running container of the node's pods uses now. One that ends meanwhile is left out. */
export async function usage(
  { pods, runtime, clock }: StatsParts,
  withIo = false,
): Promise<readonly PodUsage[]> {
  return Promise.all(
    pods.list().map(async (pod) => {
      const uses = await Promise.all(
        allContainers(pod.spec).map((container) => useOf(pods, runtime, clock, pod, container, withIo)),
      );
      return { pod, containers: uses.filter((use) => use !== undefined) };
    }),
  );
}

async function useOf(
  pods: ServedPods,
  runtime: Pick<Runtime, 'stats'>,
  clock: Clock,
  pod: Pod,
  { name, image = '' }: PodContainer,
  withIo: boolean,
): Promise<ContainerUsage | undefined> {
  const [latest] = await pods.attempts(pod, name);
  if (latest?.status.state !== 'running') return undefined;
  const stats = await runtime.stats(latest.name, { withIo });
  if (stats === undefined) return undefined;
  const { runtimeId, status, limits } = latest;
  return { name, image, limits, runtimeId, startedAtMs: status.startedAtMs, timeMs: clock.now(), stats };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const cpuOf = (containers: readonly ContainerUsage[]): number =>
  sum(containers.map(({ stats }) => stats.cpuUsageNanos));
const memoryOf = (containers: readonly ContainerUsage[]): number =>
  sum(containers.map(({ stats }) => stats.memoryBytes));

/** `/stats/summary`: what is known of it. The node's use is that of its pods. */
export async function statsSummary(parts: StatsParts): Promise<object> {
  const all = await usage(parts);
  const volumes = await Promise.all(all.map(({ pod }) => parts.volumes.useOf(pod)));
  const now = parts.clock.now();
  const iso = (ms: number): string => new Date(ms).toISOString();
  const cpuAndMemory = (timeMs: number, cpuNanos: number, memoryBytes: number) => ({
    cpu: { time: iso(timeMs), usageCoreNanoSeconds: Math.round(cpuNanos) },
    memory: { time: iso(timeMs), usageBytes: memoryBytes, workingSetBytes: memoryBytes },
  });
  const everything = all.flatMap(({ containers }) => containers);
  const [cpu, memory] = [parts.stats.cpu.after(everything), memoryOf(everything)];
  const node = cpuAndMemory(now, cpu, memory);
  const uses = new Map(parts.stats.uses().map((use) => [use.pod.metadata.uid, use]));
  const { capacity: capacityBytes, available: availableBytes } = await parts.stats.disk();
  const disk = (usedBytes: number) => ({ time: iso(now), availableBytes, capacityBytes, usedBytes });
  const fs = disk(capacityBytes - availableBytes);
  return {
    node: {
      ...{ nodeName: parts.nodeName, startTime: iso(parts.stats.startedAtMs), cpu: node.cpu },
      memory: { ...node.memory, availableBytes: Math.max(0, parts.stats.memoryCapacityBytes - memory) },
      ...{ fs, runtime: { imageFs: fs, containerFs: fs } },
    },
    pods: all.map(({ pod: { metadata, status }, containers }, at) => ({
      podRef: { name: metadata.name, namespace: metadata.namespace, uid: metadata.uid },
      startTime: status?.startTime ?? null,
      containers: containers.map(({ name, startedAtMs, timeMs, stats }) => ({
        ...{ name, startTime: iso(startedAtMs) },
        ...cpuAndMemory(timeMs, stats.cpuUsageNanos, stats.memoryBytes),
        ...containerDisk(uses.get(metadata.uid), name, disk),
      })),
      ...podDisk(uses.get(metadata.uid), disk),
      ...cpuAndMemory(now, cpuOf(containers), memoryOf(containers)),
      volume: [
        ...emptyDirsOf(uses.get(metadata.uid), disk),
        ...claimedOf(volumes[at] ?? [], metadata.namespace, iso(now)),
      ],
    })),
  };
}

type Disk = (usedBytes: number) => object;

function containerDisk(use: PodUse | undefined, container: string, disk: Disk): object {
  const found = use?.containers.find(({ name }) => name === container);
  if (found === undefined) return {};
  const { written, logBytes } = found;
  return { rootfs: { ...disk(written.bytes), inodesUsed: written.inodes }, logs: disk(logBytes) };
}

function podDisk(use: PodUse | undefined, disk: Disk): object {
  if (use === undefined) return {};
  const { bytes, inodes } = diskOf(use);
  return { 'ephemeral-storage': { ...disk(bytes), inodesUsed: inodes } };
}

function emptyDirsOf(use: PodUse | undefined, disk: Disk): readonly object[] {
  return (use?.emptyDirs ?? []).map(({ name, use: { bytes, inodes } }) => ({
    ...{ name, ...disk(bytes), inodesUsed: inodes },
  }));
}

function claimedOf(uses: readonly VolumeUse[], namespace: string, time: string): readonly object[] {
  return uses.map(({ claimName, inodes, inodesFree, ...use }) => ({
    ...{ time, ...use, inodes, inodesFree, inodesUsed: inodes - inodesFree },
    pvcRef: { name: claimName, namespace },
  }));
}

/** `/metrics/resource`, in Prometheus' text format: what metrics.k8s.io is made of. */
export async function resourceMetrics(parts: StatsParts): Promise<string> {
  const all = await usage(parts);
  const now = parts.clock.now();
  const metrics = new MetricsText(described);
  for (const { pod, containers } of all) {
    const of = { namespace: pod.metadata.namespace, pod: pod.metadata.name };
    for (const { name, startedAtMs, timeMs, stats } of containers) {
      const labels = { container: name, ...of };
      metrics.add('container_cpu_usage_seconds_total', labels, stats.cpuUsageNanos / 1e9, timeMs);
      metrics.add('container_memory_working_set_bytes', labels, stats.memoryBytes, timeMs);
      metrics.add('container_start_time_seconds', labels, startedAtMs / 1_000, undefined);
    }
    if (containers.length === 0) continue;
    metrics.add('pod_cpu_usage_seconds_total', of, cpuOf(containers) / 1e9, now);
    metrics.add('pod_memory_working_set_bytes', of, memoryOf(containers), now);
  }
  const everything = all.flatMap(({ containers }) => containers);
  metrics.add('node_cpu_usage_seconds_total', {}, parts.stats.cpu.after(everything) / 1e9, now);
  metrics.add('node_memory_working_set_bytes', {}, memoryOf(everything), now);
  metrics.add('resource_scrape_error', {}, 0, undefined);
  return metrics.text();
}

const described: MetricTable = {
  container_cpu_usage_seconds_total: [
    'counter',
    '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
  ],
  container_memory_working_set_bytes: ['gauge', '[STABLE] Current working set of the container in bytes'],
  container_start_time_seconds: ['gauge', '[STABLE] Start time of the container since unix epoch in seconds'],
  node_cpu_usage_seconds_total: [
    'counter',
    '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
  ],
  node_memory_working_set_bytes: ['gauge', '[STABLE] Current working set of the node in bytes'],
  pod_cpu_usage_seconds_total: [
    'counter',
    '[STABLE] Cumulative cpu time consumed by the pod in core-seconds',
  ],
  pod_memory_working_set_bytes: ['gauge', '[STABLE] Current working set of the pod in bytes'],
  resource_scrape_error: [
    'gauge',
    '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
  ],
};
