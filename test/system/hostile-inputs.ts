import * as ecsSdk from '@aws-sdk/client-ecs';
import type { NormalizedSchema } from '@smithy/core/schema';
import type { Random } from '../../src/clock/index.ts';
import { membersOf } from '../../src/protocols/schema.ts';

/**
 * Requests that are nearly right. Most of what is random is refused at the first field and tests nothing behind
 * it; so these begin as something that a client could mean, in a world whose names they know, and are then bent
 * in a place or two.
 */
export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };

/** Names that mean something where the request goes, by the member that takes them. */
export type KnownNames = Readonly<Record<string, readonly string[]>>;

/** An input for the operation: a template's where there is one, else of the schema; then bent up to three times. */
export function hostileInput(
  random: Random,
  operation: { readonly name: string; readonly input: NormalizedSchema },
  names: KnownNames,
): Json {
  const templates = templatesOf(operation.name, names);
  const template = templates[random.integer(Math.max(1, templates.length))];
  const isFromTemplate = template !== undefined && random.float() < 0.8;
  let input: Json = isFromTemplate ? template : ofSchema(random, operation.input, '', names, 0);
  const bends = random.integer(isFromTemplate ? 4 : 3);
  for (let count = 0; count < bends; count += 1) input = bend(random, input, names);
  return input;
}

const webContainer: Json = {
  name: 'web',
  image: 'app:1',
  cpu: 10,
  memory: 64,
  memoryReservation: 32,
  essential: true,
  command: ['serve'],
  entryPoint: ['/bin/sh'],
  workingDirectory: '/srv',
  user: '1000:1000',
  environment: [{ name: 'A', value: '1' }],
  portMappings: [{ containerPort: 80, hostPort: 0, protocol: 'tcp', name: 'http', appProtocol: 'http' }],
  mountPoints: [{ sourceVolume: 'data', containerPath: '/data', readOnly: true }],
  volumesFrom: [],
  dependsOn: [{ containerName: 'init', condition: 'SUCCESS' }],
  healthCheck: { command: ['CMD', 'true'], interval: 10, timeout: 5, retries: 3, startPeriod: 10 },
  ulimits: [{ name: 'nofile', softLimit: 1024, hardLimit: 2048 }],
  linuxParameters: {
    capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
    devices: [{ hostPath: '/dev/null', containerPath: '/dev/zero', permissions: ['read'] }],
    initProcessEnabled: true,
    sharedMemorySize: 16,
    tmpfs: [{ containerPath: '/scratch', size: 16, mountOptions: ['noexec'] }],
    maxSwap: 64,
    swappiness: 10,
  },
  logConfiguration: { logDriver: 'json-file', options: { 'max-size': '10m' } },
  systemControls: [{ namespace: 'net.core.somaxconn', value: '1024' }],
  restartPolicy: { enabled: true, ignoredExitCodes: [0], restartAttemptPeriod: 60 },
  dockerLabels: { a: 'b' },
  dockerSecurityOptions: ['no-new-privileges'],
  dnsServers: ['10.0.0.2'],
  dnsSearchDomains: ['example.com'],
  extraHosts: [{ hostname: 'db', ipAddress: '10.0.0.3' }],
  startTimeout: 10,
  stopTimeout: 10,
  interactive: false,
  pseudoTerminal: false,
  privileged: false,
  readonlyRootFilesystem: true,
  versionConsistency: 'disabled',
};

const tags: Json = [{ key: 'team', value: 'blue' }];
/** Of the operations with the most rules, inputs in which nearly everything is said. */
function templatesOf(operation: string, names: KnownNames): readonly Json[] {
  const networkConfiguration: Json = {
    awsvpcConfiguration: {
      subnets: [...(names.subnets ?? [])],
      securityGroups: [...(names.securityGroups ?? [])],
      assignPublicIp: 'DISABLED',
    },
  };
  switch (operation) {
    case 'RegisterTaskDefinition':
      return [
        {
          family: 'full',
          networkMode: 'bridge',
          cpu: '256',
          memory: '512',
          pidMode: 'task',
          ipcMode: 'none',
          requiresCompatibilities: ['EC2'],
          runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
          placementConstraints: [{ type: 'memberOf', expression: 'attribute:ecs.os-type == linux' }],
          volumes: [
            { name: 'data' },
            { name: 'host', host: { sourcePath: '/srv' } },
            {
              name: 'docker',
              dockerVolumeConfiguration: { scope: 'task', driver: 'local', labels: { a: 'b' } },
            },
          ],
          containerDefinitions: [
            webContainer,
            { name: 'init', image: 'app:1', memory: 16, essential: false, command: ['exit', '0'] },
          ],
          tags,
        },
        {
          family: 'fargate',
          networkMode: 'awsvpc',
          cpu: '.25 vCPU',
          memory: '0.5 GB',
          requiresCompatibilities: ['FARGATE'],
          executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
          ephemeralStorage: { sizeInGiB: 21 },
          containerDefinitions: [
            {
              name: 'app',
              image: 'app:1',
              portMappings: [{ containerPort: 8080, protocol: 'tcp' }],
              logConfiguration: {
                logDriver: 'awslogs',
                options: { 'awslogs-group': 'g', 'awslogs-region': 'r', 'awslogs-stream-prefix': 'p' },
              },
            },
          ],
        },
        {
          family: 'later',
          executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
          taskRoleArn: 'arn:aws:iam::123456789012:role/task',
          containerDefinitions: [
            {
              name: 'app',
              image: 'app:1',
              memory: 16,
              secrets: [{ name: 'S', valueFrom: 'arn:aws:ssm:us-east-1:123456789012:parameter/s' }],
              environmentFiles: [{ value: 'arn:aws:s3:::bucket/a.env', type: 's3' }],
              repositoryCredentials: {
                credentialsParameter: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:s',
              },
              resourceRequirements: [{ type: 'GPU', value: '1' }],
            },
          ],
        },
      ];
    case 'RunTask':
      return [
        {
          cluster: 'default',
          taskDefinition: 'web',
          count: 2,
          group: 'batch',
          startedBy: 'someone',
          launchType: 'EC2',
          enableECSManagedTags: true,
          propagateTags: 'TASK_DEFINITION',
          clientToken: 'token-1',
          placementConstraints: [
            { type: 'distinctInstance' },
            { type: 'memberOf', expression: 'attribute:a exists' },
          ],
          placementStrategy: [
            { type: 'spread', field: 'attribute:ecs.availability-zone' },
            { type: 'binpack', field: 'memory' },
          ],
          overrides: {
            cpu: '256',
            memory: '512',
            containerOverrides: [
              { name: 'app', command: ['x'], environment: [{ name: 'B', value: '2' }], cpu: 5, memory: 70 },
            ],
          },
          tags,
        },
        { taskDefinition: 'net', networkConfiguration, count: 1 },
        { taskDefinition: 'net', launchType: 'FARGATE', platformVersion: 'LATEST', networkConfiguration },
        { taskDefinition: 'web', count: 1, group: 'other', tags },
        {
          taskDefinition: 'web',
          capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1, base: 1 }],
        },
      ];
    case 'CreateService':
      return [
        {
          cluster: 'default',
          serviceName: 'new',
          taskDefinition: 'web',
          desiredCount: 2,
          launchType: 'EC2',
          schedulingStrategy: 'REPLICA',
          clientToken: 'token-2',
          availabilityZoneRebalancing: 'ENABLED',
          healthCheckGracePeriodSeconds: 10,
          deploymentController: { type: 'ECS' },
          deploymentConfiguration: {
            strategy: 'ROLLING',
            maximumPercent: 200,
            minimumHealthyPercent: 50,
            bakeTimeInMinutes: 0,
            deploymentCircuitBreaker: {
              enable: true,
              rollback: true,
              resetOnHealthyTask: true,
              thresholdConfiguration: { type: 'COUNT', value: 3 },
            },
            alarms: { alarmNames: ['a'], enable: false, rollback: false },
          },
          placementConstraints: [{ type: 'distinctInstance' }],
          placementStrategy: [{ type: 'spread', field: 'instanceId' }],
          enableECSManagedTags: true,
          propagateTags: 'SERVICE',
          enableExecuteCommand: false,
          tags,
        },
        { serviceName: 'small', taskDefinition: 'web', desiredCount: 1 },
        { serviceName: 'plain', taskDefinition: 'net', desiredCount: 1, networkConfiguration },
        { serviceName: 'daemon', taskDefinition: 'web', schedulingStrategy: 'DAEMON' },
        { serviceName: 'sets', deploymentController: { type: 'EXTERNAL' }, desiredCount: 1 },
        {
          serviceName: 'mixed',
          taskDefinition: 'net',
          desiredCount: 1,
          networkConfiguration,
          capacityProviderStrategy: [
            { capacityProvider: 'FARGATE', weight: 1, base: 1 },
            { capacityProvider: 'FARGATE_SPOT', weight: 3 },
          ],
          loadBalancers: [
            {
              targetGroupArn:
                'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/0123456789abcdef',
              containerName: 'app',
              containerPort: 8080,
            },
          ],
          serviceRegistries: [
            { registryArn: 'arn:aws:servicediscovery:us-east-1:123456789012:service/srv-1', port: 80 },
          ],
          serviceConnectConfiguration: { enabled: true, namespace: 'n', services: [{ portName: 'http' }] },
          volumeConfigurations: [{ name: 'v', managedEBSVolume: { roleArn: 'r', sizeInGiB: 10 } }],
        },
      ];
    case 'UpdateService':
      return [
        { service: 'web', desiredCount: 1 },
        { service: 'web', taskDefinition: 'web', forceNewDeployment: true },
        {
          cluster: 'default',
          service: 'web',
          taskDefinition: 'web:1',
          desiredCount: 2,
          forceNewDeployment: true,
          availabilityZoneRebalancing: 'DISABLED',
          deploymentConfiguration: {
            maximumPercent: 150,
            minimumHealthyPercent: 100,
            deploymentCircuitBreaker: { enable: true, rollback: false },
          },
          placementConstraints: [],
          placementStrategy: [],
          capacityProviderStrategy: [],
          healthCheckGracePeriodSeconds: 0,
          networkConfiguration,
          enableECSManagedTags: false,
          enableExecuteCommand: false,
          propagateTags: 'NONE',
          loadBalancers: [],
          serviceRegistries: [],
        },
      ];
    default:
      return [];
  }
}

/** Values of the SDK's enumerations by the member that takes them: `launchType` by `LaunchType`. */
const enumerations: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(ecsSdk).flatMap(([name, value]) =>
    typeof value === 'object' && Object.values(value).every((each) => typeof each === 'string')
      ? [[name.toLowerCase(), Object.values(value) as string[]] as const]
      : [],
  ),
);

function ofSchema(
  random: Random,
  schema: NormalizedSchema,
  member: string,
  names: KnownNames,
  depth: number,
): Json {
  if (schema.isStructSchema()) {
    const value: { [name: string]: Json } = {};
    for (const { name, schema: inner, isRequired } of membersOf(schema)) {
      if (depth > 6 || random.float() > (isRequired ? 0.95 : 0.5 / (depth + 1))) continue;
      value[name] = ofSchema(random, inner, name, names, depth + 1);
    }
    return value;
  }
  if (schema.isListSchema()) {
    const length = [0, 1, 1, 2, 12][random.integer(5)] ?? 1;
    return Array.from({ length }, () => ofSchema(random, schema.getValueSchema(), member, names, depth + 1));
  }
  if (schema.isMapSchema())
    return { [anyText(random)]: ofSchema(random, schema.getValueSchema(), member, names, depth + 1) };
  if (schema.isBooleanSchema()) return random.float() < 0.5;
  if (schema.isNumericSchema() || schema.isTimestampSchema()) return anyNumber(random);
  return textFor(random, member, names);
}

function textFor(random: Random, member: string, names: KnownNames): string {
  const singular = member.replace(/s$/, '');
  const known =
    names[member] ?? names[singular] ?? enumerations.get(member.toLowerCase()) ?? enumerations.get(singular);
  return known !== undefined && random.float() < 0.9
    ? (known[random.integer(known.length)] ?? '')
    : anyText(random);
}

/** One place of the value, or all of it, becomes something else. */
function bend(random: Random, value: Json, names: KnownNames): Json {
  if (value === null || typeof value !== 'object') return somethingElse(random, value, names);
  if (Array.isArray(value)) {
    if (value.length === 0 || random.float() < 0.25) return bendList(random, value, names);
    const place = random.integer(value.length);
    return value.map((item, index) => (index === place ? bend(random, item, names) : item));
  }
  const members = Object.keys(value);
  if (members.length === 0 || random.float() < 0.25) return bendStructure(random, value, names);
  const member = members[random.integer(members.length)] ?? '';
  return { ...value, [member]: bend(random, value[member] ?? null, names) };
}

function bendList(random: Random, list: Json[], names: KnownNames): Json {
  const [first = 'x'] = list;
  switch (random.integer(5)) {
    case 0:
      return [];
    case 1:
      return [...list, ...list];
    case 2:
      return Array.from({ length: 101 }, () => first);
    case 3:
      return [...list, null];
    default:
      return somethingElse(random, list, names);
  }
}

function bendStructure(random: Random, structure: { [member: string]: Json }, names: KnownNames): Json {
  const members = Object.keys(structure);
  const member = members[random.integer(Math.max(1, members.length))] ?? 'x';
  switch (random.integer(5)) {
    case 0:
    case 1: {
      const { [member]: _, ...rest } = structure;
      return rest;
    }
    case 2:
      return { ...structure, [member]: null };
    case 3:
      return { ...structure, unknownMember: 1, ['__proto__x']: {} };
    default:
      return somethingElse(random, structure, names);
  }
}

function somethingElse(random: Random, value: Json, names: KnownNames): Json {
  const everyName = Object.values(names).flat();
  switch (random.integer(8)) {
    case 0:
      return null;
    case 1:
      return [value];
    case 2:
      return { value };
    case 3:
      return random.float() < 0.5;
    case 4:
      return everyName[random.integer(everyName.length)] ?? '';
    case 5:
    case 6:
      return typeof value === 'number' ? anyNumber(random) : anyText(random);
    default:
      return typeof value === 'number' ? anyText(random) : anyNumber(random);
  }
}

function anyNumber(random: Random): number {
  const edges = [
    -1,
    0,
    1,
    2,
    3.5,
    100,
    101,
    255,
    2880,
    65_535,
    65_536,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 53),
    1e300,
  ];
  return edges[random.integer(edges.length)] ?? 0;
}

const texts: readonly string[] = [
  '',
  ' ',
  'a',
  '-',
  '*',
  '0',
  '-1',
  '99999999999999999999',
  'NaN',
  'web:0',
  'web:1:2',
  ':::::',
  'arn:aws:ecs',
  'arn:aws:ecs:us-east-1:123456789012:cluster/default',
  'arn:aws:ecs:::task/',
  '../../etc/passwd',
  '{"a":1}',
  '[1,2',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'é€😀\u0000\u2028',
  '\ud800',
  '%00%s%n',
  'x'.repeat(256),
  'x'.repeat(10_000),
  '('.repeat(300),
  'attribute:',
  '0.5 GB',
  '1e9',
];

function anyText(random: Random): string {
  return texts[random.integer(texts.length)] ?? '';
}
