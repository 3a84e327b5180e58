import type { CreateManagedInstancesProviderConfiguration } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { instances } from '../../ec2/instances/instance-record.ts';
import { networkInterfaces } from '../../ec2/records.ts';
import {
  createCapacityProvider,
  deleteCapacityProvider,
  describeCapacityProviders,
  updateCapacityProvider,
} from '../operations/capacity-provider.ts';
import { createCluster, describeClusters } from '../operations/cluster.ts';
import { putClusterCapacityProviders } from '../operations/cluster-capacity-providers.ts';
import {
  deregisterContainerInstance,
  updateContainerInstancesState,
} from '../operations/container-instance.ts';
import { runTask } from '../operations/run-task.ts';
import { createService, describeServices, updateService } from '../operations/service.ts';
import { stopTask } from '../operations/task.ts';
import {
  burstable,
  configuration,
  type ManagedPool,
  openManaged,
  profile,
  role,
} from '../testing/managed-pool.ts';
import { testNetwork } from '../testing/network.ts';
import { container, scope } from '../testing/room.ts';

let pool: ManagedPool;
beforeEach(async () => {
  pool = await openManaged();
});
afterEach(() => pool[Symbol.asyncDispose]());

const isRunning = (arn: string | undefined) => pool.task(arn)?.lastStatus === 'RUNNING';

describe('a capacity provider of Managed Instances', () => {
  test('is its cluster’s, and is shown as it was asked for', async () => {
    const { capacityProvider } = await pool.create(configuration({}, { propagateTags: 'CAPACITY_PROVIDER' }));
    expect(capacityProvider).toEqual({
      capacityProviderArn: `arn:aws:ecs:${scope.region}:${scope.accountId}:capacity-provider/pool`,
      ...{ name: 'pool', cluster: 'default', type: 'MANAGED_INSTANCES' },
      ...{ status: 'ACTIVE', updateStatus: 'CREATE_COMPLETE', tags: [{ key: 'team', value: 'blue' }] },
      managedInstancesProvider: {
        ...{ infrastructureRoleArn: role, propagateTags: 'CAPACITY_PROVIDER' },
        instanceLaunchTemplate: {
          ...{ ec2InstanceProfileArn: profile, capacityOptionType: 'ON_DEMAND', monitoring: 'BASIC' },
          networkConfiguration: { subnets: [testNetwork.subnetId], securityGroups: [] },
          instanceRequirements: burstable,
        },
      },
    });
    expect(describeClusters(pool.ecs, {}, pool.call).clusters?.[0]?.capacityProviders).toEqual(['pool']);
    await createCluster(pool.ecs, { clusterName: 'other' }, pool.call);
    const elsewhere = { cluster: 'other', capacityProviders: ['pool'], defaultCapacityProviderStrategy: [] };
    await expect(putClusterCapacityProviders(pool.ecs, elsewhere, pool.call)).rejects.toThrow(
      /Managed Instances of another cluster/,
    );
  });

  test.each<[string, CreateManagedInstancesProviderConfiguration, string, RegExp]>([
    [
      'no role',
      { ...configuration(), infrastructureRoleArn: 'me' },
      'InvalidParameterException',
      /infrastructureRoleArn/,
    ],
    [
      'no instance profile',
      configuration({ ec2InstanceProfileArn: role }),
      'InvalidParameterException',
      /ec2InstanceProfileArn/,
    ],
    [
      'no subnets',
      configuration({ networkConfiguration: {} }),
      'InvalidParameterException',
      /subnets can not be empty/,
    ],
    [
      'a subnet that is not there',
      configuration({ networkConfiguration: { subnets: ['subnet-0000000f'] } }),
      ...(['InvalidParameterException', /'subnet-0000000f' does not exist/] as const),
    ],
    [
      'types that nobody makes',
      configuration({ instanceRequirements: { ...burstable, memoryMiB: { min: 3_000_000 } } }),
      ...(['ClientException', /No instance types match/] as const),
    ],
    [
      'a range that is empty',
      configuration({ instanceRequirements: { ...burstable, vCpuCount: { min: 4, max: 2 } } }),
      ...(['InvalidParameterException', /range of instanceRequirements.vCpuCount/] as const),
    ],
    [
      'reserved capacity',
      configuration({ capacityOptionType: 'RESERVED' }),
      'UnsupportedFeatureException',
      /RESERVED/,
    ],
    [
      'a price',
      configuration({
        instanceRequirements: { ...burstable, onDemandMaxPricePercentageOverLowestPrice: 20 },
      }),
      ...(['UnsupportedFeatureException', /onDemandMaxPricePercentageOverLowestPrice/] as const),
    ],
    [
      'a delay out of range',
      configuration({}, { infrastructureOptimization: { scaleInAfter: 3_601 } }),
      ...(['InvalidParameterException', /scaleInAfter must be between -1 and 3600/] as const),
    ],
  ])('is refused with %s', async (_, asked, code, message) => {
    await expect(pool.create(asked)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(pool.describeProvider()).toBeUndefined();
  });

  test('needs a cluster, and stands in no strategy with others', async () => {
    const input = { name: 'pool', managedInstancesProvider: configuration() };
    await expect(createCapacityProvider(pool.ecs, input, pool.call)).rejects.toThrow(
      /cluster must be specified/,
    );
    await pool.create();
    const both = ['FARGATE', 'pool'];
    const mixed = both.map((capacityProvider) => ({ capacityProvider, weight: 1 }));
    const put = { cluster: 'default', capacityProviders: both, defaultCapacityProviderStrategy: mixed };
    await expect(putClusterCapacityProviders(pool.ecs, put, pool.call)).rejects.toThrow(/cannot contain/);
  });
});

describe('tasks of the provider', () => {
  test('wait PROVISIONING until an instance that fits is launched for them', async () => {
    await pool.create(configuration({}, { propagateTags: 'CAPACITY_PROVIDER' }));
    const [arn] = await pool.run();
    expect(pool.task(arn)).toMatchObject({ lastStatus: 'PROVISIONING', launchType: 'MANAGED_INSTANCES' });
    await pool.until(() => isRunning(arn));
    const [instance] = pool.registered();
    expect(instance).toMatchObject({ status: 'ACTIVE', capacityProviderName: 'pool', runningTasksCount: 1 });
    expect(pool.task(arn)).toMatchObject({
      ...{ capacityProviderName: 'pool', containerInstanceArn: instance?.containerInstanceArn },
    });
    expect(instance?.attributes).toEqual(
      expect.arrayContaining([
        { name: 'ecs.instance-type', value: 't3.small' },
        { name: 'ecs.subnet-id', value: testNetwork.subnetId },
        { name: 'ecs.vpc-id', value: testNetwork.vpcId },
      ]),
    );
    const [launched] = [...pool.ecs.state.list(instances)].map(({ value }) => value);
    expect(launched).toMatchObject({
      id: instance?.ec2InstanceId,
      node: { instanceType: 't3.small', isSpot: false },
      tags: { team: 'blue', AmazonECSManaged: 'true', 'aws:ecs:clusterName': 'default' },
    });
  });

  test('are packed into as few instances as hold them', async () => {
    await pool.create();
    // Three have the 410 CPU units of a t3.small.
    const arns = [...(await pool.run({ count: 3 })), ...(await pool.run({ count: 2 }))];
    await pool.until(() => arns.every(isRunning));
    expect(
      pool
        .registered()
        .map(({ runningTasksCount }) => runningTasksCount)
        .sort(),
    ).toEqual([2, 3]);
  });

  test('get a larger type when they need it, and only such a one', async () => {
    await pool.create();
    await pool.room.addDefinition({
      ...{ family: 'large', networkMode: 'awsvpc', cpu: '128', memory: '3072' },
      ...{
        compatibilities: ['MANAGED_INSTANCES'],
        containerDefinitions: [container({ cpu: 0, memory: 256 })],
      },
    });
    const [arn] = await pool.run({ taskDefinition: 'large:1' });
    await pool.until(() => isRunning(arn));
    expect(pool.wanted().map(({ instanceType }) => instanceType)).toEqual(['t3.medium']);
  });

  test('that no type can hold, or that ask for what agents do not offer, launch nothing', async () => {
    await pool.create();
    await pool.room.addDefinition({
      ...{ family: 'odd', networkMode: 'awsvpc', cpu: '128', memory: '512' },
      ...{ compatibilities: ['MANAGED_INSTANCES'], requiresAttributes: [{ name: 'ecs.capability.efs' }] },
    });
    await pool.room.addDefinition({
      ...{ family: 'huge', networkMode: 'awsvpc', cpu: '128', memory: '30720' },
      ...{ compatibilities: ['MANAGED_INSTANCES'] },
    });
    const arns = [
      ...(await pool.run({ taskDefinition: 'odd:1' })),
      ...(await pool.run({ taskDefinition: 'huge:1' })),
    ];
    await pool.until(() => arns.every((arn) => pool.task(arn)?.lastStatus === 'STOPPED'));
    expect(pool.task(arns[0])).toMatchObject({ stopCode: 'TaskFailedToStart' });
    expect([...pool.ecs.state.list(instances)]).toEqual([]);
  });

  test('say that there is no room, and run once there is', async () => {
    await pool[Symbol.asyncDispose]();
    pool = await openManaged({ size: { cpu: 500, memoryMiB: 2_500 } });
    await pool.create(configuration({}, { infrastructureOptimization: { scaleInAfter: 0 } }));
    const first = await pool.run({ count: 3 });
    await pool.until(() => first.every(isRunning));
    const [next] = await pool.run();
    await pool.until(() => pool.machine.free().cpu < 410 && pool.wanted().length === 1);
    for (const task of first) await stopTask(pool.ecs, { task }, pool.call);
    await pool.until(() => isRunning(next));
    const [late] = await pool.run({ count: 3 });
    await pool.until(() => pool.task(late)?.lastStatus !== 'PROVISIONING' || pool.task(late) === undefined);
    await pool.until(() =>
      pool.room.tasksOf('default').some(({ stopCode }) => stopCode === 'TaskFailedToStart'),
    );
    const failed = pool.room.tasksOf('default').find(({ stopCode }) => stopCode === 'TaskFailedToStart');
    expect(failed?.stoppedReason).toMatch(/InsufficientInstanceCapacity: There is not that much/);
  });

  test('wait as long as the infrastructure role may launch nothing', async () => {
    await pool.create();
    pool.room.untrustedRoles.add(role);
    const [arn] = await pool.run();
    await pool.until(() => pool.task(arn)?.lastStatus === 'STOPPED');
    expect(pool.task(arn)?.stoppedReason).toMatch(/does not trust ECS/);
    expect(pool.machine.shares.size).toBe(0);
    pool.room.untrustedRoles.delete(role);
    const [next] = await pool.run();
    await pool.until(() => isRunning(next));
  });

  test.each([
    ['there is no such instance profile, or no role in it', 'profile', /Invalid IAM Instance Profile ARN/],
    ['the infrastructure role may not pass the role of the profile', 'iam:PassRole', /iam:PassRole/],
  ])('wait as long as %s', async (_, missing, reason) => {
    await pool.create();
    const [kept, what] =
      missing === 'profile' ? [pool.room.absentProfiles, profile] : [pool.room.deniedActions, missing];
    kept.add(what);
    const [arn] = await pool.run();
    await pool.until(() => pool.task(arn)?.lastStatus === 'STOPPED');
    expect(pool.task(arn)?.stoppedReason).toMatch(reason);
    expect(pool.machine.shares.size).toBe(0);
    kept.delete(what);
    const [next] = await pool.run();
    await pool.until(() => isRunning(next));
  });

  test('write on a volume of the size that the provider says', async () => {
    await pool.create(configuration({ storageConfiguration: { storageSizeGiB: 40 } }));
    const [arn] = await pool.run();
    await pool.until(() => isRunning(arn));
    expect(pool.wanted().map(({ storageSizeGiB }) => storageSizeGiB)).toEqual([40]);
  });

  test('alone go there: those of the launch type EC2 do not', async () => {
    await pool.create();
    const [arn] = await pool.run();
    await pool.until(() => isRunning(arn));
    const ec2 = { taskDefinition: 'web:1', launchType: 'EC2' as const, networkConfiguration: pool.network };
    await expect(runTask(pool.ecs, ec2, pool.call)).rejects.toThrow(/No Container Instances were found/);
    const byType = { ...ec2, launchType: 'MANAGED_INSTANCES' as const };
    await expect(runTask(pool.ecs, byType, pool.call)).rejects.toThrow(/cannot be specified/);
  });
});

describe('instances', () => {
  test('end when no task has needed them for as long as the provider says', async () => {
    await pool.create(configuration({}, { infrastructureOptimization: { scaleInAfter: 300 } }));
    const [arn] = await pool.run();
    await pool.until(() => isRunning(arn));
    await stopTask(pool.ecs, { task: arn }, pool.call);
    await pool.until(() => pool.wanted()[0]?.idleSince !== undefined);
    const idleSince = pool.wanted()[0]?.idleSince ?? 0;
    await pool.until(() => pool.wanted().length === 0);
    expect(pool.ecs.clock.now() - idleSince).toBeGreaterThanOrEqual(300_000);
    expect(pool.registered()).toEqual([]);
    expect(pool.machine.free()).toEqual({ cpu: 4_096, memoryMiB: 16_384 });
    expect([...pool.ecs.state.list(networkInterfaces)]).toEqual([]);
    expect([...pool.ecs.state.list(instances)][0]?.value.terminatedAt).toBeDefined();
  });

  test('stay where the provider says so, and take the next task', async () => {
    await pool.create(configuration({}, { infrastructureOptimization: { scaleInAfter: -1 } }));
    const [arn] = await pool.run();
    await pool.until(() => isRunning(arn));
    await stopTask(pool.ecs, { task: arn }, pool.call);
    await pool.ecs.clock.advance(24 * 3_600_000);
    expect(pool.registered()).toHaveLength(1);
    const [next] = await pool.run();
    expect(pool.task(next)?.containerInstanceArn).toBe(pool.registered()[0]?.containerInstanceArn);
  });

  test('that are draining are replaced by the service that is on them, and end', async () => {
    await pool.create();
    const service = {
      serviceName: 'web',
      taskDefinition: 'web:1',
      desiredCount: 2,
      networkConfiguration: pool.network,
    };
    await createService(pool.ecs, { ...service, capacityProviderStrategy: pool.strategy }, pool.call);
    const running = () =>
      describeServices(pool.ecs, { services: ['web'] }, pool.call).services?.[0]?.runningCount;
    await pool.until(() => running() === 2);
    const [old] = pool.registered();
    const drain = { containerInstances: [old?.containerInstanceArn ?? ''], status: 'DRAINING' as const };
    await updateContainerInstancesState(pool.ecs, drain, pool.call);
    const isGone = () =>
      pool
        .registered()
        .every(({ containerInstanceArn }) => containerInstanceArn !== old?.containerInstanceArn);
    await pool.until(() => isGone() && running() === 2);
    expect(pool.registered()).toHaveLength(1);
    await updateService(pool.ecs, { service: 'web', desiredCount: 0 }, pool.call);
    await pool.until(() => pool.wanted().length === 0);
  });

  test('that are two weeks old are drained, and their service goes on elsewhere', async () => {
    await pool.create();
    const service = {
      serviceName: 'web',
      taskDefinition: 'web:1',
      desiredCount: 1,
      networkConfiguration: pool.network,
    };
    await createService(pool.ecs, { ...service, capacityProviderStrategy: pool.strategy }, pool.call);
    await pool.until(() => pool.registered()[0]?.runningTasksCount === 1);
    const [old] = pool.registered();
    const fortnightMs = 14 * 24 * 3_600_000;
    const isAlone = (id: string | undefined) =>
      pool.wanted().length === 1 && pool.wanted()[0]?.instanceId === id;
    expect(isAlone(old?.ec2InstanceId)).toBe(true);
    await pool.until(() => !isAlone(old?.ec2InstanceId), fortnightMs + 3_600_000);
    await pool.until(() => pool.wanted().length === 1);
    expect(pool.registered()).toMatchObject([{ status: 'ACTIVE', runningTasksCount: 1 }]);
    expect(isAlone(old?.ec2InstanceId)).toBe(false);
  });

  test('that somebody deregisters end, with what ran there', async () => {
    await pool.create();
    const [arn] = await pool.run();
    await pool.until(() => isRunning(arn));
    const containerInstance = pool.registered()[0]?.containerInstanceArn;
    await deregisterContainerInstance(pool.ecs, { containerInstance, force: true }, pool.call);
    await pool.until(() => pool.wanted().length === 0);
    expect(pool.machine.shares.size).toBe(0);
  });

  test('are those of before until they are replaced when the provider is updated', async () => {
    await pool.create();
    const [arn] = await pool.run();
    await pool.until(() => isRunning(arn));
    const instanceRequirements = { ...burstable, memoryMiB: { min: 4_096, max: 4_096 } };
    const asked = configuration({ instanceRequirements });
    const update = { name: 'pool', cluster: 'default', managedInstancesProvider: asked };
    const { capacityProvider } = await updateCapacityProvider(pool.ecs, update, pool.call);
    expect(capacityProvider).toMatchObject({ updateStatus: 'UPDATE_COMPLETE' });
    const more = await pool.run({ count: 3 });
    await pool.until(() => more.every(isRunning));
    expect(
      pool
        .wanted()
        .map(({ instanceType }) => instanceType)
        .sort(),
    ).toEqual(['t3.medium', 't3.small']);
  });

  test('end before their provider is INACTIVE', async () => {
    await pool.create(configuration({}, { infrastructureOptimization: { scaleInAfter: -1 } }));
    const [arn] = await pool.run();
    await pool.until(() => isRunning(arn));
    const remove = () =>
      deleteCapacityProvider(pool.ecs, { capacityProvider: 'pool', cluster: 'default' }, pool.call);
    await expect(remove()).rejects.toThrow(/in use/);
    await stopTask(pool.ecs, { task: arn }, pool.call);
    await pool.until(() => pool.task(arn)?.lastStatus === 'STOPPED');
    const { capacityProvider } = await remove();
    expect(capacityProvider).toMatchObject({ status: 'DEPROVISIONING', updateStatus: 'DELETE_IN_PROGRESS' });
    await expect(pool.create()).rejects.toThrow(/already exists/);
    const status = () =>
      describeCapacityProviders(pool.ecs, { capacityProviders: ['pool'] }, pool.call).capacityProviders?.[0];
    await pool.until(() => status()?.status === 'INACTIVE');
    expect(status()?.updateStatus).toBe('DELETE_COMPLETE');
    expect(pool.machine.shares.size).toBe(0);
    await pool.create();
  });
});
