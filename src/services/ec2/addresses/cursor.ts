import type { RecordKey, Transaction } from '../../../reconcile/index.ts';
import { ipv4Number, ipv4Text } from '../../../topology/index.ts';
import { subnetCursors } from '../records.ts';
import type { AddressPool } from './address-pool.ts';

/** Where the search for a pool's next free address begins. */
export function searchFrom(tx: Transaction, key: RecordKey, { first, last }: AddressPool): number {
  const cursor = tx.get(subnetCursors, key);
  const next = cursor === undefined ? first : ipv4Number(cursor.nextAddress);
  return next < first || next > last ? first : next;
}

/** Notes that something was taken. @param next Where the search goes on; absent: where it would have. */
export function pointCursor(tx: Transaction, key: RecordKey, next?: number): void {
  const cursor = tx.get(subnetCursors, key);
  const nextAddress = next === undefined ? (cursor?.nextAddress ?? '0.0.0.0') : ipv4Text(next);
  tx.put(subnetCursors, key, { nextAddress, taken: (cursor?.taken ?? 0) + 1 });
}
