/**
 * Amazon CloudWatch: metrics and metric alarms. The one idea to know: alarms are records like any other, while
 * data points live in a metric store of their own (`metrics/`), rolled up as they come; a reconciler looks at
 * each alarm once a minute.
 *
 * Refused by name: metric math and other expressions, anomaly detection, composite and log alarms, alarm actions
 * other than scaling policies of ECS services (a rule of EventBridge sees every change of state instead), dashboards,
 * streams, insight rules, periods and resolutions below a minute. The history of a deleted alarm goes with it.
 */
import type { Reader, Reconciler } from '../../reconcile/index.ts';
import type { EventSource } from '../events/index.ts';
import type { Service } from '../service.ts';
import type { Scope } from './arn.ts';
import type { CloudWatchContext } from './context.ts';
import { type Sample, sortedDimensions } from './metrics/metric-store.ts';
import { statisticsOf } from './metrics/statistics.ts';
import { alarmKey, alarms, type StateValue } from './records.ts';

export { roomForAlarms } from './alarms/changes.ts';
export type { CloudWatchContext } from './context.ts';
export {
  alarmDatapoints,
  alarmsOfPolicy,
  type CallingAlarm,
  callingAlarms,
  deletePolicyAlarm,
  notePolicyCalled,
  type PolicyAlarm,
  putPolicyAlarm,
  watchingPolicyAlarms,
} from './for-scaling/policy-alarms.ts';
export { MemoryMetricStore, type MetricStore, SqliteMetricStore } from './metrics/index.ts';

export function createCloudWatch(context: CloudWatchContext): Service {
  return {
    signingName: 'monitoring',
    loadSdk: () => import('@aws-sdk/client-cloudwatch'),
    loadOperations: async () => (await import('./operations.ts')).cloudWatchOperations(context),
  };
}

export async function loadCloudWatchReconcilers(context: CloudWatchContext): Promise<readonly Reconciler[]> {
  const { alarmEvaluation } = await import('./reconcilers/alarm-evaluation.ts');
  return [alarmEvaluation(context)];
}

/** What of its records is told to EventBridge. */
export async function loadCloudWatchEventSources(): Promise<readonly EventSource[]> {
  return (await import('./events.ts')).cloudWatchEventSources();
}

/** One value of a metric that a service publishes of itself. */
export interface MetricPoint {
  /** E.g. `AWS/ECS`. */
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly { readonly name: string; readonly value: string }[];
  readonly unit: 'Percent' | 'Count' | 'Bytes' | 'Milliseconds' | 'Seconds';
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** Of several measurements each value, with how often it was seen. */
  readonly value: number | readonly (readonly [value: number, count: number])[];
}

export async function publishMetrics(
  { metrics, clock }: Pick<CloudWatchContext, 'metrics' | 'clock'>,
  scope: Scope,
  points: readonly MetricPoint[],
): Promise<void> {
  const samples = points.map(
    ({ namespace, name, dimensions, unit, timestamp, value }): Sample => ({
      metric: { namespace, name, dimensions: sortedDimensions(dimensions) },
      unit,
      timestamp,
      statistics: statisticsOf(typeof value === 'number' ? [[value, 1]] : value),
    }),
  );
  await metrics.put(scope, samples, clock.now());
}

/** What an alarm says, for rooms that act on it. */
export interface AlarmReading {
  readonly state: StateValue;
  /** So much of its metric it looks back on. */
  readonly evaluationMs: number;
}

/** Alarms by name; names without an alarm are absent. */
export function alarmReadings(
  reader: Reader,
  scope: Scope,
  names: readonly string[],
): ReadonlyMap<string, AlarmReading> {
  const readings = new Map<string, AlarmReading>();
  for (const name of names) {
    const alarm = reader.get(alarms, alarmKey(scope, name));
    if (alarm === undefined) continue;
    const evaluationMs = alarm.periodSeconds * alarm.evaluationPeriods * 1_000;
    readings.set(name, { state: alarm.state.value, evaluationMs });
  }
  return readings;
}
