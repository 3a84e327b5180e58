import type { Reader } from '../../../reconcile/index.ts';
import { noSuchEntity } from '../errors.ts';
import { entityKey, type UserRecord, users } from '../records.ts';

/** @throws {Refusal} NoSuchEntity. */
export function findUser(reader: Reader, accountId: string, userName: string): UserRecord {
  const user = reader.get(users, entityKey(users, accountId, userName));
  if (user === undefined) throw noSuchEntity(`The user with name ${userName} cannot be found.`);
  return user;
}
