import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { capacityProviderArn, clusterArn } from '../arn.ts';
import { clusters } from '../records.ts';
import { key, openRoom, scope, type TestRoom } from '../testing/room.ts';
import {
  createCapacityProvider,
  deleteCapacityProvider,
  describeCapacityProviders,
  updateCapacityProvider,
} from './capacity-provider.ts';
import { createCluster, deleteCluster, describeClusters } from './cluster.ts';
import { putClusterCapacityProviders } from './cluster-capacity-providers.ts';
import { listTagsForResource, tagResource } from './tag.ts';

let room: TestRoom;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room[Symbol.asyncDispose]());

const groupArn = (name: string) =>
  `arn:aws:autoscaling:${scope.region}:${scope.accountId}:autoScalingGroup:1b2c:autoScalingGroupName/${name}`;
const create = (name: string, more: object = {}, group: object = {}) =>
  createCapacityProvider(
    room.ecs,
    { name, autoScalingGroupProvider: { autoScalingGroupArn: groupArn(name), ...group }, ...more },
    room.call,
  );
const describeAll = (...capacityProviders: string[]) =>
  describeCapacityProviders(room.ecs, { capacityProviders }, room.call);
const put = (capacityProviders: string[], strategy: readonly object[] = [], cluster = 'default') =>
  putClusterCapacityProviders(
    room.ecs,
    { cluster, capacityProviders, defaultCapacityProviderStrategy: [...strategy] as never },
    room.call,
  );
const cluster = () => describeClusters(room.ecs, {}, room.call).clusters?.[0];

describe('CreateCapacityProvider', () => {
  test('stores the provider with its defaults filled in', async () => {
    const { capacityProvider } = await create('spare', { tags: [{ key: 'a', value: 'b' }] });
    expect(capacityProvider).toEqual({
      capacityProviderArn: capacityProviderArn(scope, 'spare'),
      name: 'spare',
      status: 'ACTIVE',
      updateStatus: 'CREATE_COMPLETE',
      type: 'EC2_AUTOSCALING',
      autoScalingGroupProvider: {
        autoScalingGroupArn: groupArn('spare'),
        managedScaling: {
          status: 'DISABLED',
          targetCapacity: 100,
          minimumScalingStepSize: 1,
          maximumScalingStepSize: 10_000,
          instanceWarmupPeriod: 300,
        },
        managedTerminationProtection: 'DISABLED',
        managedDraining: 'DISABLED',
      },
      tags: [{ key: 'a', value: 'b' }],
    });
  });

  const group = { autoScalingGroupArn: groupArn('g') };
  test.each<[string, object, string, RegExp]>([
    ['no name', { autoScalingGroupProvider: group }, 'InvalidParameterException', /names can have/],
    ...['aws-x', 'ECS1', 'Fargate-mine'].map((name): [string, object, string, RegExp] => [
      `the name ${name}`,
      { name, autoScalingGroupProvider: group },
      'InvalidParameterException',
      /cannot be prefixed/,
    ]),
    ['neither kind', { name: 'a' }, 'InvalidParameterException', /exactly one of/],
    [
      'both kinds',
      { name: 'a', autoScalingGroupProvider: group, managedInstancesProvider: {} },
      'InvalidParameterException',
      /exactly one of/,
    ],
    [
      'Managed Instances without a cluster',
      { name: 'a', managedInstancesProvider: {} },
      'InvalidParameterException',
      /cluster must be specified/,
    ],
    [
      'a group that has no such ARN',
      { name: 'a', autoScalingGroupProvider: { autoScalingGroupArn: 'arn:aws:s3:::b' } },
      'InvalidParameterException',
      /Auto Scaling group ARN is not valid/,
    ],
    [
      'managed scaling',
      { name: 'a', autoScalingGroupProvider: { ...group, managedScaling: { status: 'ENABLED' } } },
      'UnsupportedFeatureException',
      /Managed scaling/,
    ],
    [
      'a target above 100',
      { name: 'a', autoScalingGroupProvider: { ...group, managedScaling: { targetCapacity: 101 } } },
      'InvalidParameterException',
      /targetCapacity must be between 1 and 100/,
    ],
    [
      'termination protection without managed scaling',
      { name: 'a', autoScalingGroupProvider: { ...group, managedTerminationProtection: 'ENABLED' } },
      'InvalidParameterException',
      /managed scaling must be enabled/,
    ],
    [
      'managed draining',
      { name: 'a', autoScalingGroupProvider: { ...group, managedDraining: 'ENABLED' } },
      'UnsupportedFeatureException',
      /Managed instance draining/,
    ],
  ])('refuses %s', async (_, input, code, message) => {
    await expect(createCapacityProvider(room.ecs, input as never, room.call)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('refuses a name that is taken, and a group that another provider has', async () => {
    await create('one');
    await expect(create('one')).rejects.toMatchObject({
      code: 'ClientException',
      message: expect.stringMatching(/already exists/),
    });
    await expect(create('two', {}, { autoScalingGroupArn: groupArn('one') })).rejects.toMatchObject({
      code: 'ClientException',
      message: expect.stringMatching(/already being used/),
    });
  });
});

describe('DescribeCapacityProviders', () => {
  test('always knows FARGATE and FARGATE_SPOT, and tells what it does not know', async () => {
    await create('spare');
    expect(describeAll().capacityProviders?.map(({ name, type }) => [name, type])).toEqual([
      ['FARGATE', 'FARGATE'],
      ['FARGATE_SPOT', 'FARGATE_SPOT'],
      ['spare', 'EC2_AUTOSCALING'],
    ]);
    expect(describeAll('nobody', capacityProviderArn(scope, 'FARGATE'))).toMatchObject({
      capacityProviders: [{ name: 'FARGATE', status: 'ACTIVE' }],
      failures: [{ arn: capacityProviderArn(scope, 'nobody'), reason: 'MISSING' }],
    });
  });

  test('answers ten to a page', async () => {
    for (let index = 0; index < 9; index += 1) await create(`p${index}`);
    const first = describeAll();
    expect(first.capacityProviders).toHaveLength(10);
    const next = describeCapacityProviders(room.ecs, { nextToken: first.nextToken }, room.call);
    expect(next.capacityProviders?.map(({ name }) => name)).toEqual(['p8']);
    expect(() => describeCapacityProviders(room.ecs, { maxResults: 11 }, room.call)).toThrow(
      /between 1 and 10/,
    );
  });

  test("keeps to a cluster's providers when it is named", async () => {
    await put(['FARGATE']);
    const { capacityProviders } = describeCapacityProviders(room.ecs, { cluster: 'default' }, room.call);
    expect(capacityProviders?.map(({ name }) => name)).toEqual(['FARGATE']);
  });
});

describe('UpdateCapacityProvider and DeleteCapacityProvider', () => {
  test('change what is given and leave the rest', async () => {
    await create('spare', {}, { managedScaling: { targetCapacity: 80 } });
    const { capacityProvider } = await updateCapacityProvider(
      room.ecs,
      { name: 'spare', autoScalingGroupProvider: { managedScaling: { instanceWarmupPeriod: 60 } } },
      room.call,
    );
    expect(capacityProvider).toMatchObject({
      updateStatus: 'UPDATE_COMPLETE',
      autoScalingGroupProvider: { managedScaling: { targetCapacity: 80, instanceWarmupPeriod: 60 } },
    });
  });

  test('a deleted provider is INACTIVE, out of the list, and its name is free again', async () => {
    await create('spare');
    await deleteCapacityProvider(room.ecs, { capacityProvider: 'spare' }, room.call);
    expect(describeAll('spare').capacityProviders).toMatchObject([
      { status: 'INACTIVE', updateStatus: 'DELETE_COMPLETE' },
    ]);
    expect(describeAll().capacityProviders?.map(({ name }) => name)).toEqual(['FARGATE', 'FARGATE_SPOT']);
    await expect(put(['spare'])).rejects.toMatchObject({ code: 'InvalidParameterException' });
    expect((await create('spare')).capacityProvider?.status).toBe('ACTIVE');
  });

  test('a provider of a cluster cannot be deleted, FARGATE never', async () => {
    await create('spare');
    await put(['spare']);
    const remove = (capacityProvider: string) =>
      deleteCapacityProvider(room.ecs, { capacityProvider }, room.call);
    await expect(remove('spare')).rejects.toThrow(/associated with cluster: default/);
    await expect(remove('FARGATE')).rejects.toThrow(/cannot be deleted/);
    await expect(remove('nobody')).rejects.toMatchObject({ code: 'ClientException' });
    await put([]);
    await remove('spare');
  });

  test('providers have tags', async () => {
    await create('spare');
    const resourceArn = capacityProviderArn(scope, 'spare');
    await tagResource(room.ecs, { resourceArn, tags: [{ key: 'a', value: 'b' }] }, room.call);
    expect(listTagsForResource(room.ecs, { resourceArn }, room.call).tags).toEqual([
      { key: 'a', value: 'b' },
    ]);
  });
});

describe('PutClusterCapacityProviders', () => {
  test('replaces providers and default strategy, never merges', async () => {
    const answer = await put(['FARGATE', 'FARGATE_SPOT'], [{ capacityProvider: 'FARGATE_SPOT', weight: 4 }]);
    expect(answer.cluster).toMatchObject({
      clusterArn: clusterArn(scope, 'default'),
      attachmentsStatus: 'UPDATE_IN_PROGRESS',
    });
    expect(cluster()).toMatchObject({
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 4, base: 0 }],
      attachmentsStatus: 'UPDATE_COMPLETE',
    });
    await put(['FARGATE']);
    expect(cluster()).toMatchObject({
      capacityProviders: ['FARGATE'],
      defaultCapacityProviderStrategy: [],
    });
  });

  test.each<[string, string[], object[], RegExp]>([
    ['an unknown provider', ['nobody'], [], /'nobody' was not found/],
    ['a strategy of a stranger', ['FARGATE'], [{ capacityProvider: 'FARGATE_SPOT' }], /not associated/],
    [
      'two bases',
      ['FARGATE', 'FARGATE_SPOT'],
      [
        { capacityProvider: 'FARGATE', base: 1, weight: 1 },
        { capacityProvider: 'FARGATE_SPOT', base: 1 },
      ],
      /more than one capacity provider with a base/,
    ],
    [
      'weights that are all 0',
      ['FARGATE', 'FARGATE_SPOT'],
      [{ capacityProvider: 'FARGATE' }, { capacityProvider: 'FARGATE_SPOT' }],
      /weight greater than 0/,
    ],
    [
      'a weight above 1000',
      ['FARGATE'],
      [{ capacityProvider: 'FARGATE', weight: 1001 }],
      /between 0 and 1000/,
    ],
    [
      'a base above 100000',
      ['FARGATE'],
      [{ capacityProvider: 'FARGATE', base: 100_001 }],
      /between 0 and 100000/,
    ],
    [
      'a provider twice',
      ['FARGATE'],
      [
        { capacityProvider: 'FARGATE', weight: 1 },
        { capacityProvider: 'FARGATE', weight: 1 },
      ],
      /duplicate/,
    ],
    [
      'more than twenty providers',
      ['FARGATE'],
      Array.from({ length: 21 }, () => ({ capacityProvider: 'FARGATE', weight: 1 })),
      /maximum number/,
    ],
  ])('refuses %s', async (_, providers, strategy, message) => {
    await expect(put(providers, strategy)).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: expect.stringMatching(message),
    });
  });

  test('refuses a strategy that mixes Fargate with a group', async () => {
    await create('spare');
    await expect(
      put(
        ['FARGATE', 'spare'],
        [
          { capacityProvider: 'FARGATE', weight: 1 },
          { capacityProvider: 'spare', weight: 1 },
        ],
      ),
    ).rejects.toThrow(/cannot contain both Fargate/);
  });

  test('wants both lists', async () => {
    const input = { cluster: 'default', capacityProviders: [], defaultCapacityProviderStrategy: undefined };
    await expect(putClusterCapacityProviders(room.ecs, input, room.call)).rejects.toThrow(/is required/);
  });
});

describe('CreateCluster with capacity providers', () => {
  test('associates them, and a cluster that has some can be deleted', async () => {
    await createCluster(
      room.ecs,
      {
        clusterName: 'blue',
        capacityProviders: ['FARGATE'],
        defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE' }],
      },
      room.call,
    );
    expect(room.ecs.state.get(clusters, key(clusters, 'blue'))).toMatchObject({
      capacityProviders: ['FARGATE'],
      defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 0, base: 0 }],
    });
    const { cluster } = await deleteCluster(room.ecs, { cluster: 'blue' }, room.call);
    expect(cluster?.status).toBe('INACTIVE');
  });
});
