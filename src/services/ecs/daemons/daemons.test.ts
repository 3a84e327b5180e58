import type { CreateDaemonCommandInput, DaemonContainerDefinition } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createDaemon,
  deleteDaemon,
  describeDaemon,
  listDaemons,
  updateDaemon,
} from '../operations/daemon.ts';
import {
  describeDaemonDeployments,
  describeDaemonRevisions,
  listDaemonDeployments,
} from '../operations/daemon-history.ts';
import {
  deleteDaemonTaskDefinition,
  describeDaemonTaskDefinition,
  listDaemonTaskDefinitions,
  registerDaemonTaskDefinition,
} from '../operations/daemon-task-definition.ts';
import { createService, describeServices } from '../operations/service.ts';
import { listTagsForResource } from '../operations/tag.ts';
import { listTasks, stopTask } from '../operations/task.ts';
import { listTaskDefinitionFamilies, listTaskDefinitions } from '../operations/task-definition.ts';
import type { TaskRecord } from '../records.ts';
import { configuration, type ManagedPool, openManaged } from '../testing/managed-pool.ts';
import { scope } from '../testing/room.ts';

let pool: ManagedPool;
/** Whose tasks never start. */
let isBroken: (task: TaskRecord) => boolean;
beforeEach(async () => {
  isBroken = () => false;
  pool = await openManaged({ cannotStart: (task) => isBroken(task) });
});
afterEach(() => pool[Symbol.asyncDispose]());

const arn = (rest: string) => `arn:aws:ecs:${scope.region}:${scope.accountId}:${rest}`;
const app: DaemonContainerDefinition = { name: 'app', image: 'agent:1', memory: 128, cpu: 32 };
const register = (more: object = {}) =>
  registerDaemonTaskDefinition(
    pool.ecs,
    { family: 'agent', containerDefinitions: [app], ...more },
    pool.call,
  );
const create = (more: Partial<CreateDaemonCommandInput> = {}) =>
  createDaemon(
    pool.ecs,
    {
      ...{ daemonName: 'agent', daemonTaskDefinitionArn: arn('daemon-task-definition/agent:1') },
      ...{ capacityProviderArns: [arn('capacity-provider/pool')], ...more },
    },
    pool.call,
  );
const daemonArn = arn('daemon/default/agent');
const describeIt = () => describeDaemon(pool.ecs, { daemonArn }, pool.call).daemon;
const deployment = (deploymentArn: string | undefined) =>
  describeDaemonDeployments(pool.ecs, { daemonDeploymentArns: [deploymentArn ?? ''] }, pool.call)
    .daemonDeployments?.[0];
const daemonTasks = () =>
  pool.room.tasksOf('default').filter(({ daemon, lastStatus }) => daemon && lastStatus !== 'STOPPED');

describe('daemon task definitions', () => {
  test('are registered, described and listed by themselves', async () => {
    const tags = [{ key: 'team', value: 'blue' }];
    const { daemonTaskDefinitionArn } = await register({
      cpu: '128',
      memory: '256',
      pidMode: 'shared',
      tags,
    });
    expect(daemonTaskDefinitionArn).toBe(arn('daemon-task-definition/agent:1'));
    await register();
    const describeOne = (daemonTaskDefinition: string) =>
      describeDaemonTaskDefinition(pool.ecs, { daemonTaskDefinition }, pool.call).daemonTaskDefinition;
    expect(describeOne('agent')).toMatchObject({ revision: 2, pidMode: 'none' });
    expect(describeOne('agent:1')).toMatchObject({
      ...{ family: 'agent', revision: 1, status: 'ACTIVE', cpu: '128', memory: '256', pidMode: 'shared' },
      containerDefinitions: [expect.objectContaining({ name: 'app', image: 'agent:1', memory: 128 })],
    });
    expect(describeOne('agent:1')?.containerDefinitions?.[0]).not.toHaveProperty('portMappings');
    expect(listTagsForResource(pool.ecs, { resourceArn: daemonTaskDefinitionArn }, pool.call).tags).toEqual(
      tags,
    );
    const list = (input: object) =>
      listDaemonTaskDefinitions(pool.ecs, input, pool.call).daemonTaskDefinitions?.map((each) => each.arn);
    const [one, two] = [1, 2].map((revision) => arn(`daemon-task-definition/agent:${revision}`));
    expect(list({})).toEqual([one, two]);
    expect(list({ sort: 'DESC' })).toEqual([two, one]);
    expect(list({ revision: 'LAST_REGISTERED' })).toEqual([two]);
    expect(list({ familyPrefix: 'ag' })).toEqual([one, two]);
    expect(list({ family: 'ag' })).toEqual([]);
    // Those of tasks and services know nothing of them.
    expect(listTaskDefinitionFamilies(pool.ecs, {}, pool.call).families).not.toContain('agent');
    expect(listTaskDefinitions(pool.ecs, {}, pool.call).taskDefinitionArns?.join()).not.toContain('agent');
  });

  test('are DELETED once no daemon’s task has them, and none can take them before', async () => {
    await register();
    const remove = () => deleteDaemonTaskDefinition(pool.ecs, { daemonTaskDefinition: 'agent:1' }, pool.call);
    expect((await remove()).daemonTaskDefinitionArn).toBe(arn('daemon-task-definition/agent:1'));
    await expect(remove()).rejects.toThrow(/must be in an ACTIVE state/);
    await pool.create();
    await expect(create()).rejects.toThrow(/not ACTIVE/);
    const status = () =>
      describeDaemonTaskDefinition(pool.ecs, { daemonTaskDefinition: 'agent:1' }, pool.call)
        .daemonTaskDefinition?.status;
    await pool.until(() => status() === 'DELETED');
  });

  test('obey the rules of task definitions', async () => {
    await expect(register({ family: 'a b' })).rejects.toMatchObject({ code: 'ClientException' });
    await expect(register({ pidMode: 'host' })).rejects.toThrow(/\[none,shared\]/);
    const volumes = [{ name: 'logs', logDriverVolumeConfiguration: { driver: 'json-file' } }];
    await expect(register({ volumes })).rejects.toMatchObject({ code: 'UnsupportedFeatureException' });
  });
});

describe('a daemon', () => {
  beforeEach(async () => {
    await pool.create(configuration({}, { infrastructureOptimization: { scaleInAfter: -1 } }));
    await register({ tags: [] });
  });

  test('has one task on each instance, which runs before any other is there', async () => {
    const { status, deploymentArn } = await create({ enableECSManagedTags: true });
    expect(status).toBe('ACTIVE');
    const [task] = await pool.run();
    await pool.until(() => daemonTasks()[0]?.lastStatus === 'PENDING');
    expect(pool.registered()).toMatchObject([{ status: 'REGISTERING' }]);
    const isOtherThere = () => pool.task(task)?.containerInstanceArn !== undefined;
    expect(isOtherThere()).toBe(false);
    await pool.until(isOtherThere);
    expect(daemonTasks()[0]?.lastStatus).toBe('RUNNING');
    expect(pool.registered()).toMatchObject([{ status: 'ACTIVE' }]);
    await pool.until(() => pool.task(task)?.lastStatus === 'RUNNING');
    expect(daemonTasks()).toMatchObject([{ group: 'daemon:agent', capacityProviderName: 'pool' }]);
    const { taskArns } = listTasks(pool.ecs, { daemonName: 'agent' }, pool.call);
    expect(pool.task(taskArns?.[0])).toMatchObject({
      ...{ launchType: 'MANAGED_INSTANCES', taskDefinitionArn: arn('daemon-task-definition/agent:1') },
    });
    expect(describeIt()).toMatchObject({
      ...{ daemonArn, status: 'ACTIVE', deploymentArn },
      currentRevisions: [{ totalRunningCount: 1, totalWithoutDaemonCount: 0 }],
    });
    await pool.until(() => deployment(deploymentArn)?.status === 'SUCCESSFUL');
    expect(deployment(deploymentArn)).toMatchObject({
      ...{ sourceDaemonRevisions: [], circuitBreaker: { failureCount: 0, status: 'MONITORING_COMPLETE' } },
      targetDaemonRevision: { totalRunningInstanceCount: 1 },
    });
  });

  test('is of Managed Instances of its cluster, and of one name once', async () => {
    await expect(create({ capacityProviderArns: [] })).rejects.toThrow(/can not be empty/);
    await expect(create({ capacityProviderArns: ['FARGATE'] })).rejects.toThrow(/was not found/);
    const first = await create({ clientToken: 'once' });
    expect(await create({ clientToken: 'once' })).toEqual(first);
    await expect(create()).rejects.toThrow(/already exists/);
    expect(listDaemons(pool.ecs, {}, pool.call).daemonSummariesList).toMatchObject([{ daemonArn }]);
    const others = { capacityProviderArns: [arn('capacity-provider/other')] };
    expect(listDaemons(pool.ecs, others, pool.call).daemonSummariesList).toEqual([]);
    const unknown = { daemonArn: arn('daemon/default/nobody') };
    expect(() => describeDaemon(pool.ecs, unknown, pool.call)).toThrow(/was not found/);
    expect(() => describeDaemon(pool.ecs, { daemonArn: 'agent' }, pool.call)).toThrow(/Invalid identifier/);
  });

  test('takes its room first: an instance is chosen that has it and the task', async () => {
    await create({
      daemonTaskDefinitionArn: (
        await register({ family: 'fat', containerDefinitions: [{ ...app, memory: 1_800 }] })
      ).daemonTaskDefinitionArn,
    });
    const [task] = await pool.run();
    await pool.until(() => pool.task(task)?.lastStatus === 'RUNNING');
    expect(pool.wanted().map(({ instanceType }) => instanceType)).toEqual(['t3.medium']);
  });

  const startService = async (desiredCount: number) => {
    await createService(
      pool.ecs,
      {
        ...{ serviceName: 'web', taskDefinition: 'web:1', desiredCount, networkConfiguration: pool.network },
        capacityProviderStrategy: pool.strategy,
      },
      pool.call,
    );
    await pool.until(() => isServed(desiredCount));
  };
  const isServed = (count: number) =>
    describeServices(pool.ecs, { services: ['web'] }, pool.call).services?.[0]?.runningCount === count;

  test('comes to instances that are there by replacing them, and its service goes on', async () => {
    await startService(4);
    const before = pool.wanted().map(({ instanceId }) => instanceId);
    expect(before).toHaveLength(2);
    const { deploymentArn } = await create({
      deploymentConfiguration: { drainPercent: 50, bakeTimeInMinutes: 5 },
    });
    await pool.until(() => pool.registered().some(({ status }) => status === 'DRAINING'));
    expect(pool.registered().filter(({ status }) => status === 'DRAINING')).toHaveLength(1);
    await pool.until(() => pool.wanted().every(({ instanceId }) => !before.includes(instanceId)));
    expect(deployment(deploymentArn)?.status).toBe('IN_PROGRESS');
    await pool.until(() => deployment(deploymentArn)?.status === 'SUCCESSFUL');
    expect(isServed(4)).toBe(true);
    expect(daemonTasks()).toHaveLength(pool.wanted().length);
  });

  test('is updated by instances with the new revision', async () => {
    await create();
    await startService(1);
    const { daemonTaskDefinitionArn = '' } = await register({
      containerDefinitions: [{ ...app, image: 'agent:2' }],
    });
    const update = {
      daemonArn,
      daemonTaskDefinitionArn,
      capacityProviderArns: [arn('capacity-provider/pool')],
    };
    const { deploymentArn } = await updateDaemon(pool.ecs, update, pool.call);
    await pool.until(() => deployment(deploymentArn)?.status === 'SUCCESSFUL');
    await pool.until(() => pool.wanted().length === 1 && isServed(1));
    expect(daemonTasks().map(({ taskDefinition }) => taskDefinition.revision)).toEqual([2]);
    const revision = deployment(deploymentArn)?.targetDaemonRevision?.arn ?? '';
    expect(
      describeDaemonRevisions(pool.ecs, { daemonRevisionArns: [revision] }, pool.call).daemonRevisions,
    ).toMatchObject([{ daemonTaskDefinitionArn, critical: true, containerImages: [{ image: 'agent:2' }] }]);
    expect(listDaemonDeployments(pool.ecs, { daemonArn }, pool.call).daemonDeployments).toHaveLength(2);
  });

  test('that does not start any more is rolled back', async () => {
    await create();
    await startService(1);
    const { daemonTaskDefinitionArn = '' } = await register();
    isBroken = ({ taskDefinition, daemon }) => daemon !== undefined && taskDefinition.revision === 2;
    const update = {
      daemonArn,
      daemonTaskDefinitionArn,
      capacityProviderArns: [arn('capacity-provider/pool')],
    };
    const { deploymentArn } = await updateDaemon(pool.ecs, update, pool.call);
    await pool.until(() => deployment(deploymentArn)?.status === 'ROLLBACK_SUCCESSFUL');
    expect(deployment(deploymentArn)).toMatchObject({
      circuitBreaker: { status: 'TRIGGERED', failureCount: 3, threshold: 3 },
      rollback: {
        rollbackTargetDaemonRevisionArn: expect.stringContaining('daemon-revision/default/agent/'),
      },
    });
    await pool.until(() => isServed(1));
    expect(daemonTasks().every(({ taskDefinition }) => taskDefinition.revision === 1)).toBe(true);
  });

  test('is rolled back when an alarm says so', async () => {
    await create();
    await startService(1);
    const { daemonTaskDefinitionArn = '' } = await register();
    const alarms = { enable: true, alarmNames: ['errors'] };
    const { deploymentArn } = await updateDaemon(
      pool.ecs,
      {
        ...{ daemonArn, daemonTaskDefinitionArn, capacityProviderArns: [arn('capacity-provider/pool')] },
        deploymentConfiguration: { alarms, bakeTimeInMinutes: 10 },
      },
      pool.call,
    );
    await pool.until(() => daemonTasks().some(({ taskDefinition }) => taskDefinition.revision === 2));
    pool.room.alarms.set('errors', { state: 'ALARM', evaluationMs: 60_000 });
    await pool.until(() => deployment(deploymentArn)?.status === 'ROLLBACK_SUCCESSFUL');
    expect(deployment(deploymentArn)?.alarms).toMatchObject({
      ...{ status: 'TRIGGERED', triggeredAlarmNames: ['errors'] },
    });
    expect(daemonTasks().every(({ taskDefinition }) => taskDefinition.revision === 1)).toBe(true);
  });

  test.each([
    ['that is critical ends its instance with it', true],
    ['that is not leaves its instance alone', false],
  ])('%s', async (_, critical) => {
    await create({ critical });
    await startService(1);
    const [before] = pool.wanted();
    const [daemonTask] = daemonTasks();
    await stopTask(pool.ecs, { task: daemonTask?.id }, pool.call);
    await pool.until(() => daemonTasks().every(({ id }) => id !== daemonTask?.id));
    if (critical) {
      await pool.until(() => pool.wanted().every(({ instanceId }) => instanceId !== before?.instanceId));
      await pool.until(() => isServed(1) && daemonTasks().length === 1);
      return;
    }
    await pool.ecs.clock.advance(2 * 3_600_000);
    expect(pool.wanted()).toMatchObject([{ instanceId: before?.instanceId }]);
    expect(isServed(1)).toBe(true);
    expect(describeIt()?.currentRevisions).toMatchObject([
      { totalRunningCount: 0, totalWithoutDaemonCount: 1 },
    ]);
  });

  test('is gone when no instance has it any more', async () => {
    await create();
    await startService(1);
    const { status, deploymentArn } = await deleteDaemon(pool.ecs, { daemonArn }, pool.call);
    expect(status).toBe('DELETE_IN_PROGRESS');
    await expect(deleteDaemon(pool.ecs, { daemonArn }, pool.call)).rejects.toMatchObject({
      code: 'DaemonNotActiveException',
    });
    await pool.until(() => deployment(deploymentArn)?.status === 'SUCCESSFUL');
    expect(() => describeIt()).toThrow(/was not found/);
    await pool.until(() => pool.wanted().length === 1 && isServed(1));
    expect(daemonTasks()).toEqual([]);
  });

  test('ends before an idle instance does', async () => {
    await pool[Symbol.asyncDispose]();
    pool = await openManaged();
    await pool.create(configuration({}, { infrastructureOptimization: { scaleInAfter: 10 } }));
    await register();
    await create();
    const [task] = await pool.run();
    await pool.until(() => pool.task(task)?.lastStatus === 'RUNNING');
    await stopTask(pool.ecs, { task }, pool.call);
    await pool.until(() => pool.wanted().length === 0);
    const [ended] = pool.room.tasksOf('default').filter(({ daemon }) => daemon !== undefined);
    expect(ended).toMatchObject({ stopCode: 'ServiceSchedulerInitiated', containers: [{ exitCode: 137 }] });
  });
});
