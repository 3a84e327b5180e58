import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computedDesiredCount } from './task-sets.ts';

const computed = (desiredCount: number, scale: number) =>
  computedDesiredCount({ status: 'ACTIVE', desiredCount }, { status: 'ACTIVE', scale });

describe('the computed desired count', () => {
  it.each([
    [10, 50, 5],
    [10, 55, 6],
    [3, 33.3, 1],
    [3, 33.4, 2],
    [10, 70, 7],
    [1, 0.1, 1],
    [5, 0, 0],
    [0, 100, 0],
  ])('of %i at %d percent is %i', (desired, scale, count) => {
    expect(computed(desired, scale)).toBe(count);
  });

  it('of a set or service that is being deleted is 0', () => {
    const desiredCount = 4;
    expect(computedDesiredCount({ status: 'ACTIVE', desiredCount }, { status: 'DRAINING', scale: 100 })).toBe(
      0,
    );
    expect(
      computedDesiredCount({ status: 'DRAINING', desiredCount }, { status: 'PRIMARY', scale: 100 }),
    ).toBe(0);
  });

  it('is never short of its share, never more than one task above it, and never shrinks with the scale', () => {
    const tenths = fc.integer({ min: 0, max: 1_000 });
    fc.assert(
      fc.property(fc.nat(5_000), tenths, tenths, (desired, one, other) => {
        const [less, more] = one < other ? [one, other] : [other, one];
        const count = computed(desired, less / 10);
        expect(count * 1_000).toBeGreaterThanOrEqual(desired * less);
        expect((count - 1) * 1_000).toBeLessThan(desired * less || 1);
        expect(computed(desired, more / 10)).toBeGreaterThanOrEqual(count);
        expect(computed(desired, 100)).toBe(desired);
      }),
    );
  });
});
