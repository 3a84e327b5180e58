import { afterEach, beforeEach, expect, test } from 'vitest';
import { startReconcilers } from '../../../reconcile/index.ts';
import { runTask } from '../operations/run-task.ts';
import { deleteTaskDefinitions, deregisterTaskDefinition } from '../operations/task-definition.ts';
import { taskDefinitions, tasks } from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { key, openRoom, scope, type TestRoom } from '../testing/room.ts';
import { taskDefinitionDeletion } from './task-definition-deletion.ts';

let room: TestRoom;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room[Symbol.asyncDispose]());

function start() {
  const { ecs, store } = room;
  const { state, clock, random, log } = ecs;
  return startReconcilers({ state, store, clock, random, log, reconcilers: [taskDefinitionDeletion(ecs)] });
}

const stored = (family: string) =>
  room.ecs.state.get(taskDefinitions, taskDefinitionKey(scope, family, 1))?.status;

async function remove(taskDefinition: string): Promise<void> {
  await deregisterTaskDefinition(room.ecs, { taskDefinition }, room.call);
  await deleteTaskDefinitions(room.ecs, { taskDefinitions: [taskDefinition] }, room.call);
}

test('a definition that nothing has is removed, also when its deletion was asked for before the start', async () => {
  await room.addDefinition({ family: 'early' });
  await room.addDefinition({ family: 'late' });
  await room.addDefinition({ family: 'kept' });
  await remove('early:1');
  await using reconcilers = start();
  await remove('late:1');
  await reconcilers.idle();
  expect([stored('early'), stored('late'), stored('kept')]).toEqual([undefined, undefined, 'ACTIVE']);
});

test('a definition stays until the last task that has it is STOPPED', async () => {
  await room.addInstance();
  await room.addDefinition({ family: 'web' });
  const { tasks: launched = [] } = await runTask(room.ecs, { taskDefinition: 'web:1', count: 2 }, room.call);
  expect(launched).toHaveLength(2);
  await using reconcilers = start();
  await remove('web:1');
  await reconcilers.idle();
  expect(stored('web')).toBe('DELETE_IN_PROGRESS');

  for (const [index, { taskArn = '' }] of launched.entries()) {
    const taskKey = key(tasks, 'default', taskArn.split('/').at(-1) ?? '');
    await room.write((tx) => {
      const task = tx.get(tasks, taskKey);
      if (task) tx.put(tasks, taskKey, { ...task, lastStatus: 'STOPPED' });
    });
    await reconcilers.idle();
    expect(stored('web')).toBe(index === 0 ? 'DELETE_IN_PROGRESS' : undefined);
  }
});
