import { describe, expect, it } from 'vitest';
import type { LifecycleRecord, LifecycleStage } from '../records.ts';
import { nextStage, type Passage } from './stages.ts';

const passage: Passage = {
  ...{ now: 1_000, isUp: true, canServe: true, canSourceServe: true, isAtSource: false, isServed: true },
  ...{ hasOthers: false, hasTestRule: true, areHooksDone: true, bakeMs: 0 },
};

const inStage = (stage: LifecycleStage, stepsTaken = 0): LifecycleRecord => ({
  ...{ stage, stepsTaken, enteredAt: 0, isRollback: false, steps: [50, 100], stepBakeMs: 0, hooks: [] },
  traffic: { production: 0 },
});

describe('nextStage()', () => {
  it.each([
    [inStage('TEST_TRAFFIC_SHIFT'), 'POST_TEST_TRAFFIC_SHIFT'],
    [inStage('PRODUCTION_TRAFFIC_SHIFT', 1), 'PRE_PRODUCTION_TRAFFIC_SHIFT'],
    [inStage('PRODUCTION_TRAFFIC_SHIFT', 2), 'POST_PRODUCTION_TRAFFIC_SHIFT'],
  ])('leaves %j when a target is healthy where traffic has been shifted to', (lifecycle, next) => {
    expect(nextStage(lifecycle, { ...passage, isServed: false })).toBeUndefined();
    expect(nextStage(lifecycle, passage)?.stage).toBe(next);
  });

  it('waits for no target where no test traffic is shifted', () => {
    const unserved = { ...passage, isServed: false, hasTestRule: false };
    expect(nextStage(inStage('TEST_TRAFFIC_SHIFT'), unserved)?.stage).toBe('POST_TEST_TRAFFIC_SHIFT');
  });
});
