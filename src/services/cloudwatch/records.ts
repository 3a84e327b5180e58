import type { Collection, RecordKey } from '../../reconcile/index.ts';
import { recordKey } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';
import type { Metric } from './metrics/metric-store.ts';

/**
 * What CloudWatch keeps in the store: alarms and their history. Data points are in the metric store (`metrics/`).
 *
 * Times are epoch milliseconds. Names may hold what keys may not, so keys carry them percent-encoded; lists are
 * sorted by name where they are answered.
 */
export interface AlarmRecord {
  readonly name: string;
  readonly description?: string;
  readonly actionsEnabled: boolean;
  /** Absent: there are none. */
  readonly actions?: AlarmActions;
  /** ARN of the scaling policy that it belongs to, which alone configures and deletes it. */
  readonly owner?: string;
  readonly metric: Metric;
  /** `Average`, `p99`, ... */
  readonly statistic: string;
  readonly periodSeconds: number;
  readonly unit?: string;
  readonly evaluationPeriods: number;
  /** Absent when it was not given, which means all of the evaluation periods. */
  readonly datapointsToAlarm?: number;
  readonly threshold: number;
  readonly comparisonOperator: ComparisonOperator;
  readonly treatMissingData?: MissingDataTreatment;
  readonly evaluateLowSampleCountPercentile?: 'evaluate' | 'ignore';
  readonly configurationUpdatedAt: number;
  readonly state: AlarmState;
  readonly tags: Readonly<Record<string, string>>;
}

/** ARNs of scaling policies, by the state in which the alarm calls them. */
export interface AlarmActions {
  readonly ok: readonly string[];
  readonly alarm: readonly string[];
  readonly insufficientData: readonly string[];
}

export const comparisonOperators = [
  'GreaterThanOrEqualToThreshold',
  'GreaterThanThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
] as const;
export type ComparisonOperator = (typeof comparisonOperators)[number];

export const missingDataTreatments = ['breaching', 'notBreaching', 'ignore', 'missing'] as const;
export type MissingDataTreatment = (typeof missingDataTreatments)[number];

export const stateValues = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const;
export type StateValue = (typeof stateValues)[number];

export interface AlarmState {
  readonly value: StateValue;
  readonly reason: string;
  /** JSON. */
  readonly reasonData?: string;
  readonly updatedAt: number;
  /** When `value` last changed. */
  readonly transitionedAt: number;
}

/** `alarm/<encoded name>` */
export const alarms: Collection<AlarmRecord, 'action'> = {
  service: 'monitoring',
  noun: 'alarm',
  indexes: {
    action: ({ actions }) =>
      actions && [...new Set([...actions.alarm, ...actions.ok, ...actions.insufficientData])],
  },
};

/** What happened to an alarm. */
export interface AlarmHistoryRecord {
  readonly alarmName: string;
  readonly type: 'ConfigurationUpdate' | 'StateUpdate' | 'Action';
  readonly timestamp: number;
  readonly summary: string;
  /** JSON, with the state or configuration before and after. */
  readonly data: string;
}

/** `alarm-history/<encoded name>/<number>`, in the order in which it happened. */
export const alarmHistory: Collection<AlarmHistoryRecord> = {
  service: 'monitoring',
  noun: 'alarm-history',
  indexes: {},
};

export const alarmKey = (scope: Scope, name: string): RecordKey =>
  recordKey(alarms, scope.accountId, scope.region, encodeURIComponent(name));
export const alarmPrefix = (scope: Scope): string => `/monitoring/${scope.accountId}/${scope.region}/alarm/`;

export const alarmHistoryKey = (scope: Scope, name: string, number: number): RecordKey =>
  recordKey(
    alarmHistory,
    scope.accountId,
    scope.region,
    encodeURIComponent(name),
    String(number).padStart(12, '0'),
  );
/** The prefix of an alarm's history, or of the history of all alarms. */
export const alarmHistoryPrefix = (scope: Scope, name?: string): string =>
  `/monitoring/${scope.accountId}/${scope.region}/alarm-history/${
    name === undefined ? '' : `${encodeURIComponent(name)}/`
  }`;

/** The account and region of a record, from its key. */
export function scopeOfKey(key: RecordKey): Scope {
  const [, , accountId = '', region = ''] = key.split('/');
  return { accountId, region };
}
