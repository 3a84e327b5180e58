import {
  again,
  done,
  type Outcome,
  type Reconciler,
  type RecordKey,
  watching,
} from '../../../reconcile/index.ts';
import type { EcsContext } from '../context.ts';
import { containerInstances, fargateHosts, tasks } from '../records.ts';
import { loseHost } from '../task-state.ts';

/** A host whose agent is away for longer counts as lost. Reboots and new agents take less. */
const awayForMs = 10 * 60_000;

/**
 * Ends the tasks of Fargate hosts that do not come back, as Fargate does with those of a machine that has failed:
 * services start others, and what was borrowed is free again. Of a container instance that would be for its owner to
 * say; of hosts nobody knows. One that does come back is told, as soon as its agent connects, that what it still runs
 * is not wanted any more.
 *
 * A key of work is a host's. Since when it is away is not written down: a control plane that was away itself can't
 * tell, and gives it the whole time again.
 */
export function fargateHostLoss(ecs: EcsContext): Reconciler {
  /** In the clock's monotonic time. */
  const awaySince = new Map<string, number>();
  return {
    name: 'fargate-host-loss',
    watches: [
      watching(containerInstances, ({ key, before, after }) =>
        after?.cluster === fargateHosts && before?.agentConnected !== after.agentConnected ? [key] : [],
      ),
    ],
    reconcile: async (key): Promise<Outcome> => {
      const now = ecs.clock.monotonic();
      if (!isAway(ecs, key as RecordKey)) {
        awaySince.delete(key);
        return done;
      }
      const since = awaySince.get(key) ?? now;
      awaySince.set(key, since);
      if (now < since + awayForMs) return again(since + awayForMs - now);
      await endTasks(ecs, key as RecordKey);
      return done;
    },
  };
}

function isAway({ state }: EcsContext, key: RecordKey): boolean {
  return state.get(containerInstances, key)?.agentConnected === false;
}

function endTasks(ecs: EcsContext, key: RecordKey): Promise<void> {
  const [, , accountId, region, , cluster, id] = key.split('/');
  return ecs.state.transact((tx) => {
    if (tx.get(containerInstances, key)?.agentConnected !== false) return;
    for (const task of tx.byIndex(tasks, 'unstoppedByInstance', `${accountId}/${region}/${cluster}/${id}`))
      loseHost(tx, task.key, ecs.clock.now());
  });
}
