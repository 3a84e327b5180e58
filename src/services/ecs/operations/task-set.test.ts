import type { CreateServiceCommandInput, CreateTaskSetCommandInput } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { openRoom, type TestRoom } from '../testing/room.ts';
import { createService, deleteService, describeServices, listServices, updateService } from './service.ts';
import {
  createTaskSet,
  deleteTaskSet,
  describeTaskSets,
  updateServicePrimaryTaskSet,
  updateTaskSet,
} from './task-set.ts';

const place = { cluster: 'default', service: 'web' };
const external: CreateServiceCommandInput = {
  serviceName: 'web',
  desiredCount: 4,
  deploymentController: { type: 'EXTERNAL' },
};

async function openExternal(): Promise<TestRoom> {
  const room = await openRoom();
  await room.addDefinition();
  await createService(room.ecs, external, room.call);
  return room;
}

const create = async (room: TestRoom, input: Partial<CreateTaskSetCommandInput> = {}) => {
  const answer = await createTaskSet(room.ecs, { ...place, taskDefinition: 'web:1', ...input }, room.call);
  if (answer.taskSet === undefined) throw new Error('no answer');
  return answer.taskSet;
};
const describeIt = (room: TestRoom) =>
  describeServices(room.ecs, { services: ['web'] }, room.call).services?.[0];
const scale = (value: number) => ({ value, unit: 'PERCENT' as const });

describe('a service with the EXTERNAL deployment controller', () => {
  it('has task sets instead of a task definition and deployments', async () => {
    await using room = await openExternal();
    const service = describeIt(room);
    expect(service).toMatchObject({
      status: 'ACTIVE',
      desiredCount: 4,
      deploymentController: { type: 'EXTERNAL' },
      deployments: [],
      taskSets: [],
      availabilityZoneRebalancing: 'DISABLED',
    });
    for (const member of ['taskDefinition', 'launchType', 'networkConfiguration', 'currentServiceDeployment'])
      expect(service).not.toHaveProperty(member);
    expect(listServices(room.ecs, {}, room.call).serviceArns).toHaveLength(1);
  });

  it.each<[string, Partial<CreateServiceCommandInput>, string]>([
    ['a task definition', { taskDefinition: 'web:1' }, 'TaskDefinition must be blank.'],
    ['a launch type', { launchType: 'EC2' }, 'LaunchType must be blank.'],
    ['load balancers', { loadBalancers: [{ targetGroupArn: 'x' }] }, 'LoadBalancers must be blank.'],
    [
      'a circuit breaker',
      { deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: false } } },
      'ECS deployment controller only',
    ],
    [
      'the wish to be rebalanced',
      { availabilityZoneRebalancing: 'ENABLED' },
      'Availability Zone Rebalancing',
    ],
  ])('is refused with %s', async (_, input, words) => {
    await using room = await openRoom();
    await expect(createService(room.ecs, { ...external, ...input }, room.call)).rejects.toMatchObject({
      message: expect.stringContaining(words),
    });
  });

  it('takes of an update what is not of its task sets', async () => {
    await using room = await openExternal();
    await create(room, { scale: scale(50) });
    const { service } = await updateService(room.ecs, { service: 'web', desiredCount: 10 }, room.call);
    expect(service).toMatchObject({ desiredCount: 10, taskSets: [{ computedDesiredCount: 5 }] });
    expect(service?.events?.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^\(service web\) updated computedDesiredCount for taskSet ecs-svc\/\d+ to 5\.$/),
      expect.stringMatching(/^\(service web\) updated computedDesiredCount for taskSet ecs-svc\/\d+ to 2\.$/),
    ]);
    for (const input of [{ taskDefinition: 'web:1' }, { forceNewDeployment: true }])
      await expect(updateService(room.ecs, { service: 'web', ...input }, room.call)).rejects.toMatchObject({
        code: 'InvalidParameterException',
      });
  });

  it('is deleted when it is scaled to 0, or by force', async () => {
    await using room = await openExternal();
    await expect(deleteService(room.ecs, { service: 'web' }, room.call)).rejects.toMatchObject({
      message: 'The service cannot be stopped while it is scaled above 0.',
    });
    const { service } = await deleteService(room.ecs, { service: 'web', force: true }, room.call);
    expect(service?.status).toBe('DRAINING');
    await expect(create(room)).rejects.toMatchObject({ code: 'ServiceNotActiveException' });
  });
});

describe('CreateTaskSet', () => {
  it('answers with the task set as ECS shows it', async () => {
    await using room = await openExternal();
    const taskSet = await create(room, {
      externalId: 'release-1',
      scale: scale(50),
      tags: [{ key: 'a', value: 'b' }],
    });
    const id = taskSet.id ?? '';
    expect(id).toMatch(/^ecs-svc\/\d{19}$/);
    expect(taskSet).toEqual({
      id,
      taskSetArn: `arn:aws:ecs:eu-west-1:123456789012:task-set/default/web/${id}`,
      serviceArn: 'arn:aws:ecs:eu-west-1:123456789012:service/default/web',
      clusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/default',
      externalId: 'release-1',
      status: 'ACTIVE',
      taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1',
      computedDesiredCount: 2,
      pendingCount: 0,
      runningCount: 0,
      createdAt: new Date(room.call.now),
      updatedAt: new Date(room.call.now),
      launchType: 'EC2',
      loadBalancers: [],
      serviceRegistries: [],
      scale: { value: 50, unit: 'PERCENT' },
      stabilityStatus: 'STABILIZING',
      stabilityStatusAt: new Date(room.call.now),
      tags: [{ key: 'a', value: 'b' }],
    });
  });

  it('makes one only for one clientToken, and five at most', async () => {
    await using room = await openExternal();
    const first = await create(room, { clientToken: 'one' });
    expect((await create(room, { clientToken: 'one' })).id).toBe(first.id);
    await expect(create(room, { clientToken: 'one', externalId: 'other' })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });
    for (let made = 1; made < 5; made += 1) await create(room);
    await expect(create(room)).rejects.toMatchObject({
      message: expect.stringContaining('5 deployments exist on the service.'),
    });
  });

  it.each<[string, Partial<CreateTaskSetCommandInput>, string]>([
    ['an unknown service', { service: 'nope' }, 'ServiceNotFoundException'],
    ['an unknown definition', { taskDefinition: 'nope:1' }, 'ClientException'],
    ['more than all', { scale: scale(100.1) }, 'InvalidParameterException'],
    ['less than nothing', { scale: scale(-1) }, 'InvalidParameterException'],
    ['an unknown target group', { loadBalancers: [{ targetGroupArn: 'x' }] }, 'InvalidParameterException'],
    ['an unknown registry', { serviceRegistries: [{ registryArn: 'x' }] }, 'InvalidParameterException'],
    ['Fargate', { launchType: 'FARGATE' }, 'UnsupportedFeatureException'],
    [
      'capacity providers',
      { capacityProviderStrategy: [{ capacityProvider: 'x' }] },
      'UnsupportedFeatureException',
    ],
  ])('refuses %s', async (_, input, code) => {
    await using room = await openExternal();
    await expect(create(room, input)).rejects.toMatchObject({ code });
  });

  it('refuses a service of the ECS controller', async () => {
    await using room = await openRoom();
    await room.addDefinition();
    const rolling = { serviceName: 'web', taskDefinition: 'web:1', desiredCount: 1 };
    await createService(room.ecs, rolling, room.call);
    await expect(create(room)).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message:
        'Amazon ECS only supports task set management on services configured to use external deployment controllers.',
    });
  });
});

describe('UpdateTaskSet, UpdateServicePrimaryTaskSet, DescribeTaskSets and DeleteTaskSet', () => {
  it('scale, choose, show and end task sets', async () => {
    await using room = await openExternal();
    const { ecs, call } = room;
    const one = await create(room);
    const two = await create(room, { scale: scale(0), tags: [{ key: 'a', value: 'b' }] });
    const at = (taskSet: string | undefined) => ({ ...place, taskSet: taskSet ?? '' });
    const scaled = await updateTaskSet(ecs, { ...at(two.taskSetArn), scale: scale(25) }, call);
    expect(scaled.taskSet).toMatchObject({ id: two.id, computedDesiredCount: 1, scale: { value: 25 } });

    const choose = (id: string | undefined) =>
      updateServicePrimaryTaskSet(ecs, { ...place, primaryTaskSet: id ?? '' }, call);
    expect((await choose(one.id)).taskSet?.status).toBe('PRIMARY');
    expect(describeIt(room)).toMatchObject({
      taskDefinition: one.taskDefinition ?? '',
      launchType: 'EC2',
      taskSets: [{ status: 'PRIMARY' }, { status: 'ACTIVE' }],
    });
    await choose(two.id);
    expect(describeIt(room)?.taskSets?.map(({ status }) => status)).toEqual(['ACTIVE', 'PRIMARY']);

    const shown = describeTaskSets(
      ecs,
      { ...place, taskSets: [two.id ?? '', 'ecs-svc/1'], include: ['TAGS'] },
      call,
    );
    expect(shown.taskSets).toMatchObject([{ id: two.id, tags: [{ key: 'a', value: 'b' }] }]);
    expect(shown.failures).toMatchObject([{ reason: 'MISSING' }]);
    expect(describeTaskSets(ecs, place, call).taskSets?.map(({ id }) => id)).toEqual([one.id, two.id]);

    await expect(deleteTaskSet(ecs, at(one.id), call)).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });
    const deleted = await deleteTaskSet(ecs, { ...at(one.id), force: true }, call);
    expect(deleted.taskSet).toMatchObject({ status: 'DRAINING', computedDesiredCount: 0 });
    await expect(choose(one.id)).rejects.toMatchObject({ code: 'InvalidParameterException' });
    for (const missing of ['ecs-svc/1', 'nonsense'])
      await expect(deleteTaskSet(ecs, at(missing), call)).rejects.toMatchObject({
        code: 'TaskSetNotFoundException',
      });
  });
});
