import type { Reader } from '../../../reconcile/index.ts';
import type { Principal } from '../../service.ts';
import { entityArn } from '../arn.ts';
import type { PolicyPrincipal } from '../policy/index.ts';
import { entityKey, roles } from '../records.ts';

/** The names by which a policy's Principal may mean who asks. */
export function policyPrincipal(
  reader: Reader,
  { accountId, arn, userId, identity }: Principal,
): PolicyPrincipal {
  switch (identity.kind) {
    case 'anonymous':
      return { kind: 'anonymous' };
    case 'role':
      return {
        ...{ kind: 'role', accountId, arn, roleArn: roleArn(reader, accountId, identity.roleName) },
        // Of `AROA…:session`.
        id: userId.split(':', 1)[0] ?? userId,
      };
    case 'user':
      return { kind: 'user', accountId, arn, id: userId };
    case 'root':
    case 'federated-user':
      return { kind: identity.kind, accountId, arn };
  }
}

/** With the role's path, which the session's ARN does not have. */
export function roleArn(reader: Reader, accountId: string, roleName: string): string {
  const path = reader.get(roles, entityKey(roles, accountId, roleName))?.path ?? '/';
  return entityArn(accountId, 'role', path, roleName);
}
