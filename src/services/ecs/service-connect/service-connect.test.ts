import type {
  CreateServiceCommandInput,
  PortMapping,
  ServiceConnectConfiguration,
  ServiceConnectService,
} from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serviceConnectAttachment } from '../../../protocols/acs.ts';
import { services as discoveryServices, namespaces } from '../../servicediscovery/records.ts';
import { acsTask } from '../acs/payload.ts';
import { createCluster, updateCluster } from '../operations/cluster.ts';
import { listServicesByNamespace } from '../operations/list-services-by-namespace.ts';
import { createService, deleteService, describeServices, updateService } from '../operations/service.ts';
import { describeServiceRevisions } from '../operations/service-revision.ts';
import { describeTasks } from '../operations/task.ts';
import type { TaskRecord } from '../records.ts';
import { services, taskDefinitions } from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { type Fleet, openFleet } from '../testing/fleet.ts';
import { testNetwork } from '../testing/network.ts';
import { registered } from '../testing/registry.ts';
import { container, key, scope } from '../testing/room.ts';
import { proxyDutyOf } from './proxy-payload.ts';

const networkConfiguration = { awsvpcConfiguration: { subnets: [testNetwork.subnetId] } };
const http: PortMapping = {
  name: 'http',
  containerPort: 8080,
  hostPort: 8080,
  protocol: 'tcp',
  appProtocol: 'http',
};
const offering = (changes: Partial<ServiceConnectService> = {}): ServiceConnectConfiguration => ({
  enabled: true,
  namespace: 'sea',
  services: [
    { portName: 'http', discoveryName: 'api', clientAliases: [{ port: 80, dnsName: 'api' }], ...changes },
  ],
});
const asking: ServiceConnectConfiguration = { enabled: true, namespace: 'sea' };

let fleet: Fleet;
beforeEach(async () => {
  fleet = await openFleet({ instances: 0 });
  const attributes = { 'ecs.capability.service-connect-v1': '' };
  for (let made = 0; made < 2; made++) await fleet.room.addInstance({ memoryMiB: 8192, attributes });
  await define(http);
  await fleet.room.ecs.state.transact(() => undefined);
  await createCluster(
    fleet.room.ecs,
    { clusterName: 'other', serviceConnectDefaults: { namespace: 'sea' } },
    fleet.room.call,
  );
});
afterEach(() => fleet[Symbol.asyncDispose]());

const define = (...portMappings: PortMapping[]) =>
  fleet.room.addDefinition({ networkMode: 'awsvpc', containerDefinitions: [container({ portMappings })] });

const create = (
  serviceName: string,
  serviceConnectConfiguration: ServiceConnectConfiguration,
  input: Partial<CreateServiceCommandInput> = {},
) =>
  createService(
    fleet.room.ecs,
    {
      serviceName,
      taskDefinition: 'web:1',
      desiredCount: 1,
      networkConfiguration,
      serviceConnectConfiguration,
      ...input,
    },
    fleet.room.call,
  );
const tasksOf = (name: string): readonly TaskRecord[] =>
  fleet.live().filter(({ service }) => service?.name === name);
const running = (name: string, count = 1) =>
  fleet.until(() => tasksOf(name).filter(({ lastStatus }) => lastStatus === 'RUNNING').length === count);

/** What the agent of a task is told: the names that its containers can look up, and what its proxy does. */
function told(task: TaskRecord | undefined) {
  const { state } = fleet.room.ecs;
  const service = task && state.get(services, key(services, task.cluster, task.service?.name ?? ''));
  const definition = state.get(taskDefinitions, taskDefinitionKey(scope, 'web', 1));
  const duty = proxyDutyOf(service?.deployments.find(({ id }) => id === task?.service?.deploymentId));
  if (task === undefined || definition === undefined) throw new Error('There is no such task');
  const { attachments = [], containers } = acsTask(scope, task, definition, duty);
  const value = (wanted: string) =>
    attachments[0]?.attachmentProperties.find(({ name }) => name === wanted)?.value ?? '{}';
  return {
    containers: containers.map(({ name }) => name),
    containerName: value(serviceConnectAttachment.containerName),
    config: JSON.parse(value(serviceConnectAttachment.config)),
    proxy: JSON.parse(value(serviceConnectAttachment.proxy)),
  };
}

describe('a service that others reach by Service Connect', () => {
  it('is shown as it was asked for, with the service of Cloud Map that was made for it', async () => {
    const { service } = await create('web', offering());
    const [deployment] = service?.deployments ?? [];
    expect(deployment?.serviceConnectConfiguration).toEqual(offering());
    const [{ discoveryName, discoveryArn } = {}] = deployment?.serviceConnectResources ?? [];
    const [made] = [...fleet.room.ecs.state.list(discoveryServices)];
    expect({ discoveryName, discoveryArn }).toEqual({
      discoveryName: 'api',
      discoveryArn: `arn:aws:servicediscovery:eu-west-1:123456789012:service/${made?.value.id}`,
    });
    const arns = service?.currentServiceRevisions?.map(({ arn = '' }) => arn) ?? [];
    const { serviceRevisions } = describeServiceRevisions(
      fleet.room.ecs,
      { serviceRevisionArns: arns },
      fleet.room.call,
    );
    expect(serviceRevisions?.[0]?.serviceConnectConfiguration).toEqual(offering());
  });

  it('has its tasks registered while they run, and a proxy in each', async () => {
    await create('web', offering());
    await running('web');
    const [task] = tasksOf('web');
    expect(registered(fleet.room.ecs.state).get(task?.id ?? '')?.attributes).toMatchObject({
      AWS_INSTANCE_IPV4: task?.networkInterface?.privateIpv4Address,
      AWS_INSTANCE_PORT: '8080',
    });
    const { tasks: [shown] = [] } = describeTasks(
      fleet.room.ecs,
      { tasks: [task?.id ?? ''] },
      fleet.room.call,
    );
    const proxy = shown?.containers?.[1]?.name;
    expect(proxy).toMatch(/^ecs-service-connect-[a-z0-9]{5}$/);
    expect(shown?.attachments?.[1]).toMatchObject({
      type: 'Service Connect',
      details: [{ name: 'ContainerName', value: proxy }],
    });
    await updateService(fleet.room.ecs, { service: 'web', desiredCount: 0 }, fleet.room.call);
    await fleet.until(() => tasksOf('web').length === 0);
    expect(registered(fleet.room.ecs.state).size).toBe(0);
    expect(fleet.room.task(task?.id ?? '')?.lastStatus).toBe('DEACTIVATING');
    const unregisteredAt = fleet.room.ecs.clock.now();
    await fleet.until(() => fleet.room.task(task?.id ?? '')?.lastStatus !== 'DEACTIVATING');
    expect(fleet.room.ecs.clock.now() - unregisteredAt).toBeGreaterThanOrEqual(2_900);
  });

  it('with a port of its proxy’s is reached there', async () => {
    await create('web', offering({ ingressPortOverride: 15_000 }));
    await running('web');
    const [task] = tasksOf('web');
    expect(registered(fleet.room.ecs.state).get(task?.id ?? '')?.attributes.AWS_INSTANCE_PORT).toBe('15000');
    expect(told(task).proxy.inbound).toEqual([
      {
        ...{ discoveryName: 'api', address: '0.0.0.0', port: 15_000, containerPort: 8080, protocol: 'http' },
        ...{ idleTimeoutSeconds: 300, perRequestTimeoutSeconds: 15 },
      },
    ]);
  });

  it('leaves nothing in Cloud Map when it is deleted', async () => {
    await create('web', offering());
    await running('web');
    await deleteService(fleet.room.ecs, { service: 'web', force: true }, fleet.room.call);
    await fleet.until(() => [...fleet.room.ecs.state.list(discoveryServices)].length === 0);
    expect([...fleet.room.ecs.state.list(namespaces)].map(({ value }) => value.serviceCount)).toEqual([0]);
  });

  it('is renamed when the deployments under the old name are gone', async () => {
    await create('web', offering());
    await running('web');
    const names = () =>
      [...fleet.room.ecs.state.list(discoveryServices)].map(({ value }) => value.name).sort();
    await updateService(
      fleet.room.ecs,
      { service: 'web', serviceConnectConfiguration: offering({ discoveryName: 'api2' }) },
      fleet.room.call,
    );
    expect(names()).toEqual(['api', 'api2']);
    await fleet.until(() => names().length === 1);
    expect(names()).toEqual(['api2']);
  });
});

describe('a service that reaches others by Service Connect', () => {
  it('finds those that there were when its deployment began, in whatever cluster', async () => {
    await create('web', offering());
    await create('client', asking);
    await running('client');
    const [client] = tasksOf('client');
    const { config, proxy, containers, containerName } = told(client);
    expect(containers).toEqual(['app', containerName]);
    expect(config).toMatchObject({
      egressConfig: { vip: { ipv4Cidr: '127.255.0.0/16' } },
      dnsConfig: [{ hostName: 'api', address: '127.255.0.1' }],
    });
    expect(proxy).toEqual({
      namespace: 'sea',
      outbound: [
        {
          ...{ discoveryName: 'api', address: '127.255.0.1', port: 80, protocol: 'http' },
          ...{ idleTimeoutSeconds: 300, perRequestTimeoutSeconds: 15 },
        },
      ],
      inbound: [],
    });
  });

  it('keeps them for the tasks that replace others, until its next deployment', async () => {
    await create('client', asking);
    await create('web', offering());
    await updateService(fleet.room.ecs, { service: 'client', desiredCount: 2 }, fleet.room.call);
    await running('client', 2);
    expect(tasksOf('client').map((task) => told(task).config.dnsConfig)).toEqual([[], []]);
    await updateService(fleet.room.ecs, { service: 'client', forceNewDeployment: true }, fleet.room.call);
    await fleet.until(
      () =>
        describeServices(fleet.room.ecs, { services: ['client'] }, fleet.room.call).services?.[0]?.deployments
          ?.length === 1,
    );
    expect(told(tasksOf('client')[0]).config.dnsConfig).toEqual([
      { hostName: 'api', address: '127.255.0.1' },
    ]);
  });

  it('goes by the name of the namespace where an alias has none, and by the cluster’s namespace where it names none', async () => {
    const alias = offering({ clientAliases: [{ port: 9000 }] });
    await updateCluster(
      fleet.room.ecs,
      { cluster: 'default', serviceConnectDefaults: { namespace: 'sea' } },
      fleet.room.call,
    );
    const { service } = await create('web', { enabled: true, services: alias.services });
    expect(service?.deployments?.[0]?.serviceConnectConfiguration?.namespace).toMatch(/:namespace\/ns-/);
    await running('web');
    expect(told(tasksOf('web')[0]).config.dnsConfig).toEqual([
      { hostName: 'api.sea', address: '127.255.0.1' },
    ]);
  });

  it('is listed with all services of its namespace', async () => {
    await create('web', offering());
    await create('client', asking);
    const list = (namespace: string) =>
      listServicesByNamespace(fleet.room.ecs, { namespace }, fleet.room.call).serviceArns;
    expect(list('sea')).toEqual(
      ['client', 'web'].map((name) => `arn:aws:ecs:eu-west-1:123456789012:service/default/${name}`),
    );
    expect(() => list('lake')).toThrow('The namespace lake was not found.');
  });

  it('waits for an instance whose agent has proxies', async () => {
    await using bare = await openFleet({ instances: 1 });
    await bare.room.addDefinition({ networkMode: 'awsvpc', containerDefinitions: [container()] });
    const { ecs, call } = bare.room;
    await createCluster(ecs, { clusterName: 'other', serviceConnectDefaults: { namespace: 'sea' } }, call);
    await bare.create({ networkConfiguration, serviceConnectConfiguration: asking });
    await bare.until(() => (bare.describe().events ?? []).length > 0);
    expect(bare.describe().events?.[0]?.message).toContain('is missing an attribute required by your task');
  });
});

describe('Service Connect', () => {
  it('begins a deployment when it is turned on, off or otherwise, and none when it stays', async () => {
    await create('web', asking);
    const update = async (serviceConnectConfiguration?: ServiceConnectConfiguration) => {
      const input = { service: 'web', ...(serviceConnectConfiguration && { serviceConnectConfiguration }) };
      const { service } = await updateService(fleet.room.ecs, input, fleet.room.call);
      return service?.deployments?.[0];
    };
    const first = await update();
    expect((await update(asking))?.id).toBe(first?.id);
    const second = await update(offering());
    expect(second?.id).not.toBe(first?.id);
    const third = await update({ enabled: false });
    expect(third?.id).not.toBe(second?.id);
    expect(third?.serviceConnectConfiguration).toBeUndefined();
  });

  it.each<[string, ServiceConnectConfiguration, string | RegExp]>([
    [
      'an unknown port',
      offering({ portName: 'x' }),
      'portName(x) does not refer to any named PortMapping in the Task Definition.',
    ],
    ['a bad discoveryName', offering({ discoveryName: 'A b' }), /^discoveryName A b is invalid/],
    ['a bad dnsName', offering({ clientAliases: [{ port: 80, dnsName: '-a' }] }), /^dnsName -a is invalid/],
    ['no alias', offering({ clientAliases: [] }), /exactly one clientAlias/],
    ['two aliases', offering({ clientAliases: [{ port: 1 }, { port: 2 }] }), /exactly one clientAlias/],
    ['no port', offering({ clientAliases: [{ port: 0 }] }), /must be between 1 and 65535/],
    [
      'a port that a container has',
      offering({ ingressPortOverride: 8080 }),
      /is a container port of the task definition/,
    ],
    [
      'a timeout below zero',
      offering({ timeout: { idleTimeoutSeconds: -1 } }),
      /idleTimeoutSeconds must be between/,
    ],
    ['an unknown namespace', { ...offering(), namespace: 'lake' }, 'The namespace lake was not found.'],
    ['no namespace', { enabled: true }, /has no default/],
    ['TLS', offering({ tls: { issuerCertificateAuthority: {} } }), /tls.* is not supported by this version/],
    [
      'access logs that go nowhere',
      { ...asking, accessLogConfiguration: { format: 'JSON' } },
      /needs a logConfiguration/,
    ],
    [
      'secrets of a log driver',
      {
        ...asking,
        logConfiguration: { logDriver: 'json-file', secretOptions: [{ name: 'a', valueFrom: 'b' }] },
      },
      /secretOptions.* is not supported/,
    ],
    [
      'a log level',
      { ...asking, containerConfigurations: [{ logLevel: 'debug' }] },
      /containerConfigurations.* is not supported/,
    ],
  ])('refuses %s', async (_what, configuration, words) => {
    await expect(create('web', configuration)).rejects.toThrow(words);
    expect([...fleet.room.ecs.state.list(discoveryServices)]).toEqual([]);
  });

  it('refuses names that another service of the namespace has', async () => {
    await create('web', offering());
    await expect(create('api', offering({ clientAliases: [{ port: 81 }] }))).rejects.toThrow(
      'The discoveryName api is used by the service web in the namespace sea.',
    );
    await expect(create('api', offering({ discoveryName: 'api2' }))).rejects.toThrow(
      'The clientAlias api:80 is used by the service web in the namespace sea.',
    );
    await expect(
      create('api', offering({ discoveryName: 'api2', clientAliases: [{ port: 81, dnsName: 'api' }] })),
    ).resolves.toBeDefined();
  });

  it('refuses other protocols than it has', async () => {
    const { appProtocol: _http, ...tcp } = http;
    await define(tcp);
    await expect(create('web', offering({ timeout: { perRequestTimeoutSeconds: 1 } }))).rejects.toThrow(
      'perRequestTimeoutSeconds can only be set if the appProtocol is not TCP.',
    );
    await create('web', offering());
    await define(http);
    await expect(
      updateService(fleet.room.ecs, { service: 'web', taskDefinition: 'web:1' }, fleet.room.call),
    ).rejects.toThrow('The appProtocol of api can not be changed from tcp to http');
    await define({ ...tcp, protocol: 'udp' });
    await expect(create('other', offering({ discoveryName: 'b' }))).rejects.toThrow(
      'Service Connect supports tcp.',
    );
  });

  it.each([
    ['bridge', /network mode bridge .* is not supported by this version/],
    ['host', 'Service Connect does not support the network mode host.'],
  ] as const)('refuses the network mode %s', async (networkMode, words) => {
    await fleet.room.addDefinition({
      networkMode,
      containerDefinitions: [container({ portMappings: [http] })],
    });
    const { networkConfiguration: _none, ...input } = { networkConfiguration: undefined };
    await expect(create('web', offering(), { networkConfiguration: undefined, ...input })).rejects.toThrow(
      words,
    );
  });
});

describe('a cluster’s default namespace', () => {
  const { clusterName } = { clusterName: 'third' };
  it('is made of a name, found by a name or ARN, and taken away by an empty one', async () => {
    const { ecs, call } = fleet.room;
    const made = await createCluster(
      ecs,
      { clusterName, serviceConnectDefaults: { namespace: 'lake' } },
      call,
    );
    const arn = made.cluster?.serviceConnectDefaults?.namespace;
    const [lake] = [...ecs.state.list(namespaces)].filter(({ value }) => value.name === 'lake');
    expect(arn).toBe(`arn:aws:servicediscovery:eu-west-1:123456789012:namespace/${lake?.value.id}`);
    expect(lake?.value).toMatchObject({ type: 'HTTP', tags: { AmazonECSManaged: 'true' } });
    const update = async (namespace: string) =>
      (await updateCluster(ecs, { cluster: clusterName, serviceConnectDefaults: { namespace } }, call))
        .cluster?.serviceConnectDefaults?.namespace;
    expect(await update('')).toBeUndefined();
    expect(await update('lake')).toBe(arn);
    expect(await update(arn ?? '')).toBe(arn);
    await expect(update(`${arn}x`)).rejects.toMatchObject({ code: 'NamespaceNotFoundException' });
  });
});
