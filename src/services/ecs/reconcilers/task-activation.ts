import { again, done, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { tasks } from '../records.ts';
import { endActivation, endDeactivation } from '../task-state.ts';

/**
 * Registers tasks whose containers run where others look for them, and takes those away that are to stop, before their
 * containers hear of it. A key of work is the task's.
 */
export function taskActivation(ecs: EcsContext): Reconciler {
  return {
    name: 'task-activation',
    watches: [
      watching(tasks, ({ key, after }) =>
        after?.lastStatus === 'ACTIVATING' || after?.lastStatus === 'DEACTIVATING' ? [key] : [],
      ),
    ],
    reconcile: async (key) => {
      const [, , accountId = '', region = '', , cluster = ''] = key.split('/');
      // All of a service's tasks write the same few records of its registry.
      const leftMs = await transactInTurn(ecs, { accountId, region }, cluster, (tx) => {
        endActivation(tx, key as RecordKey, ecs.clock.now());
        return endDeactivation(tx, key as RecordKey, ecs.clock.now());
      });
      return leftMs > 0 ? again(leftMs) : done;
    },
  };
}
