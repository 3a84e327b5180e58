import { type EventSource, eventSource } from '../events/index.ts';
import { isoWithOffset } from './alarms/reasons.ts';
import { alarmArn } from './arn.ts';
import { type AlarmRecord, type AlarmState, alarms } from './records.ts';

/** What CloudWatch tells EventBridge: an alarm that changes from one state to another. */
export function cloudWatchEventSources(): readonly EventSource[] {
  return [
    eventSource(alarms, ({ scope, before, after }) => {
      if (before === undefined || before.state.value === after.state.value) return [];
      return [
        {
          source: 'aws.cloudwatch',
          detailType: 'CloudWatch Alarm State Change',
          resources: [alarmArn(scope, after.name)],
          time: after.state.updatedAt,
          detail: {
            alarmName: after.name,
            configuration: configurationOf(after),
            previousState: printed(before.state),
            state: printed(after.state),
          },
        },
      ];
    }),
  ];
}

function printed({ value, reason, reasonData, updatedAt }: AlarmState): object {
  return {
    value,
    reason,
    ...(reasonData === undefined ? {} : { reasonData }),
    timestamp: isoWithOffset(updatedAt),
  };
}

function configurationOf({ description, metric, periodSeconds, statistic, unit }: AlarmRecord): object {
  const dimensions = Object.fromEntries(metric.dimensions.map(({ name, value }) => [name, value]));
  return {
    ...(description === undefined ? {} : { description }),
    metrics: [
      {
        id: 'm1',
        metricStat: {
          metric: { namespace: metric.namespace, name: metric.name, dimensions },
          period: periodSeconds,
          stat: statistic,
          ...(unit === undefined ? {} : { unit }),
        },
        returnData: true,
      },
    ],
  };
}
