import { describe, expect, it, onTestFinished } from 'vitest';
import { waitUntilTasksRunning, waitUntilTasksStopped } from '@aws-sdk/client-ecs';
import { quickly, type System, type SystemOptions, startSystem } from './system.ts';

async function system(options: Partial<SystemOptions> = {}): Promise<System> {
  const started = await startSystem({ seed: 1, ...options });
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

describe('a task', () => {
  it('runs, is described as ECS describes it, and stops', async () => {
    const it = await system();
    const { ecs } = it;
    await it.define('web', { portMappings: [{ containerPort: 80 }] });
    const { tasks = [], failures } = await ecs.runTask({ taskDefinition: 'web' });
    expect(failures).toEqual([]);
    const taskArn = tasks[0]?.taskArn ?? '';
    await waitUntilTasksRunning({ client: ecs, ...quickly }, { tasks: [taskArn] });
    const described = await ecs.describeTasks({ tasks: [taskArn] });
    console.log(JSON.stringify(described, null, 1));
    await ecs.stopTask({ task: taskArn, reason: 'enough' });
    await waitUntilTasksStopped({ client: ecs, ...quickly }, { tasks: [taskArn] });
    console.log(JSON.stringify((await ecs.describeTasks({ tasks: [taskArn] })).tasks, null, 1));
  });
});
