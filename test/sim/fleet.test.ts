import { describe, it } from 'vitest';
import { runSeeds } from './run-seeds.ts';

describe('nothing breaks in a large world:', () => {
  it.each([1, 2, 3])(
    '100 instances, seed %i',
    (seed) => runSeeds(seed, 1, { instances: 100, steps: 60 }),
    300_000,
  );

  it('2,000 instances', () => runSeeds(4, 1, { instances: 2_000, steps: 60, minutes: 1 }), 600_000);
});
