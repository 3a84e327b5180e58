import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntilServicesStable, waitUntilTasksRunning } from '@aws-sdk/client-ecs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { quickly, type System, type SystemOptions, startSystem } from './system.ts';

async function started(options: Partial<SystemOptions> = {}): Promise<System> {
  const system = await startSystem({ seed: 3, ...options });
  onTestFinished(() => system[Symbol.asyncDispose]());
  return system;
}

const isConnected = async (system: System): Promise<boolean> =>
  (await system.instances()).containerInstances[0]?.agentConnected === true;

describe('an agent that dies', () => {
  it('leaves its tasks running, and is back as the same instance', async () => {
    const system = await started();
    const { ecs } = system;
    await system.define('web');
    const { tasks = [] } = await ecs.runTask({ taskDefinition: 'web', count: 2 });
    const arns = tasks.map(({ taskArn = '' }) => taskArn).sort();
    await waitUntilTasksRunning({ client: ecs, ...quickly }, { tasks: arns });
    const before = await system.tasks();
    const [instance] = (await system.instances()).containerInstances;

    system.machine(0).crash();
    await system.until('agentConnected false', async () => !(await isConnected(system)));
    expect(system.runningContainers()).toEqual(arns);
    expect(await system.tasks()).toEqual(before.map((task) => ({ ...task, connectivity: 'DISCONNECTED' })));
    // Nothing is placed on an instance without its agent.
    const refused = await ecs.runTask({ taskDefinition: 'web' });
    expect(refused).toMatchObject({ tasks: [], failures: [{ reason: 'AGENT' }] });

    await system.machine(0).start();
    await system.until('agentConnected true', () => isConnected(system));
    const { containerInstances } = await system.instances();
    expect(containerInstances.map((each) => each.containerInstanceArn)).toEqual([
      instance?.containerInstanceArn,
    ]);
    expect(containerInstances[0]).toMatchObject({ runningTasksCount: 2, pendingTasksCount: 0 });
    expect(system.runningContainers()).toEqual(arns);
    const after = await system.tasks();
    expect(after).toEqual(before.map((task) => ({ ...task, connectivityAt: expect.any(Date) })));
    for (const [index, { connectivityAt }] of after.entries())
      expect(Number(connectivityAt)).toBeGreaterThan(Number(before[index]?.connectivityAt));
    expect(
      system
        .machine(0)
        .engine.containers({})
        .map(({ runs }) => runs),
    ).toEqual([1, 1]);
  });

  it('reports what ended meanwhile, and stops what was to be stopped', async () => {
    const system = await started();
    const { ecs } = system;
    await system.define('web');
    const { tasks = [] } = await ecs.runTask({ taskDefinition: 'web', count: 3 });
    const [ended = '', unwanted = '', kept = ''] = tasks.map(({ taskArn }) => taskArn ?? '');
    await waitUntilTasksRunning({ client: ecs, ...quickly }, { tasks: [ended, unwanted, kept] });
    system.machine(0).crash();
    for (const container of system.machine(0).containersOf(ended)) container.kill();
    await ecs.stopTask({ task: unwanted });
    await system.machine(0).start();
    await system.until(
      'one left',
      async () =>
        (await system.tasks('STOPPED')).filter(({ lastStatus }) => lastStatus === 'STOPPED').length === 2 &&
        system.runningContainers().length === 1,
    );
    const stopped = new Map((await system.tasks('STOPPED')).map((task) => [task.taskArn, task]));
    expect(stopped.get(ended)).toMatchObject({
      stopCode: 'EssentialContainerExited',
      containers: [{ exitCode: 137 }],
    });
    expect(stopped.get(unwanted)).toMatchObject({
      stopCode: 'UserInitiated',
      containers: [{ exitCode: 143 }],
    });
    expect(system.runningContainers()).toEqual([kept]);
  });

  it('together with its whole machine reports its tasks as ended', async () => {
    const system = await started();
    await system.define('web');
    const { tasks = [] } = await system.ecs.runTask({ taskDefinition: 'web' });
    await waitUntilTasksRunning({ client: system.ecs, ...quickly }, { tasks: [tasks[0]?.taskArn ?? ''] });
    system.machine(0).crash();
    system.machine(0).engine.crash();
    system.machine(0).engine.start();
    await system.machine(0).start();
    const task = await system.until('the end', async () =>
      (await system.tasks('STOPPED')).find(({ lastStatus }) => lastStatus === 'STOPPED'),
    );
    expect(task.stopCode).toBe('EssentialContainerExited');
  });
});

describe('a control plane that is restarted', () => {
  for (const how of ['restartControlPlane', 'killControlPlane'] as const) {
    it(`in the middle of a rollout finishes it, and loses and doubles nothing (${how})`, async () => {
      const system = await started({ instances: 3 });
      const { ecs } = system;
      // Both revisions are there for as long as the first one's containers go on.
      await system.define('web', { command: ['ignore-stop'], stopTimeout: 20 });
      await system.define('alone');
      const alone = (await ecs.runTask({ taskDefinition: 'alone' })).tasks?.[0]?.taskArn ?? '';
      await ecs.createService({ serviceName: 'web', taskDefinition: 'web', desiredCount: 4 });
      await waitUntilServicesStable({ client: ecs, ...quickly }, { services: ['web'] });
      await system.define('web', { command: ['two'] });
      const { service } = await ecs.updateService({ service: 'web', taskDefinition: 'web' });
      const deployment = service?.deployments?.[0]?.id;
      const isRollingOut = async (): Promise<boolean> => {
        const { deployments = [] } = await system.service('web');
        return deployments.length === 2 && (deployments[0]?.runningCount ?? 0) > 0;
      };
      await system.until('both revisions', isRollingOut);

      await system[how]();

      const after = await system.until(
        'the rollout to be completed',
        async () => {
          const found = await system.service('web');
          const isDone =
            found.deployments?.length === 1 && found.deployments[0]?.rolloutState === 'COMPLETED';
          return isDone && found;
        },
        { seen: () => system.service('web') },
      );
      expect(after).toMatchObject({ runningCount: 4, pendingCount: 0, deployments: [{ id: deployment }] });
      await system.until('five containers', () => system.runningContainers().length === 5);
      const tasks = await system.tasks();
      expect(tasks.map(({ taskArn }) => taskArn).sort()).toEqual(system.runningContainers());
      expect(
        tasks.filter(({ taskArn }) => taskArn !== alone).map(({ taskDefinitionArn }) => taskDefinitionArn),
      ).toEqual(Array(4).fill(system.arn('task-definition/web:2')));
      await system.until('all agents', async () =>
        (await system.instances()).containerInstances.every(({ agentConnected }) => agentConnected),
      );
    });
  }

  it('never gives an id or a revision a second time', async () => {
    const system = await started();
    const { ecs } = system;
    const seen = new Set<string>();
    const expectNew = (arn: string | undefined): void => {
      expect(seen).not.toContain(arn);
      seen.add(arn ?? '');
    };
    for (const revision of [1, 2, 3]) {
      const definition = await system.define('web');
      expect(definition).toBe(system.arn(`task-definition/web:${revision}`));
      const { tasks = [] } = await ecs.runTask({ taskDefinition: 'web', count: 3 });
      expect(tasks).toHaveLength(3);
      for (const { taskArn } of tasks) expectNew(taskArn);
      const created = await ecs.createService({
        serviceName: 'again',
        taskDefinition: 'web',
        desiredCount: 0,
      });
      expectNew(created.service?.deployments?.[0]?.id);
      await ecs.deleteService({ service: 'again' });
      await ecs.deregisterTaskDefinition({ taskDefinition: definition });
      await ecs.deleteTaskDefinitions({ taskDefinitions: [definition] });
      await system.killControlPlane();
      await system.until(
        'the service to be INACTIVE',
        async () => (await system.service('again')).status === 'INACTIVE',
      );
      await system.until('the agent', () => isConnected(system));
    }
  });

  it('ends and begins again at any moment of its agents coming', async () => {
    const system = await started({ instances: 4 });
    for (let pauseMs = 0; pauseMs < 15; pauseMs += 1) {
      await system.restartControlPlane();
      await sleep(pauseMs);
    }
    await system.until('all agents', async () =>
      (await system.instances()).containerInstances.every(({ agentConnected }) => agentConnected),
    );
  });

  it('goes on with agents that were away at the same time', async () => {
    const system = await started({ instances: 2 });
    await system.define('web');
    const { tasks = [] } = await system.ecs.runTask({ taskDefinition: 'web', count: 4 });
    for (const machine of system.machines) machine.crash();
    await system.killControlPlane();
    await Promise.all(system.machines.map((machine) => machine.start()));
    const arns = tasks.map(({ taskArn = '' }) => taskArn).sort();
    await waitUntilTasksRunning({ client: system.ecs, ...quickly }, { tasks: arns });
    expect(system.runningContainers()).toEqual(arns);
  });
});
