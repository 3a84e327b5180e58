import { waitUntilServicesStable } from '@aws-sdk/client-ecs';
import { expect, it, onTestFinished } from 'vitest';
import { quickly, startSystem } from './system.ts';

it('what tasks use becomes CloudWatch metrics of their service and cluster', async () => {
  const system = await startSystem({
    seed: 3,
    instances: 2,
    speed: 30,
    // Half of the 64 CPU units and 64 MiB that the definition asks for.
    programs: () => ({ cpuMillis: 31.25, memoryMiB: 32 }),
  });
  onTestFinished(() => system[Symbol.asyncDispose]());
  await system.define('web');
  await system.ecs.createService({ serviceName: 'web', taskDefinition: 'web', desiredCount: 3 });
  await waitUntilServicesStable({ client: system.ecs, ...quickly }, { services: ['web'] });
  const { cloudWatch } = system;

  const Dimensions = [
    { Name: 'ServiceName', Value: 'web' },
    { Name: 'ClusterName', Value: 'default' },
  ];
  const read = async (MetricName: string) => {
    const now = system.clock.now();
    const { Datapoints = [] } = await cloudWatch.getMetricStatistics({
      ...{ Namespace: 'AWS/ECS', MetricName, Dimensions, Period: 60, Statistics: ['Average', 'SampleCount'] },
      StartTime: new Date(now - 600_000),
      EndTime: new Date(now + 60_000),
    });
    return Datapoints.find(({ SampleCount }) => SampleCount === 3);
  };
  const cpu = await system.until(
    'a minute of CPU of all three tasks',
    async () => (await read('CPUUtilization')) ?? false,
  );
  expect(cpu.Average).toBeCloseTo(50, 0);
  expect((await read('MemoryUtilization'))?.Average).toBeCloseTo(50, 5);
  const { Metrics = [] } = await cloudWatch.listMetrics({ Namespace: 'AWS/ECS' });
  expect(
    Metrics.map(({ MetricName, Dimensions }) => `${MetricName} ${Dimensions?.length}`).toSorted(),
  ).toEqual([
    'CPUReservation 1',
    'CPUUtilization 1',
    'CPUUtilization 2',
    'MemoryReservation 1',
    'MemoryUtilization 1',
    'MemoryUtilization 2',
  ]);
});
