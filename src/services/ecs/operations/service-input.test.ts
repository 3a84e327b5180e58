import type {
  CreateServiceCommandInput,
  DeploymentConfiguration,
  UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { openRoom, type TestRoom } from '../testing/room.ts';
import { createService, describeServices, listServices, updateService } from './service.ts';

/** What CreateService and UpdateService both take, one thing wrong at a time: the same words, and nothing changed. */
type Common = Partial<CreateServiceCommandInput & UpdateServiceCommandInput>;

const code = {
  invalid: 'InvalidParameterException',
  client: 'ClientException',
  unsupported: 'UnsupportedFeatureException',
  noCluster: 'ClusterNotFoundException',
} as const;

const deploying = (deploymentConfiguration: DeploymentConfiguration): Common => ({ deploymentConfiguration });
const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
/** What a client without types can send. */
const untyped = (input: object): Common => input as Common;

const common: readonly (readonly [input: Common, code: string, message: string | RegExp])[] = [
  [{ cluster: 'none' }, code.noCluster, 'Cluster not found.'],
  [{ cluster: 'a/b/c' }, code.invalid, 'Invalid identifier: a/b/c'],
  [{ taskDefinition: 'none' }, code.client, 'TaskDefinition not found.'],
  [{ taskDefinition: 'web:9' }, code.client, 'TaskDefinition not found.'],
  [{ taskDefinition: 'web:0' }, code.invalid, 'Invalid revision number. Number: 0'],
  [{ taskDefinition: 'web:latest' }, code.invalid, 'Invalid revision number. Number: latest'],
  [
    { taskDefinition: 'private:1' },
    code.invalid,
    "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
  ],
  [
    { networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a'] } } },
    code.invalid,
    'Network Configuration is not valid for the given networkMode of this task definition.',
  ],
  [
    { taskDefinition: 'private:1', networkConfiguration: { awsvpcConfiguration: { subnets: [] } } },
    code.invalid,
    'subnets can not be empty.',
  ],
  [
    { taskDefinition: 'private:1', networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-x'] } } },
    code.invalid,
    /^Error retrieving subnet information for \[subnet-x\]/,
  ],
  [{ desiredCount: -1 }, code.invalid, 'DesiredCount can not be lesser than 0'],
  [{ desiredCount: 1.5 }, code.invalid, 'DesiredCount 1.5 is not a whole number'],
  [{ desiredCount: 5_001 }, code.invalid, 'DesiredCount can not be greater than 5000'],
  [
    { platformVersion: 'LATEST' },
    code.invalid,
    'The platform version must be null when specifying an EC2 launch type.',
  ],
  [
    { healthCheckGracePeriodSeconds: -1 },
    code.invalid,
    'healthCheckGracePeriodSeconds must be between 0 and 2147483647.',
  ],
  [
    { healthCheckGracePeriodSeconds: 2_147_483_648 },
    code.invalid,
    'healthCheckGracePeriodSeconds must be between 0 and 2147483647.',
  ],
  [
    untyped({ propagateTags: 'ALL' }),
    code.invalid,
    'propagateTags should be one of [TASK_DEFINITION,SERVICE,NONE].',
  ],
  [untyped({ placementStrategy: [{ type: 'best' }] }), code.invalid, /strategy|type/i],
  [{ placementStrategy: many(6, { type: 'random' as const }) }, code.invalid, /5/],
  [untyped({ placementConstraints: [{ type: 'near' }] }), code.invalid, /constraint|type/i],
  [{ placementConstraints: many(11, { type: 'distinctInstance' as const }) }, code.invalid, /10/],
  [
    { placementConstraints: [{ type: 'memberOf', expression: '(attribute:x == y' }] },
    code.invalid,
    /expression/i,
  ],
  [untyped({ availabilityZoneRebalancing: 'MAYBE' }), code.invalid, /ENABLED/],
  [deploying({ maximumPercent: 99 }), code.invalid, 'maximumPercent must be 100 or more.'],
  [
    deploying({ minimumHealthyPercent: -1 }),
    code.invalid,
    'minimumHealthyPercent must be between 0 and 100.',
  ],
  [
    deploying({ minimumHealthyPercent: 101 }),
    code.invalid,
    'minimumHealthyPercent must be between 0 and 100.',
  ],
  [
    deploying({ maximumPercent: 100, minimumHealthyPercent: 100 }),
    code.invalid,
    'Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.',
  ],
  [
    untyped({ deploymentConfiguration: { strategy: 'AT_ONCE' } }),
    code.invalid,
    'strategy should be one of [ROLLING,BLUE_GREEN,LINEAR,CANARY].',
  ],
  [
    untyped({ deploymentController: { type: 'MINE' } }),
    code.invalid,
    'deploymentController type should be one of [ECS,CODE_DEPLOY,EXTERNAL].',
  ],
  [
    deploying({ alarms: { alarmNames: ['none'], enable: true, rollback: true } }),
    code.invalid,
    'The following alarms do not exist: none',
  ],
  ...(['BLUE_GREEN', 'LINEAR', 'CANARY'] as const).map(
    (strategy) =>
      [
        deploying({ strategy }),
        code.unsupported,
        `The deployment strategy ${strategy} is not supported by this version of Catamaran yet.`,
      ] as const,
  ),
  [deploying({ lifecycleHooks: [{ hookTargetArn: 'x' }] }), code.unsupported, /lifecycleHooks/],
  [deploying({ linearConfiguration: {} }), code.unsupported, /linearConfiguration/],
  [deploying({ canaryConfiguration: {} }), code.unsupported, /canaryConfiguration/],
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
    ([criteria, message]) =>
      [deploying({ earlySuccessCriteria: { enable: true, ...criteria } }), code.invalid, message] as const,
  ),
  [{ deploymentController: { type: 'CODE_DEPLOY' } }, code.unsupported, /CODE_DEPLOY/],
  [{ loadBalancers: [{ targetGroupArn: 'x' }] }, code.unsupported, /loadBalancers/],
  [{ serviceRegistries: [{ registryArn: 'x' }] }, code.unsupported, /serviceRegistries/],
  [{ serviceConnectConfiguration: { enabled: true } }, code.unsupported, /serviceConnectConfiguration/],
  [{ volumeConfigurations: [{ name: 'x' }] }, code.unsupported, /volumeConfigurations/],
];

async function openFleet(): Promise<TestRoom> {
  const room = await openRoom();
  await room.addInstance();
  await room.addDefinition();
  await room.addDefinition({ family: 'private', networkMode: 'awsvpc' });
  return room;
}

const words = (message: string | RegExp) =>
  typeof message === 'string' ? message : expect.stringMatching(message);

describe('CreateService', () => {
  it.each(common)('refuses %o', async (input, expectedCode, message) => {
    await using room = await openFleet();
    const valid = { serviceName: 'web', taskDefinition: 'web:1', desiredCount: 2 };
    await expect(createService(room.ecs, { ...valid, ...input }, room.call)).rejects.toMatchObject({
      code: expectedCode,
      message: words(message),
    });
    expect(listServices(room.ecs, {}, room.call).serviceArns).toEqual([]);
  });

  it.each([
    ['a space', 'a b'],
    ['too much', 'x'.repeat(37)],
    ['what isn’t ASCII', 'ü'],
  ])('refuses a clientToken with %s', async (_what, clientToken) => {
    await using room = await openFleet();
    const input = { serviceName: 'web', taskDefinition: 'web:1', desiredCount: 2, clientToken };
    await expect(createService(room.ecs, input, room.call)).rejects.toMatchObject({ code: code.invalid });
  });
});

describe('UpdateService', () => {
  it.each(common)('refuses %o', async (input, expectedCode, message) => {
    await using room = await openFleet();
    const { ecs, call } = room;
    await createService(ecs, { serviceName: 'web', taskDefinition: 'web:1', desiredCount: 2 }, call);
    const before = describeServices(ecs, { services: ['web'] }, call);
    await expect(updateService(ecs, { service: 'web', ...input }, call)).rejects.toMatchObject({
      code: expectedCode,
      message: words(message),
    });
    expect(describeServices(ecs, { services: ['web'] }, call)).toEqual(before);
  });

  it.each([
    [undefined, 'Service identifier can not be blank.'],
    ['', 'Service identifier can not be blank.'],
    ['a/b/c', 'Invalid identifier: a/b/c'],
  ])('refuses the service %o', async (service, message) => {
    await using room = await openFleet();
    await expect(updateService(room.ecs, { service }, room.call)).rejects.toMatchObject({
      code: code.invalid,
      message,
    });
  });
});
