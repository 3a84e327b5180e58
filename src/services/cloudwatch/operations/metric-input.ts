import type { Dimension as SdkDimension, StandardUnit } from '@aws-sdk/client-cloudwatch';
import { Constraints } from '../../constraints.ts';
import { invalidValue, unsupported, validationError } from '../errors.ts';
import { type Dimension, type Metric, sortedDimensions } from '../metrics/metric-store.ts';
import { isStatistic } from '../metrics/statistics.ts';

/** What several operations read alike: metrics, units, statistics, periods, ranges of time. */

const units: Readonly<Record<StandardUnit, true>> = {
  Bits: true,
  'Bits/Second': true,
  Bytes: true,
  'Bytes/Second': true,
  Count: true,
  'Count/Second': true,
  Gigabits: true,
  'Gigabits/Second': true,
  Gigabytes: true,
  'Gigabytes/Second': true,
  Kilobits: true,
  'Kilobits/Second': true,
  Kilobytes: true,
  'Kilobytes/Second': true,
  Megabits: true,
  'Megabits/Second': true,
  Megabytes: true,
  'Megabytes/Second': true,
  Microseconds: true,
  Milliseconds: true,
  None: true,
  Percent: true,
  Seconds: true,
  Terabits: true,
  'Terabits/Second': true,
  Terabytes: true,
  'Terabytes/Second': true,
};

/** @throws InvalidParameterValueException */
export function checkUnit(path: string, unit: string | undefined): void {
  if (unit !== undefined && !Object.hasOwn(units, unit)) {
    throw invalidValue(`The parameter ${path} must be one of [${Object.keys(units).join(', ')}].`);
  }
}

interface NamesMetric {
  readonly Namespace?: string | undefined;
  readonly MetricName?: string | undefined;
  readonly Dimensions?: readonly SdkDimension[] | undefined;
}

const maxDimensions = 30;

/** @throws ValidationException, InvalidParameterValueException */
export function metricOf({ Namespace, MetricName, Dimensions = [] }: NamesMetric, path = ''): Metric {
  const constraints = new Constraints(validationError)
    .text(`${path}namespace`, Namespace, {
      isRequired: true,
      minLength: 1,
      maxLength: 255,
      pattern: '[^:].*',
    })
    .text(`${path}metricName`, MetricName, { isRequired: true, minLength: 1, maxLength: 255 })
    .list(`${path}dimensions`, Dimensions, { max: maxDimensions });
  const dimensions = Dimensions.map(({ Name, Value }, index): Dimension => {
    const at = `${path}dimensions.${index + 1}.member`;
    constraints
      .text(`${at}.name`, Name, { isRequired: true, minLength: 1, maxLength: 255 })
      .text(`${at}.value`, Value, { isRequired: true, minLength: 1, maxLength: 1024 });
    return { name: Name ?? '', value: Value ?? '' };
  });
  constraints.throwIfViolated();
  const names = new Set(dimensions.map(({ name }) => name));
  if (names.size !== dimensions.length)
    throw invalidValue(`The parameter ${path}Dimensions names a dimension twice.`);
  return { namespace: Namespace ?? '', name: MetricName ?? '', dimensions: sortedDimensions(dimensions) };
}

export const sdkDimensions = (dimensions: readonly Dimension[]): SdkDimension[] =>
  dimensions.map(({ name, value }) => ({ Name: name, Value: value }));

/** CloudWatch's other statistics, which need the distribution in another form. */
const otherStatistics = /^(IQM|(TM|WM|PR|TC|TS)\(|(tm|wm|tc|ts)\d)/;

/** @throws InvalidParameterValueException */
export function checkStatistic(path: string, statistic: string): void {
  if (otherStatistics.test(statistic)) throw unsupported(`The statistic ${statistic} is`);
  if (!isStatistic(statistic)) {
    throw invalidValue(`The value ${statistic} for parameter ${path} is not supported.`);
  }
}

/**
 * Milliseconds of a period in seconds.
 * @throws InvalidParameterValueException
 */
export function periodMsOf(path: string, seconds: number): number {
  if ([1, 5, 10, 20, 30].includes(seconds)) throw unsupported(`A ${path} below 60 seconds is`);
  if (!Number.isInteger(seconds) || seconds < 60 || seconds % 60 !== 0) {
    throw invalidValue(`The parameter ${path} must be a multiple of 60.`);
  }
  if (seconds > maxPeriodSeconds)
    throw invalidValue(`The parameter ${path} must be at most ${maxPeriodSeconds}.`);
  return seconds * 1000;
}

const maxPeriodSeconds = 365 * 24 * 60 * 60;

/** @throws InvalidParameterValueException */
export function rangeOf(start: Date | undefined, end: Date | undefined): { from: number; to: number } {
  const [from, to] = [start?.getTime() ?? 0, end?.getTime() ?? 0];
  if (from >= to) {
    throw invalidValue('The parameter StartTime must be less than the parameter EndTime.');
  }
  return { from, to };
}
