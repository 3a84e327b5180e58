import type { CreateServiceCommandInput } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { deleteService, describeServices } from '../operations/service.ts';
import { describeServiceRevisions } from '../operations/service-revision.ts';
import { stopTask } from '../operations/task.ts';
import { createTaskSet } from '../operations/task-set.ts';
import { type TaskStatus, tasks } from '../records.ts';
import { applyContainerHealth, applyTaskReport, requestTaskStop } from '../task-state.ts';
import { type Fleet, messages, openFleet } from '../testing/fleet.ts';
import { testNetwork } from '../testing/network.ts';
import { addRegistry, registered, removeRegistry } from '../testing/registry.ts';
import { container, key, scope } from '../testing/room.ts';

const network = { awsvpcConfiguration: { subnets: [testNetwork.subnetId] } };
const healthCheck = { command: ['CMD', 'true'] };

/** A fleet whose `web:1` is an awsvpc definition, and a registry for it. */
async function openDiscovered(
  options: Parameters<typeof addRegistry>[2] & { readonly isChecked?: boolean } = {},
): Promise<{
  fleet: Fleet;
  registryArn: string;
  statuses: TaskStatus[];
  create: (input?: Partial<CreateServiceCommandInput>) => Promise<void>;
}> {
  const fleet = await openFleet();
  await fleet.room.addDefinition({
    networkMode: 'awsvpc',
    containerDefinitions: [container(options.isChecked ? { healthCheck } : {})],
  });
  const registryArn = await fleet.room.write((tx) => addRegistry(tx, scope, options));
  const statuses: TaskStatus[] = [];
  fleet.room.ecs.state.subscribe(tasks, ({ before, after }) => {
    if (after !== undefined && after.lastStatus !== before?.lastStatus) statuses.push(after.lastStatus);
  });
  return {
    ...{ fleet, registryArn, statuses },
    create: (input) =>
      fleet.create({ networkConfiguration: network, serviceRegistries: [{ registryArn }], ...input }),
  };
}

const instancesOf = ({ room }: Fleet) => registered(room.ecs.state);

describe('a task that others find in a registry', () => {
  it('is there from ACTIVATING to DEACTIVATING, and nowhere before and after', async () => {
    const { fleet, statuses, create, registryArn } = await openDiscovered();
    await using _ = fleet;
    const { state } = fleet.room.ecs;
    const wrong: string[] = [];
    state.subscribe(tasks, ({ after }) => {
      if (after === undefined) return;
      const isThere = registered(state).has(after.id);
      const mustBe = after.lastStatus === 'RUNNING' || after.lastStatus === 'DEACTIVATING';
      if (isThere !== mustBe) wrong.push(`${after.lastStatus} ${isThere}`);
    });
    await create({ desiredCount: 1 });
    await fleet.stable();
    const [task] = fleet.live();
    expect(statuses).toEqual(['PROVISIONING', 'ACTIVATING', 'RUNNING']);
    expect(instancesOf(fleet).get(task?.id ?? '')?.attributes).toEqual({
      AWS_INSTANCE_IPV4: task?.networkInterface?.privateIpv4Address,
      AVAILABILITY_ZONE: 'eu-west-1a',
      REGION: 'eu-west-1',
      ECS_SERVICE_NAME: 'web',
      ECS_CLUSTER_NAME: 'default',
      ECS_TASK_DEFINITION_FAMILY: 'web',
    });
    expect(fleet.describe().serviceRegistries).toEqual([{ registryArn }]);

    await fleet.update({ desiredCount: 0 });
    await fleet.until(() => statuses.includes('STOPPED'));
    expect(statuses.slice(3)).toEqual(['DEACTIVATING', 'STOPPING', 'STOPPED']);
    expect(instancesOf(fleet).size).toBe(0);
    expect(wrong).toEqual([]);
  });

  it('is DEACTIVATING in the answer to StopTask, and its agent does not hear of it before it is found no more', async () => {
    const { fleet, create } = await openDiscovered();
    await using _ = fleet;
    await create({ desiredCount: 1 });
    await fleet.stable();
    const [{ id } = { id: '' }] = fleet.live();
    const { task } = await stopTask(fleet.room.ecs, { task: id }, fleet.room.call);
    expect(task).toMatchObject({ lastStatus: 'DEACTIVATING', desiredStatus: 'STOPPED' });
    await fleet.until(() => fleet.room.task(id)?.lastStatus === 'STOPPED');
    expect(fleet.room.task(id)).toMatchObject({ stopCode: 'UserInitiated' });
  });

  it('is taken away with the end of its first essential container, and with its own', async () => {
    const { fleet, create } = await openDiscovered();
    await using _ = fleet;
    await create({ desiredCount: 2 });
    await fleet.stable();
    const [one, other] = fleet.live();
    const report = (id = '', status?: 'STOPPED') =>
      fleet.room.write((tx) =>
        applyTaskReport(
          tx,
          key(tasks, 'default', id),
          { ...(status && { status }), containers: [{ name: 'app', status: 'STOPPED', exitCode: 1 }] },
          fleet.room.call.now,
        ),
      );
    expect(await report(one?.id)).toMatchObject({
      ...{ lastStatus: 'DEACTIVATING', desiredStatus: 'STOPPED', stopCode: 'EssentialContainerExited' },
    });
    expect(await report(other?.id, 'STOPPED')).toMatchObject({ lastStatus: 'STOPPED' });
    expect(instancesOf(fleet).has(other?.id ?? '')).toBe(false);
    await fleet.until(() => !instancesOf(fleet).has(one?.id ?? ''));
  });

  it('of interrupted Spot capacity is taken away at once', async () => {
    const { fleet, create } = await openDiscovered();
    await using _ = fleet;
    await create({ desiredCount: 1 });
    await fleet.stable();
    const [{ id } = { id: '' }] = fleet.live();
    await fleet.room.write((tx) => {
      const stop = {
        stopCode: 'SpotInterruption',
        reason: 'Your Spot Task was interrupted.',
        now: 0,
      } as const;
      requestTaskStop(tx, key(tasks, 'default', id), stop);
    });
    expect(fleet.room.task(id)?.lastStatus).not.toBe('DEACTIVATING');
    expect(instancesOf(fleet).has(id)).toBe(false);
  });

  it('fails to start when its registry does not take it, which its deployment counts', async () => {
    const { fleet, create, statuses } = await openDiscovered();
    await using _ = fleet;
    await create({ desiredCount: 1 });
    await fleet.room.write((tx) => removeRegistry(tx, scope));
    await fleet.until(() => statuses.includes('STOPPED'));
    const failed = fleet.room.tasksOf('default').find(({ lastStatus }) => lastStatus === 'STOPPED');
    expect(failed).toMatchObject({ stopCode: 'TaskFailedToStart' });
    expect(failed?.stoppedReason).toContain('does not exist');
    expect(statuses).not.toContain('RUNNING');
    await fleet.until(() => (fleet.describe().deployments?.[0]?.failedTasks ?? 0) > 0);
  });

  it('is as healthy there as its containers are', async () => {
    const { fleet, create } = await openDiscovered({ hasCustomHealthCheck: true, isChecked: true });
    await using _ = fleet;
    await create({ desiredCount: 1 });
    await fleet.until(() => fleet.describe().runningCount === 1);
    const [{ id } = { id: '' }] = fleet.live();
    const say = (status: 'HEALTHY' | 'UNHEALTHY') =>
      fleet.room.write((tx) => {
        applyContainerHealth(tx, key(tasks, 'default', id), [{ name: 'app', status, since: 1 }], 1);
      });
    const health = () => instancesOf(fleet).get(id)?.health.status;
    expect(health()).toBe('UNHEALTHY');
    await say('HEALTHY');
    expect(health()).toBe('HEALTHY');
    await say('UNHEALTHY');
    expect(health()).toBe('UNHEALTHY');
  });
});

describe('the registries of a service', () => {
  it('change with a new deployment: the old tasks stay where they are found until they go', async () => {
    const { fleet, create, registryArn } = await openDiscovered();
    await using _ = fleet;
    await create({ desiredCount: 2 });
    await fleet.until(() => messages(fleet.describe())[0] === 'has reached a steady state.');
    const second = await fleet.room.write((tx) => addRegistry(tx, scope, { id: 'srv-other' }));
    await fleet.update({ serviceRegistries: [{ registryArn: second }] });
    expect(fleet.describe().deployments).toHaveLength(2);
    await fleet.stable();
    await fleet.until(() => instancesOf(fleet).size === 2);
    expect([...instancesOf(fleet).values()].map(({ serviceId }) => serviceId)).toEqual([
      'srv-other',
      'srv-other',
    ]);
    const arns = fleet.deployments().map(({ targetServiceRevision }) => targetServiceRevision?.arn ?? '');
    const { serviceRevisions } = describeServiceRevisions(
      fleet.room.ecs,
      { serviceRevisionArns: arns },
      fleet.room.call,
    );
    expect(serviceRevisions?.map(({ serviceRegistries }) => serviceRegistries)).toEqual([
      [{ registryArn: second }],
      [{ registryArn }],
    ]);

    await fleet.update({ serviceRegistries: [] });
    await fleet.stable();
    await fleet.until(() => instancesOf(fleet).size === 0);
    expect(fleet.describe().serviceRegistries).toEqual([]);
    expect(fleet.describe().runningCount).toBe(2);
  });

  it('let it be deleted, and it is INACTIVE when nobody is found any more', async () => {
    const { fleet, create } = await openDiscovered();
    await using _ = fleet;
    await create();
    await fleet.stable();
    await deleteService(fleet.room.ecs, { service: 'web', force: true }, fleet.room.call);
    const status = () =>
      describeServices(fleet.room.ecs, { services: ['web'] }, fleet.room.call).services?.[0]?.status;
    await fleet.until(() => status() === 'INACTIVE');
    expect(instancesOf(fleet).size).toBe(0);
  });

  it('have room for 1,000 tasks', async () => {
    const { fleet, create } = await openDiscovered();
    await using _ = fleet;
    await expect(create({ desiredCount: 1_001 })).rejects.toThrow('can not be greater than 1000');
    await create({ desiredCount: 1 });
    await expect(fleet.update({ desiredCount: 1_001 })).rejects.toThrow('can not be greater than 1000');
  });

  it('of a task set tell its external id', async () => {
    const { fleet, registryArn } = await openDiscovered({ recordTypes: ['SRV'] });
    await using _ = fleet;
    await fleet.create({
      ...{ deploymentController: { type: 'EXTERNAL' }, desiredCount: 1, taskDefinition: undefined },
    });
    const { taskSet } = await createTaskSet(
      fleet.room.ecs,
      {
        ...{ cluster: 'default', service: 'web', taskDefinition: 'web:1', externalId: 'release-7' },
        networkConfiguration: network,
        serviceRegistries: [{ registryArn, port: 8080 }],
      },
      fleet.room.call,
    );
    expect(taskSet?.serviceRegistries).toEqual([{ registryArn, port: 8080 }]);
    await fleet.until(() => instancesOf(fleet).size === 1);
    expect([...instancesOf(fleet).values()][0]?.attributes).toMatchObject({
      ...{ ECS_TASK_SET_EXTERNAL_ID: 'release-7', AWS_INSTANCE_PORT: '8080' },
    });
  });
});
