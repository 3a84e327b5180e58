import type { Random } from '../../clock/index.ts';
import type { Reader, Stored, Transaction } from '../../reconcile/index.ts';
import type { ServiceCapacity } from '../ecs/index.ts';
import { newId, type Scope, type TargetName } from './arn.ts';
import type { AutoScalingContext } from './context.ts';
import {
  activities,
  activityKey,
  type CapacityChange,
  type NotScaledRecord,
  prefixOf,
  type ScalingActivityRecord,
  targetKey,
} from './records.ts';

/** How long activities are kept ("Scaling activities for Application Auto Scaling"), and how many of a target. */
const keptMs = 42 * 24 * 60 * 60 * 1000;
const maxOfTarget = 500;
/** A change that takes longer is Unfulfilled. */
const patienceMs = 60 * 60 * 1000;

/** Whose activity it is, and when. */
export interface Occasion {
  readonly scope: Scope;
  readonly target: TargetName;
  readonly now: number;
  readonly random: Random;
}

/** The desired count was set in the same transaction; `settled` says what became of it. */
export function addChange(tx: Transaction, occasion: Occasion, cause: string, change: CapacityChange): void {
  add(tx, occasion, {
    description: `Setting desired count to ${change.to}.`,
    ...{ cause, change, status: 'InProgress' },
    statusMessage: `Successfully set desired count to ${change.to}. Waiting for change to be fulfilled by ecs.`,
  });
}

/** Something that is done with its record. */
export function addEnded(
  tx: Transaction,
  occasion: Occasion,
  ended: Pick<ScalingActivityRecord, 'description' | 'cause' | 'status' | 'statusMessage'>,
): void {
  add(tx, occasion, { ...ended, endedAt: occasion.now });
}

/** An alarm called for nothing that could be done. Said once: not again until something else has happened. */
export function addNotScaled(
  tx: Transaction,
  occasion: Occasion,
  cause: string,
  notScaled: NotScaledRecord,
): void {
  const last = latest(tx, occasion);
  if (last?.cause === cause && JSON.stringify(last.notScaled) === JSON.stringify(notScaled)) return;
  const description = 'Attempting to scale due to alarm triggered';
  add(tx, occasion, { description, cause, status: 'Failed', notScaled });
}

function add(
  tx: Transaction,
  { scope, target: { cluster, service }, now, random }: Occasion,
  told: Omit<ScalingActivityRecord, 'id' | 'startedAt' | 'cluster' | 'service'>,
): void {
  const record: ScalingActivityRecord = { id: newId(random), cluster, service, startedAt: now, ...told };
  tx.put(activities, activityKey(scope, record), record);
  prune(tx, scope, { cluster, service }, now);
}

/** What is too old or too much goes. */
function prune(tx: Transaction, scope: Scope, target: TargetName, now: number): void {
  const known = [...tx.list(activities, prefixOf(activities, scope, target))];
  known.forEach(({ key, value }, index) => {
    const isBeyond = known.length - index > maxOfTarget;
    if (isBeyond || value.startedAt <= now - keptMs) tx.delete(activities, key);
  });
}

/** Forgets activities whose time is over, also of targets that are gone. @returns after how long the next one's is. */
export async function forgetActivities(
  { state, clock }: Pick<AutoScalingContext, 'state' | 'clock'>,
  scope: Scope,
  target: TargetName,
): Promise<number | undefined> {
  const oldest = (): number | undefined => {
    for (const { value } of state.list(activities, prefixOf(activities, scope, target)))
      return value.startedAt;
    return undefined;
  };
  const first = oldest();
  if (first === undefined) return undefined;
  if (first <= clock.now() - keptMs) await state.transact((tx) => prune(tx, scope, target, clock.now()));
  const left = oldest();
  return left === undefined ? undefined : left + keptMs - clock.now();
}

function latest(reader: Reader, { scope, target }: Occasion): ScalingActivityRecord | undefined {
  return [...reader.list(activities, prefixOf(activities, scope, target))].at(-1)?.value;
}

export function activitiesUnderWay(
  reader: Reader,
  scope: Scope,
  target: TargetName,
): readonly Stored<ScalingActivityRecord>[] {
  return reader.byIndex(activities, 'underWay', targetKey(scope, target));
}

/**
 * What has become of a change that is under way.
 * @param capacity Undefined: the service is gone.
 * @returns the same while it still is.
 */
export function settled(
  activity: ScalingActivityRecord,
  capacity: Pick<ServiceCapacity, 'desiredCount' | 'runningCount'> | undefined,
  now: number,
): ScalingActivityRecord {
  const { change } = activity;
  if (change === undefined) return activity;
  const ended = (status: ScalingActivityRecord['status'], what: string): ScalingActivityRecord => ({
    ...activity,
    ...{ status, endedAt: now, statusMessage: `Successfully set desired count to ${change.to}. ${what}` },
  });
  if (capacity === undefined) return ended('Unfulfilled', 'The service is not ACTIVE any more.');
  if (capacity.desiredCount !== change.to)
    return ended('Overridden', `Found it was later changed to ${capacity.desiredCount}.`);
  // While it is deployed there may be more of them.
  const isThere =
    change.to > change.from ? capacity.runningCount >= change.to : capacity.runningCount <= change.to;
  if (isThere) return ended('Successful', 'Change successfully fulfilled by ecs.');
  if (now - activity.startedAt >= patienceMs)
    return ended('Unfulfilled', `Change was not fulfilled by ecs within ${patienceMs / 60_000} minutes.`);
  return activity;
}
