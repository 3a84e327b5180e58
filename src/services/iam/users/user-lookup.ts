import type { Reader } from '../../../reconcile/index.ts';
import { findHolder } from '../holders.ts';
import type { UserRecord } from '../records.ts';

/** @throws {Refusal} NoSuchEntity. */
export function findUser(reader: Reader, accountId: string, name: string): UserRecord {
  return findHolder(reader, accountId, { type: 'user', name });
}
