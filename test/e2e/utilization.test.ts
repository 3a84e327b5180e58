import { scheduler } from 'node:timers/promises';
import type { GetMetricStatisticsOutput } from '@aws-sdk/client-cloudwatch';
import { expect, it } from 'vitest';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

/** Through the AWS CLI, which asks CloudWatch in the protocol of its age. */
it('a task that keeps its share of the CPU busy shows as such in CloudWatch', {
  timeout: 300_000,
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

  const read = async (metric: string): Promise<number[]> => {
    const now = Date.now();
    const { Datapoints = [] } = await aws<GetMetricStatisticsOutput>(
      ...['cloudwatch', 'get-metric-statistics', '--namespace', 'AWS/ECS', '--metric-name', metric],
      ...['--dimensions', 'Name=ClusterName,Value=default', 'Name=ServiceName,Value=busy'],
      ...['--period', '60', '--statistics', 'Average'],
      ...['--start-time', new Date(now - 600_000).toISOString(), '--end-time', new Date(now).toISOString()],
    );
    return Datapoints.map(({ Average = 0 }) => Average);
  };
  let seen: readonly number[] = [];
  const cpu = await waitFor(
    'a minute in which the task was busy',
    async () => {
      // A figure comes once a minute, and each look is a process.
      await scheduler.wait(5_000);
      seen = await read('CPUUtilization');
      return seen.some((value) => value > 50) ? seen : undefined;
    },
    () => seen,
    200_000,
  );
  // A quarter of a core is the limit; how near to it a shared machine lets the loop come is another matter.
  expect(Math.max(...cpu)).toBeLessThan(140);
  const [memory = 0] = await read('MemoryUtilization');
  expect(memory).toBeGreaterThan(0);
  expect(memory).toBeLessThan(100);
});
