import type { AlarmRecord, ComparisonOperator, StateValue } from '../records.ts';
import {
  insufficientDataReason,
  type SeenDatapoint,
  thresholdReason,
  untilThresholdReason,
} from './reasons.ts';

export interface Verdict {
  readonly value: StateValue;
  readonly reason: string;
  /** What the verdict rests on, the most recent last; for the reason's data. */
  readonly evaluated: readonly SeenDatapoint[];
}

/** The last periods of an alarm's metric, the most recent first; undefined where there is no data point. */
export type Periods = readonly (SeenDatapoint | undefined)[];

/** How many periods are looked at, so that data points which come late or not at all can be told apart. */
export const evaluationRange = ({ evaluationPeriods }: Pick<AlarmRecord, 'evaluationPeriods'>): number =>
  evaluationPeriods + 2;

/**
 * Decides an alarm's state as CloudWatch does (user guide, "Alarm evaluation" and "Configuring how CloudWatch
 * alarms treat missing data"): the most recent data points that there are count; only where there are fewer than
 * the evaluation periods, missing ones fill in as the alarm says. Undefined: it stays as it is.
 */
export function evaluate(alarm: AlarmRecord, periods: Periods): Verdict | undefined {
  const { evaluationPeriods, datapointsToAlarm = evaluationPeriods, treatMissingData = 'missing' } = alarm;
  const real = periods.filter((each) => each !== undefined).slice(0, evaluationPeriods);
  const missing = evaluationPeriods - real.length;
  const breaching = real.filter(({ value }) => breaches(value, alarm));
  const evaluated = real.toReversed();
  const decide = (value: 'OK' | 'ALARM'): Verdict => ({
    value,
    evaluated,
    reason:
      missing > 0 && (treatMissingData === 'breaching' || treatMissingData === 'notBreaching')
        ? untilThresholdReason(real.length, evaluationPeriods, treatMissingData)
        : thresholdReason(alarm, value, real, breaching),
  });

  if (missing === 0) return decide(breaching.length >= datapointsToAlarm ? 'ALARM' : 'OK');
  switch (treatMissingData) {
    case 'breaching':
      return decide(breaching.length + missing >= datapointsToAlarm ? 'ALARM' : 'OK');
    case 'notBreaching':
      return decide(breaching.length >= datapointsToAlarm ? 'ALARM' : 'OK');
    case 'ignore':
      if (breaching.length >= datapointsToAlarm) return decide('ALARM');
      return breaching.length < real.length ? decide('OK') : undefined;
    case 'missing': {
      if (real.length === 0) {
        return {
          value: 'INSUFFICIENT_DATA',
          reason: insufficientDataReason(evaluationPeriods),
          evaluated: [],
        };
      }
      if (breaching.length >= datapointsToAlarm) return decide('ALARM');
      if (breaching.length < real.length) return decide('OK');
      // All that came was bad and then nothing came any more: bad enough once it is as old as the data points
      // that it takes. Until then it is too early to tell.
      const oldestAge = periods.findLastIndex((each) => each !== undefined) + 1;
      return oldestAge >= datapointsToAlarm ? decide('ALARM') : undefined;
    }
  }
}

const comparisons: Readonly<Record<ComparisonOperator, (value: number, threshold: number) => boolean>> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

function breaches(
  value: number,
  { comparisonOperator, threshold }: Pick<AlarmRecord, 'comparisonOperator' | 'threshold'>,
): boolean {
  return comparisons[comparisonOperator](value, threshold);
}

/**
 * Whether a percentile rests on too few values to mean anything: half a percent of the values on the far side
 * would be less than ten (user guide, "Percentile-based alarms and low data samples").
 */
export function hasFewSamples(percentile: number, sampleCount: number): boolean {
  const share = percentile / 100;
  const tail = share >= 0.5 ? 1 - share : share;
  return sampleCount < 10 / tail;
}
