import { again, done, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import type { Ec2Context } from '../context.ts';
import { instances } from '../instances/instance-record.ts';

/** How long one that was terminated is shown (EC2 user guide, "Terminate your instance": "about an hour"). */
const shownForMs = 60 * 60 * 1000;

/** Forgets instances an hour after their end. */
export function instanceRetention({ state, clock }: Ec2Context): Reconciler {
  return {
    name: 'instance-retention',
    watches: [watching(instances, ({ key, after }) => (after?.terminatedAt === undefined ? [] : [key]))],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const terminatedAt = state.get(instances, key)?.terminatedAt;
      if (terminatedAt === undefined) return done;
      const restMs = terminatedAt + shownForMs - clock.now();
      if (restMs > 0) return again(restMs);
      await state.transact((tx) => tx.delete(instances, key));
      return done;
    },
  };
}
