import type { AlarmRecord, ComparisonOperator } from '../records.ts';

/** One period's value of an alarm's statistic. */
export interface SeenDatapoint {
  /** When the period begins; epoch milliseconds. */
  readonly start: number;
  readonly value: number;
  readonly sampleCount: number;
}

/** An alarm's first state. */
export const uncheckedReason = 'Unchecked: Initial alarm creation';

const operatorWords: Readonly<Record<ComparisonOperator, string>> = {
  GreaterThanOrEqualToThreshold: 'greater than or equal to',
  GreaterThanThreshold: 'greater than',
  LessThanThreshold: 'less than',
  LessThanOrEqualToThreshold: 'less than or equal to',
};

/** In the words that people's scripts already look for in AWS's alarms. */
export function thresholdReason(
  alarm: AlarmRecord,
  value: 'OK' | 'ALARM',
  real: readonly SeenDatapoint[],
  breaching: readonly SeenDatapoint[],
): string {
  const { evaluationPeriods, datapointsToAlarm = evaluationPeriods, threshold } = alarm;
  const isAlarm = value === 'ALARM';
  const shown = isAlarm ? breaching : real.filter((each) => !breaching.includes(each));
  const minimum = isAlarm ? datapointsToAlarm : evaluationPeriods - datapointsToAlarm + 1;
  const list = shown.map((each) => `${double(each.value)} (${shortTime(each.start)})`).join(', ');
  return (
    `Threshold Crossed: ${shown.length} out of the last ${counted(real.length, 'datapoint', true)} [${list}] ` +
    `${shown.length === 1 ? 'was' : 'were'}${isAlarm ? '' : ' not'} ${operatorWords[alarm.comparisonOperator]} ` +
    `the threshold (${double(threshold)}) (minimum ${counted(minimum, 'datapoint')} for ` +
    `${isAlarm ? 'OK -> ALARM' : 'ALARM -> OK'} transition).`
  );
}

/** Where missing data points were taken for good or bad ones. */
export function untilThresholdReason(
  received: number,
  periods: number,
  treatment: 'breaching' | 'notBreaching',
): string {
  const missing = counted(periods - received, 'missing datapoint');
  const treated = treatment === 'breaching' ? 'Breaching' : 'NonBreaching';
  const were = periods - received === 1 ? 'was' : 'were';
  const seen =
    received === 0
      ? 'no datapoints were'
      : received === 1
        ? '1 datapoint was'
        : `${received} datapoints were`;
  return (
    `Threshold Crossed: ${seen} received for ${counted(periods, 'period')} and ` +
    `${missing} ${were} treated as [${treated}].`
  );
}

export function insufficientDataReason(periods: number): string {
  return `Insufficient Data: ${counted(periods, 'datapoint')} ${periods === 1 ? 'was' : 'were'} unknown.`;
}

/** The machine-readable half of a reason. */
export function reasonData(
  alarm: AlarmRecord,
  evaluated: readonly SeenDatapoint[],
  from: number,
  now: number,
): string {
  return JSON.stringify({
    version: '1.0',
    queryDate: isoWithOffset(now),
    startDate: isoWithOffset(evaluated[0]?.start ?? from),
    ...(alarm.unit === undefined ? {} : { unit: alarm.unit }),
    statistic: alarm.statistic,
    period: alarm.periodSeconds,
    recentDatapoints: evaluated.map(({ value }) => value),
    threshold: alarm.threshold,
    evaluatedDatapoints: evaluated
      .toReversed()
      .map(({ start, sampleCount, value }) => ({ timestamp: isoWithOffset(start), sampleCount, value })),
  });
}

/** AWS says "the last 1 datapoints" in the one place, and counts properly in all others. */
function counted(count: number, noun: string, isAlwaysPlural = false): string {
  return `${count} ${noun}${count === 1 && !isAlwaysPlural ? '' : 's'}`;
}

/** A number as Java prints a double, which always has a fraction. */
function double(value: number): string {
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** `28/06/22 01:55:00` */
function shortTime(time: number): string {
  const [, century, year, month, day, clock] =
    /^(\d\d)(\d\d)-(\d\d)-(\d\d)T([\d:]{8})/.exec(new Date(time).toISOString()) ?? [];
  return century === undefined ? '' : `${day}/${month}/${year} ${clock}`;
}

/** `2022-06-28T01:57:35.603+0000` */
export const isoWithOffset = (time: number): string => new Date(time).toISOString().replace('Z', '+0000');
