import { done, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { tasks } from '../records.ts';
import { endDeprovisioning } from '../task-state.ts';

/** Takes back what Fargate had provided for a task, once its agent has ended it. A key of work is the task's. */
export function taskDeprovisioning(ecs: EcsContext): Reconciler {
  return {
    name: 'task-deprovisioning',
    watches: [watching(tasks, ({ key, after }) => (after?.lastStatus === 'DEPROVISIONING' ? [key] : []))],
    reconcile: async (key) => {
      const [, , accountId = '', region = '', , cluster = ''] = key.split('/');
      await transactInTurn(ecs, { accountId, region }, cluster, (tx) =>
        endDeprovisioning(tx, key as RecordKey, ecs.clock.now()),
      );
      return done;
    },
  };
}
