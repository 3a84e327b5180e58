import { describe, expect, it } from 'vitest';
import { updateTaskProtection } from '../operations/task-protection.ts';
import { type Fleet, isStable, messages, openFleet, steady } from '../testing/fleet.ts';

const addIn = (fleet: Fleet, zone: string, memoryMiB = 8192) =>
  fleet.room.addInstance({ memoryMiB, attributes: { 'ecs.availability-zone': `eu-west-1${zone}` } });
/** As `a2 b1`, in order of the zones. */
const zonesOf = (fleet: Fleet): string => {
  const counts = new Map<string, number>();
  for (const { availabilityZone } of fleet.live())
    counts.set(availabilityZone.slice(-1), (counts.get(availabilityZone.slice(-1)) ?? 0) + 1);
  return [...counts]
    .sort()
    .map(([zone, count]) => `${zone}${count}`)
    .join(' ');
};
const words = (fleet: Fleet) =>
  messages(fleet.describe()).map((message) => message?.replaceAll(/\b[0-9a-f]{32}\b/g, 'ID'));
const untilSteady = (fleet: Fleet) => fleet.until(() => messages(fleet.describe())[0] === steady);

/** A steady service of four tasks in one zone, to which another one has just come. */
async function lopsided(fleet: Fleet): Promise<void> {
  await addIn(fleet, 'a');
  await fleet.create({ desiredCount: 4 });
  await untilSteady(fleet);
  await addIn(fleet, 'b');
}

describe('Availability Zone rebalancing', () => {
  it('starts in the poorer zone, waits until that is healthy, and stops in the richer', async () => {
    await using fleet = await openFleet({ instances: 0 });
    await lopsided(fleet);
    expect(fleet.describe().availabilityZoneRebalancing).toBe('ENABLED');
    fleet.extremes();
    await fleet.until(() => zonesOf(fleet) === 'a2 b2');
    await untilSteady(fleet);
    expect(fleet.extremes()).toEqual({ most: 6, fewest: 4 });
    expect(words(fleet).slice(0, 5)).toEqual([
      steady,
      'is AZ balanced with 2 tasks in eu-west-1a, 2 tasks in eu-west-1b.',
      'has stopped 2 running tasks in eu-west-1a due to AZ rebalancing: ID, ID.',
      'has started 2 tasks in eu-west-1b to AZ Rebalance: ID, ID.',
      'is not AZ balanced with 4 tasks in eu-west-1a, 0 tasks in eu-west-1b. AZ Rebalancing in progress.',
    ]);
    const stopped = fleet.room.tasksOf('default').filter((task) => task.desiredStatus === 'STOPPED');
    const id = fleet.describe().deployments?.[0]?.id;
    for (const task of stopped)
      expect(task).toMatchObject({
        availabilityZone: 'eu-west-1a',
        stopCode: 'ServiceSchedulerInitiated',
        stoppedReason: `Availability-zone rebalancing initiated by (deployment ${id})`,
      });
    await fleet.until(() =>
      stopped.every(({ id: taskId }) => fleet.room.task(taskId)?.lastStatus === 'STOPPED'),
    );
    const revision = await fleet.room.store.revision();
    await fleet.room.ecs.clock.advance(3_600_000);
    expect(await fleet.room.store.revision()).toBe(revision);
  });

  it('moves no more at a time than the maximum has room for', async () => {
    await using fleet = await openFleet({ instances: 0 });
    await addIn(fleet, 'a');
    await fleet.create({ desiredCount: 6, deploymentConfiguration: { maximumPercent: 120 } });
    await untilSteady(fleet);
    fleet.extremes();
    await addIn(fleet, 'b');
    await addIn(fleet, 'c');
    await fleet.until(() => zonesOf(fleet) === 'a2 b2 c2');
    expect(fleet.extremes()).toEqual({ most: 7, fewest: 6 });
  });

  it('leaves a service alone that does not want it', async () => {
    await using fleet = await openFleet({ instances: 0 });
    await addIn(fleet, 'a');
    await fleet.create({ desiredCount: 4, availabilityZoneRebalancing: 'DISABLED' });
    await untilSteady(fleet);
    await addIn(fleet, 'b');
    await fleet.room.ecs.clock.advance(600_000);
    expect(zonesOf(fleet)).toBe('a4');
    await fleet.update({ availabilityZoneRebalancing: 'ENABLED' });
    await fleet.until(() => zonesOf(fleet) === 'a2 b2');
  });

  it('ends when something else happens to the service', async () => {
    await using fleet = await openFleet({ instances: 0, startMs: 30_000 });
    await lopsided(fleet);
    await fleet.until(() => zonesOf(fleet) === 'a4 b2');
    await fleet.update({ desiredCount: 3 });
    await fleet.until(() => words(fleet).includes('stopped AZ Rebalancing.'), 1_000);
    await fleet.until(() => isStable(fleet.describe()) && messages(fleet.describe())[0] === steady);
    await fleet.until(() => ['a1 b2', 'a2 b1'].includes(zonesOf(fleet)));
  });

  it('does not stop what is protected', async () => {
    await using fleet = await openFleet({ instances: 0 });
    await addIn(fleet, 'a');
    await fleet.create({ desiredCount: 2 });
    await untilSteady(fleet);
    const { ecs, call } = fleet.room;
    const ids = fleet.live().map(({ id }) => id);
    await updateTaskProtection(ecs, { cluster: 'default', tasks: ids, protectionEnabled: true }, call);
    await addIn(fleet, 'b');
    await ecs.clock.advance(3_600_000);
    expect(fleet.room.tasksOf('default').map(({ id }) => id)).toEqual(ids);
    await fleet.until(() => zonesOf(fleet) === 'a1 b1', 3 * 3_600_000);
  });

  it('says when there is no room, and goes on when there is', async () => {
    await using fleet = await openFleet({ instances: 0 });
    await addIn(fleet, 'a');
    await fleet.create({ desiredCount: 4 });
    await untilSteady(fleet);
    await addIn(fleet, 'b', 256);
    await fleet.room.ecs.clock.advance(3_600_000);
    expect(zonesOf(fleet)).toBe('a4');
    expect(words(fleet).slice(0, 3)).toEqual([
      'stopped AZ Rebalancing.',
      expect.stringContaining('was unable to place a task'),
      expect.stringContaining('is not AZ balanced with 4 tasks in eu-west-1a, 0 tasks in eu-west-1b.'),
    ]);
    await addIn(fleet, 'b');
    await fleet.until(() => zonesOf(fleet) === 'a2 b2');
  });
});
