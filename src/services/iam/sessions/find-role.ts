import type { Reader } from '../../../reconcile/index.ts';
import { entityArn, parseEntityArn } from '../arn.ts';
import { entityKey, type RoleRecord, roles } from '../records.ts';

export interface FoundRole {
  readonly accountId: string;
  readonly arn: string;
  readonly role: RoleRecord;
}

/** By its ARN, in which path and case count. */
export function findRole(reader: Reader, arn: string): FoundRole | undefined {
  const parsed = parseEntityArn(arn);
  if (parsed?.type !== 'role') return undefined;
  const { accountId, name } = parsed;
  const role = reader.get(roles, entityKey(roles, accountId, name));
  if (role === undefined || entityArn(accountId, 'role', role.path, role.roleName) !== arn) return undefined;
  return { accountId, arn, role };
}
