import type { ContainerDefinition, ExecuteCommandConfiguration } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCluster, describeClusters, updateCluster } from './operations/cluster.ts';
import type { ClusterRecord } from './records.ts';
import { sessionLogGroup } from './session-logging.ts';
import { openRoom, scope, type TestRoom } from './testing/room.ts';

let room: TestRoom;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room[Symbol.asyncDispose]());

const create = (executeCommandConfiguration: ExecuteCommandConfiguration) =>
  createCluster(room.ecs, { clusterName: 'blue', configuration: { executeCommandConfiguration } }, room.call);

describe('executeCommandConfiguration', () => {
  test.each<[ExecuteCommandConfiguration, ExecuteCommandConfiguration]>([
    [{}, { logging: 'DEFAULT' }],
    [{ logging: 'DEFAULT' }, { logging: 'DEFAULT' }],
    [{ logging: 'NONE' }, { logging: 'NONE' }],
    [
      { logging: 'NONE', kmsKeyId: 'alias/harbor' },
      { logging: 'NONE', kmsKeyId: 'alias/harbor' },
    ],
    [
      { logging: 'OVERRIDE', logConfiguration: { cloudWatchLogGroupName: '/exec' } },
      {
        logging: 'OVERRIDE',
        logConfiguration: { cloudWatchLogGroupName: '/exec', cloudWatchEncryptionEnabled: false },
      },
    ],
  ])('%j is kept as %j', async (input, kept) => {
    expect((await create(input)).cluster?.configuration).toEqual({ executeCommandConfiguration: kept });
  });

  test.each<[string, string, ExecuteCommandConfiguration]>([
    ['InvalidParameterException', 'supply a log configuration', { logging: 'OVERRIDE' }],
    [
      'InvalidParameterException',
      'supply a log configuration',
      { logging: 'OVERRIDE', logConfiguration: {} },
    ],
    [
      'InvalidParameterException',
      "You must set logging to 'OVERRIDE' when you supply a log configuration",
      { logConfiguration: { cloudWatchLogGroupName: 'g' } },
    ],
    [
      'InvalidParameterException',
      "You must set logging to 'OVERRIDE' when you supply a log configuration",
      { logging: 'NONE', logConfiguration: { s3BucketName: 'b' } },
    ],
    [
      'InvalidParameterException',
      'specify an S3 bucket',
      { logging: 'OVERRIDE', logConfiguration: { cloudWatchLogGroupName: 'g', s3KeyPrefix: 'p' } },
    ],
    [
      'InvalidParameterException',
      'specify a CloudWatch log group',
      { logging: 'OVERRIDE', logConfiguration: { s3BucketName: 'b', cloudWatchEncryptionEnabled: true } },
    ],
    [
      'InvalidParameterException',
      "Invalid cloudWatchLogGroupName 'a b'",
      { logging: 'OVERRIDE', logConfiguration: { cloudWatchLogGroupName: 'a b' } },
    ],
    [
      'UnsupportedFeatureException',
      's3BucketName',
      { logging: 'OVERRIDE', logConfiguration: { cloudWatchLogGroupName: 'g', s3BucketName: 'b' } },
    ],
    [
      'UnsupportedFeatureException',
      'cloudWatchEncryptionEnabled',
      {
        logging: 'OVERRIDE',
        logConfiguration: { cloudWatchLogGroupName: 'g', cloudWatchEncryptionEnabled: true },
      },
    ],
  ])('%s: %s, for %j, and nothing changes', async (code, words, input) => {
    const refused = { code, message: expect.stringContaining(words) };
    await expect(create(input)).rejects.toMatchObject(refused);
    expect(describeClusters(room.ecs, { clusters: ['blue'] }, room.call).clusters).toEqual([]);
    await create({ logging: 'NONE' });
    const update = { cluster: 'blue', configuration: { executeCommandConfiguration: input } };
    await expect(updateCluster(room.ecs, update, room.call)).rejects.toMatchObject(refused);
  });
});

describe('a session is logged', () => {
  const awslogs = {
    name: 'app',
    logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/own', 'awslogs-region': 'r' } },
  } as const;
  const other = {
    name: 'app',
    logConfiguration: { logDriver: 'json-file', options: { 'awslogs-group': '/own' } },
  } as const;
  const cluster = (
    executeCommandConfiguration?: NonNullable<ClusterRecord['configuration']>['executeCommandConfiguration'],
  ): ClusterRecord => ({
    ...{ name: 'default', status: 'ACTIVE', createdAt: 0, settings: [], tags: [] },
    ...(executeCommandConfiguration && { configuration: { executeCommandConfiguration } }),
  });
  const override = {
    logging: 'OVERRIDE',
    logConfiguration: { cloudWatchLogGroupName: '/exec', cloudWatchEncryptionEnabled: false },
  } as const;

  test.each<[string, ClusterRecord, ContainerDefinition, string | undefined]>([
    ['with its container’s output where nothing is configured', cluster(), awslogs, '/own'],
    ['with its container’s output in DEFAULT', cluster({ logging: 'DEFAULT' }), awslogs, '/own'],
    ['nowhere where the container has another driver', cluster(), other, undefined],
    ['nowhere where the container has none', cluster(), { name: 'app' }, undefined],
    ['nowhere with NONE', cluster({ logging: 'NONE' }), awslogs, undefined],
    ['in the cluster’s group with OVERRIDE', cluster(override), awslogs, '/exec'],
    ['in the cluster’s group with OVERRIDE, without a driver', cluster(override), { name: 'app' }, '/exec'],
  ])('%s', async (_where, record, container, group) => {
    const { family, revision } = await room.addDefinition({
      containerDefinitions: [{ name: 'side', logConfiguration: { logDriver: 'awslogs' } }, container],
    });
    const task = { taskDefinition: { family, revision } };
    expect(sessionLogGroup(room.ecs.state, scope, record, task, 'app')).toBe(group);
  });
});
