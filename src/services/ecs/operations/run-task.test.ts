import type { RunTaskCommandInput, Task } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { networkInterfaces } from '../../ec2/records.ts';
import { containerInstances, tasks } from '../records.ts';
import { applyTaskReport } from '../task-state.ts';
import { testNetwork } from '../testing/network.ts';
import { container, key, openRoom, type TestRoom } from '../testing/room.ts';
import { describeContainerInstances } from './container-instance.ts';
import { runTask } from './run-task.ts';

const run = (room: TestRoom, input: Partial<RunTaskCommandInput> = {}) =>
  runTask(room.ecs, { taskDefinition: 'web:1', ...input }, room.call);

/** A room with one instance and the definition `web:1`. */
async function openFleet(): Promise<TestRoom> {
  const room = await openRoom();
  await room.addInstance();
  await room.addDefinition();
  return room;
}

const network = {
  awsvpcConfiguration: { subnets: [testNetwork.subnetId] },
};

const idOf = (task: Task | undefined): string => task?.taskArn?.split('/').at(-1) ?? '';

describe('RunTask', () => {
  it('answers with the task as ECS shows it', async () => {
    await using room = await openFleet();
    const { tasks: launched, failures } = await run(room, {
      startedBy: 'me',
      tags: [{ key: 'a', value: 'b' }],
    });
    const [task] = launched ?? [];
    expect(failures).toEqual([]);
    expect(task).toMatchObject({
      taskArn: expect.stringMatching(/^arn:aws:ecs:eu-west-1:123456789012:task\/default\/[0-9a-f]{32}$/),
      clusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/default',
      taskDefinitionArn: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1',
      containerInstanceArn: expect.stringContaining(':container-instance/default/'),
      lastStatus: 'PENDING',
      desiredStatus: 'RUNNING',
      launchType: 'EC2',
      availabilityZone: 'eu-west-1a',
      cpu: '256',
      memory: '512',
      group: 'family:web',
      startedBy: 'me',
      version: 1,
      createdAt: new Date(room.call.now),
      healthStatus: 'UNKNOWN',
      attachments: [],
      overrides: { containerOverrides: [{ name: 'app' }], inferenceAcceleratorOverrides: [] },
      tags: [{ key: 'a', value: 'b' }],
    });
    expect(task?.containers).toEqual([
      expect.objectContaining({
        name: 'app',
        image: 'app:1',
        lastStatus: 'PENDING',
        cpu: '256',
        memory: '512',
        networkBindings: [],
        networkInterfaces: [],
      }),
    ]);
    expect(task).not.toHaveProperty('capacityProviderName');
  });

  it('takes from the instance what the task needs', async () => {
    await using room = await openFleet();
    const { tasks: launched } = await run(room, { count: 3 });
    const instance = room.instance(room.task(idOf(launched?.[0]))?.containerInstanceId ?? '');
    expect(instance).toMatchObject({ used: { cpu: 768, memoryMiB: 1536 }, taskCount: 3 });
  });

  it('answers what fits and tells per instance why the rest does not', async () => {
    await using room = await openRoom();
    await room.addDefinition();
    const { id } = await room.addInstance({ memoryMiB: 1100 });
    const { tasks: launched, failures } = await run(room, { count: 3 });
    expect(launched).toHaveLength(2);
    expect(failures).toEqual([
      {
        arn: `arn:aws:ecs:eu-west-1:123456789012:container-instance/default/${id}`,
        reason: 'RESOURCE:MEMORY',
      },
    ]);
  });

  it('gives one static port to one task only', async () => {
    await using room = await openRoom();
    await room.addInstance();
    await room.addDefinition({
      containerDefinitions: [container({ portMappings: [{ containerPort: 80, hostPort: 8080 }] })],
    });
    const { tasks: launched, failures } = await run(room, { count: 2 });
    expect(launched).toHaveLength(1);
    expect(failures).toEqual([expect.objectContaining({ reason: 'RESOURCE:PORTS' })]);
  });

  it('does not place on instances that are DRAINING or whose agent is away', async () => {
    await using room = await openRoom();
    await room.addDefinition();
    const { id } = await room.addInstance({ agentConnected: false });
    expect((await run(room)).failures).toEqual([expect.objectContaining({ reason: 'AGENT' })]);
    await room.write((tx) => {
      const instanceKey = key(containerInstances, 'default', id);
      const instance = tx.get(containerInstances, instanceKey);
      if (instance) tx.put(containerInstances, instanceKey, { ...instance, status: 'DRAINING' });
    });
    await expect(run(room)).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: 'No Container Instances were found in your cluster.',
    });
  });

  it('goes with ECS Exec only where the agent takes sessions', async () => {
    await using room = await openRoom();
    await room.addDefinition();
    const { id } = await room.addInstance();
    expect((await run(room, { enableExecuteCommand: true })).failures).toEqual([
      {
        arn: expect.stringContaining(id),
        reason: 'ATTRIBUTE',
        detail: 'ecs.capability.execute-command',
      },
    ]);
    expect((await run(room)).tasks).toHaveLength(1);
    const able = await room.addInstance({ attributes: { 'ecs.capability.execute-command': '' } });
    const { tasks: launched } = await run(room, { enableExecuteCommand: true });
    expect(launched?.map(({ containerInstanceArn }) => containerInstanceArn?.endsWith(able.id))).toEqual([
      true,
    ]);
  });

  it('goes only where its definition and its request both want it, and says where they do not', async () => {
    await using room = await openRoom();
    await room.addDefinition({
      placementConstraints: [{ type: 'memberOf', expression: 'attribute:ecs.instance-type =~ t3.*' }],
    });
    const large = await room.addInstance({ attributes: { 'ecs.instance-type': 't3.large', stack: 'blue' } });
    await room.addInstance({ attributes: { 'ecs.instance-type': 't3.large', stack: 'green' } });
    await room.addInstance({ attributes: { 'ecs.instance-type': 'm5.large', stack: 'blue' } });
    const blue = { type: 'memberOf', expression: 'attribute:stack == blue' } as const;
    const { tasks: placed } = await run(room, { count: 3, placementConstraints: [blue] });
    expect(
      new Set(placed?.map(({ containerInstanceArn }) => containerInstanceArn?.split('/').at(-1))),
    ).toEqual(new Set([large.id]));
    const red = { type: 'memberOf', expression: 'attribute:stack == red' } as const;
    const { failures } = await run(room, { placementConstraints: [red] });
    expect(failures).toHaveLength(3);
    expect(failures?.[0]).toMatchObject({ reason: 'MemberOf placement constraint unsatisfied' });
  });

  it('gives containers GPUs that nobody else has, and takes them back', async () => {
    await using room = await openRoom();
    const asking = (name: string, value: string) =>
      container({ name, cpu: 1, memory: 32, resourceRequirements: [{ type: 'GPU', value }] });
    await room.addDefinition({ containerDefinitions: [asking('app', '1'), asking('side', '2')] });
    await room.addDefinition({ family: 'greedy', containerDefinitions: [asking('app', 'ALL')] });
    const reasons = async (taskDefinition: string) =>
      (await run(room, { taskDefinition })).failures?.map(({ reason }) => reason);
    await room.addInstance();
    expect(await reasons('web:1')).toEqual(['RESOURCE:GPU']);
    const { id } = await room.addInstance({ gpus: ['gpu-0', 'gpu-1', 'gpu-2', 'gpu-3'] });

    const { tasks: placed } = await run(room);
    expect(placed?.[0]?.containers?.map(({ gpuIds }) => gpuIds)).toEqual([['gpu-0'], ['gpu-1', 'gpu-2']]);
    expect(room.instance(id)?.used.gpuIds).toEqual(['gpu-0', 'gpu-1', 'gpu-2']);
    const { containerInstances: shown } = describeContainerInstances(
      room.ecs,
      { containerInstances: [id] },
      room.call,
    );
    expect(shown?.[0]?.remainingResources?.find(({ name }) => name === 'GPU')?.stringSetValue).toEqual([
      'gpu-3',
    ]);
    expect(await reasons('web:1')).toEqual(['RESOURCE:GPU', 'RESOURCE:GPU']);
    expect(await reasons('greedy:1')).toEqual(['RESOURCE:GPU', 'RESOURCE:GPU']);

    await room.write((tx) =>
      applyTaskReport(tx, key(tasks, 'default', idOf(placed?.[0])), { status: 'STOPPED', containers: [] }, 0),
    );
    expect(room.instance(id)?.used.gpuIds).toEqual([]);
    const overrides = {
      containerOverrides: [{ name: 'app', resourceRequirements: [{ type: 'GPU' as const, value: '3' }] }],
    };
    expect((await run(room, { overrides })).failures?.map(({ reason }) => reason)).toContain('RESOURCE:GPU');
    const { tasks: greedy } = await run(room, { taskDefinition: 'greedy:1' });
    expect(greedy?.[0]?.containers?.[0]?.gpuIds).toEqual(['gpu-0', 'gpu-1', 'gpu-2', 'gpu-3']);
  });

  it('sees what the launches before it in the same commit have taken', async () => {
    await using room = await openRoom();
    await room.addDefinition();
    await Promise.all(Array.from({ length: 8 }, () => room.addInstance()));
    const distinctInstance: Partial<RunTaskCommandInput> = {
      placementConstraints: [{ type: 'distinctInstance' }],
    };
    const answers = await Promise.all(Array.from({ length: 10 }, () => run(room, distinctInstance)));
    const used = answers.flatMap(
      ({ tasks: placed }) => placed?.map((task) => task.containerInstanceArn) ?? [],
    );
    expect(used).toHaveLength(8);
    expect(new Set(used).size).toBe(8);
  });

  it('answers a repeated clientToken with the tasks that it made, as they are now', async () => {
    await using room = await openFleet();
    const first = await run(room, { clientToken: 'once', count: 2 });
    const id = idOf(first.tasks?.[0]);
    await room.write((tx) =>
      applyTaskReport(tx, key(tasks, 'default', id), { status: 'RUNNING', containers: [] }, 0),
    );
    const again = await run(room, { count: 2, clientToken: 'once' });
    expect(again.tasks?.map(idOf)).toEqual(first.tasks?.map(idOf));
    expect(again.tasks?.[0]?.lastStatus).toBe('RUNNING');
    expect(room.tasksOf('default')).toHaveLength(2);
    await expect(run(room, { clientToken: 'once', count: 1 })).rejects.toMatchObject({
      code: 'ConflictException',
      members: { resourceIds: first.tasks?.map(({ taskArn }) => taskArn) },
    });
  });

  it('forgets a clientToken that made nothing, so that a retry can', async () => {
    await using room = await openRoom();
    await room.addDefinition();
    await room.addInstance({ cpu: 1 });
    expect((await run(room, { clientToken: 'once' })).tasks).toEqual([]);
    await room.addInstance();
    expect((await run(room, { clientToken: 'once' })).tasks).toHaveLength(1);
  });

  it('records overrides and managed tags, and shows an entry for every container', async () => {
    await using room = await openFleet();
    const { tasks: launched } = await run(room, {
      overrides: { cpu: '.5 vCPU', containerOverrides: [{ name: 'app', command: ['echo'], memory: 300 }] },
      enableECSManagedTags: true,
    });
    expect(launched?.[0]).toMatchObject({
      cpu: '512',
      memory: '300',
      overrides: { cpu: '512', containerOverrides: [{ name: 'app', command: ['echo'], memory: 300 }] },
      tags: [{ key: 'aws:ecs:clusterName', value: 'default' }],
    });
  });

  it('gives an awsvpc task an interface with an address of its own', async () => {
    await using room = await openRoom();
    await room.addInstance();
    await room.addDefinition({ networkMode: 'awsvpc' });
    const { tasks: launched } = await run(room, { count: 2, networkConfiguration: network });
    const addresses = launched?.map(({ attachments, containers, lastStatus }) => {
      const [attachment] = attachments ?? [];
      const details = Object.fromEntries(attachment?.details?.map(({ name, value }) => [name, value]) ?? []);
      expect(lastStatus).toBe('PROVISIONING');
      expect(attachment).toMatchObject({ type: 'ElasticNetworkInterface', status: 'ATTACHING' });
      expect(details.macAddress).toMatch(/^02(:[0-9a-f]{2}){5}$/);
      expect(details.networkInterfaceId).toMatch(/^eni-[0-9a-f]{17}$/);
      expect(containers?.[0]?.networkInterfaces).toEqual([
        { attachmentId: attachment?.id, privateIpv4Address: details.privateIPv4Address },
      ]);
      return details.privateIPv4Address;
    });
    expect(addresses).toEqual(['10.231.0.4', '10.231.0.5']);
    expect([...room.ecs.state.list(networkInterfaces)]).toHaveLength(2);
  });

  it('never books an instance twice when 64 run at once', async () => {
    await using room = await openRoom();
    await room.addDefinition({
      containerDefinitions: [
        container({ cpu: 100, memory: 100, portMappings: [{ containerPort: 80, hostPort: 0 }] }),
      ],
    });
    const instances = await Promise.all(
      Array.from({ length: 4 }, () => room.addInstance({ cpu: 1000, memoryMiB: 10_000 })),
    );
    const answers = await Promise.all(Array.from({ length: 64 }, () => run(room)));
    const placed = answers.flatMap(({ tasks: launched }) => launched ?? []);
    expect(placed).toHaveLength(40);
    expect(answers.filter(({ failures }) => failures?.length).length).toBe(24);
    for (const { id } of instances)
      expect(room.instance(id)).toMatchObject({ used: { cpu: 1000 }, taskCount: 10 });
  });
});
