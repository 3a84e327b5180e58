import type { StepRecord, StepScalingRecord } from './records.ts';

interface Breach {
  readonly policy: StepScalingRecord;
  /** How far the metric is above the alarm's threshold; below it is less than 0. */
  readonly breach: number;
  /** Whether the alarm is one for values that are too low. */
  readonly breachesBelow: boolean;
}

/**
 * The capacity that a step scaling policy makes of one ("How step scaling works", with its rules of rounding). Undefined: no
 * step is for such a breach.
 */
export function stepCapacity(
  { policy, breach, breachesBelow }: Breach,
  capacity: number,
): number | undefined {
  const isBelow = breach < 0 || (breach === 0 && breachesBelow);
  const step = policy.steps.find(isBelow ? reachesDownTo(breach) : reachesUpTo(breach));
  if (step === undefined) return undefined;
  switch (policy.adjustmentType) {
    case 'ExactCapacity':
      return step.adjustment;
    case 'ChangeInCapacity':
      return Math.max(0, capacity + step.adjustment);
    case 'PercentChangeInCapacity': {
      if (step.adjustment === 0) return capacity;
      const change = wholeChange((capacity * step.adjustment) / 100);
      const least = policy.minAdjustmentMagnitude ?? 0;
      const magnitude = Math.max(Math.abs(change), least);
      return Math.max(0, capacity + (step.adjustment < 0 ? -magnitude : magnitude));
    }
  }
}

/** Above the threshold a step's lower bound is its own and the upper one the next step's; below, the other way round. */
const reachesUpTo =
  (breach: number) =>
  ({ lower = Number.NEGATIVE_INFINITY, upper = Number.POSITIVE_INFINITY }: StepRecord): boolean =>
    lower <= breach && breach < upper;
const reachesDownTo =
  (breach: number) =>
  ({ lower = Number.NEGATIVE_INFINITY, upper = Number.POSITIVE_INFINITY }: StepRecord): boolean =>
    lower < breach && breach <= upper;

/** Towards 0, but what is anything at all is at least one. */
function wholeChange(change: number): number {
  const whole = Math.trunc(change);
  return whole === 0 ? Math.sign(change) : whole;
}
