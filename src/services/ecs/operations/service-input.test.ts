import type {
  CreateServiceCommandInput,
  DeploymentConfiguration,
  DeploymentLifecycleHook,
  ThresholdConfiguration,
  UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { openRoom, type TestRoom } from '../testing/room.ts';
import { putClusterCapacityProviders } from './cluster-capacity-providers.ts';
import { createService, describeServices, listServices, updateService } from './service.ts';

/** The definitions `web:1` (bridge), `private:1` (awsvpc) and `serverless:1` (Fargate alone). */
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

const create = (room: TestRoom, input: Partial<CreateServiceCommandInput> = {}) => {
  const defaults = { serviceName: 'web', taskDefinition: 'web:1', desiredCount: 2 };
  return createService(room.ecs, { ...defaults, ...input }, room.call);
};

type Input = Partial<CreateServiceCommandInput> & Partial<UpdateServiceCommandInput>;
type Refused = [what: string, input: Input, message: string | RegExp, code?: string];

const mustBe = (message: string | RegExp, code = 'InvalidParameterException') => ({
  code,
  message: typeof message === 'string' ? message : expect.stringMatching(message),
});
const unbuilt = 'UnsupportedFeatureException';
/** What the types don't know, as a client may well send it. */
const unknown = (value: unknown): never => value as never;

const network = (bend: object = {}) => ({
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0000000a'], ...bend } },
});
const pausing = (hook: Partial<DeploymentLifecycleHook>) =>
  deploying({
    strategy: 'BLUE_GREEN',
    lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['POST_SCALE_UP'], ...hook }],
  });
const deploying = (deploymentConfiguration: DeploymentConfiguration): Input => ({ deploymentConfiguration });
const breaking = (thresholdConfiguration: ThresholdConfiguration): Input =>
  deploying({ deploymentCircuitBreaker: { enable: true, rollback: true, thresholdConfiguration } });
const member = { type: 'memberOf' as const, expression: 'agentConnected == true' };

/** Of CreateService and UpdateService alike. */
const ofBoth: readonly Refused[] = [
  ['an unknown cluster', { cluster: 'none' }, 'Cluster not found.', 'ClusterNotFoundException'],
  ['an unknown task definition', { taskDefinition: 'none' }, 'TaskDefinition not found.', 'ClientException'],
  ['a cluster of three parts', { cluster: 'a/b/c' }, 'Invalid identifier: a/b/c'],
  ['an unknown revision', { taskDefinition: 'web:9' }, 'TaskDefinition not found.', 'ClientException'],
  ['revision latest', { taskDefinition: 'web:latest' }, 'Invalid revision number. Number: latest'],
  [
    'another subnet',
    { taskDefinition: 'private:1', ...network({ subnets: ['subnet-x'] }) },
    /^Error retrieving subnet information for \[subnet-x\]/,
  ],
  ['revision 0', { taskDefinition: 'web:0' }, 'Invalid revision number. Number: 0'],
  [
    'the ARN of a cluster for a task definition',
    { taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:cluster/default' },
    'Invalid identifier: arn:aws:ecs:eu-west-1:123456789012:cluster/default',
  ],
  ['a negative count', { desiredCount: -1 }, 'DesiredCount can not be lesser than 0'],
  ['5001 tasks', { desiredCount: 5001 }, 'DesiredCount can not be greater than 5000'],
  ['half a task', { desiredCount: 1.5 }, 'DesiredCount 1.5 is not a whole number'],
  [
    'a negative grace period',
    { healthCheckGracePeriodSeconds: -1 },
    'healthCheckGracePeriodSeconds must be between 0 and 2147483647.',
  ],
  [
    'a grace period beyond an Integer',
    { healthCheckGracePeriodSeconds: 2 ** 31 },
    /between 0 and 2147483647/,
  ],
  ['a grace period of 0.5 s', { healthCheckGracePeriodSeconds: 0.5 }, /between 0 and 2147483647/],
  [
    'tags of nobody',
    { propagateTags: unknown('ALL') },
    'propagateTags should be one of [TASK_DEFINITION,SERVICE,NONE].',
  ],
  [
    'a platform version on EC2',
    { platformVersion: 'LATEST' },
    'The platform version must be null when specifying an EC2 launch type.',
  ],
  [
    'rebalancing or so',
    { availabilityZoneRebalancing: unknown('SOMETIMES') },
    'availabilityZoneRebalancing should be one of [ENABLED,DISABLED].',
  ],
  [
    'rebalancing beside binpack',
    {
      availabilityZoneRebalancing: 'ENABLED',
      placementStrategy: [{ type: 'binpack', field: 'memory' }],
    },
    'Availability Zone Rebalancing only supports availability zone spread as task placement strategy.',
  ],
  [
    'rebalancing with a maximum of 100',
    {
      availabilityZoneRebalancing: 'ENABLED',
      deploymentConfiguration: { maximumPercent: 100, minimumHealthyPercent: 0 },
    },
    /needs a maximumPercent above 100/,
  ],

  ['a maximum of 99', deploying({ maximumPercent: 99 }), 'maximumPercent must be 100 or more.'],
  ['a maximum of 150.5', deploying({ maximumPercent: 150.5 }), 'maximumPercent must be 100 or more.'],
  ['a maximum beyond an Integer', deploying({ maximumPercent: 2 ** 31 }), /^maximumPercent must be/],
  [
    'a minimum of -1',
    deploying({ minimumHealthyPercent: -1 }),
    'minimumHealthyPercent must be between 0 and 100.',
  ],
  [
    'a minimum of 101',
    deploying({ minimumHealthyPercent: 101 }),
    'minimumHealthyPercent must be between 0 and 100.',
  ],
  ['a minimum of 50.5', deploying({ minimumHealthyPercent: 50.5 }), /^minimumHealthyPercent must be between/],
  [
    'no room between minimum and maximum',
    deploying({ maximumPercent: 100, minimumHealthyPercent: 100 }),
    'Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.',
  ],
  [
    'steps of a deployment in one',
    deploying({ strategy: 'BLUE_GREEN', linearConfiguration: { stepPercent: 10 } }),
    'linearConfiguration is only valid when the deployment strategy is LINEAR.',
  ],
  [
    'a canary of a deployment in steps',
    deploying({ strategy: 'LINEAR', canaryConfiguration: { canaryPercent: 10 } }),
    'canaryConfiguration is only valid when the deployment strategy is CANARY.',
  ],
  [
    'steps that are too small',
    deploying({ strategy: 'LINEAR', linearConfiguration: { stepPercent: 2.9 } }),
    'stepPercent must be a multiple of 0.1 from 3.0 to 100.0.',
  ],
  [
    'a hundredth of a percent',
    deploying({ strategy: 'CANARY', canaryConfiguration: { canaryPercent: 0.25 } }),
    'canaryPercent must be a multiple of 0.1 from 0.1 to 100.0.',
  ],
  [
    'a step of two days',
    deploying({ strategy: 'LINEAR', linearConfiguration: { stepBakeTimeInMinutes: 2_880 } }),
    'stepBakeTimeInMinutes must be between 0 and 1440.',
  ],
  [
    'steps without a load balancer',
    deploying({ strategy: 'LINEAR' }),
    'The deployment strategy LINEAR requires a service that uses Elastic Load Balancing or Service Connect.',
  ],
  [
    'a pause in the middle of a shift',
    pausing({ lifecycleStages: ['PRODUCTION_TRAFFIC_SHIFT'] }),
    'Invalid lifecycle stage provided for Pause Hook',
  ],
  ['a pause nowhere', pausing({ lifecycleStages: [] }), 'lifecycleStages can not be empty.'],
  [
    'a pause of three weeks',
    pausing({ timeoutConfiguration: { timeoutInMinutes: 30_240 } }),
    'timeoutInMinutes must be between 1 and 20160.',
  ],
  [
    'a pause with a function',
    pausing({ hookTargetArn: 'f' }),
    'hookTargetArn is not applicable for PAUSE hooks.',
  ],
  [
    'a hook of another type',
    pausing({ targetType: unknown('EMAIL') }),
    'Invalid targetType. Valid values are: AWS_LAMBDA, PAUSE',
  ],
  [
    'a function, where nobody runs functions',
    pausing({ targetType: undefined, hookTargetArn: 'f' }),
    /AWS_LAMBDA needs an endpoint that runs functions: start Catamaran with up --lambda-endpoint URL\.$/,
    unbuilt,
  ],
  [
    'early success of two deployments',
    deploying({
      strategy: 'BLUE_GREEN',
      earlySuccessCriteria: {
        ...{ enable: true, healthyPercent: 100, sourceServiceRevisionCleanup: 'BLOCKING' },
      },
    }),
    'earlySuccessCriteria can only be used with the ROLLING deployment strategy.',
  ],
  [
    'an unknown strategy of deployment',
    deploying({ strategy: unknown('SLOW') }),
    'strategy should be one of [ROLLING,BLUE_GREEN,LINEAR,CANARY].',
  ],
  [
    'a bake time of -1',
    deploying({ bakeTimeInMinutes: -1 }),
    /^bakeTimeInMinutes must be between 0 and 1440/,
  ],
  ['a bake time of 1441', deploying({ bakeTimeInMinutes: 1441 }), /^bakeTimeInMinutes must be/],
  ['a bake time of 0.5', deploying({ bakeTimeInMinutes: 0.5 }), /^bakeTimeInMinutes must be/],
  ['a threshold of 0 tasks', breaking({ type: 'COUNT', value: 0 }), /COUNT .* must be 1 or more/],
  ['a threshold of 1.5 tasks', breaking({ type: 'COUNT', value: 1.5 }), /COUNT .* must be 1 or more/],
  ['a threshold of 0 %', breaking({ type: 'BOUNDED_PERCENT', value: 0 }), /between 1 and 100/],
  ['a threshold of 101 %', breaking({ type: 'UNBOUNDED_PERCENT', value: 101 }), /between 1 and 100/],
  ['a threshold of no value', breaking({ type: 'COUNT', value: undefined }), /COUNT .* must be 1 or more/],
  ['a threshold of another type', breaking({ type: unknown('SUM'), value: 1 }), /^The type of a threshold/],
  ...(
    [
      [{}, 'healthyPercent of earlySuccessCriteria must be between 0 and 100.'],
      [{ healthyPercent: 101 }, 'healthyPercent of earlySuccessCriteria must be between 0 and 100.'],
      [
        { healthyPercent: 99, sourceServiceRevisionCleanup: 'BLOCKING' },
        'healthyPercent of earlySuccessCriteria must be greater than or equal to minimumHealthyPercent.',
      ],
      [
        { healthyPercent: 100 },
        'sourceServiceRevisionCleanup of earlySuccessCriteria should be one of [BLOCKING,DEFERRED].',
      ],
    ] as const
  ).map(
    ([criteria, message]): Refused => [
      `early success by ${JSON.stringify(criteria)}`,
      deploying({ earlySuccessCriteria: { enable: true, ...criteria } }),
      message,
    ],
  ),
  [
    'alarms without names',
    deploying({ alarms: { alarmNames: [], enable: true, rollback: false } }),
    'alarmNames can not be empty when deployment alarms are enabled.',
  ],
  [
    'a blank alarm',
    deploying({ alarms: { alarmNames: [''], enable: true, rollback: false } }),
    'alarmNames can not contain blank or duplicate names.',
  ],
  [
    'an alarm twice',
    deploying({ alarms: { alarmNames: ['a', 'a'], enable: false, rollback: false } }),
    'alarmNames can not contain blank or duplicate names.',
  ],
  [
    'alarms that are not there',
    deploying({ alarms: { alarmNames: ['none', 'nor this'], enable: true, rollback: false } }),
    'The following alarms do not exist: none, nor this',
  ],
  [
    'an alarm that is not there',
    deploying({ alarms: { alarmNames: ['none'], enable: true, rollback: false } }),
    'The following alarms do not exist: none',
  ],

  [
    '11 constraints',
    { placementConstraints: Array(11).fill(member) },
    'Placement constraints can have at most 10 items.',
  ],
  [
    'a constraint of another type',
    { placementConstraints: [{ type: unknown('anywhere') }] },
    'Placement constraint type anywhere should be one of [distinctInstance,memberOf].',
  ],
  [
    'an expression that is none',
    { placementConstraints: [{ type: 'memberOf', expression: 'color == blue' }] },
    /of the placement constraint memberOf is not valid: /,
  ],
  [
    '6 placement strategies',
    { placementStrategy: Array(6).fill({ type: 'random' }) },
    'Placement strategies can have at most 5 items.',
  ],
  [
    'a placement strategy of another type',
    { placementStrategy: [{ type: unknown('first') }] },
    'Placement strategy type first should be one of [random,spread,binpack].',
  ],
  [
    'binpack by disk',
    { placementStrategy: [{ type: 'binpack', field: 'disk' }] },
    'Invalid field disk for the binpack strategy: use cpu or memory.',
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
  ['no subnet', { taskDefinition: 'private:1', ...network({ subnets: [] }) }, 'subnets can not be empty.'],
  [
    'a public address or so',
    { taskDefinition: 'private:1', ...network({ assignPublicIp: 'MAYBE' }) },
    'assignPublicIp should be one of [ENABLED,DISABLED].',
  ],
  [
    'a definition that EC2 cannot run',
    { taskDefinition: 'serverless:1', ...network() },
    'Task definition does not support launch_type EC2.',
  ],
  [
    'an unknown deployment controller',
    { deploymentController: { type: unknown('SELF') } },
    'deploymentController type should be one of [ECS,CODE_DEPLOY,EXTERNAL].',
  ],

  ...(
    [
      ['volumeConfigurations', { volumeConfigurations: [{ name: 'v' }] }],
      [
        'vpcLatticeConfigurations',
        { vpcLatticeConfigurations: [{ roleArn: 'r', targetGroupArn: 't', portName: 'p' }] },
      ],
      ['CODE_DEPLOY', { deploymentController: { type: 'CODE_DEPLOY' } }],
    ] satisfies [string, Input][]
  ).map(
    ([name, input]): Refused => [
      `${name}, by its name`,
      input,
      new RegExp(`${name}.* is not supported by this version of Catamaran yet`),
      unbuilt,
    ],
  ),
];

const ofCreate: readonly Refused[] = [
  ['no name', { serviceName: undefined }, /^Service names can have up to 255 letters/],
  ['a name of 256', { serviceName: 's'.repeat(256) }, /^Service names can have up to 255 letters/],
  ['an empty name', { serviceName: '' }, /^Service names can have up to 255 letters/],
  ['a name with a slash', { serviceName: 'a/b' }, /^Service names can have up to 255 letters/],
  ['a name with a dot', { serviceName: 'a.b' }, /^Service names can have up to 255 letters/],
  [
    'no task definition',
    { taskDefinition: undefined },
    'TaskDefinition can not be blank.',
    'ClientException',
  ],
  ['no count', { desiredCount: undefined }, 'DesiredCount is missing'],
  ['a token of 37', { clientToken: 't'.repeat(37) }, 'idempotency token longer than 36.'],
  ['a token with a space', { clientToken: 'a b' }, /^The clientToken can only contain printable ASCII/],
  ['a token of other letters', { clientToken: 'ü' }, /^The clientToken can only contain printable ASCII/],
  [
    'a role',
    { role: 'ecsServiceRole' },
    'IAM roles are only valid for services configured to use load balancers.',
  ],
  ['a tag without a key', { tags: [{ value: 'x' }] }, 'Tag keys cannot be null or empty.'],
  [
    'an unknown launch type',
    { launchType: unknown('LAMBDA') },
    'launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]',
  ],
  ['Managed Instances', { launchType: 'MANAGED_INSTANCES' }, /^The launch type MANAGED_INSTANCES cannot/],
  [
    'a launch type beside a strategy',
    { launchType: 'FARGATE', capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }] },
    'Specify either Launch Type or Capacity Provider Strategy, but not both.',
  ],
  [
    'a bridge definition on Fargate',
    { launchType: 'FARGATE' },
    'Task definition does not support launch_type FARGATE.',
  ],
  [
    'a bridge definition with the provider FARGATE',
    { capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }] },
    'Task definition does not support launch_type FARGATE.',
  ],
  [
    'a platform version that never was',
    { taskDefinition: 'serverless:1', launchType: 'FARGATE', platformVersion: '9.9.9', ...network() },
    'The platform version 9.9.9 does not exist.',
    'PlatformUnknownException',
  ],
  [
    'a placement strategy on Fargate',
    {
      taskDefinition: 'serverless:1',
      launchType: 'FARGATE',
      ...network(),
      placementStrategy: [{ type: 'random' }],
    },
    'Placement strategies are not supported with FARGATE launch type.',
  ],
  [
    'a placement constraint on Fargate',
    {
      taskDefinition: 'serverless:1',
      launchType: 'FARGATE',
      ...network(),
      placementConstraints: [member],
    },
    'Placement constraints are not supported with FARGATE launch type.',
  ],
  [
    'rebalancing on External',
    { launchType: 'EXTERNAL', availabilityZoneRebalancing: 'ENABLED' },
    'Availability Zone Rebalancing does not support the launch type EXTERNAL.',
  ],
  [
    'an unknown scheduling strategy',
    { schedulingStrategy: unknown('CRON') },
    'schedulingStrategy should be one of [REPLICA,DAEMON].',
  ],
  ...(
    [
      [{ desiredCount: 1 }, /does not support a desired count for services/],
      [{ launchType: 'FARGATE' }, /does not support the launch type FARGATE/],
      [{ deploymentController: { type: 'CODE_DEPLOY' } }, /the deployment controller CODE_DEPLOY/],
      [{ deploymentController: { type: 'EXTERNAL' } }, /the deployment controller EXTERNAL/],
      [{ placementStrategy: [{ type: 'random' }] }, /does not support placement strategies/],
      [{ capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }] }, /capacity provider strategy is not/],
      [deploying({ maximumPercent: 101 }), /does not support values above 100 for maximumPercent/],
      [deploying({ minimumHealthyPercent: 100 }), /^Both maximumPercent and minimumHealthyPercent/],
      [{ availabilityZoneRebalancing: 'ENABLED' }, /does not support Availability Zone Rebalancing/],
    ] satisfies [Input, RegExp][]
  ).map(
    ([bend, message]): Refused => [
      `a daemon with ${JSON.stringify(bend)}`,
      { schedulingStrategy: 'DAEMON', desiredCount: undefined, ...bend },
      message,
    ],
  ),
];

const ofUpdate: readonly Refused[] = [
  ['a service of three parts', { service: 'a/b/c' }, 'Invalid identifier: a/b/c'],
  ['no service', { service: '' }, 'Service identifier can not be blank.'],
  ['an unknown service', { service: 'none' }, 'Service not found.', 'ServiceNotFoundException'],
  [
    'a service of another cluster',
    { service: 'arn:aws:ecs:eu-west-1:123456789012:service/other/web' },
    'Service not found.',
    'ServiceNotFoundException',
  ],
  [
    'the ARN of a task for a service',
    { service: 'arn:aws:ecs:eu-west-1:123456789012:task/default/web' },
    'Invalid identifier: arn:aws:ecs:eu-west-1:123456789012:task/default/web',
  ],
  [
    'a strategy without a new deployment',
    { capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }] },
    /you must force a new deployment\.$/,
  ],
  [
    'a strategy that the definition cannot have',
    { capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }], forceNewDeployment: true },
    'Task definition does not support launch_type FARGATE.',
  ],
  [
    'a provider that is not there',
    { capacityProviderStrategy: [{ capacityProvider: 'none' }], forceNewDeployment: true },
    /capacity provider 'none' was not found/,
  ],
];

describe('CreateService refuses before anything changes', () => {
  it.each([...ofBoth, ...ofCreate])('%s', async (_what, input, message, code) => {
    await using room = await openFleet();
    await expect(create(room, input)).rejects.toMatchObject(mustBe(message, code));
    expect(listServices(room.ecs, {}, room.call).serviceArns).toEqual([]);
  });
});

describe('UpdateService refuses before anything changes', () => {
  it.each([...ofBoth, ...ofUpdate])('%s', async (_what, input, message, code) => {
    await using room = await openFleet();
    await create(room);
    const described = () => describeServices(room.ecs, { services: ['web'] }, room.call).services;
    const before = described();
    const update = updateService(room.ecs, { service: 'web', ...input }, room.call);
    await expect(update).rejects.toMatchObject(mustBe(message, code));
    expect(described()).toEqual(before);
  });
});
