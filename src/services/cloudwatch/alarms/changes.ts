import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import {
  type AlarmHistoryRecord,
  type AlarmRecord,
  type AlarmState,
  alarmHistory,
  alarmHistoryKey,
  alarmHistoryPrefix,
  alarmKey,
  alarmPrefix,
  alarms,
} from '../records.ts';
import { printedAlarm } from './configuration.ts';

/** What an alarm's history holds at most, and for how long. */
const maxHistory = 100;
const historyKeptMs = 30 * 24 * 60 * 60 * 1000;

/** Each is looked at once a minute. */
export const maxAlarms = 5_000;

/** How many alarms there may be more. */
export function roomForAlarms(reader: Reader, scope: Scope): number {
  let count = 0;
  for (const _ of reader.list(alarms, alarmPrefix(scope))) count += 1;
  return maxAlarms - count;
}

/** Writes an alarm as somebody configured it, and its history. */
export function putConfiguration(
  tx: Transaction,
  scope: Scope,
  before: AlarmRecord | undefined,
  alarm: AlarmRecord,
): void {
  tx.put(alarms, alarmKey(scope, alarm.name), alarm);
  addHistory(tx, scope, {
    alarmName: alarm.name,
    type: 'ConfigurationUpdate',
    timestamp: alarm.configurationUpdatedAt,
    summary: `Alarm "${alarm.name}" ${before === undefined ? 'created' : 'updated'}`,
    data: JSON.stringify({
      version: '1.0',
      type: before === undefined ? 'Create' : 'Update',
      [before === undefined ? 'createdAlarm' : 'updatedAlarm']: printedAlarm(scope, alarm),
    }),
  });
}

/** Writes an alarm's new state and its history: the one way in which a state changes. */
export function putState(
  tx: Transaction,
  scope: Scope,
  alarm: AlarmRecord,
  next: Pick<AlarmState, 'value' | 'reason' | 'reasonData'>,
  now: number,
): void {
  const isTransition = alarm.state.value !== next.value;
  const state: AlarmState = {
    ...next,
    updatedAt: now,
    transitionedAt: isTransition ? now : alarm.state.transitionedAt,
  };
  tx.put(alarms, alarmKey(scope, alarm.name), { ...alarm, state });
  if (!isTransition) return;
  addHistory(tx, scope, {
    alarmName: alarm.name,
    type: 'StateUpdate',
    timestamp: now,
    summary: `Alarm updated from ${alarm.state.value} to ${next.value}`,
    data: JSON.stringify({ version: '1.0', oldState: printed(alarm.state), newState: printed(state) }),
  });
}

/** Writes down that an alarm has called an action in the state that it is in: once for each time that it comes to be so. */
export function noteAction(
  tx: Transaction,
  scope: Scope,
  name: string,
  actionArn: string,
  now: number,
): void {
  const alarm = tx.get(alarms, alarmKey(scope, name));
  if (alarm === undefined) return;
  const summary = `Successfully executed action ${actionArn}`;
  const since = alarm.state.transitionedAt;
  for (const { value } of tx.list(alarmHistory, alarmHistoryPrefix(scope, name)))
    if (value.type === 'Action' && value.summary === summary && value.timestamp >= since) return;
  addHistory(tx, scope, {
    ...{ alarmName: name, type: 'Action', timestamp: now, summary },
    data: JSON.stringify({
      ...{ actionState: 'Succeeded', stateUpdateTimestamp: since, notificationResource: actionArn },
    }),
  });
}

/** Deletes an alarm with its history. */
export function deleteAlarm(tx: Transaction, scope: Scope, name: string): void {
  tx.delete(alarms, alarmKey(scope, name));
  for (const { key } of tx.list(alarmHistory, alarmHistoryPrefix(scope, name))) tx.delete(alarmHistory, key);
}

function addHistory(tx: Transaction, scope: Scope, item: AlarmHistoryRecord): void {
  const known = [...tx.list(alarmHistory, alarmHistoryPrefix(scope, item.alarmName))];
  const last = known.at(-1);
  const number = last === undefined ? 1 : Number(last.key.split('/').at(-1)) + 1;
  tx.put(alarmHistory, alarmHistoryKey(scope, item.alarmName, number), item);
  known.forEach(({ key, value }, index) => {
    const isBeyond = known.length - index >= maxHistory;
    if (isBeyond || value.timestamp < item.timestamp - historyKeptMs) tx.delete(alarmHistory, key);
  });
}

function printed({ value, reason, reasonData }: AlarmState): object {
  return {
    stateValue: value,
    stateReason: reason,
    ...(reasonData === undefined ? {} : { stateReasonData: asJson(reasonData) }),
  };
}

/** What SetAlarmState is given need not be JSON. */
function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
