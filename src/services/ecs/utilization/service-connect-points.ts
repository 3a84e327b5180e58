import type { MetricPoint } from '../../cloudwatch/index.ts';
import type { ServiceConnectMetric } from '../acs/frames.ts';
import type { TaskRecord } from '../records.ts';

/** The metrics of Service Connect by the dimension that they have (ECS developer guide, "Amazon ECS CloudWatch metrics"). */
const units: Readonly<Record<string, Readonly<Record<string, MetricPoint['unit']>>>> = {
  DiscoveryName: {
    ActiveConnectionCount: 'Count',
    NewConnectionCount: 'Count',
    ProcessedBytes: 'Bytes',
    RequestCount: 'Count',
    GrpcRequestCount: 'Count',
  },
  TargetDiscoveryName: {
    HTTPCode_Target_2XX_Count: 'Count',
    HTTPCode_Target_3XX_Count: 'Count',
    HTTPCode_Target_4XX_Count: 'Count',
    HTTPCode_Target_5XX_Count: 'Count',
    RequestCountPerTarget: 'Count',
    TargetProcessedBytes: 'Bytes',
    TargetResponseTime: 'Milliseconds',
  },
};

/** What a task's proxy has counted, by the name alone and by the service and cluster of the task too. */
export function serviceConnectPoints(
  { cluster, service, serviceConnect }: TaskRecord,
  metrics: readonly ServiceConnectMetric[],
  timestamp: number,
): readonly MetricPoint[] {
  if (service === undefined || serviceConnect === undefined) return [];
  const own = [
    { name: 'ClusterName', value: cluster },
    { name: 'ServiceName', value: service.name },
  ];
  return metrics.flatMap(({ name, value, dimension }) => {
    const unit = units[dimension.name]?.[name];
    if (unit === undefined || dimension.value === '') return [];
    return [[dimension], [dimension, ...own]].map((dimensions) => ({
      ...{ namespace: 'AWS/ECS', name, dimensions, unit, timestamp, value },
    }));
  });
}
