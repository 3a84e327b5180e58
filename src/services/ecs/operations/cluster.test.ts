import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clusterArn } from '../arn.ts';
import { type ServiceRecord, services, type TaskRecord, tasks } from '../records.ts';
import { key, openRoom, scope, type TestRoom } from '../testing/room.ts';
import { serviceRecord } from '../testing/service-record.ts';
import {
  createCluster,
  deleteCluster,
  describeClusters,
  listClusters,
  updateCluster,
  updateClusterSettings,
} from './cluster.ts';

let room: TestRoom;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room[Symbol.asyncDispose]());

const create = (clusterName: string, more: object = {}) =>
  createCluster(room.ecs, { clusterName, ...more }, room.call);
const describeOne = (cluster: string, ...include: ('TAGS' | 'SETTINGS' | 'STATISTICS')[]) =>
  describeClusters(room.ecs, { clusters: [cluster], include }, room.call).clusters?.[0];

describe('CreateCluster', () => {
  test('makes an ACTIVE cluster that holds nothing', async () => {
    const { cluster } = await create('blue', { tags: [{ key: 'a', value: 'b' }] });
    expect(cluster).toEqual({
      clusterArn: clusterArn(scope, 'blue'),
      clusterName: 'blue',
      status: 'ACTIVE',
      registeredContainerInstancesCount: 0,
      runningTasksCount: 0,
      pendingTasksCount: 0,
      activeServicesCount: 0,
      statistics: [],
      tags: [{ key: 'a', value: 'b' }],
      settings: [{ name: 'containerInsights', value: 'disabled' }],
      capacityProviders: [],
      defaultCapacityProviderStrategy: [],
    });
  });

  test('answers the ACTIVE cluster of the name as it stands', async () => {
    await create('blue', { tags: [{ key: 'a', value: 'b' }] });
    const { cluster } = await create('blue', { tags: [{ key: 'c', value: 'd' }] });
    expect(cluster?.tags).toEqual([{ key: 'a', value: 'b' }]);
  });

  test('takes default when no name is given', async () => {
    expect((await createCluster(room.ecs, {}, room.call)).cluster?.clusterName).toBe('default');
  });

  test('makes a deleted cluster ACTIVE again, without what it was', async () => {
    await create('blue', { tags: [{ key: 'a', value: 'b' }] });
    await deleteCluster(room.ecs, { cluster: 'blue' }, room.call);
    expect((await create('blue')).cluster).toMatchObject({ status: 'ACTIVE', tags: [] });
  });

  test.each(['a b', 'a/b', 'ä', 'c'.repeat(256)])('refuses the name %s', async (name) => {
    await expect(create(name)).rejects.toMatchObject({ code: 'InvalidParameterException' });
  });

  test.each([
    ['managedStorageConfiguration', { configuration: { managedStorageConfiguration: { kmsKeyId: 'k' } } }],
    ['containerInsights', { settings: [{ name: 'containerInsights', value: 'enhanced' }] }],
  ])('refuses %s by name', async (what, input) => {
    await expect(create('blue', input)).rejects.toMatchObject({
      code: 'UnsupportedFeatureException',
      message: expect.stringContaining(what),
    });
    expect(describeOne('blue')).toBeUndefined();
  });

  test('keeps where ECS Exec is logged, and shows it when asked', async () => {
    const configuration = { executeCommandConfiguration: { logging: 'NONE' as const } };
    expect((await create('blue', { configuration })).cluster?.configuration).toEqual(configuration);
    const shown = (include: 'CONFIGURATIONS'[]) =>
      describeClusters(room.ecs, { clusters: ['blue'], include }, room.call).clusters?.[0]?.configuration;
    expect([shown([]), shown(['CONFIGURATIONS'])]).toEqual([undefined, configuration]);
  });

  test('accepts what asks for nothing', async () => {
    const nothing = {
      capacityProviders: [],
      defaultCapacityProviderStrategy: [],
      configuration: {},
      settings: [{ name: 'containerInsights' as const, value: 'disabled' }],
    };
    await expect(create('blue', nothing)).resolves.toBeDefined();
  });
});

describe('DescribeClusters', () => {
  test('answers default when none is named, and what was not included as empty lists', () => {
    const { clusters, failures } = describeClusters(room.ecs, {}, room.call);
    expect(clusters).toMatchObject([{ clusterName: 'default', statistics: [], tags: [], settings: [] }]);
    expect(failures).toEqual([]);
  });

  test('lists unknown clusters as MISSING, with the ARN they would have', () => {
    const foreign = 'arn:aws:ecs:us-east-1:123456789012:cluster/default';
    const { failures } = describeClusters(room.ecs, { clusters: ['green', foreign] }, room.call);
    expect(failures).toEqual([
      { arn: clusterArn(scope, 'green'), reason: 'MISSING' },
      { arn: foreign, reason: 'MISSING' },
    ]);
  });

  test('refuses 101 clusters', () => {
    const clusters = Array.from({ length: 101 }, (_, index) => `c${index}`);
    expect(() => describeClusters(room.ecs, { clusters }, room.call)).toThrow(/more than 100/);
  });

  test('counts instances, tasks and services by what they do', async () => {
    await room.addInstance();
    await room.write((tx) => {
      const statuses = ['RUNNING', 'RUNNING', 'PENDING', 'PROVISIONING', 'STOPPING', 'STOPPED'] as const;
      for (const [index, lastStatus] of statuses.entries())
        tx.put(tasks, key(tasks, 'default', `t${index}`), task(`t${index}`, lastStatus));
      tx.put(services, key(services, 'default', 's1'), service('s1', 'ACTIVE'));
      tx.put(services, key(services, 'default', 's2'), service('s2', 'DRAINING'));
      tx.put(services, key(services, 'default', 's3'), service('s3', 'INACTIVE'));
    });
    const cluster = describeOne('default', 'STATISTICS');
    expect(cluster).toMatchObject({
      registeredContainerInstancesCount: 1,
      runningTasksCount: 2,
      pendingTasksCount: 2,
      activeServicesCount: 1,
    });
    const statistics = Object.fromEntries(
      (cluster?.statistics ?? []).map(({ name, value }) => [name, value]),
    );
    expect(statistics).toMatchObject({
      runningEC2TasksCount: '2',
      pendingEC2TasksCount: '2',
      runningFargateTasksCount: '0',
      activeEC2ServiceCount: '1',
      drainingEC2ServiceCount: '1',
    });
  });
});

test('ListClusters pages through the ACTIVE clusters', async () => {
  for (const name of ['a', 'b', 'c', 'd']) await create(name);
  await deleteCluster(room.ecs, { cluster: 'b' }, room.call);
  const first = listClusters(room.ecs, { maxResults: 3 }, room.call);
  const { nextToken } = first;
  const second = listClusters(room.ecs, { maxResults: 3, ...(nextToken && { nextToken }) }, room.call);
  expect([...(first.clusterArns ?? []), ...(second.clusterArns ?? [])]).toEqual(
    ['a', 'c', 'd', 'default'].map((name) => clusterArn(scope, name)),
  );
  expect(second.nextToken).toBeUndefined();
});

describe('UpdateCluster and UpdateClusterSettings', () => {
  test('keep what they were not told', async () => {
    await create('blue', { tags: [{ key: 'a', value: 'b' }] });
    const settings = [{ name: 'containerInsights' as const, value: 'disabled' }];
    const { cluster } = await updateClusterSettings(room.ecs, { cluster: 'blue', settings }, room.call);
    expect(cluster).toMatchObject({ settings, tags: [{ key: 'a', value: 'b' }] });
  });

  test('accept that there is no Service Connect default to take away', async () => {
    const input = { cluster: 'default', serviceConnectDefaults: { namespace: '' } };
    await expect(updateCluster(room.ecs, input, room.call)).resolves.toBeDefined();
  });

  test('refuse unknown clusters, unknown settings and none', async () => {
    await expect(updateCluster(room.ecs, { cluster: 'x' }, room.call)).rejects.toMatchObject({
      code: 'ClusterNotFoundException',
    });
    const bad = (settings: { name?: never; value?: string }[]) =>
      updateClusterSettings(room.ecs, { cluster: 'default', settings }, room.call);
    await expect(bad([])).rejects.toMatchObject({ code: 'InvalidParameterException' });
    await expect(bad([{ value: 'enabled' }])).rejects.toMatchObject({ code: 'InvalidParameterException' });
  });
});

describe('DeleteCluster', () => {
  test('leaves an INACTIVE cluster that is still described', async () => {
    await create('blue');
    const { cluster } = await deleteCluster(room.ecs, { cluster: clusterArn(scope, 'blue') }, room.call);
    expect(cluster?.status).toBe('INACTIVE');
    expect(describeOne('blue')?.status).toBe('INACTIVE');
    await expect(deleteCluster(room.ecs, { cluster: 'blue' }, room.call)).rejects.toMatchObject({
      code: 'ClusterNotFoundException',
    });
  });

  test('refuses a cluster with container instances', async () => {
    await room.addInstance();
    await expect(deleteCluster(room.ecs, { cluster: 'default' }, room.call)).rejects.toMatchObject({
      code: 'ClusterContainsContainerInstancesException',
    });
  });

  test('refuses a cluster with services, and forgives INACTIVE ones', async () => {
    const put = (status: ServiceRecord['status']) =>
      room.write((tx) => tx.put(services, key(services, 'default', 's'), service('s', status)));
    await put('DRAINING');
    await expect(deleteCluster(room.ecs, { cluster: 'default' }, room.call)).rejects.toMatchObject({
      code: 'ClusterContainsServicesException',
    });
    await put('INACTIVE');
    await expect(deleteCluster(room.ecs, { cluster: 'default' }, room.call)).resolves.toBeDefined();
  });

  test('refuses a cluster with tasks that have not stopped', async () => {
    const put = (status: TaskRecord['lastStatus']) =>
      room.write((tx) => tx.put(tasks, key(tasks, 'default', 't'), task('t', status)));
    await put('STOPPING');
    await expect(deleteCluster(room.ecs, { cluster: 'default' }, room.call)).rejects.toMatchObject({
      code: 'ClusterContainsTasksException',
    });
    await put('STOPPED');
    await expect(deleteCluster(room.ecs, { cluster: 'default' }, room.call)).resolves.toBeDefined();
  });
});

function task(id: string, lastStatus: TaskRecord['lastStatus']): TaskRecord {
  return {
    id,
    cluster: 'default',
    taskDefinition: { family: 'web', revision: 1 },
    containerInstanceId: 'i',
    availabilityZone: 'eu-west-1a',
    attributes: [],
    launchType: 'EC2',
    group: 'family:web',
    desiredStatus: 'RUNNING',
    lastStatus,
    version: 1,
    createdAt: 0,
    overrides: { containerOverrides: [] },
    containers: [],
    enableExecuteCommand: false,
    healthStatus: 'UNKNOWN',
    reserved: { cpu: 0, memoryMiB: 0, tcpPorts: [], udpPorts: [] },
    tags: [],
  };
}

function service(name: string, status: ServiceRecord['status']): ServiceRecord {
  return serviceRecord({ name, status, desiredCount: 0, deployments: [] });
}
