import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CapacityProviderStrategy } from '../records.ts';
import { shareOut } from './strategy.ts';

const tally = (names: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};
const item = (capacityProvider: string, weight: number, base = 0) => ({ capacityProvider, weight, base });
const nobody: ReadonlyMap<string, number> = new Map();

describe('how tasks are shared out', () => {
  const cases: readonly [
    string,
    CapacityProviderStrategy,
    Record<string, number>,
    number,
    Record<string, number>,
  ][] = [
    ['by weight', [item('A', 1), item('B', 4)], {}, 10, { A: 2, B: 8 }],
    ['the base first', [item('A', 1, 3), item('B', 1)], {}, 3, { A: 3 }],
    ['the base, then by weight', [item('A', 1, 3), item('B', 1)], {}, 7, { A: 5, B: 2 }],
    ['nothing beyond its base to weight 0', [item('A', 0, 2), item('B', 1)], {}, 6, { A: 2, B: 4 }],
    ['everything to a single provider, whatever its weight', [item('A', 0)], {}, 3, { A: 3 }],
    ['on from what the service has', [item('A', 1, 2), item('B', 1)], { A: 2, B: 1 }, 1, { A: 1 }],
    ['to make up for a base that was lost', [item('A', 1, 2), item('B', 1)], { A: 1, B: 5 }, 1, { A: 1 }],
    ['to the one that is behind', [item('A', 1), item('B', 1)], { A: 4 }, 4, { B: 4 }],
  ];
  it.each(cases)('%s', (_, strategy, placed, count, expected) => {
    expect(tally(shareOut(strategy, new Map(Object.entries(placed)), count))).toEqual(expected);
  });
});

const anyStrategy: fc.Arbitrary<CapacityProviderStrategy> = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 20 }),
    fc.nat(),
    fc.integer({ min: 0, max: 20 }),
  )
  .filter(([weights]) => weights.some((weight) => weight > 0))
  .map(([weights, which, base]) =>
    weights.map((weight, index) => item(`p${index}`, weight, index === which % weights.length ? base : 0)),
  );

describe('whatever the strategy', () => {
  it('all tasks are shared out, and those of the base come first', () => {
    fc.assert(
      fc.property(anyStrategy, fc.integer({ min: 0, max: 60 }), (strategy, count) => {
        const chosen = shareOut(strategy, nobody, count);
        expect(chosen).toHaveLength(count);
        const based = strategy.find(({ base }) => base > 0);
        if (based !== undefined)
          expect(new Set(chosen.slice(0, based.base))).toEqual(
            new Set(count > 0 ? [based.capacityProvider] : []),
          );
      }),
    );
  });

  it('one launch of many is many launches of one', () => {
    fc.assert(
      fc.property(anyStrategy, fc.integer({ min: 0, max: 60 }), (strategy, count) => {
        const placed = new Map<string, number>();
        const chosen: string[] = [];
        for (let task = 0; task < count; task += 1) {
          const [next = ''] = shareOut(strategy, placed, 1);
          placed.set(next, (placed.get(next) ?? 0) + 1);
          chosen.push(next);
        }
        expect(chosen).toEqual(shareOut(strategy, nobody, count));
      }),
    );
  });

  it('a whole round above the base is in the ratio of the weights, exactly', () => {
    const small = fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: 2, maxLength: 5 })
      .filter((weights) => weights.some((weight) => weight > 0));
    fc.assert(
      fc.property(
        small,
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        (weights, base, rounds) => {
          const strategy = weights.map((weight, index) => item(`p${index}`, weight, index === 0 ? base : 0));
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const counts = tally(shareOut(strategy, nobody, base + rounds * total));
          for (const [index, weight] of weights.entries())
            expect(counts[`p${index}`] ?? 0).toBe(rounds * weight + (index === 0 ? base : 0));
        },
      ),
    );
  });
});
