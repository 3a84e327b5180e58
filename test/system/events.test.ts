import { waitUntilServicesInactive, waitUntilServicesStable } from '@aws-sdk/client-ecs';
import { expect, it, onTestFinished } from 'vitest';
import { quickly, startSystem } from './system.ts';

it('a service tells its life in events, over a kill of the control plane, each change once', async () => {
  const system = await startSystem({ seed: 4, instances: 2 });
  onTestFinished(() => system[Symbol.asyncDispose]());
  const { ecs } = system;
  await system.define('web');
  await ecs.createService({ serviceName: 'web', taskDefinition: 'web', desiredCount: 2 });
  await waitUntilServicesStable({ client: ecs, ...quickly }, { services: ['web'] });
  await system.killControlPlane();
  await ecs.updateService({ service: 'web', desiredCount: 1 });
  await waitUntilServicesStable({ client: ecs, ...quickly }, { services: ['web'] });
  await system.until('its steady state', async () => {
    const { events = [] } = await system.service('web');
    return events.some(({ message }) => message?.endsWith('has reached a steady state.'));
  });
  await ecs.deleteService({ service: 'web', force: true });
  await waitUntilServicesInactive({ client: ecs, ...quickly }, { services: ['web'] });

  const events = await system.until('both tasks to be told as stopped', async () => {
    const all = system.eventLog.read(0, 1_000).map(({ event }) => event);
    const stopped = all.filter(({ detail }) => detail.lastStatus === 'STOPPED');
    return stopped.length >= 2 && all;
  });
  const of = (kind: string) => events.filter((event) => event['detail-type'] === kind);

  // `version` grows by one with each event of a task: none is missing, none is there twice.
  const versions = new Map<string, unknown[]>();
  for (const { resources, detail } of of('ECS Task State Change')) {
    const [arn = ''] = resources;
    expect(detail).toMatchObject({ taskArn: arn, group: 'service:web', updatedAt: expect.any(String) });
    versions.set(arn, [...(versions.get(arn) ?? []), detail.version]);
  }
  expect(versions.size).toBe(2);
  for (const told of versions.values()) expect(told).toEqual(told.map((_, index) => index + 1));

  expect(of('ECS Service Action').map(({ detail }) => detail.eventName)).toEqual(
    expect.arrayContaining(['TASKS_STARTED', 'SERVICE_STEADY_STATE', 'TASKS_STOPPED']),
  );
  expect(of('ECS Service Action')[0]).toMatchObject({
    source: 'aws.ecs',
    account: system.accountId,
    resources: [system.arn('service/default/web')],
    detail: { eventType: 'INFO', clusterArn: system.arn('cluster/default') },
  });
  expect(of('ECS Deployment State Change').map(({ detail }) => detail.eventName)).toEqual([
    'SERVICE_DEPLOYMENT_IN_PROGRESS',
    'SERVICE_DEPLOYMENT_COMPLETED',
  ]);
  const instances = of('ECS Container Instance State Change');
  expect(instances[0]?.detail).toMatchObject({ status: 'ACTIVE', version: expect.any(Number) });
  expect(new Set(instances.map(({ resources }) => resources[0])).size).toBe(2);
});
