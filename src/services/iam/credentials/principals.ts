import type { Reader } from '../../../reconcile/index.ts';
import { type Principal, rootPrincipal } from '../../service.ts';
import { entityArn, federatedUserArn, sessionArn } from '../arn.ts';
import { type AccessKeyRecord, accountOf, entityKey, roles, type UserRecord, users } from '../records.ts';
import type { SessionClaims } from './session-token.ts';

/** Undefined: the user is gone. */
export function principalOfKey(
  reader: Reader,
  accountId: string,
  { accessKeyId, userName }: AccessKeyRecord,
): Principal | undefined {
  if (userName === undefined) return rootPrincipal(accountId, accessKeyId);
  const user = reader.get(users, entityKey(users, accountId, userName));
  return user && principalOfUser(accountId, user, accessKeyId);
}

function principalOfUser(accountId: string, user: UserRecord, accessKeyId: string): Principal {
  return {
    accountId,
    arn: entityArn(accountId, 'user', user.path, user.userName),
    userId: user.id,
    accessKeyId,
    identity: { kind: 'user', userName: user.userName },
  };
}

/** Undefined: the role or user is gone. */
export function principalOfSession(reader: Reader, claims: SessionClaims): Principal | undefined {
  const { accountId, accessKeyId, identity, session } = claims;
  if (identity.kind === 'role') {
    const [stored] = reader.byIndex(roles, 'id', identity.roleId);
    if (stored === undefined) return undefined;
    const { roleName } = stored.value;
    return {
      accountId,
      arn: sessionArn(accountOf(stored.key), roleName, session.name ?? ''),
      userId: `${identity.roleId}:${session.name}`,
      accessKeyId,
      identity: { kind: 'role', roleName },
      session,
    };
  }
  const issuer = issuerOf(reader, accountId, accessKeyId, identity);
  if (issuer === undefined || identity.kind !== 'federated-user') return issuer && { ...issuer, session };
  const { name } = identity;
  const of = issuer.identity;
  if (of.kind !== 'root' && of.kind !== 'user') return undefined;
  return {
    accountId,
    arn: federatedUserArn(accountId, name),
    userId: `${accountId}:${name}`,
    accessKeyId,
    identity: { kind: 'federated-user', name, of },
    session,
  };
}

/** The root, or the user, whatever its name is by now. */
function issuerOf(
  reader: Reader,
  accountId: string,
  accessKeyId: string,
  { userName, userId }: { readonly userName?: string; readonly userId?: string },
): Principal | undefined {
  if (userName === undefined) return rootPrincipal(accountId, accessKeyId);
  const [stored] = reader.byIndex(users, 'id', userId ?? '');
  return stored && principalOfUser(accountId, stored.value, accessKeyId);
}
