import { again, done, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import type { KmsContext } from '../context.ts';
import { aliases, aliasKey, type KeyRecord, keys } from '../records.ts';

/** Timers of more than a few weeks there are none. */
const lookAgainMs = 24 * 60 * 60 * 1_000;

/** Deletes keys whose days are over, with their aliases: what they encrypted is lost from then on. */
export function keyDeletion({ state, clock }: Pick<KmsContext, 'clock' | 'state'>): Reconciler {
  return {
    name: 'kms-key-deletion',
    watches: [watching<KeyRecord>(keys, ({ key, after }) => (after?.deletionAt === undefined ? [] : [key]))],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const { deletionAt } = state.get(keys, key) ?? {};
      if (deletionAt === undefined) return done;
      const leftMs = deletionAt - clock.now();
      if (leftMs > 0) return again(Math.min(leftMs, lookAgainMs));
      await state.transact((tx) => {
        const record = tx.get(keys, key);
        if (record?.deletionAt !== deletionAt) return;
        const [, , , region = '', accountId = ''] = record.arn.split(':');
        for (const { value } of tx.byIndex(aliases, 'target', record.id))
          tx.delete(aliases, aliasKey({ accountId, region }, value.name));
        tx.delete(keys, key);
      });
      return done;
    },
  };
}
