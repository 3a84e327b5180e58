import type {
  GetMetricStatisticsCommandInput,
  GetMetricStatisticsOutput,
  Datapoint as SdkDatapoint,
} from '@aws-sdk/client-cloudwatch';
import type { Call } from '../../service.ts';
import type { CloudWatchContext } from '../context.ts';
import { invalidCombination, missingParameter } from '../errors.ts';
import { type Datapoint, datapoints, roundedStart } from '../metrics/datapoints.ts';
import { simpleStatistics, statisticValue } from '../metrics/statistics.ts';
import { checkStatistic, checkUnit, metricOf, periodMsOf, rangeOf } from './metric-input.ts';

const maxDatapoints = 1_440;

export async function getMetricStatistics(
  { metrics }: CloudWatchContext,
  input: GetMetricStatisticsCommandInput,
  call: Call,
): Promise<GetMetricStatisticsOutput> {
  const { Statistics = [], ExtendedStatistics = [], Unit: unit } = input;
  const metric = metricOf(input);
  const periodMs = periodMsOf('Period', input.Period ?? 0);
  const range = rangeOf(input.StartTime, input.EndTime);
  checkUnit('Unit', unit);
  if (Statistics.length === 0 && ExtendedStatistics.length === 0) {
    throw missingParameter('Statistics or ExtendedStatistics');
  }
  if (Statistics.length > 0 && ExtendedStatistics.length > 0) {
    throw invalidCombination(
      'The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified both.',
    );
  }
  for (const name of Statistics) checkStatistic('Statistics', name);
  for (const name of ExtendedStatistics) checkStatistic('ExtendedStatistics', name);
  const from = roundedStart(range.from, call.now);
  const asked = Math.ceil((range.to - from) / periodMs);
  if (asked > maxDatapoints) {
    throw invalidCombination(
      `You have requested up to ${asked} datapoints, which exceeds the limit of ${maxDatapoints}. ` +
        'You may reduce the datapoints requested by increasing Period, or decreasing the time range.',
    );
  }
  const found = await datapoints(metrics, call, { metric, unit, from, to: range.to, periodMs });
  return {
    Label: metric.name,
    Datapoints: found.map((each) => sdkDatapoint(each, new Set(Statistics), ExtendedStatistics)),
  };
}

function sdkDatapoint(
  { start, unit, statistics }: Datapoint,
  simple: ReadonlySet<string>,
  extended: readonly string[],
): SdkDatapoint {
  const percentiles: Record<string, number> = {};
  for (const name of extended) {
    const value = statisticValue(statistics, name);
    if (value !== undefined) percentiles[name] = value;
  }
  const wanted = simpleStatistics
    .filter((name) => simple.has(name))
    .map((name) => [name, statisticValue(statistics, name)] as const);
  return {
    Timestamp: new Date(start),
    ...Object.fromEntries(wanted),
    Unit: unitOf(unit),
    ...(extended.length === 0 ? {} : { ExtendedStatistics: percentiles }),
  };
}

/** Only units of the SDK's list are ever stored. */
function unitOf(unit: string): SdkDatapoint['Unit'] {
  return unit as SdkDatapoint['Unit'];
}
