import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import type { AcsContainer, AcsTask } from '../../../protocols/acs.ts';
import type { StoredTaskDefinition, TaskContainerRecord, TaskRecord } from '../records.ts';
import { container, scope, taskDefinition } from '../testing/room.ts';
import { acsTask } from './payload.ts';

function taskOf(definition: StoredTaskDefinition, changes: Partial<TaskRecord> = {}): TaskRecord {
  return {
    id: 'a'.repeat(32),
    cluster: 'default',
    taskDefinition: { family: definition.family, revision: 7 },
    containerInstanceId: 'b'.repeat(32),
    availabilityZone: 'eu-west-1a',
    attributes: [],
    launchType: 'EC2',
    group: 'family:web',
    desiredStatus: 'RUNNING',
    lastStatus: 'PENDING',
    version: 1,
    createdAt: 0,
    overrides: { containerOverrides: [] },
    containers: definition.containerDefinitions.map(
      ({ name = '', image = '', cpu, memory, memoryReservation, essential }): TaskContainerRecord => ({
        name,
        id: `id-of-${name}`,
        image,
        essential: essential ?? true,
        lastStatus: 'PENDING',
        networkBindings: [],
        healthStatus: 'UNKNOWN',
        cpu: String(cpu ?? 0),
        ...(memory === undefined ? {} : { memory: String(memory) }),
        ...(memoryReservation === undefined ? {} : { memoryReservation: String(memoryReservation) }),
      }),
    ),
    enableExecuteCommand: false,
    healthStatus: 'UNKNOWN',
    reserved: { cpu: 256, memoryMiB: 512, tcpPorts: [], udpPorts: [] },
    tags: [],
    ...changes,
  };
}

const payload = (definition: Partial<StoredTaskDefinition> = {}, task: Partial<TaskRecord> = {}): AcsTask => {
  const record = taskDefinition(definition);
  return acsTask(scope, taskOf(record.definition, task), record);
};

function containerPayload(
  definition: ContainerDefinition,
  task: Partial<TaskRecord> = {},
  of: Partial<StoredTaskDefinition> = {},
) {
  const [only] = payload({ ...of, containerDefinitions: [container(definition)] }, task).containers;
  if (only === undefined) throw new Error('no container');
  const config: Record<string, unknown> = JSON.parse(only.dockerConfig.config);
  const hostConfig: Record<string, unknown> = JSON.parse(only.dockerConfig.hostConfig);
  return { ...only, config, hostConfig };
}

describe('what of the machine a container gets by name', () => {
  it('tells which container has which GPU, and nothing where none has any', () => {
    const { definition } = taskDefinition();
    const [app] = taskOf(definition).containers;
    if (app === undefined) throw new Error('no container');
    const { associations } = payload({}, { containers: [{ ...app, gpus: '2', gpuIds: ['gpu-0', 'gpu-1'] }] });
    expect(associations).toEqual(
      ['gpu-0', 'gpu-1'].map((name) => ({
        type: 'gpu',
        name,
        containers: ['app'],
        content: { encoding: 'base64', value: '' },
      })),
    );
    expect(payload().associations).toBeUndefined();
  });
});

describe('a task on its way to the agent', () => {
  it('names itself and carries no limits that the definition does not set', () => {
    expect(payload()).toEqual({
      arn: `arn:aws:ecs:eu-west-1:123456789012:task/default/${'a'.repeat(32)}`,
      family: 'web',
      version: '7',
      desiredStatus: 'RUNNING',
      taskClusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/default',
      taskDefinitionAccountId: '123456789012',
      networkMode: 'bridge',
      launchType: 'EC2',
      zone: 'eu-west-1a',
      group: 'family:web',
      volumes: [],
      containers: [
        {
          name: 'app',
          containerArn: `arn:aws:ecs:eu-west-1:123456789012:container/default/${'a'.repeat(32)}/id-of-app`,
          image: 'app:1',
          essential: true,
          cpu: 256,
          memory: 512,
          environment: { AWS_EXECUTION_ENV: 'AWS_ECS_EC2' },
          overrides: '{"command":null}',
          portMappings: [],
          mountPoints: [],
          volumesFrom: [],
          dependsOn: [],
          dockerConfig: { version: '1.17', config: '{}', hostConfig: '{"CapAdd":[],"CapDrop":[]}' },
        },
      ],
    });
  });

  it.each<[string, Partial<StoredTaskDefinition>, Partial<TaskRecord>, Partial<AcsTask>]>([
    ['CPU in vCPUs, memory in MiB', {}, { cpu: '256', memory: '1024' }, { cpu: 0.25, memory: 1024 }],
    ['what it may write', {}, { ephemeralStorageGiB: 30 }, { ephemeralStorage: { sizeInGiB: 30 } }],
    ['the namespaces', { pidMode: 'task', ipcMode: 'none' }, {}, { pidMode: 'task', ipcMode: 'none' }],
    ['the network mode', { networkMode: 'host' }, {}, { networkMode: 'host' }],
    ['the service', {}, { service: { name: 'shop', deploymentId: 'd' } }, { serviceName: 'shop' }],
    ['that it is to stop', {}, { desiredStatus: 'STOPPED' }, { desiredStatus: 'STOPPED' }],
    [
      'its volumes',
      {
        volumes: [
          { name: 'bare', host: {} },
          { name: 'src', host: { sourcePath: '/srv' } },
          {
            name: 'vol',
            dockerVolumeConfiguration: { scope: 'shared', autoprovision: true, driver: 'local' },
          },
        ],
      },
      {},
      {
        volumes: [
          { name: 'bare', type: 'host', host: {} },
          { name: 'src', type: 'host', host: { sourcePath: '/srv' } },
          {
            name: 'vol',
            type: 'docker',
            dockerVolumeConfiguration: { scope: 'shared', autoprovision: true, driver: 'local' },
          },
        ],
      },
    ],
    [
      'its interface',
      { networkMode: 'awsvpc' },
      {
        networkInterface: {
          attachmentId: 'att',
          networkInterfaceId: 'eni-1',
          subnetId: 'subnet-0000000a',
          privateIpv4Address: '10.231.0.4',
          macAddress: '02:42:0a:e7:00:04',
          privateDnsName: 'ip-10-231-0-4.ec2.internal',
          subnetGateway: '10.231.0.1/16',
          nameServers: ['10.231.0.2'],
          domainName: 'ec2.internal',
          isAttached: false,
        },
      },
      {
        elasticNetworkInterfaces: [
          {
            attachmentArn: 'arn:aws:ecs:eu-west-1:123456789012:attachment/att',
            ec2Id: 'eni-1',
            macAddress: '02:42:0a:e7:00:04',
            ipv4Addresses: [{ privateAddress: '10.231.0.4', primary: true }],
            subnetGatewayIpv4Address: '10.231.0.1/16',
            privateDnsName: 'ip-10-231-0-4.ec2.internal',
            domainNameServers: ['10.231.0.2'],
            domainName: ['ec2.internal'],
          },
        ],
      },
    ],
  ])('carries %s', (_, definition, task, expected) => {
    expect(payload(definition, task)).toMatchObject(expected);
  });
});

describe('a container on its way to the agent', () => {
  it('has the overrides’ variables over its own, and where it runs', () => {
    const overrides = {
      containerOverrides: [{ name: 'app', command: ['b'], environment: [{ name: 'B', value: '2' }] }],
    };
    const definition = {
      command: ['a'],
      environment: [
        { name: 'A', value: '1' },
        { name: 'B', value: '1' },
      ],
    };
    expect(containerPayload(definition, { overrides, launchType: 'EXTERNAL' })).toMatchObject({
      command: ['a'],
      overrides: '{"command":["b"]}',
      environment: { AWS_EXECUTION_ENV: 'AWS_ECS_EXTERNAL', A: '1', B: '2' },
    });
  });

  it.each<[string, ContainerDefinition, Partial<AcsContainer>]>([
    ['no hard limit as 0', { memory: undefined, memoryReservation: 64 }, { memory: 0 }],
    [
      'port mappings',
      { portMappings: [{ containerPort: 80 }, { containerPort: 53, hostPort: 53, protocol: 'udp' }] },
      {
        portMappings: [
          { containerPort: 80, hostPort: 0, protocol: 'tcp' },
          { containerPort: 53, hostPort: 53, protocol: 'udp' },
        ],
      },
    ],
    [
      'dependencies and timeouts',
      { dependsOn: [{ containerName: 'db', condition: 'HEALTHY' }], startTimeout: 5, stopTimeout: 9 },
      { dependsOn: [{ containerName: 'db', condition: 'HEALTHY' }], startTimeout: 5, stopTimeout: 9 },
    ],
    [
      'mounts',
      {
        mountPoints: [{ sourceVolume: 'v', containerPath: '/v' }],
        volumesFrom: [{ sourceContainer: 'side', readOnly: true }],
      },
      {
        mountPoints: [{ sourceVolume: 'v', containerPath: '/v', readOnly: false }],
        volumesFrom: [{ sourceContainer: 'side', readOnly: true }],
      },
    ],
    [
      'its restart policy',
      { restartPolicy: { enabled: true, restartAttemptPeriod: 60 } },
      { restartPolicy: { enabled: true, restartAttemptPeriod: 60 } },
    ],
    [
      'Linux parameters',
      {
        linuxParameters: {
          capabilities: { add: ['SYS_PTRACE'] },
          devices: [{ hostPath: '/dev/fuse' }],
          initProcessEnabled: true,
          sharedMemorySize: 64,
        },
      },
      {
        linuxParameters: {
          capabilities: { add: ['SYS_PTRACE'] },
          devices: [{ hostPath: '/dev/fuse' }],
          initProcessEnabled: true,
          sharedMemorySize: 64,
        },
      },
    ],
    [
      'that the Engine checks its health',
      { healthCheck: { command: ['CMD', 'true'] } },
      { healthCheckType: 'docker' },
    ],
  ])('carries %s', (_, definition, expected) => {
    expect(containerPayload(definition)).toMatchObject(expected);
  });

  it('carries what ECS has no field for as the Engine’s configuration', () => {
    const { config, hostConfig } = containerPayload({
      hostname: 'h',
      user: '1000',
      workingDirectory: '/w',
      dockerLabels: { a: 'b' },
      pseudoTerminal: true,
      interactive: true,
      memoryReservation: 256,
      privileged: true,
      readonlyRootFilesystem: true,
      ulimits: [{ name: 'nofile', softLimit: 1, hardLimit: 2 }],
      dnsServers: ['1.1.1.1'],
      dnsSearchDomains: ['x'],
      extraHosts: [{ hostname: 'a', ipAddress: '10.0.0.1' }],
      dockerSecurityOptions: ['no-new-privileges'],
      systemControls: [{ namespace: 'net.core.somaxconn', value: '9' }],
      healthCheck: { command: ['CMD-SHELL', 'x'], startPeriod: 10 },
      linuxParameters: {
        maxSwap: 128,
        tmpfs: [{ containerPath: '/t', size: 64, mountOptions: ['noexec'] }],
        sharedMemorySize: 1,
        initProcessEnabled: true,
        capabilities: { add: ['NET_ADMIN'], drop: ['MKNOD'] },
      },
    });
    expect(config).toEqual({
      Hostname: 'h',
      User: '1000',
      WorkingDir: '/w',
      Labels: { a: 'b' },
      Tty: true,
      OpenStdin: true,
      Healthcheck: {
        Test: ['CMD-SHELL', 'x'],
        Interval: 30e9,
        Timeout: 5e9,
        Retries: 3,
        StartPeriod: 10e9,
      },
    });
    expect(hostConfig).toEqual({
      CapAdd: ['NET_ADMIN'],
      CapDrop: ['MKNOD'],
      Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
      Dns: ['1.1.1.1'],
      DnsSearch: ['x'],
      ExtraHosts: ['a:10.0.0.1'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Privileged: true,
      MemoryReservation: 256 * 1024 * 1024,
      MemorySwap: (512 + 128) * 1024 * 1024,
      MemorySwappiness: 60,
      ShmSize: 1024 * 1024,
      Tmpfs: { '/t': 'size=64m,noexec' },
      Sysctls: { 'net.core.somaxconn': '9' },
      Init: true,
    });
  });

  it('carries the log driver with its options as they were registered', () => {
    const logConfiguration = { logDriver: 'json-file', options: { 'max-size': '1m' } } as const;
    expect(containerPayload({ logConfiguration }).hostConfig.LogConfig).toEqual({
      Type: 'json-file',
      Config: { 'max-size': '1m' },
    });
  });
});
