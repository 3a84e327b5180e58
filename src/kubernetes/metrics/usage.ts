import type { NodeSamples, Sample } from './read-metrics.ts';

/** What is used: an average over a time that is over. */
export interface Usage {
  readonly cpuNanoCores: number;
  readonly memoryBytes: number;
  /** Its end, epoch milliseconds. */
  readonly timeMs: number;
  readonly windowMs: number;
}

export interface PodUsage {
  readonly namespace: string;
  readonly name: string;
  /** By container: those that have run for two looks. */
  readonly containers: ReadonlyMap<string, Usage>;
}

/** What the nodes and pods of a cluster use, as far as it is known. */
export interface UsageSource {
  node(name: string): Usage | undefined;
  pod(namespace: string, name: string): PodUsage | undefined;
}

/** Between two looks; undefined: it has begun anew in between, or it is the same look. */
export function usageBetween(before: Sample | undefined, now: Sample | undefined): Usage | undefined {
  if (before === undefined || now === undefined) return undefined;
  const windowMs = now.timeMs - before.timeMs;
  const seconds = now.cpuSeconds - before.cpuSeconds;
  if (windowMs <= 0 || seconds < 0) return undefined;
  return {
    cpuNanoCores: Math.round((seconds * 1e12) / windowMs),
    ...{ memoryBytes: now.memoryBytes, timeMs: now.timeMs, windowMs },
  };
}

/** Of a pod, every container of which is known: else what it uses would be told too low. */
export function podUsage(
  key: string,
  before: NodeSamples | undefined,
  now: NodeSamples | undefined,
): PodUsage | undefined {
  const [namespace = '', name = ''] = key.split('/');
  const containers = new Map<string, Usage>();
  for (const [container, sample] of now?.pods.get(key) ?? []) {
    const usage = usageBetween(before?.pods.get(key)?.get(container), sample);
    if (usage === undefined) return undefined;
    containers.set(container, usage);
  }
  return containers.size === 0 ? undefined : { namespace, name, containers };
}
