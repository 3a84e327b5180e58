import type { Clock } from '../../clock/index.ts';
import type { InterfaceStats, Runtime } from '../../runtime/index.ts';
import { given } from '../reading.ts';
import type { PlannedContainer } from '../tasks/plan.ts';
import type { TaskOwner } from '../tasks/task-owner.ts';

/**
 * Docker's stats document, with the members that are known, and the previous reading of CPU time beside, from which
 * clients compute rates; the network's the ECS agent computes for them. What the runtime does not measure is left out
 * rather than made up.
 */
export class ContainerStatistics {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #previous = new Map<string, Reading>();

  constructor(runtime: Runtime, clock: Clock) {
    this.#runtime = runtime;
    this.#clock = clock;
  }

  /** Undefined when the container is not running. */
  async of(owner: TaskOwner, container: PlannedContainer): Promise<object | undefined> {
    const { name } = container.spec;
    const stats = await this.#runtime.stats(name, { withIo: true });
    if (!stats) return undefined;
    const readMs = this.#clock.now();
    const previous = this.#previous.get(name);
    const cpu = given({
      cpu_usage: { total_usage: stats.cpuUsageNanos },
      system_cpu_usage: stats.machine?.cpuTimeNanos,
      online_cpus: stats.machine?.cpus,
    });
    const reading: Reading = { readMs, cpu, traffic: stats.networks && trafficOf(stats.networks) };
    this.#previous.set(name, reading);
    return given({
      read: new Date(readMs).toISOString(),
      preread: previous && new Date(previous.readMs).toISOString(),
      id: owner.progress.containers[container.name]?.runtimeId,
      name: `/${name}`,
      cpu_stats: cpu,
      precpu_stats: previous?.cpu,
      memory_stats: given({ usage: stats.memoryBytes, limit: stats.memoryLimitBytes }),
      networks: stats.networks && networksOf(stats.networks),
      network_rate_stats: previous && rateOf(previous, reading),
      blkio_stats: stats.blockIo && {
        io_service_bytes_recursive: stats.blockIo.bytes,
        io_serviced_recursive: stats.blockIo.operations,
      },
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

interface Reading {
  readonly readMs: number;
  readonly cpu: object;
  readonly traffic: Traffic | undefined;
}

interface Traffic {
  readonly rxBytes: number;
  readonly txBytes: number;
}

function trafficOf(networks: Readonly<Record<string, InterfaceStats>>): Traffic {
  return Object.values(networks).reduce<Traffic>(
    (sum, { rxBytes, txBytes }) => ({ rxBytes: sum.rxBytes + rxBytes, txBytes: sum.txBytes + txBytes }),
    { rxBytes: 0, txBytes: 0 },
  );
}

/** Undefined without two readings, one after the other. */
function rateOf(before: Reading, after: Reading): object | undefined {
  const seconds = (after.readMs - before.readMs) / 1000;
  if (seconds <= 0 || !before.traffic || !after.traffic) return undefined;
  return {
    rx_bytes_per_sec: (after.traffic.rxBytes - before.traffic.rxBytes) / seconds,
    tx_bytes_per_sec: (after.traffic.txBytes - before.traffic.txBytes) / seconds,
  };
}

/** By interface, in the Engine's names. */
function networksOf(networks: Readonly<Record<string, InterfaceStats>>): object {
  return Object.fromEntries(
    Object.entries(networks).map(([name, counts]) => [
      name,
      {
        rx_bytes: counts.rxBytes,
        rx_packets: counts.rxPackets,
        rx_errors: counts.rxErrors,
        rx_dropped: counts.rxDropped,
        tx_bytes: counts.txBytes,
        tx_packets: counts.txPackets,
        tx_errors: counts.txErrors,
        tx_dropped: counts.txDropped,
      },
    ]),
  );
}
