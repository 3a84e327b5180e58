import { expect, it } from 'vitest';
import type { StepRecord, StepScalingRecord } from './records.ts';
import { stepCapacity } from './step-scaling.ts';

type Adjustment = StepScalingRecord['adjustmentType'];

/** As the user guide's tables: `lower..upper adjustment`, an absent bound left out. */
function policy(
  adjustmentType: Adjustment,
  text: string,
  minAdjustmentMagnitude?: number,
): StepScalingRecord {
  const steps = text.split(', ').map((each): StepRecord => {
    const [, lower, upper, adjustment] = /^(-?\d*)\.\.(-?\d*) ([-+]?\d+)$/.exec(each) ?? [];
    return {
      ...(lower ? { lower: Number(lower) } : {}),
      ...(upper ? { upper: Number(upper) } : {}),
      adjustment: Number(adjustment),
    };
  });
  const magnitude = minAdjustmentMagnitude === undefined ? {} : { minAdjustmentMagnitude };
  return { type: 'StepScaling', adjustmentType, steps, ...magnitude };
}

const out = '0..10 0, 10..20 10, 20.. 30';
const inwards = '-10..0 0, -20..-10 -10, ..-20 -30';

it.each([
  // "Step adjustments for Application Auto Scaling": a threshold of 50 with 10 tasks.
  ['PercentChangeInCapacity', out, 0, 10, 10],
  ['PercentChangeInCapacity', out, 9, 10, 10],
  ['PercentChangeInCapacity', out, 10, 10, 11],
  ['PercentChangeInCapacity', out, 20, 10, 13],
  ['PercentChangeInCapacity', out, 500, 10, 13],
  ['PercentChangeInCapacity', out, -1, 10, undefined],
  ['PercentChangeInCapacity', inwards, -9, 10, 10],
  ['PercentChangeInCapacity', inwards, -10, 10, 9],
  ['PercentChangeInCapacity', inwards, -11, 10, 9],
  ['PercentChangeInCapacity', inwards, -20, 10, 7],
  ['PercentChangeInCapacity', inwards, -21, 10, 7],
  ['PercentChangeInCapacity', inwards, 1, 10, undefined],
  // Rounding: 12.7 is 12, 0.67 is 1, -0.58 is -1, -6.67 is -6.
  ['PercentChangeInCapacity', '0.. 127', 1, 10, 22],
  ['PercentChangeInCapacity', '0.. 67', 1, 1, 2],
  ['PercentChangeInCapacity', '0.. -58', 1, 1, 0],
  ['PercentChangeInCapacity', '0.. -667', 1, 1, 0],
  ['PercentChangeInCapacity', '0.. -29', 1, 23, 17],
  ['ChangeInCapacity', '0..10 1, 10.. 3', 10, 2, 5],
  ['ChangeInCapacity', '0.. -5', 1, 2, 0],
  ['ExactCapacity', '0..10 4, 10.. 8', 3, 2, 4],
] as const)('%s of %s, %d beyond the threshold, makes %d to %s', (type, steps, breach, capacity, result) => {
  expect(stepCapacity({ policy: policy(type, steps), breach, breachesBelow: false }, capacity)).toBe(result);
});

it('changes by at least the minimum magnitude, unless by nothing', () => {
  const at = (breach: number) =>
    stepCapacity(
      { policy: policy('PercentChangeInCapacity', '0..5 0, 5.. 25', 2), breach, breachesBelow: false },
      4,
    );
  expect([at(1), at(5)]).toEqual([4, 6]);
});

it('takes the step on its alarm’s side where the threshold is just reached', () => {
  const steps = policy('ChangeInCapacity', '..0 -1, 0.. 1');
  expect(stepCapacity({ policy: steps, breach: 0, breachesBelow: true }, 4)).toBe(3);
  expect(stepCapacity({ policy: steps, breach: 0, breachesBelow: false }, 4)).toBe(5);
});
