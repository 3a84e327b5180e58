import type { CreateServiceCommandInput, Service, UpdateServiceCommandInput } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { services, taskDefinitions } from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { testNetwork } from '../testing/network.ts';
import { container, key, openRoom, scope, type TestRoom, taskDefinition } from '../testing/room.ts';
import { createService, deleteService, describeServices, listServices, updateService } from './service.ts';

/** A room with the definitions `web:1` and `web:2` (bridge), `private:1` (awsvpc), and an instance. */
async function openFleet(): Promise<TestRoom> {
  const room = await openRoom();
  await room.addInstance();
  await room.addDefinition();
  await room.addDefinition({ family: 'private', networkMode: 'awsvpc' });
  await room.write((tx) =>
    tx.put(taskDefinitions, taskDefinitionKey(scope, 'web', 2), { ...taskDefinition(), revision: 2 }),
  );
  return room;
}

const create = (room: TestRoom, input: Partial<CreateServiceCommandInput> = {}) => {
  const defaults = { serviceName: 'web', taskDefinition: 'web:1', desiredCount: 2 };
  return createService(room.ecs, { ...defaults, ...input }, room.call);
};

const update = (room: TestRoom, input: Partial<UpdateServiceCommandInput>) =>
  updateService(room.ecs, { service: 'web', ...input }, room.call);

const network = {
  awsvpcConfiguration: { subnets: [testNetwork.subnetId] },
};

const refusal = (code: string, message: string) => ({ code, message });
const invalid = (message: string) => refusal('InvalidParameterException', message);

const arn = (name: string) => `arn:aws:ecs:eu-west-1:123456789012:service/default/${name}`;

const setStatus = (room: TestRoom, status: 'DRAINING' | 'INACTIVE') =>
  room.write((tx) => {
    const record = tx.get(services, key(services, 'default', 'web'));
    if (record) tx.put(services, key(services, 'default', 'web'), { ...record, status });
  });

describe('CreateService', () => {
  it('answers with the service as ECS shows it, defaults filled in', async () => {
    await using room = await openFleet();
    const { service } = await create(room, { tags: [{ key: 'team', value: 'blue' }] });
    const definition = 'arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1';
    const id = expect.stringMatching(/^ecs-svc\/\d{19}$/);
    expect(service).toEqual({
      serviceArn: arn('web'),
      serviceName: 'web',
      clusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/default',
      loadBalancers: [],
      serviceRegistries: [],
      status: 'ACTIVE',
      currentServiceDeployment: expect.stringMatching(/:service-deployment\/default\/web\/[A-Za-z0-9]{21}$/),
      currentServiceRevisions: [
        {
          arn: expect.stringMatching(/:service-revision\/default\/web\/\d{19}$/),
          requestedTaskCount: 2,
          runningTaskCount: 0,
          pendingTaskCount: 0,
        },
      ],
      desiredCount: 2,
      runningCount: 0,
      pendingCount: 0,
      launchType: 'EC2',
      taskDefinition: definition,
      deploymentConfiguration: {
        strategy: 'ROLLING',
        maximumPercent: 200,
        minimumHealthyPercent: 100,
        bakeTimeInMinutes: 0,
        deploymentCircuitBreaker: { enable: false, rollback: false },
      },
      deployments: [
        {
          id,
          status: 'PRIMARY',
          taskDefinition: definition,
          desiredCount: 2,
          pendingCount: 0,
          runningCount: 0,
          failedTasks: 0,
          createdAt: new Date(room.call.now),
          updatedAt: new Date(room.call.now),
          launchType: 'EC2',
          rolloutState: 'IN_PROGRESS',
          rolloutStateReason: expect.stringMatching(/^ECS deployment ecs-svc\/\d{19} in progress\.$/),
        },
      ],
      events: [],
      createdAt: new Date(room.call.now),
      createdBy: 'arn:aws:iam::123456789012:root',
      placementConstraints: [],
      placementStrategy: [],
      schedulingStrategy: 'REPLICA',
      deploymentController: { type: 'ECS' },
      enableECSManagedTags: false,
      enableExecuteCommand: false,
      propagateTags: 'NONE',
      availabilityZoneRebalancing: 'ENABLED',
      resourceManagementType: 'CUSTOMER',
      tags: [{ key: 'team', value: 'blue' }],
    });
  });

  it('keeps what it is told', async () => {
    await using room = await openFleet();
    const { service } = await create(room, {
      taskDefinition: 'private:1',
      networkConfiguration: network,
      launchType: 'EC2',
      healthCheckGracePeriodSeconds: 30,
      deploymentConfiguration: {
        maximumPercent: 150,
        minimumHealthyPercent: 50,
        deploymentCircuitBreaker: { enable: false, rollback: true },
      },
      placementStrategy: [{ type: 'spread', field: 'host' }],
      placementConstraints: [
        { type: 'distinctInstance' },
        { type: 'memberOf', expression: 'agentConnected == true' },
      ],
      enableECSManagedTags: true,
      propagateTags: 'TASK_DEFINITION',
    });
    const awsvpcConfiguration = {
      subnets: ['subnet-0000000a'],
      securityGroups: [],
      assignPublicIp: 'DISABLED',
    };
    expect(service).toMatchObject({
      healthCheckGracePeriodSeconds: 30,
      deploymentConfiguration: {
        maximumPercent: 150,
        minimumHealthyPercent: 50,
        deploymentCircuitBreaker: { enable: false, rollback: true },
      },
      placementStrategy: [{ type: 'spread', field: 'instanceId' }],
      placementConstraints: [
        { type: 'distinctInstance' },
        { type: 'memberOf', expression: 'agentConnected == true' },
      ],
      networkConfiguration: { awsvpcConfiguration },
      deployments: [{ networkConfiguration: { awsvpcConfiguration } }],
      enableECSManagedTags: true,
      propagateTags: 'TASK_DEFINITION',
    });
  });

  it('repeated with its clientToken answers with the service as it is now', async () => {
    await using room = await openFleet();
    const first = await create(room, { clientToken: 'once' });
    await update(room, { desiredCount: 5 });
    const second = await create(room, { clientToken: 'once' });
    expect(second.service?.desiredCount).toBe(5);
    expect(second.service?.deployments?.[0]?.id).toBe(first.service?.deployments?.[0]?.id);
  });

  it.each<[string, Partial<CreateServiceCommandInput>]>([
    ['without a clientToken', {}],
    ['with another clientToken', { clientToken: 'twice' }],
    ['with other parameters', { clientToken: 'once', desiredCount: 3 }],
  ])('refuses a name in use %s', async (_case, input) => {
    await using room = await openFleet();
    await create(room, { clientToken: 'once' });
    await expect(create(room, input)).rejects.toMatchObject(
      invalid('Creation of service was not idempotent.'),
    );
  });

  it('refuses the name of a service that is DRAINING, and takes that of an INACTIVE one', async () => {
    await using room = await openFleet();
    await create(room);
    await setStatus(room, 'DRAINING');
    await expect(create(room)).rejects.toMatchObject(
      invalid('Unable to Start a service that is still Draining.'),
    );
    await setStatus(room, 'INACTIVE');
    expect((await create(room)).service?.status).toBe('ACTIVE');
  });

  it('keeps that its tasks take ECS Exec', async () => {
    await using room = await openFleet();
    const { service } = await create(room, { enableExecuteCommand: true });
    expect(service?.enableExecuteCommand).toBe(true);
    expect((await update(room, { desiredCount: 1 })).service?.enableExecuteCommand).toBe(true);
    expect((await update(room, { enableExecuteCommand: false })).service?.enableExecuteCommand).toBe(false);
  });

  it('takes what is off for what it is', async () => {
    await using room = await openFleet();
    const { service } = await create(room, {
      loadBalancers: [],
      serviceRegistries: [],
      serviceConnectConfiguration: { enabled: false },
      availabilityZoneRebalancing: 'DISABLED',
      enableExecuteCommand: false,
      deploymentController: { type: 'ECS' },
      schedulingStrategy: 'REPLICA',
      deploymentConfiguration: { strategy: 'ROLLING', bakeTimeInMinutes: 0, lifecycleHooks: [] },
    });
    expect(service?.status).toBe('ACTIVE');
  });
});

describe('UpdateService', () => {
  const deploymentIds = (service: Service | undefined) => service?.deployments?.map(({ id }) => id);

  it.each<[string, (room: TestRoom) => Partial<UpdateServiceCommandInput>]>([
    ['another task definition', () => ({ taskDefinition: 'web:2' })],
    ['forceNewDeployment', () => ({ forceNewDeployment: true })],
  ])('begins a deployment with %s', async (_case, input) => {
    await using room = await openFleet();
    const before = deploymentIds((await create(room)).service);
    const { service } = await update(room, input(room));
    // The one before has no tasks that would have to be drained.
    expect(service?.deployments).toHaveLength(1);
    expect(deploymentIds(service)).not.toEqual(before);
    expect(service?.deployments?.[0]).toMatchObject({ status: 'PRIMARY', rolloutState: 'IN_PROGRESS' });
  });

  it('begins a deployment with another network configuration', async () => {
    await using room = await openFleet();
    await create(room, { taskDefinition: 'private:1', networkConfiguration: network });
    const same = await update(room, { networkConfiguration: network });
    const { subnetId, securityGroupId } = testNetwork;
    const other = await update(room, {
      networkConfiguration: {
        awsvpcConfiguration: { subnets: [subnetId], securityGroups: [securityGroupId] },
      },
    });
    expect(deploymentIds(other.service)).not.toEqual(deploymentIds(same.service));
    expect(other.service?.networkConfiguration?.awsvpcConfiguration?.securityGroups).toEqual([
      securityGroupId,
    ]);
  });

  it.each<[string, Partial<UpdateServiceCommandInput>, Partial<Service>]>([
    ['desiredCount', { desiredCount: 7 }, { desiredCount: 7 }],
    ['the same task definition', { taskDefinition: 'web:1' }, {}],
    [
      'healthCheckGracePeriodSeconds',
      { healthCheckGracePeriodSeconds: 9 },
      { healthCheckGracePeriodSeconds: 9 },
    ],
    ['propagateTags', { propagateTags: 'SERVICE' }, { propagateTags: 'SERVICE' }],
    ['enableECSManagedTags', { enableECSManagedTags: true }, { enableECSManagedTags: true }],
    [
      'placement',
      { placementStrategy: [{ type: 'random' }], placementConstraints: [] },
      { placementStrategy: [{ type: 'random' }], placementConstraints: [] },
    ],
    ['ECS Exec', { enableExecuteCommand: true }, { enableExecuteCommand: true }],
  ])('begins none with %s', async (_case, input, expected) => {
    await using room = await openFleet();
    const before = deploymentIds((await create(room)).service);
    const { service } = await update(room, input);
    expect(service).toMatchObject(expected);
    expect(deploymentIds(service)).toEqual(before);
  });

  it('changes of the deployment configuration what is given', async () => {
    await using room = await openFleet();
    await create(room, { deploymentConfiguration: { maximumPercent: 150, minimumHealthyPercent: 50 } });
    const { service } = await update(room, { deploymentConfiguration: { minimumHealthyPercent: 75 } });
    expect(service?.deploymentConfiguration).toMatchObject({
      maximumPercent: 150,
      minimumHealthyPercent: 75,
    });
  });

  it('ends pauses after failures', async () => {
    await using room = await openFleet();
    await create(room);
    const serviceKey = key(services, 'default', 'web');
    await room.write((tx) => {
      const record = tx.get(services, serviceKey);
      if (record)
        tx.put(services, serviceKey, {
          ...record,
          deployments: record.deployments.map((deployment) => ({
            ...deployment,
            restart: { streak: 9, notBefore: 1 },
            placement: { failures: 3, notBefore: 1, capacityRevision: 1 },
          })),
        });
    });
    await update(room, { desiredCount: 2 });
    const [deployment] = room.ecs.state.get(services, serviceKey)?.deployments ?? [];
    expect(deployment).not.toHaveProperty('restart');
    expect(deployment).not.toHaveProperty('placement');
  });

  it('scales a service whose definition is INACTIVE, and refuses to go to an INACTIVE one', async () => {
    await using room = await openFleet();
    await create(room);
    await room.write((tx) =>
      tx.put(taskDefinitions, taskDefinitionKey(scope, 'web', 1), {
        ...taskDefinition(),
        status: 'INACTIVE',
      }),
    );
    expect((await update(room, { desiredCount: 4 })).service?.desiredCount).toBe(4);
    await update(room, { taskDefinition: 'web:2' });
    await expect(update(room, { taskDefinition: 'web:1' })).rejects.toMatchObject(
      refusal('ClientException', 'TaskDefinition is inactive'),
    );
  });

  it('refuses a network configuration that the new network mode cannot have', async () => {
    await using room = await openFleet();
    await create(room);
    await expect(update(room, { taskDefinition: 'private:1' })).rejects.toMatchObject(
      invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified."),
    );
    await update(room, { taskDefinition: 'private:1', networkConfiguration: network });
    await expect(update(room, { taskDefinition: 'web:1' })).rejects.toMatchObject(
      invalid('Network Configuration is not valid for the given networkMode of this task definition.'),
    );
    const { service } = await update(room, { taskDefinition: 'web:1', networkConfiguration: {} });
    expect(service).not.toHaveProperty('networkConfiguration');
  });

  it('refuses unknown services and those being deleted', async () => {
    await using room = await openFleet();
    await expect(update(room, {})).rejects.toMatchObject(
      refusal('ServiceNotFoundException', 'Service not found.'),
    );
    await create(room);
    await setStatus(room, 'DRAINING');
    await expect(update(room, {})).rejects.toMatchObject(
      refusal('ServiceNotActiveException', 'Service was not ACTIVE.'),
    );
  });

  it('refuses what is not built by name, and changes nothing', async () => {
    await using room = await openFleet();
    await create(room);
    await expect(
      update(room, { desiredCount: 9, volumeConfigurations: [{ name: 'v' }] }),
    ).rejects.toMatchObject({ code: 'UnsupportedFeatureException' });
    const { services: described } = describeServices(room.ecs, { services: ['web'] }, room.call);
    expect(described?.[0]?.desiredCount).toBe(2);
  });
});

describe('availabilityZoneRebalancing', () => {
  const zone = 'attribute:ecs.availability-zone';

  it.each<[string, Partial<CreateServiceCommandInput>, string]>([
    ['the launch type EXTERNAL', { launchType: 'EXTERNAL' }, 'launch type EXTERNAL'],
    [
      'a maximum of 100',
      { deploymentConfiguration: { maximumPercent: 100, minimumHealthyPercent: 0 } },
      'maximumPercent',
    ],
    [
      'binpack first',
      { placementStrategy: [{ type: 'binpack', field: 'cpu' }] },
      'Availability Zone Rebalancing only supports availability zone spread as task placement strategy.',
    ],
    [
      'spread over instances first',
      { placementStrategy: [{ type: 'spread', field: 'host' }] },
      'zone spread',
    ],
    [
      'a constraint on the zone',
      { placementConstraints: [{ type: 'memberOf', expression: `${zone} == eu-west-1a` }] },
      'placement constraints',
    ],
  ])('is DISABLED with %s unless it is asked for, which is refused', async (_, input, words) => {
    await using room = await openFleet();
    await expect(create(room, { ...input, availabilityZoneRebalancing: 'ENABLED' })).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: expect.stringContaining(words),
    });
    expect((await create(room, input)).service?.availabilityZoneRebalancing).toBe('DISABLED');
  });

  it('is ENABLED with a spread over zones first, and stays what it is in updates that can have it', async () => {
    await using room = await openFleet();
    const placementStrategy = [
      { type: 'spread' as const, field: zone },
      { type: 'binpack' as const, field: 'cpu' },
    ];
    expect((await create(room, { placementStrategy })).service?.availabilityZoneRebalancing).toBe('ENABLED');
    const becomes = async (input: Partial<UpdateServiceCommandInput>) =>
      (await update(room, input)).service?.availabilityZoneRebalancing;
    expect(await becomes({ desiredCount: 1 })).toBe('ENABLED');
    expect(await becomes({ availabilityZoneRebalancing: 'DISABLED' })).toBe('DISABLED');
    expect(await becomes({ desiredCount: 2 })).toBe('DISABLED');
    expect(await becomes({ availabilityZoneRebalancing: 'ENABLED' })).toBe('ENABLED');
    const narrow = { deploymentConfiguration: { maximumPercent: 100, minimumHealthyPercent: 0 } };
    await expect(becomes({ ...narrow, availabilityZoneRebalancing: 'ENABLED' })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });
    expect(await becomes(narrow)).toBe('DISABLED');
  });
});

describe('UpdateService of a DAEMON service', () => {
  it('changes its minimum and refuses what DAEMON excludes', async () => {
    await using room = await openFleet();
    await create(room, { schedulingStrategy: 'DAEMON', desiredCount: undefined });
    const update = (input: Partial<UpdateServiceCommandInput>) =>
      updateService(room.ecs, { service: 'web', ...input }, room.call);
    const { service } = await update({ deploymentConfiguration: { minimumHealthyPercent: 50 } });
    expect(service?.deploymentConfiguration).toMatchObject({
      maximumPercent: 100,
      minimumHealthyPercent: 50,
    });
    for (const input of [
      { desiredCount: 1 },
      { placementStrategy: [{ type: 'random' as const }] },
      { deploymentConfiguration: { maximumPercent: 101 } },
    ])
      await expect(update(input)).rejects.toMatchObject({ code: 'InvalidParameterException' });
  });
});

describe('DeleteService', () => {
  const remove = (room: TestRoom, input: { service?: string; force?: boolean } = {}) =>
    deleteService(room.ecs, { service: 'web', ...input }, room.call);

  it('refuses a service scaled above 0 without force', async () => {
    await using room = await openFleet();
    await create(room);
    await expect(remove(room)).rejects.toMatchObject(
      invalid('The service cannot be stopped while it is scaled above 0.'),
    );
    await update(room, { desiredCount: 0 });
    expect((await remove(room)).service?.status).toBe('DRAINING');
  });

  it('with force scales to 0 and drains; again is the same', async () => {
    await using room = await openFleet();
    await create(room);
    expect((await remove(room, { force: true })).service).toMatchObject({
      status: 'DRAINING',
      desiredCount: 0,
    });
    expect((await remove(room, { force: true })).service?.status).toBe('DRAINING');
    expect(listServices(room.ecs, {}, room.call).serviceArns).toEqual([]);
  });

  it('refuses unknown and INACTIVE services', async () => {
    await using room = await openFleet();
    const notFound = refusal('ServiceNotFoundException', 'Service not found.');
    await expect(remove(room)).rejects.toMatchObject(notFound);
    await create(room);
    await setStatus(room, 'INACTIVE');
    await expect(remove(room, { force: true })).rejects.toMatchObject(notFound);
  });
});

describe('DescribeServices', () => {
  it('takes names and ARNs, tells unknown ones as MISSING, and shows tags when asked', async () => {
    await using room = await openFleet();
    await create(room, { tags: [{ key: 'a', value: 'b' }] });
    const elsewhere = 'arn:aws:ecs:eu-west-1:123456789012:service/other/web';
    const answer = describeServices(room.ecs, { services: ['web', arn('none'), elsewhere] }, room.call);
    expect(answer.services?.map(({ serviceArn }) => serviceArn)).toEqual([arn('web')]);
    expect(answer.services?.[0]).not.toHaveProperty('tags');
    expect(answer.failures).toEqual([
      { arn: arn('none'), reason: 'MISSING' },
      { arn: elsewhere, reason: 'MISSING' },
    ]);
    const tagged = describeServices(room.ecs, { services: [arn('web')], include: ['TAGS'] }, room.call);
    expect(tagged.services?.[0]?.tags).toEqual([{ key: 'a', value: 'b' }]);
  });

  it('takes one to ten services', async () => {
    await using room = await openFleet();
    const names = Array.from({ length: 11 }, (_, place) => `s${place}`);
    for (const wrong of [[], names])
      expect(() => describeServices(room.ecs, { services: wrong }, room.call)).toThrow(/^Services can/);
    expect(describeServices(room.ecs, { services: names.slice(1) }, room.call).failures).toHaveLength(10);
  });
});

describe('ListServices', () => {
  it('gives ten to a page, and says where to go on', async () => {
    await using room = await openFleet();
    for (let made = 0; made < 12; made++) await create(room, { serviceName: `s${made}`, desiredCount: 0 });
    const first = listServices(room.ecs, {}, room.call);
    expect(first.serviceArns).toHaveLength(10);
    const second = listServices(room.ecs, { nextToken: first.nextToken }, room.call);
    expect(second.serviceArns).toHaveLength(2);
    expect(second).not.toHaveProperty('nextToken');
    expect(listServices(room.ecs, { maxResults: 100 }, room.call).serviceArns).toHaveLength(12);
    expect(() => listServices(room.ecs, { maxResults: 101 }, room.call)).toThrow(/between 1 and 100/);
  });

  it('filters', async () => {
    await using room = await openFleet();
    await create(room);
    await create(room, { serviceName: 'outside', launchType: 'EXTERNAL' });
    const listed = (input: Parameters<typeof listServices>[1]) =>
      listServices(room.ecs, input, room.call).serviceArns;
    expect(listed({ launchType: 'EXTERNAL' })).toEqual([arn('outside')]);
    expect(listed({ launchType: 'EC2' })).toEqual([arn('web')]);
    expect(listed({ schedulingStrategy: 'DAEMON' })).toEqual([]);
    expect(listed({ schedulingStrategy: 'REPLICA' })).toHaveLength(2);
    expect(listed({ resourceManagementType: 'ECS' })).toEqual([]);
  });
});

describe('a definition that cannot be launched yet', () => {
  it('is refused when the service is made', async () => {
    await using room = await openFleet();
    await room.addDefinition({
      family: 'secret',
      containerDefinitions: [container({ secrets: [{ name: 'A', valueFrom: 'x' }] })],
    });
    await expect(create(room, { taskDefinition: 'secret:1' })).rejects.toMatchObject({
      code: 'UnsupportedFeatureException',
    });
  });
});
