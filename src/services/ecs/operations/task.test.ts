import { describe, expect, it } from 'vitest';
import { tasks } from '../records.ts';
import { applyTaskReport } from '../task-state.ts';
import { key, openRoom, type TestRoom } from '../testing/room.ts';
import { deregisterContainerInstance, updateContainerInstancesState } from './container-instance.ts';
import { runTask } from './run-task.ts';
import { describeTasks, listTasks, startTask, stopTask } from './task.ts';

async function openFleet(): Promise<TestRoom> {
  const room = await openRoom();
  await room.addInstance();
  await room.addDefinition();
  return room;
}

const run = async (
  room: TestRoom,
  input: { startedBy?: string; count?: number; taskDefinition?: string } = {},
) =>
  ((await runTask(room.ecs, { taskDefinition: 'web:1', ...input }, room.call)).tasks ?? []).map(
    ({ taskArn }) => taskArn ?? '',
  );

describe('StartTask', () => {
  it('puts a task on each instance that is named, and tells which could not take one', async () => {
    await using room = await openFleet();
    const small = await room.addInstance({ cpu: 1 });
    const away = await room.addInstance({ agentConnected: false });
    const good = await room.addInstance();
    const { tasks: started, failures } = await startTask(
      room.ecs,
      { taskDefinition: 'web:1', containerInstances: [good.id, small.id, away.id, 'f'.repeat(32)] },
      room.call,
    );
    expect(started?.map(({ containerInstanceArn }) => containerInstanceArn?.split('/').at(-1))).toEqual([
      good.id,
    ]);
    expect(failures?.map(({ reason }) => reason)).toEqual(['RESOURCE:CPU', 'AGENT', 'MISSING']);
  });

  it('starts nothing on instances that are DRAINING or deregistered', async () => {
    await using room = await openFleet();
    const { id } = await room.addInstance();
    const start = async () => {
      const input = { taskDefinition: 'web:1', containerInstances: [id] };
      const { tasks: started, failures } = await startTask(room.ecs, input, room.call);
      return [started, failures];
    };
    const arn = expect.stringContaining(id);
    const draining = { containerInstances: [id], status: 'DRAINING' as const };
    await updateContainerInstancesState(room.ecs, draining, room.call);
    const detail = 'The container instance is DRAINING.';
    expect(await start()).toEqual([[], [{ arn, reason: 'INACTIVE', detail }]]);
    await updateContainerInstancesState(room.ecs, { ...draining, status: 'ACTIVE' }, room.call);
    expect(await start()).toEqual([[expect.objectContaining({ lastStatus: 'PENDING' })], []]);
    await deregisterContainerInstance(room.ecs, { containerInstance: id, force: true }, room.call);
    expect(await start()).toEqual([[], [{ arn, reason: 'INACTIVE' }]]);
  });

  it('does not give an instance that is named twice more than it has', async () => {
    await using room = await openRoom();
    await room.addDefinition();
    const { id } = await room.addInstance({ cpu: 256 });
    const { tasks: started, failures } = await startTask(
      room.ecs,
      { taskDefinition: 'web:1', containerInstances: [id, id] },
      room.call,
    );
    expect(started).toHaveLength(1);
    expect(failures).toEqual([expect.objectContaining({ reason: 'RESOURCE:CPU' })]);
  });
});

describe('StopTask', () => {
  it('asks for the end with the reason given, by id or by ARN, and again without effect', async () => {
    await using room = await openFleet();
    const [arn = ''] = await run(room);
    const { task } = await stopTask(room.ecs, { task: arn, reason: 'enough' }, room.call);
    expect(task).toMatchObject({
      desiredStatus: 'STOPPED',
      lastStatus: 'PENDING',
      stopCode: 'UserInitiated',
      stoppedReason: 'enough',
      version: 2,
    });
    const again = await stopTask(room.ecs, { task: arn.split('/').at(-1) }, room.call);
    expect(again.task).toEqual(task);
  });

  it.each([
    ['an unknown id', 'f'.repeat(32)],
    ['a task of another cluster', `arn:aws:ecs:eu-west-1:123456789012:task/other/${'f'.repeat(32)}`],
    ['a task of another region', `arn:aws:ecs:us-east-1:123456789012:task/default/${'f'.repeat(32)}`],
  ])('refuses %s', async (_, task) => {
    await using room = await openFleet();
    await expect(stopTask(room.ecs, { task }, room.call)).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: 'The referenced task was not found.',
    });
  });
});

describe('DescribeTasks', () => {
  it('shows the known, tells of the unknown as MISSING, and shows tags only when asked', async () => {
    await using room = await openFleet();
    const [arn = ''] = await run(room);
    const unknown = 'f'.repeat(32);
    const { tasks: described, failures } = describeTasks(room.ecs, { tasks: [arn, unknown] }, room.call);
    expect(described).toEqual([expect.objectContaining({ taskArn: arn })]);
    expect(described?.[0]).not.toHaveProperty('tags');
    expect(failures).toEqual([
      { arn: `arn:aws:ecs:eu-west-1:123456789012:task/default/${unknown}`, reason: 'MISSING' },
    ]);
    const tagged = describeTasks(room.ecs, { tasks: [arn], include: ['TAGS'] }, room.call);
    expect(tagged.tasks?.[0]?.tags).toEqual([]);
  });

  it.each([
    ['none', []],
    ['more than a hundred', Array.from({ length: 101 }, (_, index) => `t${index}`)],
  ])('refuses %s', async (_, identifiers) => {
    await using room = await openFleet();
    expect(() => describeTasks(room.ecs, { tasks: identifiers }, room.call)).toThrowError(
      expect.objectContaining({ code: 'InvalidParameterException' }),
    );
  });
});

describe('ListTasks', () => {
  it('lists the running by default and the stopped when asked', async () => {
    await using room = await openFleet();
    const [first = '', second = ''] = await run(room, { count: 2 });
    await stopTask(room.ecs, { task: first }, room.call);
    expect(listTasks(room.ecs, {}, room.call).taskArns).toEqual([second]);
    expect(listTasks(room.ecs, { desiredStatus: 'STOPPED' }, room.call).taskArns).toEqual([first]);
    expect(listTasks(room.ecs, { desiredStatus: 'PENDING' }, room.call).taskArns).toEqual([]);
  });

  it('filters by family, startedBy and container instance', async () => {
    await using room = await openFleet();
    await room.addDefinition({ family: 'job' });
    const [web = ''] = await run(room, { startedBy: 'a' });
    const [job = ''] = await run(room, { taskDefinition: 'job:1', startedBy: 'b' });
    const instance = room.tasksOf('default')[0]?.containerInstanceId;
    expect(listTasks(room.ecs, { family: 'job' }, room.call).taskArns).toEqual([job]);
    expect(listTasks(room.ecs, { startedBy: 'a' }, room.call).taskArns).toEqual([web]);
    expect(listTasks(room.ecs, { containerInstance: instance }, room.call).taskArns).toHaveLength(2);
    expect(() => listTasks(room.ecs, { startedBy: 'a', family: 'web' }, room.call)).toThrowError(
      /only filter/,
    );
    expect(() => listTasks(room.ecs, { serviceName: 'nope' }, room.call)).toThrowError(
      expect.objectContaining({ code: 'ServiceNotFoundException' }),
    );
  });

  it('pages through all, each once', async () => {
    await using room = await openFleet();
    const launched = await run(room, { count: 7 });
    const seen: string[] = [];
    let nextToken: string | undefined;
    do {
      const answer = listTasks(room.ecs, { maxResults: 3, nextToken }, room.call);
      seen.push(...(answer.taskArns ?? []));
      nextToken = answer.nextToken;
    } while (nextToken !== undefined);
    expect(seen).toEqual([...launched].sort());
  });

  it('shows a task that ended by itself among the stopped', async () => {
    await using room = await openFleet();
    const [arn = ''] = await run(room);
    const taskKey = key(tasks, 'default', arn.split('/').at(-1) ?? '');
    await room.write((tx) => applyTaskReport(tx, taskKey, { status: 'STOPPED', containers: [] }, 1));
    expect(listTasks(room.ecs, {}, room.call).taskArns).toEqual([]);
    expect(listTasks(room.ecs, { desiredStatus: 'STOPPED' }, room.call).taskArns).toEqual([arn]);
  });
});
