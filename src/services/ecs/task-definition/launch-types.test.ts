import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { describe, test } from 'vitest';
import {
  awslogs,
  efs,
  expectRefusal,
  fargate,
  logs,
  one,
  type Refused,
  role,
  two,
  unknown,
} from '../testing/definition-input.ts';

const notOnFargate: readonly (readonly [field: string, bend: ContainerDefinition])[] = [
  ['dockerSecurityOptions', { dockerSecurityOptions: ['no-new-privileges'] }],
  ['sharedMemorySize', { linuxParameters: { sharedMemorySize: 64 } }],
  ['maxSwap', { linuxParameters: { maxSwap: 64 } }],
  ['swappiness', { linuxParameters: { swappiness: 10 } }],
  ['resourceRequirements', { resourceRequirements: [{ type: 'GPU', value: '1' }] }],
];

describe('a launch type is refused', () => {
  test.each<Refused>([
    [
      'for Windows in host mode',
      { networkMode: 'host', runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } },
      /Windows/,
    ],
    [
      'for Windows with pidMode',
      { pidMode: 'task', runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } },
      /Windows/,
    ],
    [
      'with 20 GiB of ephemeral storage',
      fargate({ ephemeralStorage: { sizeInGiB: 20 } }),
      /EphemeralStorage size should be at least 21/,
    ],
    [
      'with 201 GiB of ephemeral storage',
      fargate({ ephemeralStorage: { sizeInGiB: 201 } }),
      /EphemeralStorage size should be at most 200/,
    ],
    [
      'with an unknown launch type',
      { requiresCompatibilities: [unknown('LAMBDA')] },
      /requiresCompatibilities/,
    ],
    ['for External in awsvpc', { requiresCompatibilities: ['EXTERNAL'], networkMode: 'awsvpc' }, /External/],
    [
      'for EC2 with ephemeral storage',
      { requiresCompatibilities: ['EC2'], ephemeralStorage: { sizeInGiB: 30 } },
      /Fargate only/,
    ],
    [
      'for Managed Instances in bridge mode',
      { requiresCompatibilities: ['MANAGED_INSTANCES'] },
      /Managed Instances/,
    ],
    [
      'for Fargate in bridge mode',
      fargate({ networkMode: 'bridge' }),
      'Fargate only supports network mode ‘awsvpc’.',
    ],
    [
      'for Fargate without cpu',
      fargate({ cpu: undefined }),
      "Fargate requires that 'cpu' be defined at the task level.",
    ],
    [
      'for Fargate without memory',
      fargate({ memory: undefined }),
      "Fargate requires that 'memory' be defined at the task level.",
    ],
    [
      'for Fargate of a size that is not sold',
      fargate({ cpu: '4096', memory: '4096' }),
      'No Fargate configuration exists for given values: 4096 CPU, 4096 memory. See the Amazon ECS documentation for the valid values.',
    ],
    [
      'for Fargate on Windows with a quarter CPU',
      fargate({ runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } }),
      /No Fargate configuration exists/,
    ],
    [
      'for Fargate with json-file',
      { ...fargate(), ...one({ logConfiguration: { logDriver: 'json-file' } }) },
      'json-file is not a valid log driver. Must be one of [awslogs,splunk,awsfirelens]',
    ],
    [
      'for Fargate with awslogs and no execution role',
      { ...fargate(), ...one(awslogs) },
      'Fargate requires task definition to have execution role ARN to support log driver awslogs.',
    ],
    [
      'for Fargate with ECR and no execution role',
      { ...fargate(), ...one({ image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/a' }) },
      'Fargate requires task definition to have execution role ARN to support ECR images.',
    ],
    [
      'for Fargate with pidMode host',
      fargate({ pidMode: 'host' }),
      "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'.",
    ],
    [
      'for Fargate with a stop timeout of 121 s',
      { ...fargate(), ...one({ stopTimeout: 121 }) },
      'Tasks using the Fargate launch type must have a container stop timeout of less than 120 seconds.',
    ],
    [
      'for Fargate and privileged',
      { ...fargate(), ...one({ privileged: true }) },
      "Fargate requires that the 'privileged' setting be 'false'",
    ],
    [
      'for Fargate with a capability',
      { ...fargate(), ...one({ linuxParameters: { capabilities: { add: ['NET_ADMIN'] } } }) },
      'NET_ADMIN is not allowed on Fargate.',
    ],
    [
      'for Fargate with devices',
      { ...fargate(), ...one({ linuxParameters: { devices: [{ hostPath: '/dev/x' }] } }) },
      'Fargate compatible task definitions do not support devices',
    ],
    [
      'for Fargate with a Docker volume',
      fargate({ volumes: [{ name: 'a', dockerVolumeConfiguration: {} }] }),
      'Fargate compatible task definitions do not support dockerVolumeConfiguration',
    ],
    [
      'for Fargate with a host path',
      fargate({ volumes: [{ name: 'a', host: { sourcePath: '/x' } }] }),
      'Fargate compatible task definitions do not support sourcePath',
    ],
    [
      'for Fargate with placement constraints',
      fargate({ placementConstraints: [{ type: 'memberOf', expression: 'agentConnected == true' }] }),
      /placementConstraints/,
    ],
    [
      'for Fargate with containers larger than the task',
      { ...fargate(), ...two({ memory: 300 }, { memory: 300 }) },
      /sum of all container 'memory'/,
    ],
    [
      'for Windows in bridge mode',
      { networkMode: 'bridge', runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } },
      'Windows containers do not support networkMode bridge.',
    ],
    [
      'for Windows with ipcMode',
      { ipcMode: 'task', runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } },
      'Windows containers do not support pidMode and ipcMode.',
    ],
    [
      'for External with EFS',
      { requiresCompatibilities: ['EXTERNAL'], ...efs({}) },
      'External does not support EFS volumes.',
    ],
    [
      'for External with fault injection',
      { requiresCompatibilities: ['EXTERNAL'], networkMode: 'host', enableFaultInjection: true },
      'External does not support fault injection.',
    ],
    [
      'for External with a volume configured at launch',
      {
        requiresCompatibilities: ['EXTERNAL'],
        ...one(
          { mountPoints: [{ sourceVolume: 'a', containerPath: '/a' }] },
          { volumes: [{ name: 'a', configuredAtLaunch: true }] },
        ),
      },
      'External does not support volumes configured at launch.',
    ],
    [
      'for Managed Instances with journald',
      {
        requiresCompatibilities: ['MANAGED_INSTANCES'],
        networkMode: 'host',
        ...one({ logConfiguration: { logDriver: 'journald' } }),
      },
      'journald is not a valid log driver. Must be one of [awslogs,splunk,awsfirelens,json-file]',
    ],
    [
      'for both EC2 and Fargate when Fargate cannot',
      fargate({ requiresCompatibilities: ['EC2', 'FARGATE'], networkMode: 'host' }),
      'Fargate only supports network mode ‘awsvpc’.',
    ],
    ...['host', 'none'].map(
      (networkMode): Refused => [
        `for Fargate in ${networkMode} mode`,
        fargate({ networkMode: unknown(networkMode) }),
        'Fargate only supports network mode ‘awsvpc’.',
      ],
    ),
    ...(
      [
        ['256', '3072'],
        ['512', '5120'],
        ['1024', '1024'],
        ['2048', '17408'],
        ['4096', '30976'],
        ['8192', '17408'],
        ['16384', '36864'],
        ['32768', '65536'],
      ] as const
    ).map(
      ([cpu, memory]): Refused => [
        `for Fargate of ${cpu} CPU and ${memory} memory`,
        fargate({ cpu, memory }),
        `No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory. See the Amazon ECS documentation for the valid values.`,
      ],
    ),
    [
      'for Fargate with awslogs and no prefix of streams',
      {
        ...fargate({ executionRoleArn: role }),
        ...one(logs({ 'awslogs-group': 'g', 'awslogs-region': 'r' })),
      },
      'Log driver awslogs requires options: awslogs-stream-prefix on the Fargate launch type.',
    ],
    ...(['host', 'task', 'none'] as const).map(
      (ipcMode): Refused => [
        `for Fargate with ipcMode ${ipcMode}`,
        fargate({ ipcMode }),
        'Fargate compatible task definitions do not support ipcMode',
      ],
    ),
    ...notOnFargate.map(
      ([field, bend]): Refused => [
        `for Fargate with ${field}`,
        { ...fargate(), ...one(bend) },
        `Fargate compatible task definitions do not support ${field}`,
      ],
    ),
    [
      'for Fargate with inference accelerators',
      fargate({ inferenceAccelerators: [{ deviceName: 'a', deviceType: 'eia2.medium' }] }),
      'Fargate compatible task definitions do not support inferenceAccelerators',
    ],
    [
      'for Fargate with a router file in S3',
      {
        ...fargate(),
        ...one({
          firelensConfiguration: {
            type: 'fluentbit',
            options: { 'config-file-type': 's3', 'config-file-value': 'arn:aws:s3:::b/f.conf' },
          },
        }),
      },
      "Fargate only supports the FireLens config-file-type 'file'.",
    ],
    [
      'for Fargate with a start timeout of 121 s',
      { ...fargate(), ...one({ startTimeout: 121 }) },
      'Tasks using the Fargate launch type must have a container start timeout of less than 120 seconds.',
    ],
    ...(['hostname', 'extraHosts'] as const).map(
      (field): Refused => [
        `for Fargate with ${field}`,
        {
          ...fargate(),
          ...one(
            field === 'hostname'
              ? { hostname: 'h' }
              : { extraHosts: [{ hostname: 'a', ipAddress: '1.2.3.4' }] },
          ),
        },
        /not supported on container when networkMode=awsvpc\.$/,
      ],
    ),
    [
      'for Fargate with FSx',
      fargate({
        volumes: [
          {
            name: 'a',
            fsxWindowsFileServerVolumeConfiguration: {
              fileSystemId: 'fs-1',
              rootDirectory: '\\x',
              authorizationConfig: { credentialsParameter: 'arn', domain: 'd' },
            },
          },
        ],
      }),
      'Fargate compatible task definitions do not support fsxWindowsFileServerVolumeConfiguration',
    ],
  ])('%s', expectRefusal);
});
