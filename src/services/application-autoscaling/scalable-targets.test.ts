import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messages } from '../ecs/testing/fleet.ts';
import { scalableTargets } from './index.ts';
import { type ScalingServer, scope, startScaling, web } from './testing/scaling-server.ts';

let server: ScalingServer;
beforeEach(async () => {
  server = await startScaling(2);
});
afterEach(() => server[Symbol.asyncDispose]());

const described = async () => {
  const { ScalableTargets = [] } = await server.sdk.describeScalableTargets({ ServiceNamespace: 'ecs' });
  return ScalableTargets[0];
};

describe('RegisterScalableTarget', () => {
  it('registers a service with its bounds, and changes what is given of them', async () => {
    const arn = await server.register(1, 5);
    expect(arn).toMatch(
      /^arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target\/[0-9a-f]{36}$/,
    );
    expect(await described()).toEqual({
      ...web,
      ...{ MinCapacity: 1, MaxCapacity: 5, CreationTime: expect.any(Date), ScalableTargetARN: arn },
      RoleARN:
        `arn:aws:iam::${scope.accountId}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/` +
        'AWSServiceRoleForApplicationAutoScaling_ECSService',
      SuspendedState: {
        DynamicScalingInSuspended: false,
        DynamicScalingOutSuspended: false,
        ScheduledScalingSuspended: false,
      },
    });
    const { ScalableTargetARN } = await server.sdk.registerScalableTarget({
      ...{ ...web, MaxCapacity: 8, SuspendedState: { DynamicScalingInSuspended: true } },
    });
    expect(ScalableTargetARN).toBe(arn);
    expect(await described()).toMatchObject({
      ...{ MinCapacity: 1, MaxCapacity: 8 },
      SuspendedState: { DynamicScalingInSuspended: true, DynamicScalingOutSuspended: false },
    });
  });

  it.each([
    [{ MinCapacity: 1 }, 'Both MinCapacity and MaxCapacity are required to register a new scalable target'],
    [{ MinCapacity: 3, MaxCapacity: 2 }, 'Maximum capacity cannot be less than minimum capacity'],
    [{ MinCapacity: -1, MaxCapacity: 2 }, 'Minimum and maximum capacity cannot be less than 0'],
    [{ ResourceId: 'service/default/api' }, "ECS service doesn't exist: service/default/api"],
    [{ ResourceId: 'service/web' }, 'Unsupported service namespace, resource type or scalable dimension'],
    [
      { ScalableDimension: 'ec2:spot-fleet-request:TargetCapacity' },
      'Unsupported service namespace, resource type or scalable dimension',
    ],
    [{ ServiceNamespace: 'dynamodb' }, 'Scalable targets of the namespace dynamodb are not supported'],
    [{ ServiceNamespace: 'boats' }, "Value 'boats' at 'serviceNamespace' failed to satisfy constraint"],
  ])('refuses %j', async (bent, message) => {
    const input = { ...web, ...('MinCapacity' in bent ? {} : { MinCapacity: 1, MaxCapacity: 2 }), ...bent };
    await expect(server.sdk.registerScalableTarget(input as typeof web)).rejects.toMatchObject({
      ...{ name: 'ValidationException', message: expect.stringContaining(message) },
    });
    expect(await described()).toBeUndefined();
  });

  it('refuses a DAEMON service, which has as many tasks as there are instances', async () => {
    await server.fleet.create({ serviceName: 'each', schedulingStrategy: 'DAEMON', desiredCount: undefined });
    await expect(
      server.sdk.registerScalableTarget({
        ...{ ...web, ResourceId: 'service/default/each', MinCapacity: 1, MaxCapacity: 2 },
      }),
    ).rejects.toMatchObject({ name: 'ValidationException', message: expect.stringContaining('DAEMON') });
  });

  it('brings the service within its bounds, once, and tells what becomes of that', async () => {
    await server.register(4, 5);
    expect(server.desired()).toBe(4);
    expect(await server.told()).toEqual([
      'minimum capacity was set to 4: Setting desired count to 4. InProgress',
    ]);
    expect(messages(server.fleet.describe())).toContain('updated desiredCount to 4.');
    await server.advance(30_000);
    const { ScalingActivities } = await server.sdk.describeScalingActivities({ ServiceNamespace: 'ecs' });
    expect(ScalingActivities).toEqual([
      {
        ...{ ...web, ActivityId: expect.any(String), StartTime: expect.any(Date), EndTime: expect.any(Date) },
        ...{ Description: 'Setting desired count to 4.', Cause: 'minimum capacity was set to 4' },
        StatusCode: 'Successful',
        StatusMessage: 'Successfully set desired count to 4. Change successfully fulfilled by ecs.',
      },
    ]);
    // What a user sets himself stays, until something calls for scaling.
    await server.fleet.update({ desiredCount: 1 });
    await server.advance(30_000);
    expect(server.desired()).toBe(1);
    await server.register(0, 0);
    expect(server.desired()).toBe(0);
  });

  it('tells of a change that another overtook', async () => {
    await server.register(4, 5);
    await server.register(1, 3);
    expect(server.desired()).toBe(3);
    await server.advance(30_000);
    const { ScalingActivities = [] } = await server.sdk.describeScalingActivities({
      ServiceNamespace: 'ecs',
    });
    expect(
      ScalingActivities.map(({ StatusCode, StatusMessage }) => `${StatusCode}: ${StatusMessage}`),
    ).toEqual([
      'Successful: Successfully set desired count to 3. Change successfully fulfilled by ecs.',
      'Overridden: Successfully set desired count to 4. Found it was later changed to 3.',
    ]);
  });
});

it('forgets scaling activities after six weeks, also of a target that is gone', async () => {
  const day = 24 * 60 * 60 * 1000;
  await server.register(3, 5);
  await server.advance(day);
  await server.register(4, 5);
  await server.sdk.deregisterScalableTarget(web);
  await server.advance(41 * day - 1_000);
  expect(await server.told()).toHaveLength(2);
  await server.advance(1_000);
  expect(await server.told()).toHaveLength(1);
  await server.advance(day);
  expect(await server.told()).toEqual([]);
});

it('keeps its service-linked role as long as there are targets', async () => {
  const { state } = server.fleet.room.ecs;
  await server.register(1, 5);
  expect(scalableTargets(state, scope.accountId)).toEqual([
    { region: scope.region, resources: ['service/default/web'] },
  ]);
  expect(scalableTargets(state, '999922223333')).toEqual([]);
});

describe('DescribeScalableTargets', () => {
  it('lists by resource, in pages, and nothing of other services', async () => {
    await server.fleet.create({ serviceName: 'api' });
    const api = { ...web, ResourceId: 'service/default/api' };
    await server.register(1, 5);
    await server.sdk.registerScalableTarget({ ...api, MinCapacity: 0, MaxCapacity: 9 });
    const list = async (more: object) => {
      const answer = await server.sdk.describeScalableTargets({ ServiceNamespace: 'ecs', ...more });
      return { ids: answer.ScalableTargets?.map(({ ResourceId }) => ResourceId), next: answer.NextToken };
    };
    expect((await list({ ResourceIds: ['service/default/none', api.ResourceId] })).ids).toEqual([
      api.ResourceId,
    ]);
    expect((await list({ ServiceNamespace: 'dynamodb' })).ids).toEqual([]);
    const { ids, next } = await list({ MaxResults: 1 });
    expect(ids).toEqual([api.ResourceId]);
    expect((await list({ NextToken: next })).ids).toEqual([web.ResourceId]);
    await expect(list({ NextToken: 'x' })).rejects.toMatchObject({ name: 'InvalidNextTokenException' });
    await expect(list({ ScalableDimension: web.ScalableDimension })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

describe('DeregisterScalableTarget', () => {
  it('ends the scaling and leaves the service', async () => {
    await server.register(4, 5);
    await server.sdk.deregisterScalableTarget(web);
    expect(await described()).toBeUndefined();
    expect(server.desired()).toBe(4);
    await expect(server.sdk.deregisterScalableTarget(web)).rejects.toMatchObject({
      name: 'ObjectNotFoundException',
      message:
        'No scalable target registered for service namespace: ecs, resource ID: service/default/web, ' +
        'scalable dimension: ecs:service:DesiredCount',
    });
    // Registered anew, it is brought within its bounds anew.
    await server.register(5, 5);
    expect(server.desired()).toBe(5);
  });
});

it('tags scalable targets', async () => {
  const { ScalableTargetARN: ResourceARN } = await server.sdk.registerScalableTarget({
    ...{ ...web, MinCapacity: 1, MaxCapacity: 2, Tags: { team: 'sea' } },
  });
  await server.sdk.registerScalableTarget({ ...web, Tags: { team: 'sea' } });
  await expect(server.sdk.registerScalableTarget({ ...web, Tags: { team: 'land' } })).rejects.toThrow(
    'use TagResource',
  );
  await server.sdk.tagResource({ ResourceARN, Tags: { pier: 'nine' } });
  await server.sdk.untagResource({ ResourceARN, TagKeys: ['team'] });
  expect((await server.sdk.listTagsForResource({ ResourceARN })).Tags).toEqual({ pier: 'nine' });
  const gone = ResourceARN?.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
  await expect(server.sdk.listTagsForResource({ ResourceARN: gone })).rejects.toMatchObject({
    ...{ name: 'ResourceNotFoundException', ResourceName: gone },
  });
  const Tags = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, '']));
  await expect(server.sdk.tagResource({ ResourceARN, Tags })).rejects.toMatchObject({
    name: 'TooManyTagsException',
  });
});
