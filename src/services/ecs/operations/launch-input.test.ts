import type { ContainerOverride, RunTaskCommandInput, StartTaskCommandInput } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { capacityProviderArn, containerInstanceArn } from '../arn.ts';
import { taskDefinitions } from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { openRoom, scope, type TestRoom, taskDefinition } from '../testing/room.ts';
import { putClusterCapacityProviders } from './cluster-capacity-providers.ts';
import { runTask } from './run-task.ts';
import { startTask } from './task.ts';

/**
 * An instance, and the definitions `web:1` (bridge), `private:1` (awsvpc), `serverless:1` (Fargate alone) and `old:1`
 * (INACTIVE), in a cluster that has both of Fargate's capacity providers.
 */
async function openFleet(): Promise<TestRoom> {
  const room = await openRoom();
  await room.addInstance();
  await room.addDefinition({ compatibilities: ['EC2', 'EXTERNAL'] });
  await room.addDefinition({ family: 'private', networkMode: 'awsvpc', compatibilities: ['EC2'] });
  await room.addDefinition({
    family: 'serverless',
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    compatibilities: ['FARGATE'],
  });
  await room.addDefinition({
    family: 'constrained',
    placementConstraints: [{ type: 'memberOf', expression: 'agentConnected == true' }],
  });
  await room.write((tx) =>
    tx.put(taskDefinitions, taskDefinitionKey(scope, 'old', 1), {
      ...taskDefinition({ family: 'old' }),
      status: 'INACTIVE',
    }),
  );
  await putClusterCapacityProviders(
    room.ecs,
    {
      cluster: 'default',
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      defaultCapacityProviderStrategy: [],
    },
    room.call,
  );
  return room;
}

const network = (bend: object = {}) => ({
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0000000a'], ...bend } },
});
const fargate = { taskDefinition: 'serverless:1', launchType: 'FARGATE' as const, ...network() };
const member = { type: 'memberOf' as const, expression: 'agentConnected == true' };
const app = (bend: ContainerOverride) => ({ overrides: { containerOverrides: [{ name: 'app', ...bend }] } });
const strategy = (...capacityProviderStrategy: readonly object[]) => ({
  taskDefinition: 'serverless:1',
  ...network(),
  capacityProviderStrategy: capacityProviderStrategy as RunTaskCommandInput['capacityProviderStrategy'],
});
/** What the types don't know, as a client may well send it. */
const unknown = (value: unknown): never => value as never;

type Input = Partial<RunTaskCommandInput> & Partial<StartTaskCommandInput>;
type Refused = [what: string, input: Input, message: string | RegExp, code?: string];

const mustBe = (message: string | RegExp, code = 'InvalidParameterException') => ({
  code,
  message: typeof message === 'string' ? message : expect.stringMatching(message),
});

/** Of RunTask and StartTask alike. */
const ofBoth: readonly Refused[] = [
  ['no task definition', { taskDefinition: '' }, 'TaskDefinition can not be blank.', 'ClientException'],
  ['an unknown family', { taskDefinition: 'none' }, 'TaskDefinition not found.', 'ClientException'],
  ['an unknown revision', { taskDefinition: 'web:2' }, 'TaskDefinition not found.', 'ClientException'],
  ['an INACTIVE revision', { taskDefinition: 'old:1' }, 'TaskDefinition is inactive', 'ClientException'],
  [
    'a family of INACTIVE revisions',
    { taskDefinition: 'old' },
    'TaskDefinition not found.',
    'ClientException',
  ],
  ['revision 0', { taskDefinition: 'web:0' }, 'Invalid revision number. Number: 0'],
  ['revision latest', { taskDefinition: 'web:latest' }, 'Invalid revision number. Number: latest'],
  [
    'the ARN of a service for a task definition',
    { taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:service/default/web' },
    'Invalid identifier: arn:aws:ecs:eu-west-1:123456789012:service/default/web',
  ],
  [
    'a task definition of another account',
    { taskDefinition: 'arn:aws:ecs:eu-west-1:999999999999:task-definition/web:1' },
    'TaskDefinition not found.',
    'ClientException',
  ],
  ['an unknown cluster', { cluster: 'none' }, 'Cluster not found.', 'ClusterNotFoundException'],
  [
    'a cluster of another region',
    { cluster: 'arn:aws:ecs:us-east-1:123456789012:cluster/default' },
    'Cluster not found.',
    'ClusterNotFoundException',
  ],
  [
    'the ARN of a task for a cluster',
    { cluster: 'arn:aws:ecs:eu-west-1:123456789012:task/default/x' },
    /^Invalid identifier: /,
  ],
  ['a group of 256', { group: 'g'.repeat(256) }, 'Group must not be longer than 255 characters.'],
  [
    'a group of a service',
    { group: 'service:web' },
    /^Invalid group service:web: the prefix service: is reserved/,
  ],
  ['a startedBy with a space', { startedBy: 'a b' }, /^startedBy can contain letters, digits/],
  ['a referenceId of 1025', { referenceId: 'r'.repeat(1025) }, /^referenceId must not be longer than 1024/],
  ['tags of a service', { propagateTags: 'SERVICE' }, /tasks take TASK_DEFINITION or NONE/],
  ['tags of nobody', { propagateTags: unknown('ALL') }, /^Invalid propagateTags ALL/],
  ['a tag without a key', { tags: [{ value: 'x' }] }, 'Tag keys cannot be null or empty.'],
  ['a tag of AWS', { tags: [{ key: 'AWS:x', value: 'x' }] }, /reserved for AWS use/],
  [
    'a tag twice',
    {
      tags: [
        { key: 'a', value: '1' },
        { key: 'a', value: '2' },
      ],
    },
    'Duplicate tag keys found: a.',
  ],
  [
    '51 tags',
    { tags: Array.from({ length: 51 }, (_, index) => ({ key: `k${index}` })) },
    /^Tags can not have more than 50/,
  ],
  ['a tag key of 129', { tags: [{ key: 'k'.repeat(129) }] }, /longer than 128/],
  ['a tag value of 257', { tags: [{ key: 'k', value: 'v'.repeat(257) }] }, /longer than 256/],
  ['a tag with an odd character', { tags: [{ key: 'k', value: '<' }] }, /contains invalid characters/],
  [
    'volumes',
    { volumeConfigurations: [{ name: 'v' }] },
    'volumeConfigurations is not supported by this version of Catamaran yet.',
    'UnsupportedFeatureException',
  ],

  [
    'a network configuration in bridge mode',
    network(),
    'Network Configuration is not valid for the given networkMode of this task definition.',
  ],
  [
    'no network configuration in awsvpc',
    { taskDefinition: 'private:1' },
    "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
  ],
  [
    'an empty network configuration in awsvpc',
    { taskDefinition: 'private:1', networkConfiguration: {} },
    "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
  ],
  ['no subnet', { taskDefinition: 'private:1', ...network({ subnets: [] }) }, 'subnets can not be empty.'],
  [
    '17 subnets',
    { taskDefinition: 'private:1', ...network({ subnets: Array(17).fill('subnet-0000000a') }) },
    'subnets can have at most 16 items.',
  ],
  [
    'another subnet',
    { taskDefinition: 'private:1', ...network({ subnets: ['subnet-1'] }) },
    "Error retrieving subnet information for [subnet-1]: The subnet ID 'subnet-1' does not exist (ErrorCode: InvalidSubnetID.NotFound)",
  ],
  [
    '6 security groups',
    { taskDefinition: 'private:1', ...network({ securityGroups: Array(6).fill('sg-0000000a') }) },
    'securityGroups can have at most 5 items.',
  ],
  [
    'another security group',
    { taskDefinition: 'private:1', ...network({ securityGroups: ['sg-1'] }) },
    "Error retrieving security group information for [sg-1]: The security group 'sg-1' does not exist (ErrorCode: InvalidGroup.NotFound)",
  ],
  [
    'a public address',
    { taskDefinition: 'private:1', ...network({ assignPublicIp: 'ENABLED' }) },
    'Assign public IP is not supported for this launch type.',
  ],
  [
    'a public address or so',
    { taskDefinition: 'private:1', ...network({ assignPublicIp: 'MAYBE' }) },
    'assignPublicIp should be one of [ENABLED,DISABLED].',
  ],

  [
    'an override for nobody',
    { overrides: { containerOverrides: [{ name: 'db' }] } },
    'Override for container named db is not a container in the TaskDefinition.',
  ],
  [
    'an override that names no container',
    { overrides: { containerOverrides: [{ command: ['x'] }] } },
    'A container override must name its container.',
  ],
  ['overrides of 8193', app({ command: ['x'.repeat(8192)] }), /must not exceed 8192 characters/],
  ['a nameless variable', app({ environment: [{ value: '1' }] }), /for app has no name/],
  ['negative cpu', app({ cpu: -1 }), "Invalid 'cpu' setting for container 'app'."],
  ['half a CPU unit', app({ cpu: 0.5 }), "Invalid 'cpu' setting for container 'app'."],
  ['5 MiB', app({ memory: 5 }), /^Invalid 'memory' setting for container 'app': .* at least 6 MiB/],
  ['half a MiB', app({ memory: 512.5 }), /^Invalid 'memory' setting for container 'app'/],
  ['more memory than an Integer holds', app({ memory: 2 ** 31 }), /^Invalid 'memory' setting/],
  ['5 MiB reserved', app({ memoryReservation: 5 }), /^Invalid 'memoryReservation' setting/],
  ['more reserved than the limit', app({ memoryReservation: 513 }), /^Invalid setting for container 'app'/],
  ['task cpu that is none', { overrides: { cpu: 'many' } }, "Invalid 'cpu' setting for task."],
  ['task cpu of 127', { overrides: { cpu: '127' } }, "Invalid 'cpu' setting for task."],
  ['task memory that is none', { overrides: { memory: '1 TB' } }, "Invalid 'memory' setting for task."],
  ['no task memory', { overrides: { memory: '0' } }, "Invalid 'memory' setting for task."],
  ['a GPU by half', app({ resourceRequirements: [{ type: 'GPU', value: '0.5' }] }), /positive number or ALL/],
  ...(
    [
      ['inferenceAcceleratorOverrides', { inferenceAcceleratorOverrides: [{ deviceName: 'a' }] }],
      [
        'environmentFiles',
        app({ environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::b/a.env' }] }).overrides,
      ],
    ] satisfies [string, RunTaskCommandInput['overrides']][]
  ).map(
    ([field, overrides]): Refused => [
      `the override ${field}`,
      { overrides },
      new RegExp(`override ${field} is not supported by this version of Catamaran yet`),
      'UnsupportedFeatureException',
    ],
  ),
];

const ofRunTask: readonly Refused[] = [
  ['a count of 0', { count: 0 }, 'Invalid count: 0. It must be between 1 and 10.'],
  ['a count of 11', { count: 11 }, 'Invalid count: 11. It must be between 1 and 10.'],
  ['a count of 1.5', { count: 1.5 }, 'Invalid count: 1.5. It must be between 1 and 10.'],
  ['a startedBy of 129', { startedBy: 's'.repeat(129) }, 'startedBy must not be longer than 128 characters.'],
  ['a token of 65', { clientToken: 't'.repeat(65) }, 'idempotency token longer than 64.'],
  ['a token with a space', { clientToken: 'a b' }, /^The clientToken can only contain printable ASCII/],
  ['a token of other letters', { clientToken: 'é' }, /^The clientToken can only contain printable ASCII/],

  [
    'an unknown launch type',
    { launchType: unknown('LAMBDA') },
    'launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]',
  ],
  [
    'Managed Instances',
    { launchType: 'MANAGED_INSTANCES' },
    /^The launch type MANAGED_INSTANCES cannot be specified/,
  ],
  [
    'a bridge definition on Fargate',
    { launchType: 'FARGATE' },
    'Task definition does not support launch_type FARGATE.',
  ],
  [
    'a Fargate definition on EC2',
    { taskDefinition: 'serverless:1', ...network() },
    'Task definition does not support launch_type EC2.',
  ],
  [
    'an awsvpc definition on External',
    { taskDefinition: 'private:1', launchType: 'EXTERNAL', ...network() },
    'Task definition does not support launch_type EXTERNAL.',
  ],
  [
    'a launch type beside a strategy',
    { ...strategy({ capacityProvider: 'FARGATE' }), launchType: 'FARGATE' },
    'Specify either Launch Type or Capacity Provider Strategy, but not both.',
  ],
  [
    'a platform version on EC2',
    { platformVersion: 'LATEST' },
    'The platform version must be null when specifying an EC2 launch type.',
  ],
  [
    'a platform version on External',
    { launchType: 'EXTERNAL', platformVersion: '1.4.0' },
    'The platform version must be null when specifying an EXTERNAL launch type.',
  ],
  [
    'a platform version that never was',
    { ...fargate, platformVersion: '2.0.0' },
    'The platform version 2.0.0 does not exist.',
    'PlatformUnknownException',
  ],
  [
    'a platform version that has gone',
    { ...fargate, platformVersion: '1.3.0' },
    /1\.3\.0.*is not supported/,
    'UnsupportedFeatureException',
  ],
  [
    'a size that Fargate does not sell',
    { ...fargate, overrides: { cpu: '4096', memory: '4096' } },
    'No Fargate configuration exists for given values: 4096 CPU, 4096 memory. See the Amazon ECS documentation for the valid values.',
  ],
  [
    'a placement strategy on Fargate',
    { ...fargate, placementStrategy: [{ type: 'random' }] },
    'Placement strategies are not supported with FARGATE launch type.',
  ],
  [
    'a placement constraint on Fargate',
    { ...fargate, placementConstraints: [member] },
    'Placement constraints are not supported with FARGATE launch type.',
  ],
  [
    'a placement constraint on Fargate by strategy',
    { ...strategy({ capacityProvider: 'FARGATE' }), placementConstraints: [member] },
    'Placement constraints are not supported with FARGATE launch type.',
  ],
  ['an unknown provider', strategy({ capacityProvider: 'none' }), /capacity provider 'none' was not found/],
  [
    'a provider of another account',
    strategy({ capacityProvider: capacityProviderArn({ ...scope, accountId: '999999999999' }, 'FARGATE') }),
    /was not found/,
  ],
  [
    'a provider twice',
    strategy({ capacityProvider: 'FARGATE', weight: 1 }, { capacityProvider: 'FARGATE', weight: 1 }),
    'The capacity provider strategy cannot contain duplicate capacity providers.',
  ],
  [
    'a weight of 1001',
    strategy({ capacityProvider: 'FARGATE', weight: 1001 }),
    'The weight of a capacity provider must be between 0 and 1000.',
  ],
  [
    'a negative weight',
    strategy({ capacityProvider: 'FARGATE', weight: -1 }),
    /weight .* between 0 and 1000/,
  ],
  ['a weight of 0.5', strategy({ capacityProvider: 'FARGATE', weight: 0.5 }), /weight .* between 0 and 1000/],
  [
    'a base of 100001',
    strategy({ capacityProvider: 'FARGATE', base: 100_001 }),
    'The base of a capacity provider must be between 0 and 100000.',
  ],
  ['a negative base', strategy({ capacityProvider: 'FARGATE', base: -1 }), /base .* between 0 and 100000/],
  [
    'two bases',
    strategy(
      { capacityProvider: 'FARGATE', base: 1, weight: 1 },
      { capacityProvider: 'FARGATE_SPOT', base: 1, weight: 1 },
    ),
    'The specified capacity provider strategy cannot contain more than one capacity provider with a base value defined.',
  ],
  [
    'weights that are all 0',
    strategy({ capacityProvider: 'FARGATE' }, { capacityProvider: 'FARGATE_SPOT' }),
    'The specified capacity provider strategy is invalid. At least one capacity provider must have a weight greater than 0.',
  ],
  [
    '21 providers',
    strategy(...Array.from({ length: 21 }, (_, index) => ({ capacityProvider: `p${index}` }))),
    'The maximum number of capacity providers in a strategy (20) has been exceeded.',
  ],

  [
    '11 constraints',
    { placementConstraints: Array(11).fill(member) },
    'Placement constraints can have at most 10 items.',
  ],
  [
    '10 constraints and one of the definition',
    { taskDefinition: 'constrained:1', placementConstraints: Array(10).fill(member) },
    'Placement constraints can have at most 10 items.',
  ],
  [
    'a constraint of another type',
    { placementConstraints: [{ type: unknown('anywhere') }] },
    'Placement constraint type anywhere should be one of [distinctInstance,memberOf].',
  ],
  [
    'a constraint of no type',
    { placementConstraints: [{ expression: 'agentConnected == true' }] },
    'Placement constraint type  should be one of [distinctInstance,memberOf].',
  ],
  [
    'distinctInstance with an expression',
    { placementConstraints: [{ type: 'distinctInstance', expression: 'agentConnected == true' }] },
    'distinctInstance expression should not be specified.',
  ],
  [
    'distinctInstance with an empty expression',
    { placementConstraints: [{ type: 'distinctInstance', expression: '' }] },
    'distinctInstance expression should not be specified.',
  ],
  [
    'memberOf without an expression',
    { placementConstraints: [{ type: 'memberOf' }] },
    'The placement constraint memberOf needs an expression.',
  ],
  ...(
    [
      ['an unknown subject', 'color == blue'],
      ['no operator', 'attribute:a'],
      ['an operator that its subject has not', 'agentConnected > true'],
      ['no argument', 'attribute:a =='],
      ['parentheses that do not close', '(attribute:a exists'],
      ['two terms without and', 'attribute:a exists attribute:b exists'],
      ['a list that does not close', 'attribute:a in [b, c'],
      ['more than 2000 characters', `attribute:a == ${'x'.repeat(2000)}`],
    ] as const
  ).map(
    ([what, expression]): Refused => [
      `an expression of ${what}`,
      { placementConstraints: [{ type: 'memberOf', expression }] },
      /of the placement constraint memberOf is not valid: /,
    ],
  ),
  [
    '6 strategies',
    { placementStrategy: Array(6).fill({ type: 'random' }) },
    'Placement strategies can have at most 5 items.',
  ],
  [
    'a strategy of another type',
    { placementStrategy: [{ type: unknown('first') }] },
    'Placement strategy type first should be one of [random,spread,binpack].',
  ],
  [
    'a strategy of no type',
    { placementStrategy: [{ field: 'cpu' }] },
    'Placement strategy type  should be one of [random,spread,binpack].',
  ],
  [
    'random by a field',
    { placementStrategy: [{ type: 'random', field: 'cpu' }] },
    'The random placement strategy takes no field.',
  ],
  [
    'binpack by nothing',
    { placementStrategy: [{ type: 'binpack' }] },
    'Invalid field  for the binpack strategy: use cpu or memory.',
  ],
  [
    'binpack by disk',
    { placementStrategy: [{ type: 'binpack', field: 'disk' }] },
    'Invalid field disk for the binpack strategy: use cpu or memory.',
  ],
  [
    'spread by nothing',
    { placementStrategy: [{ type: 'spread' }] },
    'Invalid field  for the spread strategy: use instanceId, host or attribute:NAME.',
  ],
  [
    'spread by cpu',
    { placementStrategy: [{ type: 'spread', field: 'cpu' }] },
    'Invalid field cpu for the spread strategy: use instanceId, host or attribute:NAME.',
  ],
];

const instance = containerInstanceArn(scope, 'default', 'f'.repeat(32));

const ofStartTask: readonly Refused[] = [
  ['no instance', { containerInstances: [] }, 'Container instances cannot be empty.'],
  [
    '11 instances',
    { containerInstances: Array.from({ length: 11 }, (_, index) => `i${index}`) },
    'Container instances can have at most 10 items.',
  ],
  [
    'the ARN of a task for an instance',
    { containerInstances: ['arn:aws:ecs:eu-west-1:123456789012:task/default/x'] },
    'Invalid identifier: arn:aws:ecs:eu-west-1:123456789012:task/default/x',
  ],
  ['a startedBy of 37', { startedBy: 's'.repeat(37) }, 'startedBy must not be longer than 36 characters.'],
  [
    'a Fargate definition',
    { taskDefinition: 'serverless:1', ...network() },
    'Task definition does not support launch_type EC2.',
  ],
];

describe('RunTask refuses before anything changes', () => {
  it.each([...ofBoth, ...ofRunTask])('%s', async (_what, input, message, code) => {
    await using room = await openFleet();
    const run = runTask(room.ecs, { taskDefinition: 'web:1', ...input }, room.call);
    await expect(run).rejects.toMatchObject(mustBe(message, code));
    expect(room.tasksOf('default')).toEqual([]);
  });
});

describe('StartTask refuses before anything changes', () => {
  it.each([...ofBoth, ...ofStartTask])('%s', async (_what, input, message, code) => {
    await using room = await openFleet();
    const start = startTask(
      room.ecs,
      { taskDefinition: 'web:1', containerInstances: [instance], ...input },
      room.call,
    );
    await expect(start).rejects.toMatchObject(mustBe(message, code));
    expect(room.tasksOf('default')).toEqual([]);
  });

  it('nothing of an instance elsewhere: it is told as MISSING', async () => {
    await using room = await openFleet();
    const { id } = await room.addInstance();
    const elsewhere = [
      containerInstanceArn(scope, 'other', id),
      containerInstanceArn({ ...scope, region: 'us-east-1' }, 'default', id),
    ];
    const containerInstances = [containerInstanceArn(scope, 'default', id), ...elsewhere, instance];
    const started = await startTask(room.ecs, { taskDefinition: 'web:1', containerInstances }, room.call);
    expect(started.tasks).toHaveLength(1);
    expect(new Set(started.failures?.map(({ arn, reason }) => `${reason} ${arn}`))).toEqual(
      new Set([...elsewhere, instance].map((arn) => `MISSING ${arn}`)),
    );
  });
});
