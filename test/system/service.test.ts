import { waitUntilServicesInactive, waitUntilServicesStable } from '@aws-sdk/client-ecs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { quickly, type System, type SystemOptions, startSystem } from './system.ts';

async function started(options: Partial<SystemOptions> = {}): Promise<System> {
  const system = await startSystem({ seed: 2, instances: 5, ...options });
  onTestFinished(() => system[Symbol.asyncDispose]());
  return system;
}

const stable = (system: System, ...services: string[]) =>
  waitUntilServicesStable({ client: system.ecs, ...quickly }, { services });

/** How many tasks run on each machine, e.g. `[2, 1, 1, 1, 1]`. */
const spread = (system: System): number[] =>
  system.machines.map((machine) => machine.runningTasks().length).sort((one, other) => other - one);

describe('a service', () => {
  it('is created, rolled out, scaled and deleted', async () => {
    const system = await started();
    const { ecs } = system;
    await system.define('web', { command: ['one'] });
    const created = await ecs.createService({
      serviceName: 'web',
      taskDefinition: 'web',
      desiredCount: 6,
      placementStrategy: [{ type: 'spread', field: 'instanceId' }],
    });
    expect(created.service).toMatchObject({ status: 'ACTIVE', desiredCount: 6, runningCount: 0 });
    expect(created.service?.deployments).toMatchObject([{ status: 'PRIMARY', rolloutState: 'IN_PROGRESS' }]);
    await stable(system, 'web');
    expect(spread(system)).toEqual([2, 1, 1, 1, 1]);
    const first = await system.until('the rollout to be completed', async () => {
      const service = await system.service('web');
      return service.deployments?.[0]?.rolloutState === 'COMPLETED' && service;
    });
    const messages = first.events?.map(({ message = '' }) =>
      message.replaceAll(/\(task [0-9a-f]{32}\)/g, '(task)'),
    );
    expect(messages?.[0]).toBe('(service web) has reached a steady state.');
    expect(messages?.[1]).toMatch(/^\(service web\) \(deployment ecs-svc\/\d{19}\) deployment completed\.$/);

    await system.define('web', { command: ['two'] });
    const updated = await ecs.updateService({ service: 'web', taskDefinition: 'web' });
    expect(updated.service?.deployments).toMatchObject([
      { status: 'PRIMARY', taskDefinition: system.arn('task-definition/web:2') },
      { status: 'ACTIVE', taskDefinition: system.arn('task-definition/web:1'), runningCount: 6 },
    ]);
    let least = 6;
    await system.until('the new revision alone', async () => {
      least = Math.min(least, new Set(system.runningContainers()).size);
      const { deployments = [] } = await system.service('web');
      return deployments.length === 1 && deployments[0]?.rolloutState === 'COMPLETED';
    });
    expect(least).toBe(6);
    expect(new Set((await system.tasks()).map(({ taskDefinitionArn }) => taskDefinitionArn))).toEqual(
      new Set([system.arn('task-definition/web:2')]),
    );

    await ecs.updateService({ service: 'web', desiredCount: 2 });
    await stable(system, 'web');
    expect(await system.service('web')).toMatchObject({ desiredCount: 2, runningCount: 2, pendingCount: 0 });
    await system.until('four fewer containers', () => system.runningContainers().length === 2);

    await expect(ecs.deleteService({ service: 'web' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'The service cannot be stopped while it is scaled above 0.',
    });
    const deleted = await ecs.deleteService({ service: 'web', force: true });
    expect(deleted.service).toMatchObject({ status: 'DRAINING', desiredCount: 0 });
    expect((await ecs.listServices({})).serviceArns).toEqual([]);
    await waitUntilServicesInactive({ client: ecs, ...quickly }, { services: ['web'] });
    await system.until('no container', () => system.runningContainers().length === 0);

    // The name is free again, for another service.
    const again = await ecs.createService({ serviceName: 'web', taskDefinition: 'web', desiredCount: 1 });
    expect(again.service).toMatchObject({ status: 'ACTIVE', runningCount: 0 });
    await stable(system, 'web');
  });

  it('replaces a task that was stopped, and one whose container ended', async () => {
    const system = await started({ instances: 2 });
    await system.define('web');
    await system.ecs.createService({ serviceName: 'web', taskDefinition: 'web', desiredCount: 3 });
    await stable(system, 'web');
    // What ends before it has proved itself would be its deployment's failure.
    await system.until('the deployment to be completed', async () => {
      const { deployments } = await system.service('web');
      return deployments?.[0]?.rolloutState === 'COMPLETED';
    });
    const [first, second] = await system.tasks();
    await system.ecs.stopTask({ task: first?.taskArn ?? '' });
    for (const machine of system.machines)
      for (const container of machine.containersOf(second?.taskArn ?? '')) container.kill();
    await system.until('three others', async () => {
      const tasks = await system.tasks();
      const arns = tasks.map(({ taskArn }) => taskArn);
      const areNew = !arns.includes(first?.taskArn) && !arns.includes(second?.taskArn);
      return areNew && tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING').length === 3;
    });
    // Neither was the deployment's doing.
    expect((await system.service('web')).deployments).toMatchObject([{ status: 'PRIMARY', failedTasks: 0 }]);
  });

  it('whose image is nowhere is retried at growing intervals, and counts its failures', async () => {
    const system = await started({ instances: 2, speed: 60 });
    await system.define('broken', { image: 'nowhere' });
    await system.ecs.createService({ serviceName: 'broken', taskDefinition: 'broken', desiredCount: 1 });
    const failed = await system.until(
      'four failures',
      async () => {
        const service = await system.service('broken');
        return (service.deployments?.[0]?.failedTasks ?? 0) >= 4 && service;
      },
      { seen: () => system.service('broken') },
    );
    expect(failed).toMatchObject({
      status: 'ACTIVE',
      runningCount: 0,
      deployments: [{ rolloutState: 'IN_PROGRESS' }],
    });
    expect(failed.events?.map(({ message }) => message)).toContain(
      '(service broken) is unable to consistently start tasks successfully.',
    );
    const made = (await system.tasks('STOPPED'))
      .map(({ createdAt }) => createdAt?.getTime() ?? 0)
      .sort((one, other) => one - other);
    const pauses = made.slice(1).map((moment, index) => moment - (made[index] ?? 0));
    for (const [index, pause] of pauses.entries()) expect(pause).toBeGreaterThanOrEqual(1_000 * 2 ** index);
    expect(system.runningContainers()).toEqual([]);

    // An update starts afresh.
    await system.define('broken', { image: 'somewhere' });
    await system.ecs.updateService({ service: 'broken', taskDefinition: 'broken' });
    await stable(system, 'broken');
    await system.until('no failure any more', async () => {
      const { deployments = [] } = await system.service('broken');
      return deployments.length === 1 && deployments[0]?.failedTasks === 0;
    });
  });
});

describe('an instance that is drained', () => {
  it('loses its service tasks to the others without a gap, and keeps the standalone ones', async () => {
    const system = await started({ instances: 3 });
    const { ecs } = system;
    await system.define('web');
    await system.define('alone');
    await ecs.createService({
      serviceName: 'web',
      taskDefinition: 'web',
      desiredCount: 6,
      placementStrategy: [{ type: 'spread', field: 'instanceId' }],
    });
    await stable(system, 'web');
    const { containerInstances } = await system.instances();
    const drained = containerInstances[0]?.containerInstanceArn ?? '';
    const alone = await ecs.startTask({ taskDefinition: 'alone', containerInstances: [drained] });
    const aloneArn = alone.tasks?.[0]?.taskArn ?? '';
    const answer = await ecs.updateContainerInstancesState({
      containerInstances: [drained],
      status: 'DRAINING',
    });
    expect(answer.containerInstances).toMatchObject([{ status: 'DRAINING' }]);
    let least = 6;
    await system.until(
      'the service to have moved',
      async () => {
        least = Math.min(least, (await system.service('web')).runningCount ?? 0);
        const there = (await system.tasks()).filter(
          ({ containerInstanceArn }) => containerInstanceArn === drained,
        );
        return there.length === 1 && there[0]?.taskArn === aloneArn && there[0].lastStatus === 'RUNNING';
      },
      { seen: () => system.tasks() },
    );
    expect(least).toBe(6);
    await stable(system, 'web');
    expect(await ecs.runTask({ taskDefinition: 'alone', count: 1 })).toMatchObject({
      tasks: [{ containerInstanceArn: expect.not.stringMatching(drained) }],
    });
    await ecs.updateContainerInstancesState({ containerInstances: [drained], status: 'ACTIVE' });
    await system.until('it to be ACTIVE', async () => {
      const instances = (await system.instances()).containerInstances;
      return instances.every(({ status }) => status === 'ACTIVE');
    });
  });
});
