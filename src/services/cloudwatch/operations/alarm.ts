import type {
  DeleteAlarmsCommandInput,
  DescribeAlarmsCommandInput,
  DescribeAlarmsForMetricCommandInput,
  DescribeAlarmsForMetricOutput,
  DescribeAlarmsOutput,
  DisableAlarmActionsCommandInput,
  EnableAlarmActionsCommandInput,
  SetAlarmStateCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { Constraints } from '../../constraints.ts';
import { ascending, page } from '../../pages.ts';
import type { Call } from '../../service.ts';
import { allActions, refuseOwned } from '../alarms/actions.ts';
import { deleteAlarm, putConfiguration, putState } from '../alarms/changes.ts';
import type { Scope } from '../arn.ts';
import { type CloudWatchContext, requireAlarm } from '../context.ts';
import {
  invalidCombination,
  invalidFormat,
  invalidNextToken,
  unsupported,
  validationError,
} from '../errors.ts';
import { metricKey } from '../metrics/metric-store.ts';
import { type AlarmRecord, alarmKey, alarmPrefix, alarms, stateValues } from '../records.ts';
import { metricAlarm } from './alarm-view.ts';
import { metricOf } from './metric-input.ts';

const maxNames = 100;

export async function describeAlarms(
  context: CloudWatchContext,
  input: DescribeAlarmsCommandInput,
  call: Call,
): Promise<DescribeAlarmsOutput> {
  const { AlarmNames, AlarmNamePrefix, AlarmTypes = ['MetricAlarm'], StateValue, ActionPrefix } = input;
  new Constraints(validationError)
    .list('alarmNames', AlarmNames, { max: maxNames })
    .text('stateValue', StateValue, { oneOf: stateValues })
    .number('maxRecords', input.MaxRecords, { min: 1, max: 100 })
    .throwIfViolated();
  if (AlarmNames !== undefined && AlarmNamePrefix !== undefined) {
    throw invalidCombination('AlarmNamePrefix and AlarmNames are mutually exclusive: specify one of them.');
  }
  if (input.ChildrenOfAlarmName !== undefined || input.ParentsOfAlarmName !== undefined)
    throw unsupported('Composite alarms (ChildrenOfAlarmName, ParentsOfAlarmName) are');
  const names = AlarmNames && new Set(AlarmNames);
  // Alarms of other types can't be made here, so that none is the true answer.
  const found = !AlarmTypes.includes('MetricAlarm')
    ? []
    : listAlarms(context, call, (alarm) => {
        const { name, state } = alarm;
        if (names !== undefined && !names.has(name)) return false;
        if (StateValue !== undefined && state.value !== StateValue) return false;
        if (ActionPrefix !== undefined && !allActions(alarm).some((arn) => arn.startsWith(ActionPrefix)))
          return false;
        return name.startsWith(AlarmNamePrefix ?? '');
      });
  const { items, nextToken } = page(found, ({ name }) => name, ascending, {
    limit: input.MaxRecords ?? 50,
    nextToken: input.NextToken,
    refuse: invalidNextToken,
  });
  return {
    MetricAlarms: items.map((alarm) => metricAlarm(call, alarm)),
    CompositeAlarms: [],
    ...(nextToken === undefined ? {} : { NextToken: nextToken }),
  };
}

export async function describeAlarmsForMetric(
  context: CloudWatchContext,
  input: DescribeAlarmsForMetricCommandInput,
  call: Call,
): Promise<DescribeAlarmsForMetricOutput> {
  const key = metricKey(metricOf(input));
  const statistic = input.Statistic ?? input.ExtendedStatistic;
  const found = listAlarms(
    context,
    call,
    (alarm) =>
      metricKey(alarm.metric) === key &&
      (statistic === undefined || alarm.statistic === statistic) &&
      (input.Period === undefined || alarm.periodSeconds === input.Period) &&
      (input.Unit === undefined || alarm.unit === input.Unit),
  );
  return { MetricAlarms: found.map((alarm) => metricAlarm(call, alarm)) };
}

/** All or none: an alarm that is not there refuses the whole. */
export async function deleteAlarms(
  { state }: CloudWatchContext,
  { AlarmNames = [] }: DeleteAlarmsCommandInput,
  call: Call,
): Promise<object> {
  new Constraints(validationError).list('alarmNames', AlarmNames, { max: maxNames }).throwIfViolated();
  await state.transact((tx) => {
    for (const name of AlarmNames) refuseOwned(requireAlarm(tx, call, name));
    for (const name of new Set(AlarmNames)) deleteAlarm(tx, call, name);
  });
  return {};
}

/** Holds until the alarm is evaluated the next time. */
export async function setAlarmState(
  { state }: CloudWatchContext,
  input: SetAlarmStateCommandInput,
  call: Call,
): Promise<object> {
  const { AlarmName = '', StateReason = '', StateReasonData } = input;
  new Constraints(validationError)
    .text('alarmName', AlarmName, { minLength: 1, maxLength: 255 })
    .text('stateValue', input.StateValue, { isRequired: true, oneOf: stateValues })
    .text('stateReason', StateReason, { maxLength: 1023 })
    .text('stateReasonData', StateReasonData, { maxLength: 4000 })
    .throwIfViolated();
  if (StateReasonData !== undefined && !isJson(StateReasonData))
    throw invalidFormat('StateReasonData is not valid JSON.');
  const value = stateValues.find((each) => each === input.StateValue) ?? 'INSUFFICIENT_DATA';
  await state.transact((tx) => {
    putState(
      tx,
      call,
      requireAlarm(tx, call, AlarmName),
      {
        value,
        reason: StateReason,
        ...(StateReasonData === undefined ? {} : { reasonData: StateReasonData }),
      },
      call.now,
    );
  });
  return {};
}

export async function enableAlarmActions(
  context: CloudWatchContext,
  { AlarmNames = [] }: EnableAlarmActionsCommandInput,
  call: Call,
): Promise<object> {
  return setActionsEnabled(context, AlarmNames, true, call);
}

export async function disableAlarmActions(
  context: CloudWatchContext,
  { AlarmNames = [] }: DisableAlarmActionsCommandInput,
  call: Call,
): Promise<object> {
  return setActionsEnabled(context, AlarmNames, false, call);
}

/** Names without an alarm are passed over, as AWS does. */
async function setActionsEnabled(
  { state }: CloudWatchContext,
  names: readonly string[],
  actionsEnabled: boolean,
  call: Call,
): Promise<object> {
  new Constraints(validationError).list('alarmNames', names, { max: maxNames }).throwIfViolated();
  await state.transact((tx) => {
    for (const name of names) {
      const alarm = tx.get(alarms, alarmKey(call, name));
      if (alarm === undefined || alarm.actionsEnabled === actionsEnabled) continue;
      putConfiguration(tx, call, alarm, { ...alarm, actionsEnabled, configurationUpdatedAt: call.now });
    }
  });
  return {};
}

/** Sorted by name. */
function listAlarms(
  { state }: CloudWatchContext,
  scope: Scope,
  isWanted: (alarm: AlarmRecord) => boolean,
): readonly AlarmRecord[] {
  const found: AlarmRecord[] = [];
  for (const { value } of state.list(alarms, alarmPrefix(scope))) if (isWanted(value)) found.push(value);
  return found.sort((a, b) => ascending(a.name, b.name));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
