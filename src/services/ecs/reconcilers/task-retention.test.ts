import { describe, expect, it } from 'vitest';
import { type Collection, startReconcilers } from '../../../reconcile/index.ts';
import { deregisterContainerInstance } from '../operations/container-instance.ts';
import { runTask } from '../operations/run-task.ts';
import { containerInstances, runTaskTokens, tasks } from '../records.ts';
import { applyTaskReport } from '../task-state.ts';
import { key, openRoom, type TestRoom } from '../testing/room.ts';
import { taskRetention } from './task-retention.ts';

const hourMs = 3_600_000;

const start = (room: TestRoom) => {
  const { state, clock, random, log } = room.ecs;
  return startReconcilers({
    state,
    store: room.store,
    clock,
    random,
    log,
    reconcilers: [taskRetention(room.ecs)],
  });
};
const countOf = <T extends object>(room: TestRoom, collection: Collection<T, string>) =>
  [...room.ecs.state.list(collection)].length;

describe('what is over is forgotten', () => {
  it('a task one hour after it stopped, and none before it has', async () => {
    await using room = await openRoom();
    await room.addInstance();
    await room.addDefinition();
    await runTask(room.ecs, { taskDefinition: 'web:1', count: 2 }, room.call);
    await using reconcilers = start(room);
    await room.ecs.clock.advance(2 * hourMs);
    const [task] = room.tasksOf('default');
    const taskKey = key(tasks, 'default', task?.id ?? '');
    const now = room.ecs.clock.now();
    await room.write((tx) => applyTaskReport(tx, taskKey, { status: 'STOPPED', containers: [] }, now));
    await reconcilers.idle();
    await room.ecs.clock.advance(hourMs - 1000);
    expect(countOf(room, tasks)).toBe(2);
    await room.ecs.clock.advance(1000);
    await reconcilers.idle();
    expect(room.tasksOf('default').map(({ lastStatus }) => lastStatus)).toEqual(['PENDING']);
  });

  it('a clientToken and a deregistered instance after a day', async () => {
    await using room = await openRoom();
    const { id } = await room.addInstance();
    await room.addDefinition();
    await runTask(room.ecs, { taskDefinition: 'web:1', clientToken: 'once' }, room.call);
    await deregisterContainerInstance(room.ecs, { containerInstance: id, force: true }, room.call);
    await using reconcilers = start(room);
    await room.ecs.clock.advance(24 * hourMs - 1000);
    await reconcilers.idle();
    expect([countOf(room, tasks), countOf(room, runTaskTokens), countOf(room, containerInstances)]).toEqual([
      0, 1, 1,
    ]);
    await room.ecs.clock.advance(1000);
    await reconcilers.idle();
    expect([countOf(room, runTaskTokens), countOf(room, containerInstances)]).toEqual([0, 0]);
  });
});
