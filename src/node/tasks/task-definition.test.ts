import { describe, expect, test } from 'vitest';
import type { AcsContainer, AcsTask } from '../../protocols/index.ts';
import { Reader } from '../reading.ts';
import { readAcsTask } from './acs-task.ts';
import { withImage } from './plan.ts';
import { instanceDiskOf, type PlanContext, privateNetworkOf } from './sandbox-spec.ts';
import { containerNameOf, planTask } from './task-definition.ts';

const context: PlanContext = {
  instanceId: 'i-1',
  instanceSize: { cpuUnits: 2048, memoryMiB: 1024 },
  labels: { 'catamaran.installation': 'here' },
  region: 'eu-west-1',
  address: '127.0.0.1',
  defaultStopTimeoutSeconds: 30,
  metadataUri: 'http://172.17.0.1:51679',
  joinsInterfaces: false,
  offersAwslogs: true,
};

const taskArn = 'arn:aws:ecs:eu-west-1:123456789012:task/default/0123456789abcdef0123456789abcdef';

function app(overrides: Partial<AcsContainer> = {}): AcsContainer {
  return {
    name: 'app',
    containerArn: 'arn:aws:ecs:eu-west-1:123456789012:container/default/t/c',
    image: 'demo',
    essential: true,
    cpu: 0,
    dockerConfig: { version: '1.17', config: '{}', hostConfig: '{}' },
    ...overrides,
  };
}

function task(overrides: Partial<AcsTask> = {}, ...containers: readonly AcsContainer[]): AcsTask {
  return {
    arn: taskArn,
    family: 'web',
    version: '3',
    desiredStatus: 'RUNNING',
    taskClusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/default',
    containers: containers.length > 0 ? containers : [app()],
    ...overrides,
  };
}

const planned = (input: AcsTask) => planTask(input, { app: 'a1', db: 'd1' }, context);
const specOf = (container: Partial<AcsContainer>, overrides: Partial<AcsTask> = {}) => {
  const first = planned(task(overrides, app(container))).containers[0];
  if (!first) throw new TypeError('no container');
  return first.spec;
};
const docker = (config: object, hostConfig: object = {}): Pick<AcsContainer, 'dockerConfig'> => ({
  dockerConfig: { version: '1.17', config: JSON.stringify(config), hostConfig: JSON.stringify(hostConfig) },
});

describe('a container', () => {
  test('is named after its task, the same every time, and labelled as ECS labels it', () => {
    const spec = specOf({});
    expect(spec.name).toMatch(/^ecs-web-3-app-[0-9a-f]{20}$/);
    expect(spec.name).toBe(specOf({}).name);
    expect(spec.labels).toEqual({
      'com.amazonaws.ecs.task-arn': taskArn,
      'com.amazonaws.ecs.container-name': 'app',
      'com.amazonaws.ecs.cluster': 'arn:aws:ecs:eu-west-1:123456789012:cluster/default',
      'com.amazonaws.ecs.task-definition-family': 'web',
      'com.amazonaws.ecs.task-definition-version': '3',
      'catamaran.installation': 'here',
      'catamaran.instance': 'i-1',
      'catamaran.task': '0123456789abcdef0123456789abcdef',
    });
  });

  test('cannot take over a label of the agent', () => {
    expect(specOf(docker({ Labels: { 'catamaran.instance': 'i-2', mine: 'yes' } })).labels).toMatchObject({
      'catamaran.instance': 'i-1',
      mine: 'yes',
    });
  });

  test('is told where its metadata and its role’s credentials are', () => {
    const roleCredentials = {
      credentialsId: 'c-1',
      accessKeyId: 'k',
      secretAccessKey: 's',
      sessionToken: 't',
      expiration: '2026-01-01T00:00:00Z',
      roleArn: 'arn:aws:iam::123456789012:role/r',
    };
    expect(specOf({ environment: { A: '1' } }, { roleCredentials }).env).toEqual({
      A: '1',
      ECS_CONTAINER_METADATA_URI: 'http://172.17.0.1:51679/v3/a1',
      ECS_CONTAINER_METADATA_URI_V4: 'http://172.17.0.1:51679/v4/a1',
      ECS_AGENT_URI: 'http://172.17.0.1:51679/api/a1',
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/c-1',
    });
  });

  test.each<[string, Record<string, string>, Record<string, string>, string | undefined]>([
    ['gets the region', {}, {}, 'eu-west-1'],
    ['keeps a region of its definition', { AWS_REGION: 'us-east-1' }, {}, 'us-east-1'],
    ['keeps a region of its image', {}, { AWS_DEFAULT_REGION: 'us-east-2' }, undefined],
  ])('%s', (_name, environment, imageEnvironment, expected) => {
    const first = planned(task({}, app({ environment }))).containers[0];
    if (!first) throw new TypeError('no container');
    expect(withImage(first, imageEnvironment).env.AWS_REGION).toBe(expected);
  });

  test.each<[string, Partial<AcsContainer>, object]>([
    ['at least 2 CPU shares', { cpu: 1 }, { cpuShares: 2 }],
    ['its CPU units as shares', { cpu: 512 }, { cpuShares: 512 }],
    ['a hard memory limit', { memory: 128 }, { memoryMiB: 128 }],
    ['a soft memory limit', docker({}, { MemoryReservation: 67_108_864 }), { memoryReservationMiB: 64 }],
    [
      'an overridden command',
      { command: ['a'], overrides: '{"command":["b","c"]}' },
      { command: ['b', 'c'] },
    ],
    [
      'its own command where the override has none',
      { command: ['a'], overrides: '{"command":null}' },
      { command: ['a'] },
    ],
    [
      'user, directory and terminal',
      docker({ User: 'nobody', WorkingDir: '/srv', Tty: true }),
      { user: 'nobody', workingDirectory: '/srv', pseudoTerminal: true },
    ],
    [
      'ulimits',
      docker({}, { Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 20 }] }),
      { ulimits: [{ name: 'nofile', soft: 10, hard: 20 }] },
    ],
    [
      'capabilities of both places',
      {
        ...docker({}, { CapAdd: ['NET_ADMIN'], CapDrop: [] }),
        linuxParameters: { capabilities: { add: ['SYS_PTRACE'], drop: ['CHOWN'] } },
      },
      { capabilities: { add: ['NET_ADMIN', 'SYS_PTRACE'], drop: ['CHOWN'] } },
    ],
    [
      'devices with all permissions by default',
      { linuxParameters: { devices: [{ hostPath: '/dev/fuse' }] } },
      { devices: [{ hostPath: '/dev/fuse', containerPath: '/dev/fuse', permissions: 'rwm' }] },
    ],
    [
      'init, shared memory and tmpfs',
      {
        ...docker({}, { Tmpfs: { '/t': 'size=1m' } }),
        linuxParameters: { initProcessEnabled: true, sharedMemorySize: 64 },
      },
      { init: true, sharedMemoryMiB: 64, tmpfs: [{ containerPath: '/t', options: 'size=1m' }] },
    ],
    [
      'an engine log driver',
      docker({}, { LogConfig: { Type: 'syslog', Config: { tag: 'x' } } }),
      { log: { driver: 'syslog', options: { tag: 'x' } } },
    ],
    [
      'its ports on the instance’s address',
      { portMappings: [{ containerPort: 80 }, { containerPort: 53, hostPort: 5353, protocol: 'udp' }] },
      {
        network: {
          mode: 'bridge',
          ports: [
            { containerPort: 80, hostPort: 0, protocol: 'tcp', hostIp: '127.0.0.1' },
            { containerPort: 53, hostPort: 5353, protocol: 'udp', hostIp: '127.0.0.1' },
          ],
        },
      },
    ],
    ['no network where it is disabled', docker({ NetworkDisabled: true }), { network: { mode: 'none' } }],
  ])('gets %s', (_name, container, expected) => {
    expect(specOf(container)).toMatchObject(expected);
  });

  test('has a health check only when its definition does', () => {
    const check = docker({
      Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 5e9, Timeout: 2e9, Retries: 2 },
    });
    expect(specOf(check).healthCheck).toBeUndefined();
    expect(specOf({ ...check, healthCheckType: 'docker' }).healthCheck).toEqual({
      command: ['CMD-SHELL', 'true'],
      intervalSeconds: 5,
      timeoutSeconds: 2,
      retries: 2,
      startPeriodSeconds: 0,
    });
  });

  test('with awslogs keeps the engine’s own log and names its stream', () => {
    const log = {
      LogConfig: { Type: 'awslogs', Config: { 'awslogs-group': '/g', 'awslogs-stream-prefix': 'p' } },
    };
    const [first] = planned(task({}, app(docker({}, log)))).containers;
    expect(first?.spec.log).toBeUndefined();
    expect(first?.awslogs).toMatchObject({
      group: '/g',
      region: 'eu-west-1',
      stream: 'p/app/0123456789abcdef0123456789abcdef',
      isNonBlocking: true,
      bufferBytes: 10_485_760,
    });
  });

  test('reaches its volumes: a host path, a volume of the task, a shared one', () => {
    const volumes = [
      { name: 'etc', host: { sourcePath: '/etc/app' } },
      { name: 'scratch', host: {} },
      { name: 'data', dockerVolumeConfiguration: { scope: 'shared' as const, driver: 'local' } },
    ];
    const mountPoints = volumes.map(({ name }) => ({
      sourceVolume: name,
      containerPath: `/${name}`,
      readOnly: name === 'etc',
    }));
    expect(specOf({ mountPoints }, { volumes }).mounts).toEqual([
      { type: 'bind', source: '/etc/app', target: '/etc', isReadOnly: true },
      {
        type: 'volume',
        name: 'ecs-0123456789abcdef0123456789abcdef-scratch',
        target: '/scratch',
        isReadOnly: false,
        scope: 'sandbox',
      },
      { type: 'volume', name: 'data', target: '/data', isReadOnly: false, scope: 'shared', driver: 'local' },
    ]);
  });
});

describe('containers that need each other', () => {
  test('links and volumesFrom become names of the engine and START dependencies, and decide the order', () => {
    const input = task(
      {},
      app({ links: ['db:database'], volumesFrom: [{ sourceContainer: 'db', readOnly: true }] }),
      app({ name: 'db', essential: false }),
    );
    const [db, web] = planned(input).containers;
    expect([db?.name, web?.name]).toEqual(['db', 'app']);
    expect(web?.spec.links).toEqual([`${containerNameOf(input, 'db')}:database`]);
    expect(web?.spec.volumesFrom).toEqual([`${containerNameOf(input, 'db')}:ro`]);
    expect(web?.dependencies).toEqual([{ on: 'db', condition: 'START' }]);
    expect(web?.madeAfter).toEqual(['db']);
  });

  test.each<[string, AcsTask, string]>([
    [
      'in a circle',
      task({}, app({ links: ['db'] }), app({ name: 'db', links: ['app'] })),
      "'app', 'db' depend on each other in a circle",
    ],
    [
      'that are not there',
      task({}, app({ dependsOn: [{ containerName: 'db', condition: 'START' }] })),
      "depends on container 'db', which is not in the task",
    ],
  ])('are refused %s', (_name, input, message) => {
    expect(() => planned(input)).toThrow(message);
  });
});

describe('a task', () => {
  test('in awsvpc mode gets its interface, and its containers share it', () => {
    const plan = planned(
      task(
        {
          networkMode: 'awsvpc',
          cpu: 0.25,
          memory: 512,
          elasticNetworkInterfaces: [
            {
              attachmentArn: 'arn:aws:ecs:eu-west-1:123456789012:attachment/x',
              ec2Id: 'eni-1',
              macAddress: '02:00:00:00:00:01',
              ipv4Addresses: [{ privateAddress: '10.231.0.9', primary: true }],
              subnetGatewayIpv4Address: '10.231.0.1/16',
            },
          ],
        },
        app({
          ...docker(
            { Hostname: 'ignored' },
            { Sysctls: { 'net.core.somaxconn': '9', 'kernel.shmmax': '1' } },
          ),
        }),
      ),
    );
    expect(plan.sandbox).toEqual({
      id: 'ecs-0123456789abcdef0123456789abcdef',
      labels: expect.objectContaining({ 'catamaran.instance': 'i-1' }),
      network: {
        mode: 'private',
        network: { name: 'catamaran-10-231-0-0-16', cidr: '10.231.0.0/16', gateway: '10.231.0.1' },
        ipv4: '10.231.0.9',
        macAddress: '02:00:00:00:00:01',
      },
      cgroupParent: 'catamaran-i-1',
      cgroupParentLimits: { cpuMillis: 2000, memoryMiB: 1024, cpuShares: 2048 },
      cpuMillis: 250,
      memoryMiB: 512,
      hostname: 'ip-10-231-0-9.eu-west-1.compute.internal',
      sysctls: { 'net.core.somaxconn': '9' },
    });
    expect(plan.containers[0]?.spec).toMatchObject({
      network: { mode: 'sandbox' },
      sysctls: { 'kernel.shmmax': '1' },
    });
    expect(plan.containers[0]?.spec.hostname).toBeUndefined();
  });

  test('weighs what its containers do together, unless it has a limit of its own', () => {
    const containers = [app({ cpu: 512 }), app({ name: 'db', cpu: 0 })];
    expect(planned(task({}, ...containers)).sandbox).toMatchObject({ cpuShares: 514 });
    expect(planned(task({ cpu: 0.5 }, ...containers)).sandbox).not.toHaveProperty('cpuShares');
  });

  test.each([
    ['10.0.3.1/24', '10.0.3.0/24'],
    ['172.31.47.1/20', '172.31.32.0/20'],
    ['192.168.200.129/25', '192.168.200.128/25'],
  ])('finds the network of gateway %s', (gateway, cidr) => {
    expect(privateNetworkOf(gateway).cidr).toBe(cidr);
  });

  test.each(['10.0.0.1', '10.0.0.1/33', 'fd00::1/64', ''])('refuses %j as a gateway', (gateway) => {
    expect(() => privateNetworkOf(gateway)).toThrow('should have the form');
  });
});

describe('what a task writes on', () => {
  const GiB = 1_024 ** 3;
  const diskOf = (overrides: Partial<AcsTask>, instanceDisk?: PlanContext['instanceDisk']) =>
    planTask(task(overrides), {}, { ...context, instanceDisk }).sandbox.disk;

  test('is a disk of its own on Fargate, else its instance’s, else the machine’s', () => {
    const asked = readAcsTask(new Reader({ ...task(), ephemeralStorage: { sizeInGiB: 30 } }, 'tasks[0]'));
    const { sandbox } = planned(asked);
    expect(sandbox.disk).toEqual({ name: sandbox.id, sizeBytes: 30 * GiB });
    const resources = { cpuUnits: 1, memoryMiB: 1, reservedTcpPorts: [], reservedUdpPorts: [] };
    const ofInstance = instanceDiskOf({ id: 'i-1', resources: { ...resources, storageGiB: 7 } });
    expect(ofInstance).toEqual({ name: 'instance-i-1', sizeBytes: 7 * GiB });
    expect(diskOf({}, ofInstance)).toEqual(ofInstance);
    expect(instanceDiskOf({ id: 'i-1', resources })).toBeUndefined();
    expect(diskOf({})).toBeUndefined();
  });
});

describe('what comes over ACS', () => {
  const wire = (container: object) =>
    readAcsTask(
      new Reader(
        {
          ...task(),
          containers: [
            { name: 'app', image: 'demo', dockerConfig: { config: '{}', hostConfig: '{}' }, ...container },
          ],
        },
        'tasks[0]',
      ),
    );

  test('is read with the defaults of ECS, null counting as absent', () => {
    expect(wire({ command: null, memory: null }).containers[0]).toEqual({
      name: 'app',
      containerArn: '',
      image: 'demo',
      essential: true,
      cpu: 0,
      dockerConfig: { version: '', config: '{}', hostConfig: '{}' },
    });
  });

  test.each<[object, string]>([
    [{ image: 5 }, 'tasks[0].containers[0].image should be a string but is number'],
    [
      { secrets: [{ name: 'A', valueFrom: 'x' }] },
      'tasks[0].containers[0].secrets is not supported by this agent',
    ],
    [
      { dependsOn: [{ containerName: 'b', condition: 'READY' }] },
      'dependsOn[0].condition should be one of START, COMPLETE, SUCCESS, HEALTHY',
    ],
  ])('is refused by the member: %j', (container, message) => {
    expect(() => wire(container)).toThrow(message);
  });

  test.each<[object, object, string]>([
    [{}, { PidsLimit: 5 }, 'dockerConfig.hostConfig.PidsLimit is not supported by this agent'],
    [{ Healthcheck: 'x' }, {}, 'dockerConfig.config.Healthcheck should be an object but is string'],
  ])('is refused by the member of its Docker configuration: %j %j', (config, hostConfig, message) => {
    expect(() => planned(task({}, app(docker(config, hostConfig))))).toThrow(message);
  });

  test('may carry Docker members that say nothing', () => {
    expect(() => planned(task({}, app(docker({ Env: [] }, { PidsLimit: 0, Binds: null }))))).not.toThrow();
  });
});

describe('Service Connect', () => {
  const eni = {
    ...{
      attachmentArn: 'a',
      ec2Id: 'eni-1',
      macAddress: '02:00:00:00:00:01',
      subnetGatewayIpv4Address: '10.0.0.1/24',
    },
    ipv4Addresses: [{ privateAddress: '10.0.0.7', primary: true }],
  };
  const attachment = (proxy: object = {}) => ({
    attachmentArn: 'a',
    attachmentType: 'serviceconnectdetail',
    attachmentProperties: [
      { name: 'ContainerName', value: 'ecs-service-connect-x' },
      {
        name: 'ServiceConnectConfig',
        value: JSON.stringify({ dnsConfig: [{ hostName: 'web', address: '127.255.0.1' }] }),
      },
      {
        name: 'ProxyConfig',
        value: JSON.stringify({ namespace: 'harbor', outbound: [], inbound: [], ...proxy }),
      },
    ],
  });
  const proxied = (changes: Partial<AcsTask> = {}) =>
    task(
      {
        ...{ networkMode: 'awsvpc' as const, elasticNetworkInterfaces: [eni], attachments: [attachment()] },
        ...changes,
      },
      app(),
      app({ name: 'ecs-service-connect-x' }),
    );
  const here = { ...context, serviceConnectDirectory: '/state/service-connect' };
  const ids = { app: 'a1', 'ecs-service-connect-x': 'p1' };

  test('has its proxy there before all others, and its names in the file that they share', () => {
    const plan = planTask(proxied(), ids, here);
    expect(plan.sandbox.extraHosts).toEqual([{ hostname: 'web', ipAddress: '127.255.0.1' }]);
    expect(plan.containers.map(({ name, dependencies }) => [name, dependencies])).toEqual([
      ['ecs-service-connect-x', []],
      ['app', [{ on: 'ecs-service-connect-x', condition: 'START' }]],
    ]);
  });

  test('gives its proxy nothing but its directory, whatever the task’s own containers are separated by', () => {
    const [proxy, other] = planTask(proxied(), ids, { ...here, isolation: 'gvisor' }).containers;
    expect(proxy?.spec).toMatchObject({
      isReadonlyRootFilesystem: true,
      capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
      mounts: [{ type: 'bind', source: '/state/service-connect/0123456789abcdef0123456789abcdef' }],
    });
    expect(proxy?.spec.isolation).toBeUndefined();
    expect(other?.spec.isolation).toBe('gvisor');
  });

  test.each<[string, AcsTask, string]>([
    ['outside awsvpc', proxied({ networkMode: 'bridge' }), "network mode 'bridge' is not supported"],
    [
      'with a name that says more than a name',
      proxied({
        attachments: [
          attachment({
            outbound: [{ discoveryName: 'a b', address: '127.255.0.1', port: 1, protocol: 'tcp' }],
          }),
        ],
      }),
      'discoveryName has an invalid value',
    ],
    [
      'with an address that is none',
      proxied({
        attachments: [
          attachment({ outbound: [{ discoveryName: 'a', address: '*', port: 1, protocol: 'tcp' }] }),
        ],
      }),
      'should be an IPv4 address',
    ],
  ])('%s is refused', (_what, input, words) => {
    expect(() => planTask(input, ids, here)).toThrow(words);
  });

  test('is refused where the machine has no proxy', () => {
    expect(() => planTask(proxied(), ids, context)).toThrow('HAProxy is not installed');
  });
});
