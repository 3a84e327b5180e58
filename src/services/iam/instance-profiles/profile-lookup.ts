import type { Reader } from '../../../reconcile/index.ts';
import { noSuchEntity } from '../errors.ts';
import { entityKey, type InstanceProfileRecord, instanceProfiles } from '../records.ts';

/** @throws {Refusal} NoSuchEntity. */
export function findInstanceProfile(reader: Reader, accountId: string, name: string): InstanceProfileRecord {
  const profile = reader.get(instanceProfiles, entityKey(instanceProfiles, accountId, name));
  if (profile === undefined) throw noSuchEntity(`Instance Profile ${name} cannot be found.`);
  return profile;
}
