/** What a container used when it was last looked at. */
export interface ContainerUsage {
  readonly cpuNanoCores: number;
  readonly memoryBytes: number;
  /** When it was looked at, epoch ms. */
  readonly timeMs: number;
  /** Over how long the processor's time is an average. */
  readonly windowMs: number;
}

/** What the pods of a cluster use: what `metrics.k8s.io` tells. */
export interface PodMetrics {
  /** By container; undefined: nothing is known of the pod. */
  pod(
    namespace: string,
    name: string,
  ): { readonly containers: ReadonlyMap<string, ContainerUsage> } | undefined;
}
