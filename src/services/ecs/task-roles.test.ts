import type { ContainerDefinition, RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { runTask } from './operations/run-task.ts';
import { startTask, stopTask } from './operations/task.ts';
import { tasks } from './records.ts';
import { holdsSessions, longestStopMs } from './task-roles.ts';
import { agentStopsTask, applyTaskReport } from './task-state.ts';
import { container, key, openRoom, scope, type TestRoom } from './testing/room.ts';

const role = (name: string): string => `arn:aws:iam::${scope.accountId}:role/${name}`;
const capability = { 'com.amazonaws.ecs.capability.task-iam-role': '' };

async function launch(room: TestRoom, input: Partial<RunTaskCommandInput> = {}) {
  const answer = await runTask(room.ecs, { taskDefinition: 'web:1', ...input }, room.call);
  const [task] = answer.tasks ?? [];
  const arn = task?.taskArn ?? '';
  const id = arn.split('/').at(-1) ?? '';
  return { ...answer, arn, id, record: id ? room.task(id) : undefined };
}

describe('a task', () => {
  test('has the roles of its definition, by ARN or by name, each with an id of its own', async () => {
    await using room = await openRoom();
    await room.addInstance();
    await room.addDefinition({ taskRoleArn: 'app', executionRoleArn: role('path/execution') });
    const { record } = await launch(room);
    const { record: other } = await launch(room);
    expect(record?.roles).toEqual({
      task: { arn: role('app'), credentialsId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      execution: {
        arn: role('path/execution'),
        credentialsId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
    const ids = [record, other].flatMap((task) => [
      task?.roles?.task?.credentialsId,
      task?.roles?.execution?.credentialsId,
    ]);
    expect(new Set(ids).size).toBe(4);
  });

  test('has none of them without', async () => {
    await using room = await openRoom();
    await room.addInstance();
    await room.addDefinition();
    expect((await launch(room)).record).not.toHaveProperty('roles');
  });

  test('has those of its overrides instead, and shows them', async () => {
    await using room = await openRoom();
    await room.addInstance({ attributes: capability });
    await room.addDefinition({ taskRoleArn: 'app', executionRoleArn: 'execution' });
    const overrides = { taskRoleArn: role('other'), executionRoleArn: 'others' };
    const { record, tasks: [task] = [] } = await launch(room, { overrides });
    expect([record?.roles?.task?.arn, record?.roles?.execution?.arn]).toEqual([
      role('other'),
      role('others'),
    ]);
    expect(task?.overrides).toMatchObject(overrides);
  });

  test('whose role is an override goes where the agent serves roles', async () => {
    await using room = await openRoom();
    await room.addInstance();
    await room.addDefinition();
    const { failures } = await launch(room, { overrides: { taskRoleArn: 'app' } });
    expect(failures).toMatchObject([
      { reason: 'ATTRIBUTE', detail: 'com.amazonaws.ecs.capability.task-iam-role' },
    ]);
  });
});

describe('a role that ECS can not assume', () => {
  const words = (arn: string): string =>
    `ECS was unable to assume the role '${arn}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.`;

  test.each(['taskRoleArn', 'executionRoleArn'] as const)('as %s has no task launched', async (field) => {
    await using room = await openRoom();
    const { id } = await room.addInstance();
    await room.addDefinition({ [field]: 'bad' });
    room.untrustedRoles.add(role('bad'));
    const refusal = { code: 'ClientException', message: words(role('bad')) };
    await expect(runTask(room.ecs, { taskDefinition: 'web:1' }, room.call)).rejects.toMatchObject(refusal);
    await expect(
      startTask(room.ecs, { taskDefinition: 'web:1', containerInstances: [id] }, room.call),
    ).rejects.toMatchObject(refusal);
    expect(room.tasksOf('default')).toEqual([]);
  });

  test('does not matter when it is overridden', async () => {
    await using room = await openRoom();
    await room.addInstance({ attributes: capability });
    await room.addDefinition({ taskRoleArn: 'bad' });
    room.untrustedRoles.add(role('bad'));
    expect((await launch(room, { overrides: { taskRoleArn: 'good' } })).record).toBeDefined();
  });

  test('has to have the form of one', async () => {
    await using room = await openRoom();
    await room.addDefinition();
    await expect(launch(room, { overrides: { taskRoleArn: 'arn:aws:iam::1:user/x' } })).rejects.toMatchObject(
      {
        code: 'ClientException',
        message: 'Role is not valid.',
      },
    );
  });
});

describe('the sessions of a task’s role', () => {
  async function launched(definition: readonly ContainerDefinition[] = [container()]) {
    const room = await openRoom();
    await room.addInstance();
    await room.addDefinition({ taskRoleArn: 'app', containerDefinitions: [...definition] });
    const { arn, id } = await launch(room);
    return {
      room,
      arn,
      taskKey: key(tasks, 'default', id),
      holds: () => holdsSessions(room.ecs.state, arn, room.ecs.clock.now()),
    };
  }

  test('end with STOPPED', async () => {
    const { room, arn, taskKey, holds } = await launched();
    await using _room = room;
    expect(holds()).toBe(true);
    await stopTask(room.ecs, { task: arn }, room.call);
    await room.write((tx) => agentStopsTask(tx, taskKey, room.ecs.clock.now()));
    expect(holds()).toBe(true);
    await room.write((tx) =>
      applyTaskReport(tx, taskKey, { status: 'STOPPED', containers: [] }, room.ecs.clock.now()),
    );
    expect(holds()).toBe(false);
  });

  test('end a minute after its time to stop, when nobody confirms the stop', async () => {
    const { room, arn, holds } = await launched([container({ stopTimeout: 10 })]);
    await using _room = room;
    await room.ecs.clock.advance(3_600_000);
    await stopTask(room.ecs, { task: arn }, room.call);
    // A shorter time than an agent gives by itself is not told apart.
    await room.ecs.clock.advance(89_000);
    expect(holds()).toBe(true);
    await room.ecs.clock.advance(1_000);
    expect(holds()).toBe(false);
  });

  test.each([
    'arn:aws:ecs:eu-west-1:123456789012:task/default/ffffffffffffffffffffffffffffffff',
    'arn:aws:ecs:eu-west-1:123456789012:cluster/default',
    'arn:aws:iam::123456789012:role/app',
    '',
  ])('are not held by %s', async (arn) => {
    await using room = await openRoom();
    expect(holdsSessions(room.ecs.state, arn, 0)).toBe(false);
  });

  test.each<[string, readonly ContainerDefinition[], number]>([
    ['what an agent gives', [{ name: 'a' }], 30],
    [
      'the longest',
      [
        { name: 'a', stopTimeout: 120 },
        { name: 'b', stopTimeout: 60 },
      ],
      120,
    ],
    [
      'one after the other, where they depend',
      [
        { name: 'a', stopTimeout: 50 },
        { name: 'b', stopTimeout: 40, dependsOn: [{ containerName: 'a', condition: 'START' }] },
        { name: 'c', dependsOn: [{ containerName: 'b', condition: 'START' }] },
      ],
      120,
    ],
  ])('wait for containers to stop: %s', (_what, containers, seconds) => {
    expect(longestStopMs(containers)).toBe(seconds * 1_000);
  });
});
