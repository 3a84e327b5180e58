import type {
  DescribeAlarmHistoryCommandInput,
  DescribeAlarmHistoryOutput,
} from '@aws-sdk/client-cloudwatch';
import { Constraints } from '../../constraints.ts';
import { ascending, page } from '../../pages.ts';
import type { Call } from '../../service.ts';
import type { CloudWatchContext } from '../context.ts';
import { invalidNextToken, validationError } from '../errors.ts';
import { alarmHistory, alarmHistoryPrefix } from '../records.ts';

export async function describeAlarmHistory(
  { state }: CloudWatchContext,
  input: DescribeAlarmHistoryCommandInput,
  call: Call,
): Promise<DescribeAlarmHistoryOutput> {
  const { AlarmName, AlarmTypes = ['MetricAlarm'], HistoryItemType, ScanBy = 'TimestampDescending' } = input;
  new Constraints(validationError)
    .text('scanBy', ScanBy, { oneOf: ['TimestampDescending', 'TimestampAscending'] })
    .number('maxRecords', input.MaxRecords, { min: 1, max: 100 })
    .throwIfViolated();
  const from = input.StartDate?.getTime() ?? 0;
  const to = input.EndDate?.getTime() ?? Number.POSITIVE_INFINITY;
  const found = [...state.list(alarmHistory, alarmHistoryPrefix(call, AlarmName))]
    .filter(
      ({ value: { type, timestamp } }) =>
        AlarmTypes.includes('MetricAlarm') &&
        (HistoryItemType === undefined || type === HistoryItemType) &&
        timestamp >= from &&
        timestamp <= to,
    )
    .map(({ key, value }) => ({ value, place: `${String(value.timestamp).padStart(15, '0')} ${key}` }))
    .sort((a, b) => ascending(a.place, b.place));
  const isDescending = ScanBy === 'TimestampDescending';
  const { items, nextToken } = page(
    isDescending ? found.reverse() : found,
    ({ place }) => place,
    isDescending ? (a, b) => ascending(b, a) : ascending,
    { limit: input.MaxRecords ?? 50, nextToken: input.NextToken, refuse: invalidNextToken },
  );
  return {
    AlarmHistoryItems: items.map(({ value: { alarmName, type, timestamp, summary, data } }) => ({
      AlarmName: alarmName,
      AlarmType: 'MetricAlarm',
      Timestamp: new Date(timestamp),
      HistoryItemType: type,
      HistorySummary: summary,
      HistoryData: data,
    })),
    ...(nextToken === undefined ? {} : { NextToken: nextToken }),
  };
}
