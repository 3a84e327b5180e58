import type { CooldownRecord, NotScaledRecord, ScalableTargetRecord, StepScalingRecord } from './records.ts';
import { stepCapacity } from './step-scaling.ts';

/** What an alarm asks of a target by calling a policy. */
export interface PolicyCall {
  readonly policyName: string;
  readonly alarmName: string;
  /** The alarm's. */
  readonly state: string;
  readonly cooldownMs: number;
  readonly ask: Ask;
}

export type Ask =
  /** Target tracking, above its target. */
  | { readonly type: 'track-out'; readonly targetValue: number; readonly value: number }
  /** Target tracking, below its target for long: at most `peak`. Infinity: nobody knows, so that nothing goes. */
  | { readonly type: 'track-in'; readonly targetValue: number; readonly peak: number }
  | {
      readonly type: 'step';
      readonly policy: StepScalingRecord;
      /** How far the metric is above the alarm's threshold; below it is less than 0. */
      readonly breach: number;
      readonly breachesBelow: boolean;
    };

/** All that a decision rests on. */
export interface Situation extends Pick<ScalableTargetRecord, 'minCapacity' | 'maxCapacity' | 'suspended'> {
  readonly now: number;
  /** The desired count. */
  readonly current: number;
  readonly isDeploying: boolean;
  readonly cooldown?: CooldownRecord;
  /** Whether each policy that tracks a target, and may scale in, has found its metric low enough. */
  readonly allTrackIn: boolean;
  readonly calls: readonly PolicyCall[];
}

export type Decision =
  | {
      readonly type: 'scale';
      readonly to: number;
      readonly call: PolicyCall;
      readonly cooldown: CooldownRecord;
    }
  | { readonly type: 'not-scaled'; readonly call: PolicyCall; readonly reason: NotScaledRecord }
  | { readonly type: 'nothing' };

/** What would come of one call alone; no reason: it stays, and nobody needs to hear of it. */
interface Outcome {
  readonly call: PolicyCall;
  readonly to: number;
  readonly reason?: NotScaledRecord;
}

/**
 * What becomes of a target whose policies are called at one time (Application Auto Scaling user guide, "How target tracking
 * scaling works", "How step scaling works"): of several the one that gives the most capacity wins, so that one is enough to
 * scale out.
 */
export function decide(situation: Situation): Decision {
  const { current, now } = situation;
  const outcomes = situation.calls
    .flatMap((call) => outcomeOf(call, situation) ?? [])
    .toSorted((a, b) => b.to - a.to || (a.call.policyName < b.call.policyName ? -1 : 1));
  const first = outcomes[0];
  if (first === undefined) return { type: 'nothing' };
  const { call, to } = first;
  if (to !== current) {
    const direction = to > current ? 'out' : 'in';
    const base = to > current ? baseOf(situation) : current;
    return { type: 'scale', to, call, cooldown: { direction, base, endsAt: now + call.cooldownMs } };
  }
  const told = outcomes.find((outcome) => outcome.to === current && outcome.reason !== undefined);
  return told?.reason === undefined
    ? { type: 'nothing' }
    : { type: 'not-scaled', call: told.call, reason: told.reason };
}

/** Undefined: the call asks for nothing, or what it asks for is suspended. */
function outcomeOf(call: PolicyCall, situation: Situation): Outcome | undefined {
  const wanted = wantedBy(call.ask, situation);
  if (wanted === undefined) return undefined;
  const { dynamicScalingIn, dynamicScalingOut } = situation.suspended;
  if (wanted.direction === 'out')
    return dynamicScalingOut ? undefined : outwards(call, wanted.capacity, situation);
  return dynamicScalingIn ? undefined : inwards(call, wanted.capacity, situation);
}

function outwards(call: PolicyCall, wanted: number, situation: Situation): Outcome {
  const { current, minCapacity, maxCapacity } = situation;
  // Below the minimum it is first brought to it.
  const to = current < minCapacity ? minCapacity : Math.min(wanted, maxCapacity);
  if (to > current) return { call, to };
  const stays = { call, to: current };
  if (current >= maxCapacity) return { ...stays, reason: { code: 'AlreadyAtMaxCapacity', maxCapacity } };
  // What was added lately is thought to be enough.
  return isCooling(situation, 'out') ? stays : { ...stays, reason: atDesired(current) };
}

function inwards(call: PolicyCall, wanted: number, situation: Situation): Outcome {
  const { current, minCapacity, maxCapacity, isDeploying } = situation;
  const stays = { call, to: current };
  if (current <= minCapacity) return { ...stays, reason: { code: 'AlreadyAtMinCapacity', minCapacity } };
  const to = current > maxCapacity ? maxCapacity : Math.max(wanted, minCapacity);
  if (to >= current) return { ...stays, reason: atDesired(current) };
  if (isDeploying) return { ...stays, reason: { code: 'TargetServicePutResourceAsUnscalable' } };
  return isCooling(situation, 'in') ? stays : { call, to };
}

interface Wanted {
  readonly direction: 'out' | 'in';
  readonly capacity: number;
}

function wantedBy(ask: Ask, situation: Situation): Wanted | undefined {
  const { current } = situation;
  switch (ask.type) {
    case 'track-out': {
      const { value, targetValue } = ask;
      if (value <= targetValue) return undefined;
      return { direction: 'out', capacity: needed(baseOf(situation), value, targetValue) };
    }
    case 'track-in': {
      if (!situation.allTrackIn) return undefined;
      const least = current - Math.max(1, Math.floor(current * scaleInShare));
      return { direction: 'in', capacity: Math.max(least, needed(current, ask.peak, ask.targetValue)) };
    }
    case 'step': {
      const capacity = stepCapacity(ask, current);
      if (capacity === undefined) return undefined;
      if (capacity <= current) return { direction: 'in', capacity };
      return { direction: 'out', capacity: stepCapacity(ask, baseOf(situation)) ?? current };
    }
  }
}

/** So much of a target's capacity goes at a time at most, and one: AWS says no more than "gradually". */
const scaleInShare = 0.1;

/** So many that each has at most the target's share, if what they do is spread among them. */
function needed(capacity: number, value: number, targetValue: number): number {
  // A hair's breadth of a float is no reason for another task.
  return Math.ceil((capacity * value) / targetValue - 1e-9);
}

/** While a scale-out cools down, what it added counts as part of what is asked for next. */
function baseOf({ cooldown, current, now }: Situation): number {
  if (cooldown === undefined || cooldown.direction !== 'out' || now >= cooldown.endsAt) return current;
  return Math.min(cooldown.base, current);
}

const isCooling = ({ cooldown, now }: Situation, direction: 'out' | 'in'): boolean =>
  cooldown?.direction === direction && now < cooldown.endsAt;

const atDesired = (currentCapacity: number): NotScaledRecord => ({
  code: 'AlreadyAtDesiredCapacity',
  currentCapacity,
});
