import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { actionsOf } from '../alarms/actions.ts';
import { alarmArn, type Scope } from '../arn.ts';
import { percentileOf } from '../metrics/statistics.ts';
import type { AlarmRecord } from '../records.ts';
import { sdkDimensions } from './metric-input.ts';

/** A record as DescribeAlarms answers it. */
export function metricAlarm(scope: Scope, alarm: AlarmRecord): MetricAlarm {
  const { state, metric } = alarm;
  const { ok, alarm: onAlarm, insufficientData } = actionsOf(alarm);
  const isPercentile = percentileOf(alarm.statistic) !== undefined;
  return {
    AlarmName: alarm.name,
    AlarmArn: alarmArn(scope, alarm.name),
    AlarmDescription: alarm.description,
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configurationUpdatedAt),
    ActionsEnabled: alarm.actionsEnabled,
    OKActions: [...ok],
    AlarmActions: [...onAlarm],
    InsufficientDataActions: [...insufficientData],
    StateValue: state.value,
    StateReason: state.reason,
    StateReasonData: state.reasonData,
    StateUpdatedTimestamp: new Date(state.updatedAt),
    StateTransitionedTimestamp: new Date(state.transitionedAt),
    Namespace: metric.namespace,
    MetricName: metric.name,
    Dimensions: sdkDimensions(metric.dimensions),
    ...(isPercentile
      ? { ExtendedStatistic: alarm.statistic }
      : { Statistic: alarm.statistic as MetricAlarm['Statistic'] }),
    Period: alarm.periodSeconds,
    Unit: alarm.unit as MetricAlarm['Unit'],
    EvaluationPeriods: alarm.evaluationPeriods,
    DatapointsToAlarm: alarm.datapointsToAlarm,
    Threshold: alarm.threshold,
    ComparisonOperator: alarm.comparisonOperator,
    TreatMissingData: alarm.treatMissingData,
    EvaluateLowSampleCountPercentile: alarm.evaluateLowSampleCountPercentile,
  };
}
