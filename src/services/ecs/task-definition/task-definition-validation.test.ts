import type { ContainerDefinition, RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { normaliseTaskDefinition } from './normalisation.ts';
import { validateTaskDefinition } from './task-definition-validation.ts';

type Definition = Partial<RegisterTaskDefinitionCommandInput>;

function container(bend: ContainerDefinition = {}): ContainerDefinition {
  return { name: 'web', image: 'nginx', memory: 128, ...bend };
}

/** A definition of one container, or of several, that is right but for what a test bends. */
function register(bend: Definition): void {
  validateTaskDefinition(
    normaliseTaskDefinition({ family: 'web', containerDefinitions: [container()], ...bend }),
  );
}

const one = (bend: ContainerDefinition, task: Definition = {}): Definition => ({
  ...task,
  containerDefinitions: [container(bend)],
});
const two = (first: ContainerDefinition, second: ContainerDefinition, task: Definition = {}): Definition => ({
  ...task,
  containerDefinitions: [container({ name: 'web', ...first }), container({ name: 'side', ...second })],
});
const repeat = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const fargate = (bend: Definition = {}): Definition => ({
  requiresCompatibilities: ['FARGATE'],
  networkMode: 'awsvpc',
  cpu: '256',
  memory: '512',
  ...bend,
});
const tcp = (containerPort: number, hostPort?: number) => ({
  containerPort,
  ...(hostPort !== undefined && { hostPort }),
});
const role = 'arn:aws:iam::123456789012:role/path/execution';
const sha = `sha256:${'a1'.repeat(32)}`;
const check = { command: ['CMD-SHELL', 'true'] };
const logs = (options: Record<string, string>, logDriver: 'awslogs' | 'splunk' = 'awslogs') => ({
  logConfiguration: { logDriver, options },
});
const awslogs = logs({ 'awslogs-group': 'g', 'awslogs-region': 'r' });
const firelens = { firelensConfiguration: { type: 'fluentbit' as const } };
const proxy = (bend: object = {}): Definition => ({
  networkMode: 'awsvpc',
  proxyConfiguration: {
    type: 'APPMESH',
    containerName: 'web',
    properties: [
      { name: 'IgnoredUID', value: '1337' },
      { name: 'AppPorts', value: '80' },
      { name: 'ProxyIngressPort', value: '15000' },
      { name: 'ProxyEgressPort', value: '15001' },
    ],
    ...bend,
  },
});
/** A value that the types don't know, as a client may well send it. */
const unknown = (value: unknown): never => value as never;

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
  const refused: readonly (readonly [string, Definition, string | RegExp])[] = [
    ['without containers', { containerDefinitions: [] }, 'Container list cannot be empty.'],
    [
      'with 11 containers',
      { containerDefinitions: repeat(11, (i) => container({ name: `c${i}` })) },
      /more than 10 containers/,
    ],
    ['without a family', { family: '' }, /^Family should not be null or empty/],
    ['with a bad family', { family: 'web app' }, 'Family contains invalid characters.'],
    ['with too long a family', { family: 'f'.repeat(256) }, /longer than 255/],
    ['without a container name', one({ name: undefined }), 'Container.name should not be null or empty.'],
    ['with a bad container name', one({ name: 'a b' }), 'Container.name contains invalid characters.'],
    [
      'with a container name twice',
      two({}, { name: 'web' }),
      'Container names must be unique within a task definition.',
    ],
    ['without an image', one({ image: undefined }), 'Container.image should not be null or empty.'],
    ['with a bad image', one({ image: '$IMAGE' }), 'Container.image contains invalid characters.'],
    ['with a short digest', one({ image: 'app@sha256:abc' }), 'Container.image contains invalid characters.'],
    ['with two digests', one({ image: `app@${sha}@${sha}` }), 'Container.image contains invalid characters.'],
    [
      'with an image name of 256',
      one({ image: 'i'.repeat(256) }),
      'Container.image repository should be 255 characters or less.',
    ],
    [
      'without memory',
      one({ memory: undefined }),
      "Invalid setting for container 'web'. At least one of 'memory' or 'memoryReservation' must be specified.",
    ],
    ['with no more than zero memory', one({ memory: 0 }), /At least one of 'memory'/],
    ['with 3 MiB', one({ memory: 3 }), /memory of container 'web'/],
    [
      'with a reservation above the limit',
      one({ memory: 64, memoryReservation: 65 }),
      "Invalid setting for container 'web'. 'memory' must be greater than or equal to 'memoryReservation'.",
    ],
    ['with negative cpu', one({ cpu: -1 }), /cpu of container 'web'/],
    ['with half a CPU unit', one({ cpu: 0.5 }), /cpu of container 'web'/],
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
      'with ports that differ in awsvpc',
      one({ portMappings: [tcp(80, 8080)] }, { networkMode: 'awsvpc' }),
      'When networkMode=awsvpc, the host ports and container ports in port mappings must match.',
    ],
    [
      'with ports that differ in host mode',
      one({ portMappings: [tcp(80, 8080)] }, { networkMode: 'host' }),
      'When networkMode=host, the host ports and container ports in port mappings must match.',
    ],
    [
      'with ports but no network',
      one({ portMappings: [tcp(80)] }, { networkMode: 'none' }),
      /networkMode=none/,
    ],
    ['with a mapping of no port', one({ portMappings: [{ hostPort: 80 }] }), /containerPort/],
    ['with port 0', one({ portMappings: [tcp(0)] }), /containerPort of container 'web'/],
    ['with port 65536', one({ portMappings: [tcp(80, 65_536)] }), /hostPort of container 'web'/],
    [
      'with a container port for two protocols',
      one({ portMappings: [tcp(53), { ...tcp(53), protocol: 'udp' }] }),
      /Container port 53 is used multiple times/,
    ],
    [
      'with one host port for two containers',
      two({ portMappings: [tcp(80, 80)] }, { portMappings: [tcp(8080, 80)] }),
      /Host port 80\/tcp is used multiple times/,
    ],
    [
      'with a backward port range',
      one({ portMappings: [{ containerPortRange: '90-80' }] }),
      /Invalid 'containerPortRange' setting/,
    ],
    [
      'with a port range beyond the last',
      one({ portMappings: [{ containerPortRange: '65000-65536' }] }),
      /Invalid 'containerPortRange' setting/,
    ],
    [
      'with overlapping port ranges',
      one({ portMappings: [{ containerPortRange: '80-90' }, { containerPortRange: '90-95' }] }),
      /Container port 90 is used multiple times/,
    ],
    [
      'with a port inside a range',
      one({ portMappings: [{ containerPortRange: '80-90' }, tcp(85)] }),
      /Container port 85 is used multiple times/,
    ],
    [
      'with a port and a range in one mapping',
      one({ portMappings: [{ ...tcp(80), containerPortRange: '80-90' }] }),
      /both single port and port range/,
    ],
    [
      'with a port range in host mode',
      one({ portMappings: [{ containerPortRange: '80-90' }] }, { networkMode: 'host' }),
      /networkMode=host/,
    ],
    [
      'with 101 port ranges',
      one({ portMappings: repeat(101, (i) => ({ containerPortRange: `${i * 10 + 1}-${i * 10 + 2}` })) }),
      /At most 100/,
    ],
    [
      'with a bad port name',
      one({ portMappings: [{ ...tcp(80), name: '-http' }] }),
      /Port mapping name '-http' is invalid/,
    ],
    ['with a port name in capitals', one({ portMappings: [{ ...tcp(80), name: 'HTTP' }] }), /is invalid/],
    [
      'with a port name twice',
      two({ portMappings: [{ ...tcp(80), name: 'a' }] }, { portMappings: [{ ...tcp(81), name: 'a' }] }),
      "Port mapping name 'a' is already used.",
    ],
    [
      'with an unknown appProtocol',
      one({ portMappings: [{ ...tcp(80), appProtocol: unknown('smtp') }] }),
      /appProtocol/,
    ],
    [
      'with an unknown volume',
      one({ mountPoints: [{ sourceVolume: 'data', containerPath: '/d' }] }),
      "Unknown volume 'data'.",
    ],
    [
      'with a mount without a path',
      one({ mountPoints: [{ sourceVolume: 'd' }] }, { volumes: [{ name: 'd' }] }),
      /containerPath/,
    ],
    [
      'with two mounts at one path',
      one(
        {
          mountPoints: [
            { sourceVolume: 'd', containerPath: '/d' },
            { sourceVolume: 'd', containerPath: '/d' },
          ],
        },
        { volumes: [{ name: 'd' }] },
      ),
      /Duplicate mount point/,
    ],
    ['with a volume without a name', { volumes: [{ host: {} }] }, /^Volume\.name should not be null/],
    ['with a bad volume name', { volumes: [{ name: 'a/b' }] }, 'Volume.name contains invalid characters.'],
    ['with a volume name twice', { volumes: [{ name: 'a' }, { name: 'a' }] }, /must be unique/],
    [
      'with a volume of two kinds',
      { volumes: [{ name: 'a', host: {}, dockerVolumeConfiguration: {} }] },
      /only one volume configuration/,
    ],
    [
      'with a relative sourcePath',
      { volumes: [{ name: 'a', host: { sourcePath: 'data' } }] },
      /absolute path/,
    ],
    [
      'with autoprovision of a task volume',
      { volumes: [{ name: 'a', dockerVolumeConfiguration: { autoprovision: true } }] },
      /autoprovision/,
    ],
    [
      'with EFS IAM in the clear',
      {
        volumes: [
          {
            name: 'a',
            efsVolumeConfiguration: { fileSystemId: 'fs-1', authorizationConfig: { iam: 'ENABLED' } },
          },
        ],
      },
      'EFS IAM authorization requires TransitEncryption to be enabled.',
    ],
    [
      'with an EFS port in the clear',
      {
        volumes: [
          { name: 'a', efsVolumeConfiguration: { fileSystemId: 'fs-1', transitEncryptionPort: 2049 } },
        ],
      },
      'TransitEncryptionPort requires that TransitEncryption is enabled.',
    ],
    [
      'with an EFS access point and a directory',
      {
        volumes: [
          {
            name: 'a',
            efsVolumeConfiguration: {
              fileSystemId: 'fs-1',
              transitEncryption: 'ENABLED',
              rootDirectory: '/x',
              authorizationConfig: { accessPointId: 'fsap-1' },
            },
          },
        ],
      },
      /root directory must either be set to "\/"/,
    ],
    [
      'with S3 Files and no task role',
      { volumes: [{ name: 'a', s3filesVolumeConfiguration: { fileSystemArn: 'arn' } }] },
      /taskRoleArn/,
    ],
    [
      'with FSx and no credentials',
      {
        volumes: [
          {
            name: 'a',
            fsxWindowsFileServerVolumeConfiguration: unknown({ fileSystemId: 'fs-1', rootDirectory: '\\x' }),
          },
        ],
      },
      /FSxWindowsFileServerAuthorizationConfig/,
    ],
    [
      'with two volumes configured at launch',
      {
        volumes: [
          { name: 'a', configuredAtLaunch: true },
          { name: 'b', configuredAtLaunch: true },
        ],
      },
      /Only one volume/,
    ],
    [
      'with a launch volume that nothing mounts',
      { volumes: [{ name: 'a', configuredAtLaunch: true }] },
      'Volumes [a] are not referenced by any of the containers.',
    ],
    [
      'with an unknown dependency',
      one({ dependsOn: [{ containerName: 'db', condition: 'START' }] }),
      "Cannot depend on container + 'db' because it does not exist",
    ],
    [
      'with an unknown condition',
      two({ dependsOn: [{ containerName: 'side', condition: unknown('READY') }] }, {}),
      /ContainerDependency\.condition/,
    ],
    [
      'with the end of an essential container awaited',
      two({ dependsOn: [{ containerName: 'side', condition: 'SUCCESS' }] }, {}),
      'A dependency container with SUCCESS or COMPLETE condition cannot be an essential container',
    ],
    [
      'with health awaited that is not checked',
      two({ dependsOn: [{ containerName: 'side', condition: 'HEALTHY' }] }, {}),
      'A dependency container with HEALTHY condition must have health check configured',
    ],
    [
      'with containers that wait for each other',
      two(
        { dependsOn: [{ containerName: 'side', condition: 'START' }] },
        { volumesFrom: [{ sourceContainer: 'web' }] },
      ),
      /Circular dependency between containers: web, side/,
    ],
    [
      'with a container that waits for itself',
      one({ dependsOn: [{ containerName: 'web', condition: 'START' }] }),
      /Circular dependency/,
    ],
    [
      'with a link in awsvpc',
      two({ links: ['side'] }, {}, { networkMode: 'awsvpc' }),
      'Links are not supported when networkMode=awsvpc.',
    ],
    [
      'with a link to nothing',
      one({ links: ['db:db'] }),
      "Invalid 'links' setting. Unknown container: 'db'.",
    ],
    [
      'with volumes from nothing',
      one({ volumesFrom: [{ sourceContainer: 'db' }] }),
      "Invalid 'volumesFrom' setting. Unknown container: 'db'.",
    ],
    [
      'with a hostname in awsvpc',
      one({ hostname: 'h' }, { networkMode: 'awsvpc' }),
      'Hostname is not supported on container when networkMode=awsvpc.',
    ],
    [
      'with DNS servers in awsvpc',
      one({ dnsServers: ['1.1.1.1'] }, { networkMode: 'awsvpc' }),
      'DNS servers are not supported on container when networkMode=awsvpc.',
    ],
    [
      'with extra hosts in awsvpc',
      one({ extraHosts: [{ hostname: 'a', ipAddress: '1.2.3.4' }] }, { networkMode: 'awsvpc' }),
      /^Extra hosts are not supported/,
    ],
    [
      'with networking off in awsvpc',
      one({ disableNetworking: true }, { networkMode: 'awsvpc' }),
      'Disable Networking is not supported on container when networkMode=awsvpc.',
    ],
    [
      'with a start timeout of 1 s',
      one({ startTimeout: 1 }),
      "Granular start timeout on container 'web' must be at least 2 seconds.",
    ],
    [
      'with a stop timeout of 1 s',
      one({ stopTimeout: 1 }),
      "Granular stop timeout on container 'web' must be at least 2 seconds.",
    ],
    [
      'with restarts every 59 s',
      one({ restartPolicy: { enabled: true, restartAttemptPeriod: 59 } }),
      "The 'restartAttemptPeriod' setting for container 'web' must be between 60 and 1800.",
    ],
    [
      'with restarts every 1801 s',
      one({ restartPolicy: { enabled: true, restartAttemptPeriod: 1801 } }),
      /between 60 and 1800/,
    ],
    [
      'with 51 ignored exit codes',
      one({ restartPolicy: { enabled: true, ignoredExitCodes: repeat(51, (i) => i) } }),
      /At most 50/,
    ],
    [
      'with a health check of no kind',
      one({ healthCheck: { command: ['curl', 'x'] } }),
      /must start with CMD or CMD-SHELL/,
    ],
    ['with a health check of no command', one({ healthCheck: { command: ['CMD'] } }), /must start with CMD/],
    [
      'with an interval of 4 s',
      one({ healthCheck: { ...check, interval: 4 } }),
      /HealthCheck\.interval.*between 5 and 300/,
    ],
    ['with an interval of 301 s', one({ healthCheck: { ...check, interval: 301 } }), /HealthCheck\.interval/],
    ['with a timeout of 1 s', one({ healthCheck: { ...check, timeout: 1 } }), /HealthCheck\.timeout/],
    ['with 11 retries', one({ healthCheck: { ...check, retries: 11 } }), /HealthCheck\.retries/],
    [
      'with a start period of 301 s',
      one({ healthCheck: { ...check, startPeriod: 301 } }),
      /HealthCheck\.startPeriod/,
    ],
    [
      'with secrets and no execution role',
      one({ secrets: [{ name: 'A', valueFrom: 'p' }] }),
      "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
    ],
    [
      'with a secret named like a variable',
      one(
        { environment: [{ name: 'A' }], secrets: [{ name: 'A', valueFrom: 'p' }] },
        { executionRoleArn: role },
      ),
      "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as 'A'.",
    ],
    [
      'with a secret twice',
      one(
        {
          secrets: [
            { name: 'A', valueFrom: 'p' },
            { name: 'A', valueFrom: 'q' },
          ],
        },
        { executionRoleArn: role },
      ),
      /secret name must be unique/,
    ],
    [
      'with a secret from nowhere',
      one({ secrets: [{ name: 'A', valueFrom: '' }] }, { executionRoleArn: role }),
      /Secret\.valueFrom/,
    ],
    ['with a nameless variable', one({ environment: [{ value: '1' }] }), /Environment variable name/],
    [
      'with 11 environment files',
      one({
        environmentFiles: repeat(11, (i) => ({ type: 's3' as const, value: `arn:aws:s3:::b/${i}.env` })),
      }),
      /maximum number of environment files was exceeded/,
    ],
    [
      'with an environment file that is no ARN',
      one({ environmentFiles: [{ type: 's3', value: 's3://b/a.env' }] }),
      'Invalid arn syntax.',
    ],
    [
      'with an environment file of another extension',
      one({ environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::b/a.txt' }] }),
      /extension \.env/,
    ],
    [
      'with an unknown ulimit',
      one({ ulimits: [{ name: unknown('files'), softLimit: 1, hardLimit: 1 }] }),
      /Ulimit\.name/,
    ],
    [
      'with a soft limit above the hard',
      one({ ulimits: [{ name: 'nofile', softLimit: -1, hardLimit: 1 }] }),
      /must be less than or equal to its hardLimit/,
    ],
    [
      'with an unknown capability',
      one({ linuxParameters: { capabilities: { add: ['CAP_NET_ADMIN'] } } }),
      /capabilities of container 'web'/,
    ],
    [
      'with an unknown tmpfs option',
      one({ linuxParameters: { tmpfs: [{ containerPath: '/t', size: 1, mountOptions: ['fast'] }] } }),
      /Tmpfs\.mountOptions/,
    ],
    [
      'with a tmpfs of nothing',
      one({ linuxParameters: { tmpfs: [{ containerPath: '/t', size: 0 }] } }),
      /Tmpfs\.size/,
    ],
    ['with swappiness 101', one({ linuxParameters: { swappiness: 101 } }), /swappiness/],
    ['with negative swap', one({ linuxParameters: { maxSwap: -1 } }), /maxSwap/],
    [
      'with an unknown device permission',
      one({ linuxParameters: { devices: [{ hostPath: '/dev/x', permissions: [unknown('exec')] }] } }),
      /Device\.permissions/,
    ],
    [
      'with a sysctl of the whole host',
      one({ systemControls: [{ namespace: 'vm.swappiness', value: '1' }] }),
      /not a namespaced kernel parameter/,
    ],
    [
      'with a network sysctl in host mode',
      one({ systemControls: [{ namespace: 'net.core.somaxconn', value: '1' }] }, { networkMode: 'host' }),
      /networkMode=host/,
    ],
    [
      'with an IPC sysctl in the host namespace',
      one({ systemControls: [{ namespace: 'kernel.shmmax', value: '1' }] }, { ipcMode: 'host' }),
      /ipcMode=host/,
    ],
    [
      'with an unknown log driver',
      one({ logConfiguration: { logDriver: unknown('loki') } }),
      /^loki is not a valid log driver\. Must be one of \[awsfirelens,awslogs/,
    ],
    [
      'with awslogs and no group',
      one(logs({ 'awslogs-region': 'r' })),
      'Log driver awslogs requires options: awslogs-group',
    ],
    [
      'with awslogs and nothing',
      one(logs({})),
      'Log driver awslogs requires options: awslogs-region, awslogs-group',
    ],
    [
      'with splunk and no token',
      one(logs({ 'splunk-url': 'u' }, 'splunk')),
      'Log driver splunk requires options: splunk-token',
    ],
    [
      'with two ways to join lines',
      one(
        logs({
          'awslogs-group': 'g',
          'awslogs-region': 'r',
          'awslogs-datetime-format': 'f',
          'awslogs-multiline-pattern': 'p',
        }),
      ),
      /awslogs-multiline-pattern/,
    ],
    [
      'with an unknown log mode',
      one(logs({ 'awslogs-group': 'g', 'awslogs-region': 'r', mode: 'fast' })),
      /mode/,
    ],
    [
      'with a bad log buffer',
      one(logs({ 'awslogs-group': 'g', 'awslogs-region': 'r', 'max-buffer-size': 'big' })),
      /max-buffer-size/,
    ],
    [
      'with log secrets and no execution role',
      one({
        logConfiguration: { ...awslogs.logConfiguration, secretOptions: [{ name: 'x', valueFrom: 'y' }] },
      }),
      /log secrets/,
    ],
    [
      'with awsfirelens and no router',
      one({ logConfiguration: { logDriver: 'awsfirelens' } }),
      'When awsfirelens log driver is specified in log configuration, a firelens configuration object must be specified.',
    ],
    ['with two routers', two(firelens, firelens), /Only one container/],
    [
      'with an unknown router',
      one({ firelensConfiguration: { type: unknown('vector') } }),
      /FirelensConfiguration\.type/,
    ],
    [
      'with a router option of no use',
      one({ firelensConfiguration: { type: 'fluentd', options: { x: 'y' } } }),
      /FirelensConfiguration\.options/,
    ],
    [
      'with a router file of no type',
      one({ firelensConfiguration: { type: 'fluentd', options: { 'config-file-value': '/x' } } }),
      /specified together/,
    ],
    [
      'with an unknown security option',
      one({ dockerSecurityOptions: ['seccomp=unconfined'] }),
      /dockerSecurityOptions/,
    ],
    [
      'with two credential specs',
      one({ credentialSpecs: ['credentialspec:arn:a', 'credentialspec:arn:b'] }),
      /At most one/,
    ],
    ['with a bad credential spec', one({ credentialSpecs: ['arn:a'] }), /Invalid credential spec/],
    [
      'with half a GPU',
      one({ resourceRequirements: [{ type: 'GPU', value: '0.5' }] }),
      /positive number or ALL/,
    ],
    [
      'with one Neuron device',
      one({ resourceRequirements: [{ type: 'NeuronDevice', value: '1' }] }),
      /must be ALL/,
    ],
    [
      'with an unknown accelerator',
      one({ resourceRequirements: [{ type: 'InferenceAccelerator', value: 'x' }] }),
      /Unknown inference accelerator/,
    ],
    [
      'with a GPU both shared and counted',
      one({
        resourceRequirements: [{ type: 'GPU', value: '1', sharingStrategy: { nvidiaMps: { memory: 1 } } }],
      }),
      /sharingStrategy/,
    ],
    [
      'with an unknown resource',
      one({ resourceRequirements: [{ type: unknown('TPU'), value: '1' }] }),
      /ResourceRequirement\.type/,
    ],
    [
      'with an unknown versionConsistency',
      one({ versionConsistency: unknown('maybe') }),
      /versionConsistency/,
    ],
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
  ];
  test.each(refused)('%s', (_what, definition, message) => {
    expect(() => register(definition)).toThrow(
      expect.objectContaining({
        code: 'ClientException',
        message: typeof message === 'string' ? message : expect.stringMatching(message),
      }),
    );
  });
});
