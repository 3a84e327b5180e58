import type { Reader } from '../../../reconcile/index.ts';
import { noSuchEntity, unmodifiableEntity } from '../errors.ts';
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
  if (role.linkedService !== undefined) {
    throw unmodifiableEntity(
      `Cannot perform the operation on the protected role '${role.roleName}' - this role is only modifiable by AWS`,
    );
  }
  return role;
}

/** For deciding about a request that may name anything. */
export function roleNamed(
  reader: Reader,
  accountId: string,
  roleName: string | undefined,
): RoleRecord | undefined {
  if (roleName === undefined || roleName === '' || roleName.includes('/')) return undefined;
  return reader.get(roles, entityKey(roles, accountId, roleName));
}
