import {
  again,
  done,
  type Outcome,
  type Reconciler,
  type RecordChange,
  type RecordKey,
  watching,
} from '../../../reconcile/index.ts';
import { watchingPolicyAlarms } from '../../cloudwatch/index.ts';
import { serviceCapacity, setDesiredCount, watchingServices } from '../../ecs/index.ts';
import { activitiesUnderWay, addChange, forgetActivities, type Occasion, settled } from '../activities.ts';
import { CallAnswerer } from '../answer-calls.ts';
import { readPolicyArn, type TargetName } from '../arn.ts';
import type { AutoScalingContext } from '../context.ts';
import {
  activities,
  policies,
  progress,
  progressKey,
  type ScalableTargetRecord,
  type ScalingActivityRecord,
  type ScalingPolicyRecord,
  type ScheduledActionRecord,
  scheduledActions,
  scopeOfKey,
  targetKey,
  targetOfKey,
  targets,
} from '../records.ts';
import { runScheduledActions } from '../run-scheduled-actions.ts';

/** How often it is looked whether what was set has been fulfilled: tasks come and go without a word to anybody. */
const followMs = 5_000;
/** Timers reach no further than some weeks. */
const longestMs = 24 * 60 * 60 * 1000;

/** Scales each target: by its schedule, by its bounds, by the alarms that call its policies; and follows what has become of each change. */
export function scaling(context: AutoScalingContext): Reconciler {
  const { state } = context;
  const calls = new CallAnswerer(context);
  return {
    name: 'service-scaling',
    watches: [
      watching<ScalableTargetRecord>(targets, ({ key }) => [key]),
      watching<ScalingPolicyRecord>(policies, ofTarget),
      watching<ScheduledActionRecord>(scheduledActions, ofTarget),
      watching<ScalingActivityRecord>(activities, ofTarget),
      watchingServices((scope, name) => targetKey(scope, name)),
      watchingPolicyAlarms((arn) => {
        const named = readPolicyArn(arn);
        return named && targetKey(named.scope, named.target);
      }),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const target = state.get(targets, key);
      const scope = scopeOfKey(key);
      const keptMs = await forgetActivities(context, scope, targetOfKey(key));
      if (target === undefined) {
        calls.forget(key);
        return earliest(keptMs);
      }
      const nextTime = await runScheduledActions(context, scope, target);
      await applyBounds(context, key);
      const nextCallMs = await calls.answer(scope, target);
      const isFollowing = await followChanges(context, key, target);
      const nextTimeMs = nextTime === undefined ? undefined : nextTime - context.clock.now();
      return earliest(keptMs, nextTimeMs, nextCallMs, isFollowing ? followMs : undefined);
    },
  };
}

/** Again after the shortest of these; undefined: never. */
function earliest(...waits: readonly (number | undefined)[]): Outcome {
  const afterMs = Math.min(...waits.filter((wait) => wait !== undefined));
  return Number.isFinite(afterMs) ? again(Math.min(Math.max(0, afterMs), longestMs)) : done;
}

/** The key of the target that a record belongs to. */
function ofTarget({ key, before, after }: RecordChange<TargetName>): readonly string[] {
  const record = after ?? before;
  return record === undefined ? [] : [targetKey(scopeOfKey(key), record)];
}

/** Brings the service within its target's bounds, once for each change of them. */
async function applyBounds({ state, clock, random }: AutoScalingContext, key: RecordKey): Promise<void> {
  const scope = scopeOfKey(key);
  await state.transact((tx) => {
    const target = tx.get(targets, key);
    if (target === undefined) return;
    const { minCapacity, maxCapacity, boundsVersion } = target;
    const known = tx.get(progress, progressKey(scope, target));
    if (known?.boundsVersion === boundsVersion) return;
    tx.put(progress, progressKey(scope, target), { ...known, boundsVersion });
    const from = serviceCapacity(tx, scope, target)?.desiredCount;
    if (from === undefined) return;
    const to = Math.min(maxCapacity, Math.max(minCapacity, from));
    if (to === from) return;
    const now = clock.now();
    const occasion: Occasion = { scope, target, now, random };
    setDesiredCount(tx, random, scope, target, { desiredCount: to, now });
    const cause = to > from ? `minimum capacity was set to ${to}` : `maximum capacity was set to ${to}`;
    addChange(tx, occasion, cause, { from, to, minCapacity, maxCapacity });
  });
}

/** @returns whether changes are under way still. */
async function followChanges(
  { state, clock }: AutoScalingContext,
  key: RecordKey,
  target: ScalableTargetRecord,
): Promise<boolean> {
  const scope = scopeOfKey(key);
  const underWay = activitiesUnderWay(state, scope, target);
  if (underWay.length === 0) return false;
  await state.transact((tx) => {
    const capacity = serviceCapacity(tx, scope, target);
    for (const { key: of } of underWay) {
      const activity = tx.get(activities, of);
      if (activity?.status === 'InProgress') tx.put(activities, of, settled(activity, capacity, clock.now()));
    }
  });
  return activitiesUnderWay(state, scope, target).length > 0;
}
