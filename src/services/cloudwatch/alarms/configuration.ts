import { alarmArn, type Scope } from '../arn.ts';
import { percentileOf } from '../metrics/statistics.ts';
import type { AlarmRecord } from '../records.ts';
import { actionsOf } from './actions.ts';
import { isoWithOffset } from './reasons.ts';

/** An alarm as its history prints it. */
export function printedAlarm(scope: Scope, alarm: AlarmRecord): Record<string, unknown> {
  const actions = actionsOf(alarm);
  const isPercentile = percentileOf(alarm.statistic) !== undefined;
  return {
    threshold: alarm.threshold,
    namespace: alarm.metric.namespace,
    metricName: alarm.metric.name,
    dimensions: alarm.metric.dimensions,
    [isPercentile ? 'extendedStatistic' : 'statistic']: alarm.statistic,
    period: alarm.periodSeconds,
    unit: alarm.unit,
    evaluationPeriods: alarm.evaluationPeriods,
    datapointsToAlarm: alarm.datapointsToAlarm,
    comparisonOperator: alarm.comparisonOperator,
    treatMissingData: alarm.treatMissingData,
    evaluateLowSampleCountPercentile: alarm.evaluateLowSampleCountPercentile,
    alarmName: alarm.name,
    alarmDescription: alarm.description,
    alarmArn: alarmArn(scope, alarm.name),
    actionsEnabled: alarm.actionsEnabled,
    alarmConfigurationUpdatedTimestamp: isoWithOffset(alarm.configurationUpdatedAt),
    stateValue: alarm.state.value,
    okactions: actions.ok,
    alarmActions: actions.alarm,
    insufficientDataActions: actions.insufficientData,
  };
}
