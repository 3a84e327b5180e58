import type { Scope } from '../arn.ts';
import { datapointsOfAnyUnit } from '../metrics/datapoints.ts';
import { type MetricStore, minuteMs } from '../metrics/metric-store.ts';
import { percentileOf, statisticValue } from '../metrics/statistics.ts';
import type { AlarmRecord } from '../records.ts';
import { evaluationRange, hasFewSamples, type Periods } from './evaluation.ts';

/** After the minute, for the last of its data to have come. */
export const settlingMs = 10_000;

/** The last minute whose data has come. */
export const settledMinute = (now: number): number => Math.floor((now - settlingMs) / minuteMs) * minuteMs;

/** What an alarm looks at: the periods before `to`, and from when. */
export interface Seen {
  readonly periods: Periods;
  readonly from: number;
  /** Something came, and too little of it to mean anything. */
  readonly isTooFew: boolean;
}

export async function lookBack(
  metrics: MetricStore,
  scope: Scope,
  alarm: AlarmRecord,
  to: number,
): Promise<Seen> {
  const periodMs = alarm.periodSeconds * 1000;
  const count = evaluationRange(alarm);
  const from = to - count * periodMs;
  const { metric, unit, statistic } = alarm;
  const found = await datapointsOfAnyUnit(metrics, scope, { metric, unit, from, to, periodMs });
  const percentile = percentileOf(statistic);
  const ignoresFew = percentile !== undefined && alarm.evaluateLowSampleCountPercentile === 'ignore';
  const periods: Periods = Array.from({ length: count }, (_, index) => {
    const start = to - (index + 1) * periodMs;
    const statistics = found.get(start);
    const value = statistics === undefined ? undefined : statisticValue(statistics, statistic);
    if (statistics === undefined || value === undefined) return undefined;
    if (ignoresFew && hasFewSamples(percentile, statistics.sampleCount)) return undefined;
    return { start, value, sampleCount: statistics.sampleCount };
  });
  const isTooFew = ignoresFew && found.size > 0 && periods.every((period) => period === undefined);
  return { periods, from, isTooFew };
}
