import { describe, expect, test } from 'vitest';
import {
  awslogs,
  check,
  container,
  type Definition,
  expectRefusal,
  fargate,
  firelens,
  one,
  proxy,
  type Refused,
  register,
  repeat,
  role,
  sha,
  tcp,
  two,
  unknown,
} from '../testing/definition-input.ts';

describe('a definition is accepted', () => {
  const accepted: readonly (readonly [string, Definition])[] = [
    ['of the least that is needed', {}],
    ['with the longest family', { family: 'f'.repeat(255) }],
    ['with 10 containers', { containerDefinitions: repeat(10, (i) => container({ name: `c${i}` })) }],
    ['with one essential container among others', two({ essential: false }, {})],
    ['with memory at the task instead of the container', one({ memory: undefined }, { memory: '512' })],
    ['with a reservation alone', one({ memory: undefined, memoryReservation: 64 })],
    ['with a reservation as large as the limit', one({ memory: 64, memoryReservation: 64 })],
    ['with an image by digest', one({ image: `registry.example.com:5000/team/app@${sha}` })],
    ['with an image name of 255', one({ image: 'i'.repeat(255) })],
    ['with containers that fill the task', two({ cpu: 128 }, { cpu: 128 }, { cpu: '256', memory: '256' })],
    ['with a short role name', { taskRoleArn: 'my-role', executionRoleArn: role }],
    ['with a dynamic and a static host port', one({ portMappings: [tcp(80), tcp(81, 8081)] })],
    ['with one container port on two host ports', one({ portMappings: [tcp(80, 8080), tcp(80, 8081)] })],
    ['with equal ports in awsvpc', one({ portMappings: [tcp(80, 80), tcp(81)] }, { networkMode: 'awsvpc' })],
    ['with a port range', one({ portMappings: [{ containerPortRange: '8000-8010' }, tcp(80)] })],
    ['with a port name', one({ portMappings: [{ ...tcp(80), name: 'http_1-a', appProtocol: 'http2' }] })],
    [
      'with a volume and its mount',
      one(
        { mountPoints: [{ sourceVolume: 'data', containerPath: '/data' }] },
        { volumes: [{ name: 'data' }] },
      ),
    ],
    ['with a volume that nothing mounts', { volumes: [{ name: 'data', host: { sourcePath: '/srv' } }] }],
    [
      'with a shared Docker volume',
      { volumes: [{ name: 'd', dockerVolumeConfiguration: { scope: 'shared', autoprovision: true } }] },
    ],
    [
      'with an EFS volume',
      {
        volumes: [
          {
            name: 'd',
            efsVolumeConfiguration: {
              fileSystemId: 'fs-1',
              transitEncryption: 'ENABLED',
              authorizationConfig: { accessPointId: 'fsap-1', iam: 'ENABLED' },
              rootDirectory: '/',
            },
          },
        ],
      },
    ],
    [
      'with an EBS volume configured at launch',
      one(
        { mountPoints: [{ sourceVolume: 'd', containerPath: '/d' }] },
        { volumes: [{ name: 'd', configuredAtLaunch: true }] },
      ),
    ],
    [
      'with an S3 Files volume and a task role',
      {
        taskRoleArn: role,
        volumes: [{ name: 'd', s3filesVolumeConfiguration: { fileSystemArn: 'arn:aws:s3files:::x' } }],
      },
    ],
    [
      'with a dependency of every condition',
      {
        containerDefinitions: [
          container({ name: 'init', essential: false }),
          container({ name: 'db', healthCheck: check }),
          container({
            dependsOn: [
              { containerName: 'init', condition: 'SUCCESS' },
              { containerName: 'db', condition: 'HEALTHY' },
            ],
          }),
          container({
            name: 'last',
            dependsOn: [
              { containerName: 'web', condition: 'START' },
              { containerName: 'init', condition: 'COMPLETE' },
            ],
          }),
        ],
      },
    ],
    [
      'with a link and volumes from another',
      two({ links: ['side:db'], volumesFrom: [{ sourceContainer: 'side' }] }, {}),
    ],
    [
      'with a health check at its bounds',
      one({
        healthCheck: { command: ['CMD', 'true'], interval: 300, timeout: 60, retries: 10, startPeriod: 0 },
      }),
    ],
    ['with timeouts of 2 s and, outside Fargate, an hour', one({ startTimeout: 2, stopTimeout: 3600 })],
    [
      'with a restart policy at its bounds',
      one({
        restartPolicy: { enabled: true, restartAttemptPeriod: 60, ignoredExitCodes: repeat(50, (i) => i) },
      }),
    ],
    [
      'with secrets and an execution role',
      one({ secrets: [{ name: 'A', valueFrom: 'p' }] }, { executionRoleArn: role }),
    ],
    [
      'with the same environment variable twice',
      one({
        environment: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      }),
    ],
    [
      'with an environment file',
      one({ environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::bucket/path/app.env' }] }),
    ],
    ['with unlimited ulimits', one({ ulimits: [{ name: 'nofile', softLimit: 1024, hardLimit: -1 }] })],
    [
      'with Linux parameters',
      one({
        linuxParameters: {
          capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
          devices: [{ hostPath: '/dev/fuse', permissions: ['read'] }],
          tmpfs: [{ containerPath: '/t', size: 1, mountOptions: ['noexec', 'mode=1777'] }],
          maxSwap: 0,
          swappiness: 100,
          sharedMemorySize: 64,
        },
      }),
    ],
    [
      'with namespaced system controls',
      one({
        systemControls: [
          { namespace: 'net.core.somaxconn', value: '1' },
          { namespace: 'fs.mqueue.msg_max', value: '1' },
        ],
      }),
    ],
    ['with awslogs', one(awslogs)],
    [
      'with splunk and its token from a secret',
      one(
        {
          logConfiguration: {
            logDriver: 'splunk',
            options: { 'splunk-url': 'u' },
            secretOptions: [{ name: 'splunk-token', valueFrom: 'p' }],
          },
        },
        { executionRoleArn: role },
      ),
    ],
    [
      'with a log router and what logs through it',
      two({ logConfiguration: { logDriver: 'awsfirelens' } }, firelens),
    ],
    [
      'with security options',
      one({
        dockerSecurityOptions: ['no-new-privileges', 'apparmor:p', 'label:type:t', 'credentialspec:file://x'],
      }),
    ],
    ['with a GPU', one({ resourceRequirements: [{ type: 'GPU', value: '2' }] })],
    ['with all GPUs', one({ resourceRequirements: [{ type: 'GPU', value: 'ALL' }] })],
    [
      'with a shared GPU',
      one({ resourceRequirements: [{ type: 'GPU', sharingStrategy: { nvidiaMps: { memory: 512 } } }] }),
    ],
    [
      'for Windows',
      { runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE', cpuArchitecture: 'X86_64' } },
    ],
    ['with an App Mesh proxy', proxy()],
    [
      'with 10 placement constraints',
      {
        placementConstraints: repeat(10, () => ({
          type: 'memberOf' as const,
          expression: 'attribute:x == y',
        })),
      },
    ],
    ['with fault injection in awsvpc', { networkMode: 'awsvpc', enableFaultInjection: true }],
    ['for Fargate', fargate()],
    [
      'for Fargate with all that it may have',
      {
        ...fargate({ executionRoleArn: role, pidMode: 'task', ephemeralStorage: { sizeInGiB: 21 } }),
        ...one({
          ...awslogs,
          image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1',
          stopTimeout: 120,
          linuxParameters: { capabilities: { add: ['SYS_PTRACE'] } },
        }),
      },
    ],
    ['for External', { requiresCompatibilities: ['EXTERNAL'] }],
    ['for Managed Instances', { requiresCompatibilities: ['MANAGED_INSTANCES'], networkMode: 'host' }],
  ];
  test.each(accepted)('%s', (_what, definition) => {
    expect(() => register(definition)).not.toThrow();
  });
});

describe('a definition is refused', () => {
  test.each<Refused>([
    ['without containers', { containerDefinitions: [] }, 'Container list cannot be empty.'],
    [
      'with 11 containers',
      { containerDefinitions: repeat(11, (i) => container({ name: `c${i}` })) },
      /more than 10 containers/,
    ],
    ['without a family', { family: '' }, /^Family should not be null or empty/],
    ['with a bad family', { family: 'web app' }, 'Family contains invalid characters.'],
    ['with too long a family', { family: 'f'.repeat(256) }, /longer than 255/],
    [
      'with a container name twice',
      two({}, { name: 'web' }),
      'Container names must be unique within a task definition.',
    ],
    [
      'with more cpu in containers than in the task',
      two({ cpu: 129 }, { cpu: 128 }, { cpu: '256' }),
      "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
    ],
    [
      'with more memory in a container than in the task',
      one({ memory: 513 }, { memory: '512' }),
      "The 'memory' setting for container 'web' is greater than for the task.",
    ],
    [
      'with more reserved than the task has',
      two(
        { memory: 300, memoryReservation: 300 },
        { memory: 300, memoryReservation: 300 },
        { memory: '512' },
      ),
      "The sum of all container 'memoryReservation' values cannot be greater than the value of the task 'memory'.",
    ],
    [
      'with nothing essential',
      one({ essential: false }),
      "Task definition doesn't have any essential container.",
    ],
    [
      'with an unknown network mode',
      { networkMode: unknown('overlay') },
      /^Invalid value 'overlay' for networkMode\. Must be one of \[awsvpc, bridge, host, none\]\.$/,
    ],
    ['with an unknown pidMode', { pidMode: unknown('none') }, /pidMode/],
    ['with an unknown ipcMode', { ipcMode: unknown('x') }, /ipcMode/],
    [
      'with an unknown architecture',
      { runtimePlatform: { cpuArchitecture: unknown('RISCV') } },
      /cpuArchitecture/,
    ],
    [
      'with an unknown operating system',
      { runtimePlatform: { operatingSystemFamily: unknown('PLAN9') } },
      /operatingSystemFamily/,
    ],
    ['with a bad role', { taskRoleArn: 'arn:aws:iam::1:user/x' }, 'Role is not valid.'],
    [
      'with 11 placement constraints',
      { placementConstraints: repeat(11, () => ({ type: 'memberOf' as const, expression: 'x' })) },
      /more than 10/,
    ],
    [
      'with a constraint of another type',
      { placementConstraints: [{ type: unknown('distinctInstance'), expression: 'x' }] },
      "constraint.type 'distinctInstance' is not supported.",
    ],
    [
      'with an expression that is none',
      { placementConstraints: [{ type: 'memberOf', expression: 'x == y' }] },
      /memberOf is not valid: there should be a subject .* at position 1/,
    ],
    ['with a constraint without expression', { placementConstraints: [{ type: 'memberOf' }] }, /expression/],
    [
      'with a constraint of 2001 characters',
      { placementConstraints: [{ type: 'memberOf', expression: `attribute:x == ${'x'.repeat(2001)}` }] },
      /2000/,
    ],
    ['with a proxy outside awsvpc', { ...proxy(), networkMode: 'bridge' }, /requires networkMode=awsvpc/],
    ['with a proxy in an unknown container', proxy({ containerName: 'envoy' }), /Unknown container: 'envoy'/],
    [
      'with a proxy without properties',
      proxy({ properties: [] }),
      /Missing properties: IgnoredUID or IgnoredGID, AppPorts, ProxyIngressPort, ProxyEgressPort/,
    ],
    ['with fault injection in bridge mode', { enableFaultInjection: true }, /enableFaultInjection/],
    ['with a family of a space', { family: ' ' }, 'Family contains invalid characters.'],
    ['with a family and a revision', { family: 'web:1' }, 'Family contains invalid characters.'],
    [
      'with a constraint without a type',
      { placementConstraints: [{ expression: 'agentConnected == true' }] as never },
      "constraint.type '' is not supported.",
    ],
    ['with a bad execution role', { executionRoleArn: 'not a role' }, 'Role is not valid.'],
    [
      'with a proxy of another type',
      proxy({ type: 'ENVOY' }),
      "Invalid value 'ENVOY' for ProxyConfiguration.type. Must be one of [APPMESH].",
    ],
    [
      'with a proxy property of no use',
      proxy({ properties: [{ name: 'AppPort', value: '80' }] }),
      /^Invalid value 'AppPort' for ProxyConfiguration\.properties\./,
    ],
    [
      'with an accelerator without a name',
      { inferenceAccelerators: [{ deviceName: '', deviceType: 'eia2.medium' }] },
      'InferenceAccelerator.deviceName should not be null or empty.',
    ],
    [
      'with an accelerator without a type',
      { inferenceAccelerators: [{ deviceName: 'a', deviceType: '' }] },
      'InferenceAccelerator.deviceType should not be null or empty.',
    ],
    [
      'with fault injection in no network',
      { networkMode: 'none', enableFaultInjection: true },
      /awsvpc or host/,
    ],
  ])('%s', expectRefusal);
});
