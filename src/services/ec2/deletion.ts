import type { State, Transaction } from '../../reconcile/index.ts';
import { notFound, readId } from './ids.ts';
import type { Kind } from './kinds.ts';
import { type Deletable, ec2Key, type Scope } from './records.ts';

/**
 * Deletes what nothing refers to. An index shows only what is committed, and whoever refers to a record does not write
 * it; so it is marked first, which whoever has read it unmarked notices, and from then on nobody takes it. What was
 * faster than the mark is seen afterwards, and the record stays.
 *
 * A process that ends in between leaves the mark: the record can be deleted again, and nothing else.
 *
 * @param refuseUse Throws while something refers to it.
 * @param remove Deletes the record and what goes with it.
 * @throws the kind's `.Malformed` and `.NotFound`, MissingParameter, and what `refuseUse` throws
 */
export async function deleteUnused<T extends Deletable>(
  state: State,
  scope: Scope,
  kind: Kind<T>,
  named: { readonly id: string | undefined; readonly parameter: string },
  refuseUse: (tx: Transaction, record: T) => void,
  remove: (tx: Transaction, record: T) => void,
): Promise<void> {
  const { collection } = kind;
  const id = readId(kind, named.id, named.parameter);
  const key = ec2Key(collection, scope, id);
  const read = (tx: Transaction): T => {
    const record = tx.get(collection, key);
    if (record === undefined) throw notFound(kind, id);
    return record;
  };
  await state.transact((tx) => {
    const record = read(tx);
    refuseUse(tx, record);
    tx.put(collection, key, { ...record, isBeingDeleted: true });
  });
  try {
    await state.transact((tx) => {
      const record = read(tx);
      refuseUse(tx, record);
      tx.delete(collection, key);
      remove(tx, record);
    });
  } catch (error) {
    await state.transact((tx) => {
      const { isBeingDeleted: _, ...record } = read(tx);
      // Without an optional member it is still what it was.
      tx.put(collection, key, record as T);
    });
    throw error;
  }
}
