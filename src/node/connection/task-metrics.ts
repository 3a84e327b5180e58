import type { Clock } from '../../clock/index.ts';
import type { TcsContainerMetric, TcsStatsSet, TcsTaskMetric } from '../../protocols/index.ts';
import type { Runtime } from '../../runtime/index.ts';
import type { ServiceConnect } from '../service-connect/service-connect.ts';
import type { PlannedContainer } from '../tasks/plan.ts';
import type { TaskOwner } from '../tasks/task-owner.ts';

interface Reading {
  /** Of the monotonic clock. */
  readonly atMs: number;
  readonly cpuUsageNanos: number;
}

export interface TaskMetricsOptions {
  readonly runtime: Pick<Runtime, 'stats'>;
  readonly serviceConnect?: Pick<ServiceConnect, 'metrics'> | undefined;
  /** All that the container instance has registered; 1024 to a core. */
  readonly cpuUnits: number;
  readonly clock: Clock;
}

const mebibyte = 1024 * 1024;
const nanosPerMs = 1e6;
const unitsPerCore = 1024;

/**
 * What running containers use, measured when asked: CPU as the mean since the measurement before, which misses
 * nothing between the two, and memory at the moment.
 */
export class TaskMetrics {
  readonly #options: TaskMetricsOptions;
  #readings = new Map<string, Reading>();

  constructor(options: TaskMetricsOptions) {
    this.#options = options;
  }

  /** Tasks with a container that was running now and at the measurement before. */
  async measure(owners: readonly TaskOwner[]): Promise<readonly TcsTaskMetric[]> {
    const before = this.#readings;
    this.#readings = new Map();
    const measured = await Promise.all(
      owners.map(async ({ plan, progress }): Promise<TcsTaskMetric | undefined> => {
        const running = plan.containers.filter(({ name }) => {
          const container = progress.containers[name];
          return container?.runtimeId !== undefined && container.outcome === undefined;
        });
        const metrics = await Promise.all(running.map((container) => this.#measureOne(container, before)));
        const containerMetrics = metrics.filter((metric) => metric !== undefined);
        if (progress.isReleased || containerMetrics.length === 0) return undefined;
        const connect = (await this.#options.serviceConnect?.metrics(plan.taskArn)) ?? [];
        return {
          taskArn: plan.taskArn,
          clusterArn: plan.clusterArn,
          taskDefinitionFamily: plan.family,
          taskDefinitionVersion: plan.revision,
          containerMetrics,
          ...(connect.length > 0 && { serviceConnectMetricsWrapper: connect }),
        };
      }),
    );
    return measured.filter((metric) => metric !== undefined);
  }

  async #measureOne(
    { name, spec }: PlannedContainer,
    before: ReadonlyMap<string, Reading>,
  ): Promise<TcsContainerMetric | undefined> {
    const { runtime, clock, cpuUnits } = this.#options;
    // Not running, or an Engine that does not answer: no data then, which is what a gap says.
    const stats = await runtime.stats(spec.name).catch(() => undefined);
    if (stats === undefined) return undefined;
    const reading = { atMs: clock.monotonic(), cpuUsageNanos: stats.cpuUsageNanos };
    this.#readings.set(spec.name, reading);
    const last = before.get(spec.name);
    // A restarted container counts from zero again.
    if (last === undefined || reading.atMs <= last.atMs || reading.cpuUsageNanos < last.cpuUsageNanos)
      return undefined;
    const cores = (reading.cpuUsageNanos - last.cpuUsageNanos) / nanosPerMs / (reading.atMs - last.atMs);
    return {
      containerName: name,
      cpuStatsSet: single(((cores * unitsPerCore) / cpuUnits) * 100),
      memoryStatsSet: single(stats.memoryBytes / mebibyte),
    };
  }
}

const single = (value: number): TcsStatsSet => ({ min: value, max: value, sampleCount: 1, sum: value });
