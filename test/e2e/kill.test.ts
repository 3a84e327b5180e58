import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inContainer, installationContainers, testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

/**
 * `kill -9` of Catamaran at any moment, then `up`: no task lost, none doubled, no orphan container. The moments are
 * spread over the way of a task: while it is placed, made, started, running, stopped.
 */
describe('kill -9', () => {
  let installation: Installation;

  beforeAll(async () => {
    await testImage();
    installation = await Installation.start();
  });
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
  });

  it('loses, doubles and orphans nothing, whenever it comes', async () => {
    const ecs = () => installation.ecs();
    await ecs().registerTaskDefinition({
      family: 'survivor',
      containerDefinitions: [
        { name: 'main', image: await testImage(), memory: 16, command: ['sleep', '3600'] },
      ],
    });
    const acknowledged = new Set<string>();
    for (const delayMs of [0, 20, 60, 120, 250, 500]) {
      const { tasks = [] } = await ecs().runTask({ taskDefinition: 'survivor', count: 3 });
      for (const { taskArn = '' } of tasks) acknowledged.add(taskArn);
      expect(tasks).toHaveLength(3);
      const [first] = acknowledged;
      if (delayMs === 120 && first !== undefined) {
        await ecs().stopTask({ task: first });
        acknowledged.delete(first);
      }
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await installation.kill9();
      await installation.up();
    }

    await waitFor('every acknowledged task to be RUNNING again', async () => {
      const { tasks = [] } = await ecs().describeTasks({ tasks: [...acknowledged] });
      return tasks.length === acknowledged.size && tasks.every(({ lastStatus }) => lastStatus === 'RUNNING')
        ? true
        : undefined;
    });
    const { taskArns = [] } = await ecs().listTasks({ family: 'survivor' });
    expect(new Set(taskArns)).toEqual(acknowledged);

    const running = await waitFor('as many running containers as tasks', async () => {
      const containers = await installationContainers(installation.stateDirectory);
      const alive = containers.filter(({ status }) => status.state === 'running');
      return alive.length === acknowledged.size ? alive : undefined;
    });
    expect(new Set(running.map(({ labels }) => labels['com.amazonaws.ecs.task-arn']))).toEqual(acknowledged);
  }, 300_000);

  it('keeps containers running while it is away, and reports what ended meanwhile', async () => {
    const ecs = () => installation.ecs();
    await ecs().registerTaskDefinition({
      family: 'short',
      containerDefinitions: [
        {
          ...{ name: 'main', image: await testImage(), memory: 16 },
          command: ['sh', '-c', 'until test -e /go; do sleep 1; done; exit 7'],
        },
      ],
    });
    const { tasks = [] } = await ecs().runTask({ taskDefinition: 'short' });
    const taskArn = tasks[0]?.taskArn ?? '';
    await waitFor('the task to run', async () => {
      const described = await ecs().describeTasks({ tasks: [taskArn] });
      return described.tasks?.[0]?.lastStatus === 'RUNNING' ? true : undefined;
    });
    await installation.kill9();
    // The command may be ended with its container.
    await inContainer(installation.stateDirectory, taskArn, 'touch /go').catch(() => {});
    await waitFor('the container to end by itself', async () => {
      const containers = await installationContainers(installation.stateDirectory);
      const own = containers.find(({ labels }) => labels['com.amazonaws.ecs.task-arn'] === taskArn);
      return own?.status.state === 'exited' ? true : undefined;
    });
    await installation.up();
    const stopped = await waitFor('the task to be reported STOPPED', async () => {
      const described = await ecs().describeTasks({ tasks: [taskArn] });
      return described.tasks?.[0]?.lastStatus === 'STOPPED' ? described.tasks[0] : undefined;
    });
    expect(stopped).toMatchObject({ stopCode: 'EssentialContainerExited', containers: [{ exitCode: 7 }] });
  }, 240_000);
});
