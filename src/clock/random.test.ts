import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';
import { alphanumeric, digits, hex, uuid } from './ids.ts';
import type { Random } from './random.ts';
import { seededRandom } from './seeded-random.ts';
import { systemRandom } from './system-random.ts';

describe.each<[string, () => Random]>([
  ['systemRandom', () => systemRandom()],
  ['seededRandom', () => seededRandom(42)],
])('%s', (_, make) => {
  it('spreads floats over [0, 1)', () => {
    const random = make();
    const floats = Array.from({ length: 10_000 }, () => random.float());
    expect(floats.every((float) => float >= 0 && float < 1)).toBe(true);
    const mean = floats.reduce((sum, float) => sum + float, 0) / floats.length;
    expect(mean).toBeGreaterThan(0.48);
    expect(mean).toBeLessThan(0.52);
    expect(new Set(floats).size).toBe(floats.length);
  });

  it('gives every integer below the bound, and no other', () => {
    const random = make();
    const counts = new Map<number, number>();
    for (let draw = 0; draw < 6_000; draw++) {
      const integer = random.integer(6);
      counts.set(integer, (counts.get(integer) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(200);
    expect(() => random.integer(0)).toThrow(RangeError);
  });

  it('gives as many bytes as asked for, of all values', () => {
    const random = make();
    expect(random.bytes(0)).toHaveLength(0);
    expect(new Set(random.bytes(10_000)).size).toBe(256);
  });
});

describe('seededRandom', () => {
  it('repeats itself, and only for the same seed', () => {
    const draws = (seed: number | string): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 20 }, () => random.integer(1_000_000));
    };
    expect(draws(1)).toEqual(draws(1));
    expect(draws('a seed')).toEqual(draws('a seed'));
    const first = Array.from({ length: 1_000 }, (_, seed) => draws(seed).join());
    expect(new Set(first).size).toBe(1_000);
  });
});

describe('ids', () => {
  const random = seededRandom('ids');

  it('look as they should', () => {
    for (let draw = 0; draw < 200; draw++) {
      expect(uuid(random)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(hex(random, 17)).toMatch(/^[0-9a-f]{17}$/);
      expect(digits(random, 19)).toMatch(/^[0-9]{19}$/);
      expect(alphanumeric(random, 40)).toMatch(/^[A-Za-z0-9]{40}$/);
    }
  });

  it('do not repeat', () => {
    expect(new Set(Array.from({ length: 5_000 }, () => uuid(random))).size).toBe(5_000);
  });
});

describe('backoffMs', () => {
  it('grows from the least to the most, never outside them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer(), (failures, seed) => {
        const waitMs = backoffMs(failures, seededRandom(seed), { leastMs: 250, mostMs: 120_000 });
        expect(waitMs).toBeGreaterThanOrEqual(Math.min(60_000, 250 * 2 ** (failures - 1)));
        expect(waitMs).toBeLessThanOrEqual(Math.min(120_000, 250 * 2 ** failures));
      }),
    );
  });

  it('differs between those who failed together', () => {
    const random = seededRandom('jitter');
    const waits = Array.from({ length: 100 }, () => backoffMs(5, random, { leastMs: 250, mostMs: 120_000 }));
    expect(new Set(waits).size).toBeGreaterThan(90);
  });
});
