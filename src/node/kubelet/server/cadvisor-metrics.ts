import { MetricsText, type MetricTable } from './metrics-text.ts';
import { type StatsParts, usage } from './stats.ts';

const MiB = 1_048_576;

const described: MetricTable = {
  container_cpu_usage_seconds_total: ['counter', 'Cumulative cpu time consumed in seconds.'],
  container_fs_usage_bytes: [
    'gauge',
    'Number of bytes that are consumed by the container on this filesystem.',
  ],
  container_last_seen: ['gauge', 'Last time a container was seen by the exporter'],
  container_memory_working_set_bytes: ['gauge', 'Current working set in bytes.'],
  container_network_receive_bytes_total: ['counter', 'Cumulative count of bytes received'],
  container_network_receive_errors_total: [
    'counter',
    'Cumulative count of errors encountered while receiving',
  ],
  container_network_receive_packets_dropped_total: [
    'counter',
    'Cumulative count of packets dropped while receiving',
  ],
  container_network_receive_packets_total: ['counter', 'Cumulative count of packets received'],
  container_network_transmit_bytes_total: ['counter', 'Cumulative count of bytes transmitted'],
  container_network_transmit_errors_total: [
    'counter',
    'Cumulative count of errors encountered while transmitting',
  ],
  container_network_transmit_packets_dropped_total: [
    'counter',
    'Cumulative count of packets dropped while transmitting',
  ],
  container_network_transmit_packets_total: ['counter', 'Cumulative count of packets transmitted'],
  container_spec_cpu_period: ['gauge', 'CPU period of the container.'],
  container_spec_cpu_quota: ['gauge', 'CPU quota of the container.'],
  container_spec_cpu_shares: ['gauge', 'CPU share of the container.'],
  container_spec_memory_limit_bytes: ['gauge', 'Memory limit for the container.'],
  container_start_time_seconds: ['gauge', 'Start time of the container since unix epoch in seconds.'],
  machine_cpu_cores: ['gauge', 'Number of logical CPU cores.'],
  machine_memory_bytes: ['gauge', 'Amount of memory installed on the machine.'],
};

/** `/metrics/cadvisor`: of cAdvisor's metrics those that are known here, under its names. The machine is the node. */
export async function cadvisorMetrics(parts: StatsParts): Promise<string> {
  const { stats: node, clock } = parts;
  const metrics = new MetricsText(described);
  const disks = new Map(node.uses().map((use) => [use.pod.metadata.uid, use.containers]));
  for (const { pod, containers } of await usage(parts, true)) {
    const { namespace, name: podName, uid } = pod.metadata;
    const [first] = containers;
    for (const { name: container, image, runtimeId, startedAtMs, timeMs, limits, stats } of containers) {
      const labels = { container, id: `/${runtimeId}`, image, name: runtimeId, namespace, pod: podName };
      const add = (name: string, value: number | undefined): void => {
        if (value !== undefined) metrics.add(name, labels, value, timeMs);
      };
      const { cpuMillis, memoryMiB, cpuShares } = limits;
      metrics.add(
        'container_cpu_usage_seconds_total',
        { ...labels, cpu: 'total' },
        stats.cpuUsageNanos / 1e9,
        timeMs,
      );
      add('container_memory_working_set_bytes', stats.memoryBytes);
      add('container_fs_usage_bytes', disks.get(uid)?.find(({ name }) => name === container)?.written.bytes);
      add('container_spec_cpu_shares', cpuShares);
      add('container_spec_cpu_period', 100_000);
      add('container_spec_cpu_quota', cpuMillis && cpuMillis * 100);
      add('container_spec_memory_limit_bytes', (memoryMiB ?? 0) * MiB);
      add('container_start_time_seconds', startedAtMs / 1_000);
      add('container_last_seen', Math.floor(clock.now() / 1_000));
    }
    // Its containers share a network: it is told of once.
    for (const [networkInterface, io] of Object.entries(first?.stats.networks ?? {})) {
      const labels = { interface: networkInterface, namespace, pod: podName };
      for (const [way, bytes, packets, errors, dropped] of [
        ['receive', io.rxBytes, io.rxPackets, io.rxErrors, io.rxDropped],
        ['transmit', io.txBytes, io.txPackets, io.txErrors, io.txDropped],
      ] as const) {
        const add = (what: string, value: number): void =>
          metrics.add(`container_network_${way}_${what}_total`, labels, value, first?.timeMs);
        add('bytes', bytes);
        add('packets', packets);
        add('errors', errors);
        add('packets_dropped', dropped);
      }
    }
  }
  metrics.add('machine_cpu_cores', {}, node.cpuMillis / 1_000, undefined);
  metrics.add('machine_memory_bytes', {}, node.memoryCapacityBytes, undefined);
  return metrics.text();
}
