/**
 * The ECS agent's telemetry protocol (TCS): the same framing as ACS. Container health in DescribeTasks comes
 * from PublishHealthRequest alone.
 */
export interface TcsAgentMessages {
  readonly PublishHealthRequest: {
    readonly metadata: TcsMetadata;
    readonly tasks: readonly {
      readonly taskArn: string;
      readonly clusterArn: string;
      readonly taskDefinitionFamily: string;
      readonly taskDefinitionVersion: string;
      readonly containers: readonly TcsContainerHealth[];
    }[];
    /** Epoch seconds. */
    readonly timestamp: number;
  };
  readonly PublishMetricsRequest: {
    readonly metadata: TcsMetadata;
    /** At most ten to a message. */
    readonly taskMetrics: readonly TcsTaskMetric[];
    /** Epoch seconds. */
    readonly timestamp: number;
  };
}

export interface TcsTaskMetric {
  readonly taskArn: string;
  readonly clusterArn: string;
  readonly taskDefinitionFamily: string;
  readonly taskDefinitionVersion: string;
  readonly containerMetrics: readonly TcsContainerMetric[];
  /** What its Service Connect proxy has counted since the message before. */
  readonly serviceConnectMetricsWrapper?: readonly TcsServiceConnectMetrics[];
}

/** AWS's `GeneralMetricsWrapper`, whose service's and cluster's dimensions the control plane knows itself. */
export interface TcsServiceConnectMetrics {
  readonly dimensions: readonly { readonly key: string; readonly value: string }[];
  readonly generalMetrics: readonly {
    readonly metricName: string;
    readonly metricValues: readonly number[];
    /** So often each of the values was seen. */
    readonly metricCounts: readonly number[];
  }[];
}

export interface TcsContainerMetric {
  readonly containerName: string;
  /** Percent of the container instance's CPU. */
  readonly cpuStatsSet: TcsStatsSet;
  /** MiB. */
  readonly memoryStatsSet: TcsStatsSet;
}

/** What was measured since the message before. */
export interface TcsStatsSet {
  readonly min: number;
  readonly max: number;
  readonly sampleCount: number;
  readonly sum: number;
}

export interface TcsMetadata {
  readonly cluster: string;
  readonly containerInstance: string;
  readonly fin: boolean;
  readonly messageId: string;
}

export interface TcsContainerHealth {
  readonly containerName: string;
  readonly healthStatus: 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN';
  /** Epoch seconds. */
  readonly statusSince: number;
}

export interface TcsServerMessages {
  readonly AckPublishHealth: { readonly message?: string };
  readonly AckPublishMetric: { readonly message?: string };
  readonly AckPublishInstanceStatus: { readonly message?: string };
  readonly HeartbeatMessage: { readonly messageId?: string; readonly healthy: boolean };
}
