import type { Clock } from '../../clock/index.ts';
import type { Runtime } from '../../runtime/index.ts';
import { given } from '../reading.ts';
import type { PlannedContainer } from '../tasks/plan.ts';
import type { TaskOwner } from '../tasks/task-owner.ts';

/**
 * Docker's stats document, with the members that are known: CPU time and memory, and the previous reading beside
 * them, from which clients compute rates. What the runtime does not measure is left out rather than made up.
 */
export class ContainerStatistics {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #previous = new Map<string, { readMs: number; cpu: object }>();

  constructor(runtime: Runtime, clock: Clock) {
    this.#runtime = runtime;
    this.#clock = clock;
  }

  /** Undefined when the container is not running. */
  async of(owner: TaskOwner, container: PlannedContainer): Promise<object | undefined> {
    const { name } = container.spec;
    const stats = await this.#runtime.stats(name);
    if (!stats) return undefined;
    const readMs = this.#clock.now();
    const previous = this.#previous.get(name);
    const cpu = given({
      cpu_usage: { total_usage: stats.cpuUsageNanos },
      system_cpu_usage: stats.machine?.cpuTimeNanos,
      online_cpus: stats.machine?.cpus,
    });
    this.#previous.set(name, { readMs, cpu });
    return given({
      read: new Date(readMs).toISOString(),
      preread: previous && new Date(previous.readMs).toISOString(),
      id: owner.progress.containers[container.name]?.runtimeId,
      name: `/${name}`,
      cpu_stats: cpu,
      precpu_stats: previous?.cpu,
      memory_stats: given({ usage: stats.memoryBytes, limit: stats.memoryLimitBytes }),
    });
  }

  /** By engine id; null for those not running, as the official agent answers. */
  async ofTask(owner: TaskOwner): Promise<object> {
    const entries = await Promise.all(
      owner.plan.containers.map(async (container) => {
        const runtimeId = owner.progress.containers[container.name]?.runtimeId;
        return [runtimeId, (await this.of(owner, container)) ?? null] as const;
      }),
    );
    return Object.fromEntries(entries.flatMap(([id, stats]) => (id === undefined ? [] : [[id, stats]])));
  }

  forget(owner: TaskOwner): void {
    for (const { spec } of owner.plan.containers) this.#previous.delete(spec.name);
  }
}
