import type { MetricDatum, PutMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import { Constraints } from '../../constraints.ts';
import type { Call } from '../../service.ts';
import type { CloudWatchContext } from '../context.ts';
import {
  invalidCombination,
  invalidValue,
  missingParameter,
  unsupported,
  validationError,
} from '../errors.ts';
import type { Sample } from '../metrics/metric-store.ts';
import { type Statistics, statisticsOf, statisticsOfSet } from '../metrics/statistics.ts';
import { checkUnit, metricOf } from './metric-input.ts';

const maxData = 1_000;
const maxValues = 150;
/** Values lie within -2^360 and 2^360 (API reference, MetricDatum). */
const maxMagnitude = 2 ** 360;
const hourMs = 60 * 60 * 1000;
const maxAgeMs = 14 * 24 * hourMs;
const maxAheadMs = 2 * hourMs;

export async function putMetricData(
  { metrics }: CloudWatchContext,
  input: PutMetricDataCommandInput,
  call: Call,
): Promise<object> {
  const { Namespace, MetricData = [], EntityMetricData } = input;
  if (EntityMetricData !== undefined && EntityMetricData.length > 0)
    throw unsupported('The parameter EntityMetricData is');
  if (MetricData.length === 0) throw missingParameter('MetricData');
  new Constraints(validationError).list('metricData', MetricData, { max: maxData }).throwIfViolated();
  if (Namespace?.startsWith('AWS/') === true) {
    throw invalidValue('The value AWS/ for parameter Namespace is invalid: it is reserved for services.');
  }
  const samples = MetricData.map((datum, index) => sampleOf(Namespace, datum, index, call.now));
  await metrics.put(call, samples, call.now);
  return {};
}

function sampleOf(namespace: string | undefined, datum: MetricDatum, index: number, now: number): Sample {
  const path = `MetricData.member.${index + 1}`;
  const metric = metricOf({ ...datum, Namespace: namespace }, `metricData.${index + 1}.member.`);
  checkUnit(`${path}.Unit`, datum.Unit);
  if (datum.StorageResolution !== undefined && datum.StorageResolution !== 60) {
    if (datum.StorageResolution === 1) throw unsupported('A StorageResolution of 1 second is');
    throw invalidValue(`The parameter ${path}.StorageResolution must be 1 or 60.`);
  }
  const timestamp = datum.Timestamp?.getTime() ?? now;
  if (timestamp < now - maxAgeMs || timestamp > now + maxAheadMs) {
    throw invalidValue(
      `The parameter ${path}.Timestamp must specify a time within the past two weeks and no more than two hours in the future.`,
    );
  }
  return { metric, unit: datum.Unit ?? 'None', timestamp, statistics: statisticsOfDatum(datum, path) };
}

function statisticsOfDatum(
  { Value, Values, Counts, StatisticValues }: MetricDatum,
  path: string,
): Statistics {
  const given = [Value, Values, StatisticValues].filter((each) => each !== undefined).length;
  if (given === 0) {
    throw missingParameter(`${path}.Value`);
  }
  if (given > 1) {
    throw invalidCombination(
      `The parameters ${path}.Value, ${path}.Values and ${path}.StatisticValues are mutually exclusive and you have specified more than one.`,
    );
  }
  if (StatisticValues !== undefined) {
    const { SampleCount = 0, Sum = 0, Minimum = 0, Maximum = 0 } = StatisticValues;
    for (const [name, value] of Object.entries({ SampleCount, Sum, Minimum, Maximum }))
      checkNumber(`${path}.StatisticValues.${name}`, value);
    if (SampleCount <= 0)
      throw invalidValue(`The parameter ${path}.StatisticValues.SampleCount must be greater than 0.`);
    if (Minimum > Maximum)
      throw invalidValue(`The parameter ${path}.StatisticValues.Maximum must be at least the Minimum.`);
    return statisticsOfSet({ sampleCount: SampleCount, sum: Sum, minimum: Minimum, maximum: Maximum });
  }
  const values = Values ?? (Value === undefined ? [] : [Value]);
  if (values.length === 0 || values.length > maxValues)
    throw invalidValue(`The parameter ${path}.Values must have 1 to ${maxValues} values.`);
  if (Counts !== undefined && Counts.length !== values.length)
    throw invalidValue(`The parameters ${path}.Values and ${path}.Counts must be of the same size.`);
  return statisticsOf(
    values.map((value, place) => {
      const count = Counts?.[place] ?? 1;
      checkNumber(`${path}.Value`, value);
      checkNumber(`${path}.Counts`, count);
      if (count <= 0) throw invalidValue(`The parameter ${path}.Counts must be greater than 0.`);
      return [value, count];
    }),
  );
}

function checkNumber(path: string, value: number): void {
  if (!Number.isFinite(value) || Math.abs(value) > maxMagnitude) {
    throw invalidValue(`The value ${value} for parameter ${path} is invalid.`);
  }
}
