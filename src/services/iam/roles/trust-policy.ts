import type { Reader } from '../../../reconcile/index.ts';
import { entityArn, parseEntityArn, rootArn } from '../arn.ts';
import { malformedPolicy, quotaExceeded } from '../errors.ts';
import { documentSize, readDocument } from '../input/documents.ts';
import { type CompiledPolicy, compilePolicy, parsePolicy, replacePrincipals } from '../policy/index.ts';
import { accountOf, entityKey, type RoleRecord, roles, users } from '../records.ts';

/** White space not counted (IAM user guide, "IAM and AWS STS quotas"). */
const maxBytes = 2048;

/** Whether an account is one of this installation's. */
type IsOwnAccount = (accountId: string) => boolean;

/**
 * A trust policy as it is kept: users and roles stand in it by their unique ids, so that one made anew under an old name
 * is not trusted (IAM user guide, "AWS JSON policy elements: Principal").
 *
 * Users and roles must exist where their account is one of this installation's; of other accounts nothing can be known.
 *
 * @throws {Refusal} MalformedPolicyDocument, LimitExceeded.
 */
export function keptTrustPolicy(reader: Reader, isOwnAccount: IsOwnAccount, text: string): string {
  if (!isJson(text)) throw malformedPolicy('This policy contains invalid Json');
  readDocument(text, 'trust');
  if (documentSize(text) > maxBytes) throw quotaExceeded('ACLSizePerRole', maxBytes);
  return replacePrincipals(text, (principal) => keptPrincipal(reader, isOwnAccount, principal));
}

/** A kept trust policy as it is shown: who is gone stays an id. */
export function shownTrustPolicy(reader: Reader, kept: string): string {
  if (!uniqueId.test(kept)) return kept;
  return replacePrincipals(kept, (principal) =>
    isUniqueId(principal) ? (arnById(reader, principal) ?? principal) : principal,
  );
}

const compiled = new WeakMap<RoleRecord, CompiledPolicy>();

/**
 * The trust policy of a role, ready to be evaluated as its resource policy: the principal that asks must bring its
 * unique id (`policyPrincipal` does), for users and roles are named by it. Compiled once for each record.
 */
export function trustPolicyOf(role: RoleRecord): CompiledPolicy {
  let policy = compiled.get(role);
  if (policy === undefined) {
    policy = compilePolicy('trust', parsePolicy(role.trustPolicy, 'trust'));
    compiled.set(role, policy);
  }
  return policy;
}

const uniqueId = /A(?:ID|RO)A[A-Z0-9]{12,}/;
const isUniqueId = (text: string): boolean => uniqueId.exec(text)?.[0] === text;

/** @throws {Refusal} MalformedPolicyDocument: there is no such user or role. */
function keptPrincipal(reader: Reader, isOwnAccount: IsOwnAccount, principal: string): string {
  const invalid = () => malformedPolicy(`Invalid principal in policy: "AWS":"${principal}"`);
  if (/^\d{12}$/.test(principal)) return rootArn(principal);
  if (isUniqueId(principal)) {
    if (arnById(reader, principal) === undefined) throw invalid();
    return principal;
  }
  const session = /^arn:aws:sts::(?<of>\d{12}):assumed-role\/(?<role>[^/]+)\/./.exec(principal)?.groups;
  if (session !== undefined) {
    const { of = '', role = '' } = session;
    const isThere = reader.get(roles, entityKey(roles, of, role)) !== undefined;
    if (!isThere && isOwnAccount(of)) throw invalid();
    return principal;
  }
  const named = parseEntityArn(principal);
  if (named === undefined) return principal;
  const id = idByArn(reader, principal);
  if (id === undefined && isOwnAccount(named.accountId)) throw invalid();
  return id ?? principal;
}

function idByArn(reader: Reader, arn: string): string | undefined {
  const named = parseEntityArn(arn);
  if (named?.type !== 'user' && named?.type !== 'role') return undefined;
  const { accountId, type, name } = named;
  const entity =
    type === 'user'
      ? reader.get(users, entityKey(users, accountId, name))
      : reader.get(roles, entityKey(roles, accountId, name));
  return entity !== undefined && arnById(reader, entity.id) === arn ? entity.id : undefined;
}

function arnById(reader: Reader, id: string): string | undefined {
  const [user] = reader.byIndex(users, 'id', id);
  if (user !== undefined) return entityArn(accountOf(user.key), 'user', user.value.path, user.value.userName);
  const [role] = reader.byIndex(roles, 'id', id);
  return role && entityArn(accountOf(role.key), 'role', role.value.path, role.value.roleName);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
