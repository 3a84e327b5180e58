import { describe, expect, it } from 'vitest';
import { updateContainerInstancesState } from '../operations/container-instance.ts';
import { deleteService } from '../operations/service.ts';
import { stopTask } from '../operations/task.ts';
import { createTaskSet, deleteTaskSet, describeTaskSets, updateTaskSet } from '../operations/task-set.ts';
import { type Fleet, type FleetOptions, messages, openFleet } from '../testing/fleet.ts';

const place = { cluster: 'default', service: 'web' };
const scale = (value: number) => ({ value, unit: 'PERCENT' as const });

async function openExternal(options: FleetOptions = {}): Promise<Fleet> {
  const fleet = await openFleet(options);
  await fleet.create({
    deploymentController: { type: 'EXTERNAL' },
    taskDefinition: undefined,
    desiredCount: 4,
  });
  return fleet;
}

const add = async (fleet: Fleet, taskDefinition: string, percent: number): Promise<string> => {
  const input = { ...place, taskDefinition, scale: scale(percent) };
  return (await createTaskSet(fleet.room.ecs, input, fleet.room.call)).taskSet?.id ?? '';
};
const setsOf = (fleet: Fleet) => describeTaskSets(fleet.room.ecs, place, fleet.room.call).taskSets ?? [];
/** `revision:running`, a `*` when it is steady, for each set. */
const summary = (fleet: Fleet): string =>
  setsOf(fleet)
    .map(
      ({ taskDefinition, runningCount, stabilityStatus }) =>
        `${taskDefinition?.split(':').at(-1)}:${runningCount}${stabilityStatus === 'STEADY_STATE' ? '*' : ''}`,
    )
    .join(' ');
const update = (fleet: Fleet, taskSet: string, percent: number) =>
  updateTaskSet(fleet.room.ecs, { ...place, taskSet, scale: scale(percent) }, fleet.room.call);

describe('task sets', () => {
  it('have their share of the desired count each, of their own definition', async () => {
    await using fleet = await openExternal();
    const blue = await add(fleet, 'web:1', 100);
    await fleet.until(() => summary(fleet) === '1:4*');
    const green = await add(fleet, 'web:2', 25);
    await fleet.until(() => summary(fleet) === '1:4* 2:1*');
    await update(fleet, green, 100);
    await update(fleet, blue, 0);
    await fleet.until(() => summary(fleet) === '1:0* 2:4*');
    for (const task of fleet.live()) expect(task).toMatchObject({ startedBy: green, group: 'service:web' });
    await fleet.update({ desiredCount: 2 });
    await fleet.until(() => summary(fleet) === '1:0* 2:2*');
    expect(fleet.describe()).toMatchObject({ runningCount: 2, deployments: [] });

    const { call, ecs } = fleet.room;
    await deleteTaskSet(ecs, { ...place, taskSet: blue }, call);
    await fleet.until(() => setsOf(fleet).length === 1, 1_000);
    const ended = () => fleet.room.tasksOf('default').filter((task) => task.desiredStatus === 'STOPPED');
    await fleet.until(() => ended().every(({ lastStatus }) => lastStatus === 'STOPPED'));
    const revision = await fleet.room.store.revision();
    await ecs.clock.advance(3_600_000);
    expect(await fleet.room.store.revision()).toBe(revision);
  });

  it('tell in events what they are to have, start, stop and reach', async () => {
    await using fleet = await openExternal();
    await add(fleet, 'web:1', 50);
    await fleet.until(() => summary(fleet) === '1:2*');
    expect(messages(fleet.describe())).toEqual([
      'has reached a steady state.',
      'has started 2 tasks: (task ID) (task ID).',
      'updated computedDesiredCount for taskSet ecs-svc/ID to 2.',
    ]);
  });

  it('replace what ends, and what is on an instance that drains', async () => {
    await using fleet = await openExternal({ instances: 2 });
    await add(fleet, 'web:1', 100);
    await fleet.until(() => summary(fleet) === '1:4*');
    const { ecs, call } = fleet.room;
    await stopTask(ecs, { task: fleet.live()[0]?.id ?? '' }, call);
    await fleet.until(() => setsOf(fleet)[0]?.stabilityStatus === 'STABILIZING', 5_000);
    await fleet.until(() => summary(fleet) === '1:4*');
    const drained = fleet.live()[0]?.containerInstanceId ?? '';
    await updateContainerInstancesState(ecs, { containerInstances: [drained], status: 'DRAINING' }, call);
    await fleet.until(() => fleet.room.instance(drained)?.taskCount === 0 && summary(fleet) === '1:4*');
  });

  it('that are deleted by force stop their tasks first; a deleted service ends with its last one', async () => {
    await using fleet = await openExternal();
    const { ecs, call } = fleet.room;
    const one = await add(fleet, 'web:1', 50);
    await add(fleet, 'web:2', 50);
    await fleet.until(() => summary(fleet) === '1:2* 2:2*');
    await deleteTaskSet(ecs, { ...place, taskSet: one, force: true }, call);
    expect(setsOf(fleet)).toMatchObject([{ status: 'DRAINING', computedDesiredCount: 0 }, {}]);
    await fleet.until(() => summary(fleet) === '2:2*');
    await deleteService(ecs, { service: 'web', force: true }, call);
    await fleet.until(() => fleet.describe().status === 'INACTIVE');
    expect(fleet.live()).toEqual([]);
  });

  it('wait for room, and start when an instance has it', async () => {
    await using fleet = await openExternal({ instances: 0 });
    await add(fleet, 'web:1', 100);
    await fleet.room.ecs.clock.advance(60_000);
    expect(messages(fleet.describe())[0]).toContain('was unable to place a task');
    await fleet.room.addInstance();
    await fleet.until(() => summary(fleet) === '1:4*', 10_000);
  });
});
