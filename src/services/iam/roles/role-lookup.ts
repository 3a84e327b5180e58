import type { Reader } from '../../../reconcile/index.ts';
import { noSuchEntity, protectedRole } from '../errors.ts';
import { entityKey, type RoleRecord, roles } from '../records.ts';

/** @throws {Refusal} NoSuchEntity. */
export function findRole(reader: Reader, accountId: string, roleName: string): RoleRecord {
  const role = reader.get(roles, entityKey(roles, accountId, roleName));
  if (role === undefined) throw noSuchEntity(`The role with name ${roleName} cannot be found.`);
  return role;
}

/**
 * A role that its account may change: one that is linked to a service is only that service's.
 * @throws {Refusal} NoSuchEntity, UnmodifiableEntity.
 */
export function findChangeableRole(reader: Reader, accountId: string, roleName: string): RoleRecord {
  const role = findRole(reader, accountId, roleName);
  if (role.linkedService !== undefined) throw protectedRole(role.roleName);
  return role;
}
