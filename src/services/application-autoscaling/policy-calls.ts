import type { Reader } from '../../reconcile/index.ts';
import { type CallingAlarm, callingAlarms } from '../cloudwatch/index.ts';
import { policyArn, type Scope, type TargetName } from './arn.ts';
import type { Ask, PolicyCall } from './decide.ts';
import {
  type AnsweredRecord,
  policies,
  prefixOf,
  type ScalingPolicyRecord,
  type StepScalingRecord,
  type TargetTrackingRecord,
} from './records.ts';

export const minuteMs = 60_000;
/** Of ECS services (API reference, "Cooldown"). */
const defaultCooldownSeconds = 300;

/** An alarm that calls a policy of a target now. */
export interface Calling {
  readonly record: ScalingPolicyRecord;
  readonly alarm: CallingAlarm;
}

/** All calls of a target's policies. Of those that track a target, only their own alarms' count. */
export function callings(reader: Reader, scope: Scope, target: TargetName): readonly Calling[] {
  return [...reader.list(policies, prefixOf(policies, scope, target))].flatMap(({ value: record }) =>
    callingAlarms(reader, policyArn(scope, record, record)).flatMap((alarm) =>
      record.policy.type === 'StepScaling' || isOwn(record.policy, alarm) ? [{ record, alarm }] : [],
    ),
  );
}

const isOwn = ({ alarms: { high, low } }: TargetTrackingRecord, { name }: CallingAlarm): boolean =>
  name === high || name === low;

/**
 * Those that are to be answered. Policies that track targets scale in together: where one is to be answered, all are.
 * @param answered By the alarms' names.
 */
export function dueOf(
  calling: readonly Calling[],
  answered: Readonly<Record<string, AnsweredRecord>>,
  minute: number,
): readonly Calling[] {
  const isDue = ({ alarm: { name, transitionedAt } }: Calling): boolean => {
    const last = answered[name];
    if (last?.transitionedAt !== transitionedAt || last.minute < minute) return true;
    // The clock was set back.
    return last.minute > minute + minuteMs;
  };
  const tracksIn = ({ record: { policy }, alarm }: Calling): boolean =>
    policy.type === 'TargetTrackingScaling' && policy.alarms.low === alarm.name;
  const inIsDue = calling.some((each) => tracksIn(each) && isDue(each));
  return calling.filter((each) => isDue(each) || (inIsDue && tracksIn(each)));
}

/**
 * Whether each policy that tracks a target, and may scale in, finds its metric low: one of them is not enough.
 * @param calling All calls of the target's policies.
 */
export function allTrackIn(
  reader: Reader,
  scope: Scope,
  target: TargetName,
  calling: readonly Calling[],
): boolean {
  const low = new Set(calling.map(({ alarm }) => alarm.name));
  return [...reader.list(policies, prefixOf(policies, scope, target))].every(
    ({ value: { policy } }) =>
      policy.type !== 'TargetTrackingScaling' ||
      policy.alarms.low === undefined ||
      low.has(policy.alarms.low),
  );
}

/**
 * What an alarm asks by its call.
 * @param values What the alarm looks at, oldest first. Without any, a policy that tracks a target changes nothing, and one
 * with steps takes the threshold to be just reached.
 */
export function policyCall({ record, alarm }: Calling, values: readonly number[]): PolicyCall | undefined {
  const { policy } = record;
  const [ask, cooldownSeconds] =
    policy.type === 'StepScaling'
      ? ([stepAsk(policy, alarm, values), policy.cooldownSeconds] as const)
      : trackingAsk(policy, alarm, values);
  if (ask === undefined) return undefined;
  return {
    ...{ policyName: record.name, alarmName: alarm.name, state: alarm.state, ask },
    cooldownMs: (cooldownSeconds ?? defaultCooldownSeconds) * 1000,
  };
}

function trackingAsk(
  { targetValue, alarms, scaleOutCooldownSeconds, scaleInCooldownSeconds }: TargetTrackingRecord,
  { name }: CallingAlarm,
  values: readonly number[],
): readonly [ask: Ask | undefined, cooldownSeconds: number | undefined] {
  if (name !== alarms.high) {
    const peak = values.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...values);
    return [{ type: 'track-in', targetValue, peak }, scaleInCooldownSeconds];
  }
  const value = values.at(-1);
  const ask = value === undefined ? undefined : ({ type: 'track-out', targetValue, value } as const);
  return [ask, scaleOutCooldownSeconds];
}

function stepAsk(
  policy: StepScalingRecord,
  { threshold, breachesBelow }: CallingAlarm,
  values: readonly number[],
): Ask {
  const value =
    values.length === 0 ? threshold : aggregate[policy.metricAggregationType ?? 'Average'](values);
  return { type: 'step', policy, breach: value - threshold, breachesBelow };
}

const aggregate: Readonly<
  Record<NonNullable<StepScalingRecord['metricAggregationType']>, (values: readonly number[]) => number>
> = {
  Average: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  Minimum: (values) => Math.min(...values),
  Maximum: (values) => Math.max(...values),
};
