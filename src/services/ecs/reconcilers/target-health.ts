import { isDeepStrictEqual } from 'node:util';
import { done, type Reader, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import { watchingTargets } from '../../elbv2/index.ts';
import { targetHealthsOf } from '../activation/registration.ts';
import { type TargetsState, targetsState } from '../activation/targets-state.ts';
import type { EcsContext } from '../context.ts';
import { type TaskTargetsRecord, targetIndexValue, tasks, taskTargets, taskTargetsKey } from '../records.ts';

/**
 * Keeps beside each RUNNING task what its load balancers say of it, and since when: what its service goes by. A key of
 * work is the task's.
 */
export function targetHealth(ecs: EcsContext): Reconciler {
  const { state } = ecs;
  return {
    name: 'target-health',
    watches: [
      watching(tasks, ({ key, before, after }) =>
        after?.activation?.loadBalancers !== undefined &&
        after.lastStatus === 'RUNNING' &&
        before?.lastStatus !== 'RUNNING'
          ? [key]
          : [],
      ),
      ...watchingTargets(state, ({ accountId, region }, { targetGroupArn, target }) =>
        state
          .byIndex(tasks, 'byTarget', targetIndexValue(`${accountId}/${region}`, targetGroupArn, target))
          .flatMap(({ key, value }) => (value.lastStatus === 'RUNNING' ? [key] : [])),
      ),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      if (look(state, key, ecs.clock.now()) === undefined) return done;
      await state.transact((tx) => {
        const news = look(tx, key, ecs.clock.now());
        if (news !== undefined) tx.put(taskTargets, taskTargetsKey(key), news);
      });
      return done;
    },
  };
}

/** What is to be written; undefined when nothing has changed, or the task is none that load balancers send to. */
function look(reader: Reader, key: RecordKey, now: number): TaskTargetsRecord | undefined {
  const task = reader.get(tasks, key);
  if (task?.service === undefined || task.lastStatus !== 'RUNNING' || !task.activation?.isRegistered)
    return undefined;
  const readings = targetHealthsOf(reader, key, task);
  if (readings.length === 0) return undefined;
  const before = reader.get(taskTargets, taskTargetsKey(key));
  const is = targetsState(readings);
  if (before !== undefined && isDeepStrictEqual(stateOf(before), is)) return undefined;
  return {
    ...{ cluster: task.cluster, service: task.service.name },
    ...is,
    since: before?.state === is.state ? before.since : now,
    hasBeenHealthy: is.state === 'healthy' || (before?.hasBeenHealthy ?? false),
  };
}

const stateOf = ({ state, failure }: TaskTargetsRecord): TargetsState => ({
  state,
  ...(failure && { failure }),
});
