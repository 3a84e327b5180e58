import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../clock/index.ts';
import { type OpenState, openState, type Transaction } from '../../../reconcile/index.ts';
import { openMemoryStore } from '../../../store/index.ts';
import { containerInstances } from '../records.ts';
import { instanceRecord } from '../testing/instance-record.ts';
import { key, scope } from '../testing/room.ts';
import { clusterPool } from './cluster-pool.ts';

const ids = ['a', 'b', 'c', 'd'];
const keyOf = (id: string) => key(containerInstances, 'default', id);

/** What the pool shows within the transaction, and what the transaction itself sees. */
function shown(tx: Transaction, state: OpenState) {
  const { pool } = clusterPool(tx, state, scope, 'default');
  return {
    byPool: new Map(ids.flatMap((id) => (pool.get(id) ? [[id, pool.get(id)?.version]] : []))),
    byTransaction: new Map(
      ids.flatMap((id) => {
        const instance = tx.get(containerInstances, keyOf(id));
        return instance ? [[id, instance.version]] : [];
      }),
    ),
  };
}

const write = fc.record({
  id: fc.constantFrom(...ids),
  version: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
});
/** What one transaction does, and whether it then changes its mind. */
const run = fc.record({ writes: fc.array(write, { maxLength: 4 }), fails: fc.boolean() });

describe('the pool of a cluster', () => {
  it('shows every transaction what it sees: what is committed, and its own writes over it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(run, { minLength: 1, maxLength: 3 }), { maxLength: 8 }),
        async (rounds) => {
          const clock = new VirtualClock(0);
          await using store = openMemoryStore({ clock });
          await using state = await openState(store, { clock });
          const look = (tx: Transaction): void => {
            const { byPool, byTransaction } = shown(tx, state);
            expect(byPool).toEqual(byTransaction);
          };
          for (const runs of rounds) {
            // Those of one round race, so some of them run twice, over each other's writes.
            await Promise.all(
              runs.map(({ writes, fails }) =>
                state
                  .transact((tx) => {
                    look(tx);
                    for (const { id, version } of writes) {
                      if (version === undefined) tx.delete(containerInstances, keyOf(id));
                      else tx.put(containerInstances, keyOf(id), instanceRecord(id, { version }));
                      look(tx);
                    }
                    if (fails) throw new Error('changed its mind');
                  })
                  .catch((error: unknown) => expect(String(error)).toContain('changed its mind')),
              ),
            );
            await state.transact(look);
          }
        },
      ),
    );
  });

  it('knows nothing of other clusters', async () => {
    const clock = new VirtualClock(0);
    await using store = openMemoryStore({ clock });
    await using state = await openState(store, { clock });
    await state.transact((tx) => {
      tx.put(containerInstances, key(containerInstances, 'default-2', 'a'), instanceRecord('a'));
      expect(clusterPool(tx, state, scope, 'default').pool.get('a')).toBeUndefined();
      expect(clusterPool(tx, state, scope, 'default-2').pool.get('a')?.id).toBe('a');
    });
  });
});
