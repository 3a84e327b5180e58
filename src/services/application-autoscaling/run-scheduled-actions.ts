import type { Transaction } from '../../reconcile/index.ts';
import { addEnded, type Occasion } from './activities.ts';
import type { Scope } from './arn.ts';
import { boundsFault } from './bounds.ts';
import type { AutoScalingContext } from './context.ts';
import {
  prefixOf,
  progress,
  progressKey,
  type ScalableTargetRecord,
  type ScheduledActionRecord,
  scheduledActions,
  targetKey,
  targets,
} from './records.ts';
import { lastTime, nextTime } from './schedule.ts';

/** A target's scheduled actions that have come to their time, and what they make of its bounds. */
interface Run {
  readonly action: ScheduledActionRecord;
  readonly at: number;
}

/**
 * Gives a target the bounds of the scheduled actions whose time has come, in the order of their times; each once for all
 * the times that were missed. While scheduled scaling is suspended their times pass.
 * @returns when the next one is due, epoch milliseconds; undefined: never.
 */
export async function runScheduledActions(
  { state, clock, random }: AutoScalingContext,
  scope: Scope,
  { cluster, service }: ScalableTargetRecord,
): Promise<number | undefined> {
  const name = { cluster, service };
  const now = clock.now();
  const all = [...state.list(scheduledActions, prefixOf(scheduledActions, scope, name))].map(
    ({ value }) => value,
  );
  if (all.length === 0) return undefined;
  const passed = state.get(progress, progressKey(scope, name))?.passed ?? {};
  const isDue = all.some((action) => lastTime(action, passedUntil(action, passed, now), now) !== undefined);
  if (isDue) {
    await state.transact((tx) => {
      const target = tx.get(targets, targetKey(scope, name));
      if (target !== undefined) run(tx, { scope, target: name, now, random }, target);
    });
  }
  const next = all.flatMap((action) => nextTime(action, now) ?? []);
  return next.length === 0 ? undefined : Math.min(...next);
}

type Passed = Readonly<Record<string, number>>;

/** Its times up to then are over; never later than now, for a clock may have been set back. */
const passedUntil = ({ id, configuredAt }: ScheduledActionRecord, passed: Passed, now: number): number =>
  Math.min(now, Math.max(configuredAt, passed[id] ?? 0));

function run(tx: Transaction, occasion: Occasion, target: ScalableTargetRecord): void {
  const { scope, now } = occasion;
  const key = progressKey(scope, target);
  const known = tx.get(progress, key) ?? { boundsVersion: 0 };
  const all = [...tx.list(scheduledActions, prefixOf(scheduledActions, scope, occasion.target))];
  const due = all
    .flatMap(({ value: action }): readonly Run[] => {
      const at = lastTime(action, passedUntil(action, known.passed ?? {}, now), now);
      return at === undefined ? [] : [{ action, at }];
    })
    .toSorted((a, b) => a.at - b.at);
  let after = target;
  for (const { action } of due)
    if (!target.suspended.scheduledScaling) after = changed(tx, occasion, after, action);
  if (after !== target) tx.put(targets, targetKey(scope, target), after);
  // Of those that there are: what is remembered of others goes.
  const passed = Object.fromEntries(all.map(({ value: { id } }) => [id, now]));
  tx.put(progress, key, { ...known, passed });
}

/** The target as one of its actions makes it, or as it was, with an activity that tells of it. */
function changed(
  tx: Transaction,
  occasion: Occasion,
  target: ScalableTargetRecord,
  { name, action }: ScheduledActionRecord,
): ScalableTargetRecord {
  const { minCapacity = target.minCapacity, maxCapacity = target.maxCapacity } = action;
  const what = [
    ...(action.minCapacity === undefined ? [] : [`min capacity to ${minCapacity}`]),
    ...(action.maxCapacity === undefined ? [] : [`max capacity to ${maxCapacity}`]),
  ].join(' and ');
  const told = { cause: `scheduled action name ${name} was triggered`, description: `Setting ${what}` };
  const fault = boundsFault(minCapacity, maxCapacity);
  if (fault !== undefined) {
    addEnded(tx, occasion, {
      ...told,
      status: 'Failed',
      statusMessage: `Failed to set ${what}. Reason: ${fault}`,
    });
    return target;
  }
  addEnded(tx, occasion, { ...told, status: 'Successful', statusMessage: `Successfully set ${what}` });
  return { ...target, minCapacity, maxCapacity, boundsVersion: target.boundsVersion + 1 };
}
