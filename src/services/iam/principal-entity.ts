import type { Reader } from '../../reconcile/index.ts';
import type { Principal } from '../service.ts';
import { entityArn, parseEntityArn, rootArn } from './arn.ts';
import { entityKey, roles, users } from './records.ts';

/** Who may act: the root user, a user or a role, by the ARN and by the id that nobody else ever gets. */
export interface PrincipalEntity {
  /** With its path. */
  readonly arn: string;
  /** The root's account id, `AIDA…` or `AROA…`. */
  readonly id: string;
}

/** Undefined: there is nobody of this ARN, in which path and case count. */
export function principalEntity(reader: Reader, arn: string): PrincipalEntity | undefined {
  const [, accountOfRoot] = /^arn:aws:iam::(\d{12}):root$/.exec(arn) ?? [];
  if (accountOfRoot !== undefined) return { arn, id: accountOfRoot };
  const { accountId = '', type, path = '', name = '' } = parseEntityArn(arn) ?? {};
  const found =
    type === 'user'
      ? reader.get(users, entityKey(users, accountId, name))
      : type === 'role'
        ? reader.get(roles, entityKey(roles, accountId, name))
        : undefined;
  if (found === undefined) return undefined;
  const keptName = 'userName' in found ? found.userName : found.roleName;
  return found.path === path && keptName === name ? { arn, id: found.id } : undefined;
}

/** Who acts: of a role's session the role. A federated user acts as nobody else, and is named by the session's ARN. */
export function entityOf(reader: Reader, { accountId, arn, userId, identity }: Principal): PrincipalEntity {
  const [id = userId] = userId.split(':');
  switch (identity.kind) {
    case 'root':
      return { arn: rootArn(accountId), id };
    case 'role': {
      const role = reader.get(roles, entityKey(roles, accountId, identity.roleName));
      return { arn: entityArn(accountId, 'role', role?.path ?? '/', identity.roleName), id };
    }
    case 'user':
      return { arn, id };
    default:
      return { arn, id: userId };
  }
}
