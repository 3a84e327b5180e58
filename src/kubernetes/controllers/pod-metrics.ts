import type { PodUsage } from '../metrics/usage.ts';

/** What the pods of a cluster use: the source that `metrics.k8s.io` tells by, as far as autoscalers ask it. */
export interface PodMetrics {
  /** Undefined: nothing is known of the pod. */
  pod(namespace: string, name: string): Pick<PodUsage, 'containers'> | undefined;
}
