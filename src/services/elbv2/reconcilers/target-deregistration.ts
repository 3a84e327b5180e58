import {
  again,
  done,
  type Reconciler,
  type RecordChange,
  type RecordKey,
  watching,
} from '../../../reconcile/index.ts';
import type { ElbContext } from '../context.ts';
import { scopeOfKey, type TargetRecord, targetHealths, targets } from '../records.ts';
import { removeTarget } from '../target-groups/targets.ts';

/** Forgets a target that drains once its time is over, or as soon as it has answered everything. */
export function targetDeregistration({ state, clock }: Pick<ElbContext, 'state' | 'clock'>): Reconciler {
  return {
    name: 'target-deregistration',
    watches: [
      watching<TargetRecord>(targets, ({ key, after }) => (after?.drainsUntil === undefined ? [] : [key])),
      watching(targetHealths, ({ key, after }: RecordChange<{ readonly state: string }>) =>
        after?.state === 'drained' ? [key.replace('/target-health/', '/target/')] : [],
      ),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const target = state.get(targets, key);
      if (target?.drainsUntil === undefined) return done;
      const leftMs = target.drainsUntil - clock.now();
      const hasAnswered = state.get(targetHealths, healthKey(key))?.state === 'drained';
      if (leftMs > 0 && !hasAnswered) return again(leftMs);
      await state.transact((tx) => {
        const now = tx.get(targets, key);
        // Registered again meanwhile, or deregistered anew.
        if (now !== undefined && now.drainsUntil === target.drainsUntil)
          removeTarget(tx, scopeOfKey(key), now);
      });
      return done;
    },
  };
}

const healthKey = (key: RecordKey): RecordKey => key.replace('/target/', '/target-health/') as RecordKey;
