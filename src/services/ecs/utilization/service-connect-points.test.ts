import { expect, it } from 'vitest';
import { taskMetrics } from '../acs/frames.ts';
import type { TaskRecord } from '../records.ts';
import { serviceConnectPoints } from './service-connect-points.ts';

const metric = (metricName: string, ...metricValues: unknown[]) => ({
  metricName,
  metricValues,
  metricCounts: [1],
});
const frame = {
  taskMetrics: [
    {
      taskArn: 'arn',
      containerMetrics: [],
      serviceConnectMetricsWrapper: [
        {
          dimensions: [{ key: 'TargetDiscoveryName', value: 'api' }],
          generalMetrics: [
            metric('HTTPCode_Target_2XX_Count', 3),
            metric('TargetResponseTime', 1.5),
            metric('CPUUtilization', 1),
            metric('RequestCountPerTarget', 'many'),
          ],
        },
        { dimensions: [{ key: 'ServiceName', value: 'other' }], generalMetrics: [metric('RequestCount', 1)] },
        { dimensions: [{ key: 'DiscoveryName', value: 'api' }], generalMetrics: [metric('RequestCount', 7)] },
      ],
    },
  ],
};
const [{ serviceConnect } = { serviceConnect: [] }] = taskMetrics(frame);
const task = {
  cluster: 'default',
  service: { name: 'web' },
  serviceConnect: { attachmentId: 'a', containerName: 'p' },
};
// Of a task's record only these matter here.
const record = (changes: object = {}) => ({ ...task, ...changes }) as unknown as TaskRecord;

it('Service Connect is counted by its name alone, and by service and cluster as the task’s record has them', () => {
  const points = serviceConnectPoints(record(), serviceConnect, 60_000);
  expect(
    points.map(({ name, unit, value, dimensions }) =>
      [name, unit, value, ...dimensions.map((dimension) => `${dimension.name}=${dimension.value}`)].join(' '),
    ),
  ).toEqual([
    'HTTPCode_Target_2XX_Count Count 3 TargetDiscoveryName=api',
    'HTTPCode_Target_2XX_Count Count 3 TargetDiscoveryName=api ClusterName=default ServiceName=web',
    'TargetResponseTime Milliseconds 1.5 TargetDiscoveryName=api',
    'TargetResponseTime Milliseconds 1.5 TargetDiscoveryName=api ClusterName=default ServiceName=web',
    'RequestCount Count 7 DiscoveryName=api',
    'RequestCount Count 7 DiscoveryName=api ClusterName=default ServiceName=web',
  ]);
});

it('a task without a proxy counts nothing', () => {
  expect(serviceConnectPoints(record({ serviceConnect: undefined }), serviceConnect, 0)).toEqual([]);
});
