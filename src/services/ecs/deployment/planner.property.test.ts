import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Happening, happening, strategies } from '../testing/happenings.ts';
import { isMovable, PlannedService, settle, zones } from '../testing/planned-service.ts';
import { isFinished } from './service-deployment-state.ts';
import { tasksByZone } from './zone-rebalancing.ts';

const runs = { numRuns: 300 };

/** Half of them are about services whose second deployment has begun to shift traffic. */
const beginning: fc.Arbitrary<readonly Happening[]> = fc.oneof(
  fc.constant([]),
  fc
    .constantFrom(...strategies)
    .map((strategy) => [{ type: 'strategize' as const, strategy }, { type: 'deploy' as const }]),
);

describe('the planner, whatever happens', () => {
  it('never exceeds the maximum, never stops below the minimum, and reaches what is desired', () => {
    fc.assert(
      fc.property(beginning, fc.array(happening, { maxLength: 80 }), (begun, happenings) => {
        const world = new PlannedService();
        for (const what of begun) world.happen(what);
        if (begun.length > 0) settle(world);
        for (const what of begun) world.happen(what);
        for (const what of happenings) world.happen(what);
        if (!isMovable(world.service)) world.happen({ type: 'configure', min: 0, max: 100 });
        settle(world);

        for (const record of world.serviceDeployments) expect(isFinished(record)).toBe(true);
        const [primary, ...others] = world.service.deployments;
        const current = world.serviceDeployments.at(-1);
        if (primary?.rolloutState === 'FAILED') {
          expect(['STOPPED', 'ROLLBACK_FAILED']).toContain(current?.status);
          expect(world.plan().steps).toEqual([]);
          return;
        }
        expect(others).toEqual([]);
        expect(primary).toMatchObject({ status: 'PRIMARY', rolloutState: 'COMPLETED' });
        if (primary?.id !== current?.target.deploymentId) expect(current?.status).toBe('ROLLBACK_SUCCESSFUL');
        else expect(['SUCCESSFUL', 'STOPPED']).toContain(current?.status);
        expect(world.production.get(world.groupOf(primary?.id ?? '') ?? '')).toBe(100);
        const live = world.live();
        expect(live).toHaveLength(world.service.desiredCount);
        for (const task of live)
          expect(task).toMatchObject({
            deploymentId: primary?.id,
            phase: 'running',
            health: { type: 'healthy' },
          });
        const { desiredCount, deploymentConfiguration } = world.service;
        if (Math.floor((desiredCount * deploymentConfiguration.maximumPercent) / 100) > desiredCount) {
          const counts = [...tasksByZone(live, zones).values()];
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
        expect(world.service).not.toHaveProperty('rebalancing');
        expect(world.plan().steps).toEqual([]);
        expect(world.service.events.length).toBeLessThanOrEqual(100);
        expect(world.service.events[0]?.message).toBe('(service web) has reached a steady state.');
      }),
      runs,
    );
  });

  it('ends a deleted service with no task left and starts nothing any more', () => {
    fc.assert(
      fc.property(
        fc.array(happening, { maxLength: 40 }),
        fc.array(happening, { maxLength: 20 }),
        (before, after) => {
          const world = new PlannedService();
          for (const what of before) world.happen(what);
          world.happen({ type: 'delete' });
          const known = world.tasks.length;
          for (const what of after) world.happen(what);
          settle(world);
          expect(world.service).toMatchObject({ status: 'INACTIVE', deployments: [] });
          expect(world.live()).toEqual([]);
          expect(world.tasks).toHaveLength(known);
          expect(world.plan().steps).toEqual([]);
        },
      ),
      runs,
    );
  });

  it('says the same when asked again, and waits no longer than it must', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
        const world = new PlannedService();
        for (const what of happenings) world.happen(what);
        const plan = world.plan();
        expect(world.plan()).toEqual(plan);
        expect(plan.lookAgainAfterMs ?? 1).toBeGreaterThan(0);
        if (plan.steps.length > 0 || plan.lookAgainAfterMs === undefined) return;
        // Nothing is due before it said.
        world.now += plan.lookAgainAfterMs - 1;
        expect(world.plan().steps).toEqual([]);
      }),
      runs,
    );
  });
});
