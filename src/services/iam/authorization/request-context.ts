import type { Reader } from '../../../reconcile/index.ts';
import type { ConditionKeys, Principal, RequestFacts } from '../../service.ts';
import { type ContextSource, type ContextValue, RequestContext } from '../policy/index.ts';
import { entityKey, roles, type Tags, users } from '../records.ts';
import { roleArn } from './policy-principal.ts';

/**
 * The condition keys of a request: global ones (IAM user guide, "AWS global condition context keys") and those that
 * the service supplies. Nothing is made before a policy asks for it.
 */
export function requestContext(of: {
  readonly reader: Reader;
  readonly principal: Principal;
  readonly resourceAccountId: string;
  /** What is undefined nobody knows: there is only a question, no request. */
  readonly facts: Pick<RequestFacts, 'now'> & Partial<RequestFacts>;
  readonly conditions: () => ConditionKeys | undefined;
}): ContextSource {
  let supplied: RequestContext | undefined;
  return {
    get(key) {
      const global = globalKey(key, of);
      if (global !== undefined) return global;
      supplied ??= new RequestContext(Object.entries(of.conditions() ?? {}));
      return supplied.get(key);
    },
  };
}

const principalTagPrefix = 'aws:principaltag/';

function globalKey(
  key: string,
  { reader, principal, resourceAccountId, facts }: Parameters<typeof requestContext>[0],
): ContextValue | undefined {
  const { identity, session } = principal;
  switch (key) {
    case 'aws:currenttime':
      return new Date(facts.now).toISOString();
    case 'aws:epochtime':
      return String(Math.floor(facts.now / 1000));
    case 'aws:securetransport':
      return facts.isSecure === undefined ? undefined : String(facts.isSecure);
    case 'aws:sourceip':
      return facts.sourceIp;
    case 'aws:useragent':
      return facts.userAgent;
    case 'aws:requestedregion':
      return facts.region;
    case 'aws:viaawsservice':
    case 'aws:principalisawsservice':
      return 'false';
    case 'aws:resourceaccount':
      return resourceAccountId;
    case 'aws:principalaccount':
      return identity.kind === 'anonymous' ? undefined : principal.accountId;
    case 'aws:principalarn':
      if (identity.kind === 'anonymous') return undefined;
      return identity.kind === 'role'
        ? roleArn(reader, principal.accountId, identity.roleName)
        : principal.arn;
    case 'aws:principaltype':
      return principalTypes[identity.kind];
    case 'aws:userid':
      return identity.kind === 'anonymous' ? undefined : principal.userId;
    case 'aws:username':
      return identity.kind === 'user' ? identity.userName : undefined;
    case 'aws:tokenissuetime':
      return session && new Date(session.issuedAt).toISOString();
    case 'aws:multifactorauthpresent':
      // There are no MFA devices.
      return session && 'false';
    case 'aws:sourceidentity':
      return session?.sourceIdentity;
    case 'aws:federatedprovider':
      return session?.federatedProvider;
    default:
      return key.startsWith(principalTagPrefix)
        ? principalTag(reader, principal, key.slice(principalTagPrefix.length))
        : undefined;
  }
}

const principalTypes = {
  root: 'Account',
  user: 'User',
  role: 'AssumedRole',
  'federated-user': 'FederatedUser',
  anonymous: 'Anonymous',
} as const;

/** A session's tag goes before the role's of the same name, ignoring case. */
function principalTag(reader: Reader, principal: Principal, name: string): string | undefined {
  return tagIn(principal.session?.tags, name) ?? tagIn(identityTags(reader, principal), name);
}

function identityTags(reader: Reader, { accountId, identity }: Principal): Tags | undefined {
  switch (identity.kind) {
    case 'user':
      return reader.get(users, entityKey(users, accountId, identity.userName))?.tags;
    case 'role':
      return reader.get(roles, entityKey(roles, accountId, identity.roleName))?.tags;
    default:
      return undefined;
  }
}

function tagIn(tags: Tags | undefined, foldedName: string): string | undefined {
  for (const name in tags) if (name.toLowerCase() === foldedName) return tags[name];
  return undefined;
}
