import type { ECS, ServiceDeployment } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

/** Deployments that go wrong, on a real Engine: what comes back is what ran all along. */
describe('service deployments', () => {
  let installation: Installation;
  let ecs: ECS;
  let image: string;

  beforeAll(async () => {
    image = await testImage();
    installation = await Installation.start();
    ecs = installation.ecs();
    await define('good', ['sleep', '3600']);
    await define('broken', ['sh', '-c', 'exit 3']);
    await define('slow', ['sleep', '3600']);
  });
  afterAll(async () => {
    ecs?.destroy();
    await installation?.[Symbol.asyncDispose]();
  });

  const define = (family: string, command: string[]) =>
    ecs.registerTaskDefinition({
      family,
      containerDefinitions: [
        {
          name: 'main',
          image,
          memory: 32,
          command,
          stopTimeout: 2,
          // Nobody is healthy before its check has said so, so that a rollout can be stopped on its way.
          ...(family === 'slow'
            ? { healthCheck: { command: ['CMD-SHELL', 'exit 1'], startPeriod: 300, interval: 300 } }
            : {}),
        },
      ],
    });

  const newest = async (service: string): Promise<ServiceDeployment> => {
    const { serviceDeployments = [] } = await ecs.listServiceDeployments({ service, maxResults: 1 });
    const serviceDeploymentArns = serviceDeployments.flatMap(
      ({ serviceDeploymentArn }) => serviceDeploymentArn ?? [],
    );
    if (serviceDeploymentArns.length === 0) return {};
    const described = await ecs.describeServiceDeployments({ serviceDeploymentArns });
    return described.serviceDeployments?.[0] ?? {};
  };
  const until = (service: string, status: string) =>
    waitFor(
      `${service}'s newest service deployment to be ${status}`,
      async () => ((await newest(service)).status === status ? true : undefined),
      () => installation.output,
    );
  const runningTasks = async (serviceName: string) => (await ecs.listTasks({ serviceName })).taskArns?.sort();
  const untilTasksAre = (serviceName: string, wanted: readonly string[] | undefined) =>
    waitFor(
      'the new task to be gone',
      async () => ((await runningTasks(serviceName))?.join() === wanted?.join() ? true : undefined),
      () => installation.output,
    );
  const create = async (serviceName: string, isGuarded: boolean) => {
    await ecs.createService({
      serviceName,
      taskDefinition: 'good',
      desiredCount: 1,
      deploymentConfiguration: { deploymentCircuitBreaker: { enable: isGuarded, rollback: isGuarded } },
    });
    await until(serviceName, 'SUCCESSFUL');
    return runningTasks(serviceName);
  };

  it('of a program that fails at once trip the circuit breaker and are rolled back', async () => {
    const before = await create('guarded', true);
    await ecs.updateService({ service: 'guarded', taskDefinition: 'broken' });
    await until('guarded', 'ROLLBACK_SUCCESSFUL');
    expect(await newest('guarded')).toMatchObject({
      statusReason: 'Service deployment rolled back because the circuit breaker threshold was exceeded.',
      deploymentCircuitBreaker: { status: 'TRIGGERED', failureCount: 3, threshold: 3 },
    });
    await untilTasksAre('guarded', before);
    const service = await waitFor('the failed deployment to be gone', async () => {
      const { services: [service] = [] } = await ecs.describeServices({ services: ['guarded'] });
      return service?.deployments?.length === 1 ? service : undefined;
    });
    expect(service).toMatchObject({
      runningCount: 1,
      taskDefinition: expect.stringMatching(/:task-definition\/good:1$/),
      deployments: [{ status: 'PRIMARY', rolloutState: 'COMPLETED', runningCount: 1 }],
    });
    const revision = (await newest('guarded')).rollback?.serviceRevisionArn ?? '';
    const { serviceRevisions = [] } = await ecs.describeServiceRevisions({ serviceRevisionArns: [revision] });
    expect(serviceRevisions[0]).toMatchObject({
      taskDefinition: expect.stringMatching(/:task-definition\/good:1$/),
      containerImages: [{ containerName: 'main', image }],
    });
  }, 300_000);

  it('are stopped and rolled back on request', async () => {
    const before = await create('stopped', false);
    await ecs.updateService({ service: 'stopped', taskDefinition: 'slow' });
    await until('stopped', 'IN_PROGRESS');
    const { serviceDeploymentArn } = await newest('stopped');
    await ecs.stopServiceDeployment({ serviceDeploymentArn: serviceDeploymentArn ?? '' });
    await until('stopped', 'ROLLBACK_SUCCESSFUL');
    await untilTasksAre('stopped', before);
    await expect(
      ecs.stopServiceDeployment({ serviceDeploymentArn: serviceDeploymentArn ?? '' }),
    ).rejects.toThrow(expect.objectContaining({ name: 'ConflictException' }));
  }, 240_000);
});
