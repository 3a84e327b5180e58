import type { Reader, Transaction, Watched } from '../../../reconcile/index.ts';
import { watching } from '../../../reconcile/index.ts';
import { actionsIn, allActions } from '../alarms/actions.ts';
import { deleteAlarm, noteAction, putConfiguration } from '../alarms/changes.ts';
import { lookBack, settledMinute } from '../alarms/periods.ts';
import { uncheckedReason } from '../alarms/reasons.ts';
import { alarmArn, type Scope } from '../arn.ts';
import type { CloudWatchContext } from '../context.ts';
import { sortedDimensions } from '../metrics/metric-store.ts';
import { type AlarmRecord, alarmKey, alarms, type StateValue } from '../records.ts';

/** An alarm that calls a scaling policy in the state that it is in. */
export interface CallingAlarm {
  readonly name: string;
  readonly state: StateValue;
  /** Since when; epoch milliseconds. */
  readonly transitionedAt: number;
  readonly threshold: number;
  /** Whether it is one for values that are too low. */
  readonly breachesBelow: boolean;
  /** The values that its state says it rests on, oldest first; whoever sets a state may say so. */
  readonly told: readonly number[];
}

/** @param policyArn Of a scaling policy, which names the alarms' account and Region too. */
export function callingAlarms(reader: Reader, policyArn: string): readonly CallingAlarm[] {
  return reader.byIndex(alarms, 'action', policyArn).flatMap(({ value: alarm }) => {
    const { name, state, threshold, comparisonOperator } = alarm;
    if (!actionsIn(alarm, state.value).includes(policyArn)) return [];
    return [
      {
        ...{ name, state: state.value, transitionedAt: state.transitionedAt, threshold },
        breachesBelow: comparisonOperator.startsWith('LessThan'),
        told: toldDatapoints(state.reasonData),
      },
    ];
  });
}

/** `recentDatapoints` of a state's data, whose form is AWS's where CloudWatch made it, and anybody's where he set it. */
function toldDatapoints(reasonData: string | undefined): readonly number[] {
  try {
    const data: unknown = JSON.parse(reasonData ?? 'null');
    const points: unknown =
      data !== null && typeof data === 'object' && Reflect.get(data, 'recentDatapoints');
    return Array.isArray(points) ? points.filter((point) => Number.isFinite(point)) : [];
  } catch {
    return [];
  }
}

/** All alarms that a policy is an action of, in any state. */
export function alarmsOfPolicy(
  reader: Reader,
  scope: Scope,
  policyArn: string,
): readonly { readonly name: string; readonly arn: string }[] {
  return reader
    .byIndex(alarms, 'action', policyArn)
    .map(({ value: { name } }) => ({ name, arn: alarmArn(scope, name) }));
}

/** The values that an alarm looks at now, oldest first. */
export async function alarmDatapoints(
  { state, metrics, clock }: CloudWatchContext,
  scope: Scope,
  name: string,
): Promise<readonly number[]> {
  const alarm = state.get(alarms, alarmKey(scope, name));
  if (alarm === undefined) return [];
  const { periods } = await lookBack(metrics, scope, alarm, settledMinute(clock.now()));
  const real = periods.filter((period) => period !== undefined).slice(0, alarm.evaluationPeriods);
  return real.map(({ value }) => value).toReversed();
}

/** What a policy asks of an alarm of its own, which calls it in ALARM. */
export interface PolicyAlarm
  extends Pick<
    AlarmRecord,
    | 'name'
    | 'description'
    | 'metric'
    | 'statistic'
    | 'periodSeconds'
    | 'unit'
    | 'evaluationPeriods'
    | 'threshold'
    | 'comparisonOperator'
  > {}

/** Makes or changes an alarm that belongs to a policy: nobody else configures or deletes it. */
export function putPolicyAlarm(
  tx: Transaction,
  scope: Scope,
  policyArn: string,
  alarm: PolicyAlarm,
  now: number,
): void {
  const before = tx.get(alarms, alarmKey(scope, alarm.name));
  putConfiguration(tx, scope, before, {
    actionsEnabled: before?.actionsEnabled ?? true,
    ...alarm,
    metric: { ...alarm.metric, dimensions: sortedDimensions(alarm.metric.dimensions) },
    actions: { ok: [], alarm: [policyArn], insufficientData: [] },
    owner: policyArn,
    configurationUpdatedAt: now,
    tags: before?.tags ?? {},
    state: before?.state ?? {
      ...{ value: 'INSUFFICIENT_DATA', reason: uncheckedReason, updatedAt: now, transitionedAt: now },
    },
  });
}

/** Absent is success. */
export function deletePolicyAlarm(tx: Transaction, scope: Scope, name: string): void {
  deleteAlarm(tx, scope, name);
}

/** Writes into an alarm's history that it has called a policy. */
export function notePolicyCalled(
  tx: Transaction,
  scope: Scope,
  name: string,
  policyArn: string,
  now: number,
): void {
  noteAction(tx, scope, name, policyArn, now);
}

/** Changes of alarms ask for work under the keys that the policies give which are their actions. */
export function watchingPolicyAlarms(keyOf: (policyArn: string) => string | undefined): Watched {
  return watching<AlarmRecord>(alarms, ({ before, after }) => {
    const policies = new Set([...(before ? allActions(before) : []), ...(after ? allActions(after) : [])]);
    return [...policies].flatMap((arn) => keyOf(arn) ?? []);
  });
}
