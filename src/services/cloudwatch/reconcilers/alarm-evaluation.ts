import { again, done, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import { putState } from '../alarms/changes.ts';
import { evaluate } from '../alarms/evaluation.ts';
import { lookBack, settledMinute, settlingMs } from '../alarms/periods.ts';
import { reasonData } from '../alarms/reasons.ts';
import type { CloudWatchContext } from '../context.ts';
import { minuteMs } from '../metrics/metric-store.ts';
import { type AlarmRecord, alarms, scopeOfKey } from '../records.ts';

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
      const minute = settledMinute(now);
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
  const { periods, from, isTooFew } = await lookBack(metrics, scope, alarm, to);
  // Too few values: what came says nothing, so the state stays.
  if (isTooFew) return;
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
