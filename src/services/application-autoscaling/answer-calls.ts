import type { Transaction } from '../../reconcile/index.ts';
import { alarmDatapoints, notePolicyCalled } from '../cloudwatch/index.ts';
import { type ServiceCapacity, serviceCapacity, setDesiredCount } from '../ecs/index.ts';
import { addChange, addNotScaled, type Occasion } from './activities.ts';
import { policyArn, type Scope } from './arn.ts';
import type { AutoScalingContext } from './context.ts';
import { decide, type PolicyCall } from './decide.ts';
import { allTrackIn, type Calling, callings, dueOf, minuteMs, policyCall } from './policy-calls.ts';
import {
  type AnsweredRecord,
  progress,
  progressKey,
  type ScalableTargetRecord,
  type ScalingProgressRecord,
  targetKey,
  targets,
} from './records.ts';

/** After the minute, for its alarms to have been looked at. */
const settlingMs = 15_000;
/** An alarm that was answered so lately has had its minute. */
const freshMs = 30_000;

/** The last minute whose calls are to be answered. */
const minuteOf = (now: number): number => Math.floor((now - settlingMs) / minuteMs) * minuteMs;

type Answered = NonNullable<ScalingProgressRecord['answered']>;

/**
 * Answers the alarms that call policies: when their state changes, and each minute as long as they stay in it, as
 * CloudWatch calls scaling policies. What was answered and changed nothing is remembered here alone: after a restart it is
 * answered again, and changes nothing again.
 */
export class CallAnswerer {
  readonly #context: AutoScalingContext;
  /** By the targets' keys. */
  readonly #answered = new Map<string, Answered>();

  constructor(context: AutoScalingContext) {
    this.#context = context;
  }

  forget(key: string): void {
    this.#answered.delete(key);
  }

  /** @returns after how long to ask again; undefined: not before an alarm changes. */
  async answer(scope: Scope, target: ScalableTargetRecord): Promise<number | undefined> {
    const { state, clock } = this.#context;
    const now = clock.now();
    const minute = minuteOf(now);
    const calling = callings(state, scope, target);
    const key = targetKey(scope, target);
    if (calling.length === 0) {
      this.forget(key);
      return undefined;
    }
    const known = this.#answered.get(key) ?? state.get(progress, progressKey(scope, target))?.answered ?? {};
    const before = Object.fromEntries(
      Object.entries(known).filter(([name]) => calling.some(({ alarm }) => alarm.name === name)),
    );
    const due = dueOf(calling, before, minute);
    if (due.length > 0) {
      await this.#answerNow(scope, target, due, before);
      this.#answered.set(key, answeredNow(before, due, now));
    }
    return minute + minuteMs + settlingMs - clock.now();
  }

  async #answerNow(
    scope: Scope,
    { cluster, service }: ScalableTargetRecord,
    due: readonly Calling[],
    before: Answered,
  ): Promise<void> {
    const { state, clock } = this.#context;
    const values = new Map<string, readonly number[]>();
    for (const { alarm } of due) {
      const isNew = before[alarm.name]?.transitionedAt !== alarm.transitionedAt;
      const told = isNew ? alarm.told : [];
      values.set(
        alarm.name,
        told.length > 0 ? told : await alarmDatapoints(this.#context, scope, alarm.name),
      );
    }
    const name = { cluster, service };
    await state.transact((tx) => {
      const target = tx.get(targets, targetKey(scope, name));
      const capacity = serviceCapacity(tx, scope, name);
      if (target === undefined || capacity === undefined) return;
      const now = clock.now();
      const calling = callings(tx, scope, name);
      // One that has changed since its values were read asks for an answer of its own.
      const still = calling.filter(({ alarm }) =>
        due.some(
          (each) => each.alarm.name === alarm.name && each.alarm.transitionedAt === alarm.transitionedAt,
        ),
      );
      for (const { record, alarm } of still) {
        if (before[alarm.name]?.transitionedAt !== alarm.transitionedAt)
          notePolicyCalled(tx, scope, alarm.name, policyArn(scope, record, record), now);
      }
      const calls = still.flatMap((each) => policyCall(each, values.get(each.alarm.name) ?? []) ?? []);
      const occasion: Occasion = { scope, target, now, random: this.#context.random };
      act(tx, occasion, { target, capacity, calls, calling, answered: answeredNow(before, still, now) });
    });
  }
}

function act(
  tx: Transaction,
  occasion: Occasion,
  seen: {
    readonly target: ScalableTargetRecord;
    readonly capacity: ServiceCapacity;
    readonly calls: readonly PolicyCall[];
    readonly calling: readonly Calling[];
    readonly answered: Answered;
  },
): void {
  const { scope, now, random } = occasion;
  const { target, capacity, calls, calling, answered } = seen;
  const { minCapacity, maxCapacity, suspended } = target;
  const key = progressKey(scope, target);
  const known = tx.get(progress, key);
  const current = capacity.desiredCount;
  const decision = decide({
    ...{ now, current, minCapacity, maxCapacity, suspended, calls },
    isDeploying: capacity.isDeploying,
    ...(known?.cooldown && { cooldown: known.cooldown }),
    allTrackIn: allTrackIn(tx, scope, target, calling),
  });
  if (decision.type === 'nothing') return;
  const cause = causeOf(decision.call);
  if (decision.type === 'not-scaled') {
    addNotScaled(tx, occasion, cause, decision.reason);
    return;
  }
  const { to, cooldown } = decision;
  setDesiredCount(tx, random, scope, target, { desiredCount: to, now });
  addChange(tx, occasion, cause, { from: current, to, minCapacity, maxCapacity });
  // In the same transaction: a step that was taken is not taken again by whoever starts after a crash.
  tx.put(progress, key, { ...(known ?? { boundsVersion: 0 }), cooldown, answered });
}

const causeOf = ({ alarmName, state, policyName }: PolicyCall): string =>
  `monitor alarm ${alarmName} in state ${state} triggered policy ${policyName}`;

function answeredNow(before: Answered, due: readonly Calling[], now: number): Answered {
  const minute = minuteOf(now + freshMs);
  const answered = due.map(({ alarm: { name, transitionedAt } }): readonly [string, AnsweredRecord] => [
    name,
    { transitionedAt, minute },
  ]);
  return { ...before, ...Object.fromEntries(answered) };
}
