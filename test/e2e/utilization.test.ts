import { scheduler } from 'node:timers/promises';
import { CloudWatch, type GetMetricStatisticsOutput } from '@aws-sdk/client-cloudwatch';
import { expect, it } from 'vitest';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

/** Read through the AWS CLI, which asks CloudWatch in the protocol of its age. */
it('a task that keeps its share of the CPU busy shows as such in CloudWatch', {
  timeout: 420_000,
}, async () => {
  const image = await testImage();
  await using installation = await Installation.start();
  const aws = async <Answer>(...args: string[]): Promise<Answer> => {
    const outcome = await installation.aws(...args);
    expect(outcome.code, `aws ${args.join(' ')}\n${outcome.stderr}`).toBe(0);
    return outcome.json as Answer;
  };
  const container = {
    name: 'main',
    image,
    stopTimeout: 2,
    command: ['sh', '-c', 'while true; do :; done'],
  };
  await aws(
    ...['ecs', 'register-task-definition', '--family', 'busy', '--cpu', '256', '--memory', '64'],
    ...['--container-definitions', JSON.stringify([container])],
  );
  const names = ['--service-name', 'busy', '--task-definition', 'busy', '--desired-count', '1'];
  await aws('ecs', 'create-service', ...names);

  const minutesOf = (MetricName: string) => {
    const now = Date.now();
    return {
      ...{ Namespace: 'AWS/ECS', MetricName, Period: 60, Statistics: ['Average' as const] },
      ...{ StartTime: new Date(now - 600_000), EndTime: new Date(now) },
      Dimensions: [
        { Name: 'ClusterName', Value: 'default' },
        { Name: 'ServiceName', Value: 'busy' },
      ],
    };
  };
  const read = async (metric: string): Promise<number[]> => {
    const { Namespace, Period, StartTime, EndTime, Dimensions } = minutesOf(metric);
    const { Datapoints = [] } = await aws<GetMetricStatisticsOutput>(
      ...['cloudwatch', 'get-metric-statistics', '--namespace', Namespace, '--metric-name', metric],
      ...['--dimensions', ...Dimensions.map(({ Name, Value }) => `Name=${Name},Value=${Value}`)],
      ...['--period', `${Period}`, '--statistics', 'Average'],
      ...['--start-time', StartTime.toISOString(), '--end-time', EndTime.toISOString()],
    );
    return Datapoints.map(({ Average = 0 }) => Average);
  };
  const cloudWatch = new CloudWatch(installation.clientOptions());
  let seen: readonly number[] = [];
  await waitFor(
    'a minute in which the task was busy',
    async () => {
      // A figure comes once a minute. By the SDK: the AWS CLI takes two seconds of a processor for each look.
      await scheduler.wait(1_000);
      const { Datapoints = [] } = await cloudWatch.getMetricStatistics(minutesOf('CPUUtilization'));
      seen = Datapoints.map(({ Average = 0 }) => Average);
      return seen.some((value) => value > 50) ? true : undefined;
    },
    () => seen,
    200_000,
  );
  cloudWatch.destroy();
  const cpu = await read('CPUUtilization');
  expect(Math.max(...cpu)).toBeGreaterThan(50);
  // A quarter of a core is the limit; how near to it a shared machine lets the loop come is another matter.
  expect(Math.max(...cpu)).toBeLessThan(140);
  const [memory = 0] = await read('MemoryUtilization');
  expect(memory).toBeGreaterThan(0);
  expect(memory).toBeLessThan(100);
});
