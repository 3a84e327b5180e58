import { describe, expect, it } from 'vitest';
import type { Random } from '../../../clock/index.ts';
import { openState, type State } from '../../../reconcile/index.ts';
import { createService, describeServices } from '../operations/service.ts';
import { services } from '../records.ts';
import { isStable, messages, openFleet, steady } from '../testing/fleet.ts';
import { key, openRoom } from '../testing/room.ts';
import { serviceDeployment } from './service-deployment.ts';

describe('whoever is killed', () => {
  /** A state that commits and then, often, does not live to tell. */
  function deadly(state: State, random: Random): State {
    return {
      get: (collection, recordKey) => state.get(collection, recordKey),
      list: (collection, prefix) => state.list(collection, prefix),
      byIndex: (collection, index, value) => state.byIndex(collection, index, value),
      countByIndex: (collection, index, value) => state.countByIndex(collection, index, value),
      latestByIndex: (collection, index, value) => state.latestByIndex(collection, index, value),
      reached: (revision) => state.reached(revision),
      subscribe: (collection, listener) => state.subscribe(collection, listener),
      transact: async (run) => {
        if (random.float() < 0.2) throw new Error('killed before the commit');
        const result = await state.transact(run);
        if (random.float() < 0.5) throw new Error('killed after the commit');
        return result;
      },
    };
  }

  it.each([1, 2, 3, 4, 5, 6])('at any point leaves nothing doubled or lost (seed %i)', async (seed) => {
    await using fleet = await openFleet({ through: deadly, seed, instances: 3 });
    await fleet.create();
    await fleet.until(() => messages(fleet.describe())[0] === steady, 3_600_000);
    expect(fleet.room.tasksOf('default')).toHaveLength(3);
    fleet.extremes();
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.until(
      () => messages(fleet.describe())[0] === steady && isStable(fleet.describe()),
      3_600_000,
    );
    expect(fleet.extremes()).toEqual({ most: 6, fewest: 3 });
    expect(
      fleet.room.tasksOf('default').filter(({ taskDefinition }) => taskDefinition.revision === 2),
    ).toHaveLength(3);
    expect(fleet.live()).toHaveLength(3);
  });
});

describe('two control planes over one store', () => {
  it('start nothing twice, however they coincide', async () => {
    await using room = await openRoom();
    const { ecs, call, store } = room;
    await room.addInstance();
    await room.addDefinition();
    await createService(ecs, { serviceName: 'web', taskDefinition: 'web:1', desiredCount: 3 }, call);
    await using other = await openState(store, { clock: ecs.clock });
    const schedulers = [ecs, { ...ecs, state: other }].map((each) => serviceDeployment(each));
    const serviceKey = key(services, 'default', 'web');
    const looks = schedulers.map((scheduler) => scheduler.reconcile(serviceKey, call.signal));
    await ecs.clock.advance(0);
    await Promise.all(looks);
    expect(room.tasksOf('default')).toHaveLength(3);
    const [service] = describeServices(ecs, { services: ['web'] }, call).services ?? [];
    expect(service?.events).toHaveLength(1);
  });
});
