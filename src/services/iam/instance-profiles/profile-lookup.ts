import type { Reader } from '../../../reconcile/index.ts';
import { entityArn, parseEntityArn } from '../arn.ts';
import { noSuchEntity } from '../errors.ts';
import { entityKey, type InstanceProfileRecord, instanceProfiles, roles } from '../records.ts';

/** @throws {Refusal} NoSuchEntity. */
export function findInstanceProfile(reader: Reader, accountId: string, name: string): InstanceProfileRecord {
  const profile = reader.get(instanceProfiles, entityKey(instanceProfiles, accountId, name));
  if (profile === undefined) throw noSuchEntity(`Instance Profile ${name} cannot be found.`);
  return profile;
}

/**
 * The ARN of the role in the instance profile of an ARN, in which path and case count. Undefined: there is no such profile, or no
 * role in it.
 */
export function roleOfInstanceProfile(reader: Reader, arn: string): string | undefined {
  const { accountId = '', type, path, name = '' } = parseEntityArn(arn) ?? {};
  if (type !== 'instance-profile') return undefined;
  const profile = reader.get(instanceProfiles, entityKey(instanceProfiles, accountId, name));
  if (profile?.role === undefined || profile.path !== path || profile.instanceProfileName !== name)
    return undefined;
  const role = reader.get(roles, entityKey(roles, accountId, profile.role));
  return role && entityArn(accountId, 'role', role.path, role.roleName);
}
