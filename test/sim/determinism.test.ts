import { describe, expect, it } from 'vitest';
import { planOf } from './plan.ts';
import { runSeed } from './run-seeds.ts';
import { simulate } from './simulation.ts';

describe('a seed', () => {
  it('gives the same run each time, and another gives another', async () => {
    const hashes: string[] = [];
    for (let seed = 1; seed <= 12; seed += 1) {
      const hash = await runSeed(seed);
      expect(await runSeed(seed)).toBe(hash);
      hashes.push(hash);
    }
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('gives the same run when somebody watches', async () => {
    const lines: string[] = [];
    const { hash } = await simulate({ plan: planOf(3), print: (line) => lines.push(line) });
    expect(hash).toBe(await runSeed(3));
    expect(lines.length).toBeGreaterThan(20);
  });

  it('runs without the steps that are left out', async () => {
    const all = planOf(5).steps;
    const some = planOf(5, { without: new Set([1, 2]) }).steps;
    expect(some).toEqual(all.filter(({ number }) => number !== 1 && number !== 2));
  });
});
