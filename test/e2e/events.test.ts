import { waitUntilTasksRunning, waitUntilTasksStopped } from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

interface Told {
  readonly 'detail-type': string;
  readonly detail: { readonly taskArn?: string; readonly version: number; readonly lastStatus?: string };
}

it('a task’s life is told in events, each change once, also over a kill -9', {
  timeout: 300_000,
}, async () => {
  const image = await testImage();
  await using installation = await Installation.start();
  let ecs = installation.ecs();
  await ecs.registerTaskDefinition({
    family: 'told',
    containerDefinitions: [{ name: 'main', image, memory: 32, stopTimeout: 2, command: ['sleep', '600'] }],
  });
  const { tasks = [] } = await ecs.runTask({ taskDefinition: 'told' });
  const taskArn = tasks[0]?.taskArn ?? '';
  await waitUntilTasksRunning(
    { client: ecs, maxWaitTime: 100, minDelay: 1, maxDelay: 1 },
    { tasks: [taskArn] },
  );
  await installation.kill9();
  await installation.up();
  ecs = installation.ecs();
  await ecs.stopTask({ task: taskArn });
  await waitUntilTasksStopped(
    { client: ecs, maxWaitTime: 100, minDelay: 1, maxDelay: 1 },
    { tasks: [taskArn] },
  );

  let told: readonly Told[] = [];
  await waitFor(
    'the task to be told as stopped',
    async () => {
      const { code, stdout } = await installation.catamaran('events', '--json', '--limit', '500');
      expect(code).toBe(0);
      const all = stdout
        .trim()
        .split('\n')
        .map((line): Told => JSON.parse(line));
      told = all.filter(({ detail }) => detail.taskArn === taskArn);
      return told.some(({ detail }) => detail.lastStatus === 'STOPPED') || undefined;
    },
    () => told,
  );
  expect(told.map(({ detail }) => detail.version)).toEqual(told.map((_, index) => index + 1));
  expect(told.map(({ detail }) => detail.lastStatus)).toEqual(
    expect.arrayContaining(['PENDING', 'RUNNING', 'STOPPED']),
  );
  const { stdout } = await installation.catamaran('events');
  expect(stdout).toMatch(/Task State Change +task\/default\/[0-9a-f]{32} {2}RUNNING \(wanted: RUNNING\)/);
});
