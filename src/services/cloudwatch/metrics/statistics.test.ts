import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStatistic, mergeStatistics, statisticsOf, statisticsOfSet, statisticValue } from './statistics.ts';

const of = (...values: readonly number[]) => statisticsOf(values.map((value) => [value, 1] as const));

describe('statistics', () => {
  it.each([
    ['SampleCount', 4],
    ['Sum', 20],
    ['Average', 5],
    ['Minimum', 1],
    ['Maximum', 9],
    ['p0', 1],
    ['p50', 4],
    ['p75', 6],
    ['p100', 9],
  ])('%s of 1, 4, 6, 9 is %d', (name, value) => {
    expect(statisticValue(of(6, 1, 9, 4), name)).toBe(value);
  });

  it('knows its names', () => {
    for (const name of ['Average', 'p50', 'p99.9', 'p0', 'p100']) expect(isStatistic(name), name).toBe(true);
    for (const name of ['average', 'p', 'p101', 'p99.', 'tm90', 'Median'])
      expect(isStatistic(name), name).toBe(false);
  });

  it('does not make up what lies between the extremes of a statistic set', () => {
    const set = statisticsOfSet({ sampleCount: 3, sum: 12, minimum: 1, maximum: 9 });
    expect(statisticValue(set, 'Average')).toBe(4);
    expect(statisticValue(set, 'p50')).toBeUndefined();
    expect(statisticValue(mergeStatistics(set, of(4)), 'p50')).toBeUndefined();
    expect(statisticValue(statisticsOfSet({ sampleCount: 3, sum: 12, minimum: 4, maximum: 4 }), 'p50')).toBe(
      4,
    );
  });

  const values = fc.array(
    fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.double({ min: -1e9, max: 1e9, noNaN: true })),
    { minLength: 1, maxLength: 60 },
  );

  it('answers a percentile within half a percent of the value that has it', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 100 }), (all, percentile) => {
        const sorted = all.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)] ?? 0;
        const answered = statisticValue(of(...all), `p${percentile}`) ?? Number.NaN;
        expect(Math.abs(answered - exact)).toBeLessThanOrEqual(Math.abs(exact) * 0.005_01 + 1e-300);
      }),
    );
  });

  it('is the same whether values come together or apart, in any order', () => {
    fc.assert(
      fc.property(values, values, (some, others) => {
        const apart = mergeStatistics(of(...some), of(...others));
        const together = of(...others, ...some);
        expect(apart.sampleCount).toBe(together.sampleCount);
        expect(apart.minimum).toBe(together.minimum);
        expect(apart.maximum).toBe(together.maximum);
        expect(new Map(apart.distribution)).toEqual(together.distribution);
      }),
    );
  });
});
