import type { Clock } from '../../clock/index.ts';
import type { Reader, State, Transaction } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';
import { alarmNotFound } from './errors.ts';
import type { MetricStore } from './metrics/index.ts';
import { type AlarmRecord, alarmKey, alarms } from './records.ts';

/** What the CloudWatch room is given by the composition root. */
export interface CloudWatchContext {
  readonly state: State;
  readonly metrics: MetricStore;
  readonly clock: Clock;
}

/** @throws ResourceNotFound */
export function requireAlarm(reader: Reader | Transaction, scope: Scope, name: string): AlarmRecord {
  const alarm = reader.get(alarms, alarmKey(scope, name));
  if (alarm === undefined) throw alarmNotFound(name);
  return alarm;
}
