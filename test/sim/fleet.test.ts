import { describe, it } from 'vitest';
import { runSeeds } from './run-seeds.ts';

describe('nothing breaks in a large world:', () => {
  // The last of them has Fargate hosts and groups, too.
  it.each([1, 2, 4])(
    '100 instances, seed %i',
    (seed) => runSeeds(seed, 1, { instances: 100, steps: 60 }),
    300_000,
  );

  it('2,000 instances', () => runSeeds(3, 1, { instances: 2_000, steps: 60, minutes: 1 }), 600_000);
});
