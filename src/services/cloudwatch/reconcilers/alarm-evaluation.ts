import { again, done, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import { putState } from '../alarms/changes.ts';
import { evaluate, evaluationRange, hasFewSamples, type Periods } from '../alarms/evaluation.ts';
import { reasonData } from '../alarms/reasons.ts';
import type { CloudWatchContext } from '../context.ts';
import { datapointsOfAnyUnit } from '../metrics/datapoints.ts';
import { minuteMs } from '../metrics/metric-store.ts';
import { percentileOf, statisticValue } from '../metrics/statistics.ts';
import { type AlarmRecord, alarms, scopeOfKey } from '../records.ts';

/** After the minute, for the last of its data to have come. */
const settlingMs = 10_000;

/**
 * Evaluates each alarm once a minute, over periods that end with the last full minute, and at once when it is
 * new or configured otherwise. A state that SetAlarmState set stays until the next time.
 */
export function alarmEvaluation(context: CloudWatchContext): Reconciler {
  const { state, clock } = context;
  /** By key, what was evaluated last: a minute, and a configuration. Forgotten at a restart, which evaluates again. */
  const evaluatedFor = new Map<string, string>();
  return {
    name: 'alarm-evaluation',
    watches: [watching<AlarmRecord>(alarms, ({ key }) => [key])],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const alarm = state.get(alarms, key);
      if (alarm === undefined) {
        evaluatedFor.delete(key);
        return done;
      }
      const now = clock.now();
      const minute = Math.floor((now - settlingMs) / minuteMs) * minuteMs;
      const occasion = `${minute} ${alarm.configurationUpdatedAt}`;
      if (evaluatedFor.get(key) !== occasion) {
        await evaluateNow(context, key, alarm, minute);
        evaluatedFor.set(key, occasion);
      }
      return again(minute + minuteMs + settlingMs - now);
    },
  };
}

async function evaluateNow(
  { state, metrics, clock }: CloudWatchContext,
  key: RecordKey,
  alarm: AlarmRecord,
  to: number,
): Promise<void> {
  const scope = scopeOfKey(key);
  const periodMs = alarm.periodSeconds * 1000;
  const count = evaluationRange(alarm);
  const from = to - count * periodMs;
  const { metric, unit, statistic } = alarm;
  const found = await datapointsOfAnyUnit(metrics, scope, { metric, unit, from, to, periodMs });
  const percentile = percentileOf(statistic);
  const ignoresFew = percentile !== undefined && alarm.evaluateLowSampleCountPercentile === 'ignore';
  const periods: Periods = Array.from({ length: count }, (_, index) => {
    const start = to - (index + 1) * periodMs;
    const statistics = found.get(start);
    const value = statistics === undefined ? undefined : statisticValue(statistics, statistic);
    if (statistics === undefined || value === undefined) return undefined;
    if (ignoresFew && hasFewSamples(percentile, statistics.sampleCount)) return undefined;
    return { start, value, sampleCount: statistics.sampleCount };
  });
  // Too few values: what came says nothing, so the state stays.
  if (ignoresFew && found.size > 0 && periods.every((period) => period === undefined)) return;
  const verdict = evaluate(alarm, periods);
  if (verdict === undefined || verdict.value === alarm.state.value) return;
  const { value, reason, evaluated } = verdict;
  await state.transact((tx) => {
    const current = tx.get(alarms, key);
    // Configured otherwise or set meanwhile: that change asks for an evaluation of its own.
    if (current?.configurationUpdatedAt !== alarm.configurationUpdatedAt) return;
    if (current.state.updatedAt !== alarm.state.updatedAt) return;
    const now = clock.now();
    putState(tx, scope, current, { value, reason, reasonData: reasonData(alarm, evaluated, from, now) }, now);
  });
}
