import type { Reader } from '../../../reconcile/index.ts';
import { assertChangeable, findHolder } from '../holders.ts';
import type { RoleRecord } from '../records.ts';

/** @throws {Refusal} NoSuchEntity. */
export function findRole(reader: Reader, accountId: string, name: string): RoleRecord {
  return findHolder(reader, accountId, { type: 'role', name });
}

/**
 * A role that its account may change: one that is linked to a service is only that service's.
 * @throws {Refusal} NoSuchEntity, UnmodifiableEntity.
 */
export function findChangeableRole(reader: Reader, accountId: string, name: string): RoleRecord {
  const role = findRole(reader, accountId, name);
  assertChangeable(role);
  return role;
}
