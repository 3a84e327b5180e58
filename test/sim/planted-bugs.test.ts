import { describe, expect, it } from 'vitest';
import { plantedBugs } from './planted-bugs.ts';
import { runSeed, SeedFailedError } from './run-seeds.ts';

/** Within so many seeds each must be seen. */
const mostSeeds = 150;

describe('the simulation finds planted bugs:', () => {
  it.each(plantedBugs)(
    '$name',
    async (bug) => {
      for (let seed = 1; seed <= mostSeeds; seed += 1) {
        try {
          await runSeed(seed, {}, bug);
        } catch (error) {
          if (!(error instanceof SeedFailedError)) throw error;
          expect(bug.breaks).toContain(error.failure.rule);
          return;
        }
      }
      expect.fail(`not seen by any of ${mostSeeds} seeds`);
    },
    120_000,
  );
});
