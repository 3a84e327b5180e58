import type { Json } from '../../store/index.ts';
import { type KubernetesObject, timestamp } from '../objects/object.ts';
import type { PodUsage, Usage } from './usage.ts';

const apiVersion = 'metrics.k8s.io/v1beta1';

/** A `NodeMetrics`, with the labels of its node. */
export function nodeMetrics(node: KubernetesObject, usage: Usage, now: number): KubernetesObject {
  const { name, labels } = node.metadata;
  return {
    ...{ kind: 'NodeMetrics', apiVersion },
    metadata: { name, ...(labels && { labels }), creationTimestamp: timestamp(now) },
    ...timeOf([usage]),
    usage: quantitiesOf(usage),
  } as KubernetesObject;
}

/** A `PodMetrics`, with the labels of its pod. */
export function podMetrics(pod: KubernetesObject, usage: PodUsage, now: number): KubernetesObject {
  const { name, namespace, labels } = pod.metadata;
  return {
    ...{ kind: 'PodMetrics', apiVersion },
    metadata: { name, namespace, ...(labels && { labels }), creationTimestamp: timestamp(now) },
    ...timeOf([...usage.containers.values()]),
    containers: [...usage.containers].map(([container, each]) => ({
      name: container,
      usage: quantitiesOf(each),
    })),
  } as unknown as KubernetesObject;
}

/** The earliest end, as metrics-server tells it: what is known is at least as old. */
function timeOf(usages: readonly Usage[]): { readonly [name: string]: Json } {
  const earliest = usages.toSorted((one, other) => one.timeMs - other.timeMs)[0];
  return { timestamp: timestamp(earliest?.timeMs ?? 0), window: durationText(earliest?.windowMs ?? 0) };
}

const quantitiesOf = ({ cpuNanoCores, memoryBytes }: Usage) => ({
  cpu: `${cpuNanoCores}n`,
  memory: `${Math.round(memoryBytes / 1024)}Ki`,
});

/** As Go prints a duration: `15.02s`, `1m5s`. */
export function durationText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${(ms % 60_000) / 1000}s`;
  return minutes === 0 ? seconds : `${minutes}m${seconds}`;
}
