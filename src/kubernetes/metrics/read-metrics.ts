/** What one container, or a whole node, had used when it was looked at. */
export interface Sample {
  /** Epoch milliseconds. */
  readonly timeMs: number;
  /** Since its start. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

/** What a kubelet's `/metrics/resource` says. */
export interface NodeSamples {
  readonly node: Sample | undefined;
  /** By `<namespace>/<pod>` and then by container. */
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, Sample>>;
}

const cpu = { node: 'node_cpu_usage_seconds_total', container: 'container_cpu_usage_seconds_total' };
const memory = { node: 'node_memory_working_set_bytes', container: 'container_memory_working_set_bytes' };
const line = /^([a-z_]+)(?:\{([^}]*)\})? (\S+) (\d+)$/;

/** Reads Prometheus' text format, as far as resource metrics need it; other lines are passed over. */
export function readResourceMetrics(text: string): NodeSamples {
  const found = new Map<string, { cpuSeconds?: number; memoryBytes?: number; timeMs?: number }>();
  for (const [, name = '', labels = '', value = '', time = ''] of text
    .split('\n')
    .map((it) => line.exec(it) ?? [])) {
    const isCpu = name === cpu.node || name === cpu.container;
    if (!isCpu && name !== memory.node && name !== memory.container) continue;
    const key = name.startsWith('node_') ? '' : keyOf(labels);
    const sample = found.get(key) ?? {};
    if (isCpu) Object.assign(sample, { cpuSeconds: Number(value), timeMs: Number(time) });
    else sample.memoryBytes = Number(value);
    found.set(key, sample);
  }
  const pods = new Map<string, Map<string, Sample>>();
  let node: Sample | undefined;
  for (const [key, { cpuSeconds, memoryBytes, timeMs }] of found) {
    if (cpuSeconds === undefined || memoryBytes === undefined || timeMs === undefined) continue;
    const sample = { cpuSeconds, memoryBytes, timeMs };
    const [namespace, pod, container] = key.split('/');
    if (container === undefined) node = sample;
    else {
      const name = `${namespace}/${pod}`;
      pods.set(name, (pods.get(name) ?? new Map()).set(container, sample));
    }
  }
  return { node, pods };
}

function keyOf(labels: string): string {
  const values = Object.fromEntries(
    [...labels.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );
  return `${values.namespace}/${values.pod}/${values.container}`;
}
