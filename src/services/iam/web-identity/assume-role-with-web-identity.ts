import {
  anonymousPrincipal,
  type ConditionKeys,
  type RequestFacts,
  type SessionPolicies,
} from '../../service.ts';
import { requestContext } from '../authorization/request-context.ts';
import { resourceTagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { parseProviderUrl, providerArn } from '../oidc-providers/provider-name.ts';
import { evaluate } from '../policy/index.ts';
import { type OidcProviderRecord, oidcProviderKey, oidcProviders } from '../records.ts';
import { trustPolicyOf } from '../roles/trust-policy.ts';
import { type AssumedRole, roleSession } from '../sessions/assume-role.ts';
import { accessDenied } from '../sessions/errors.ts';
import { type FoundRole, findRole } from '../sessions/find-role.ts';
import { sessionTagKeys } from '../sessions/session-tags.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { sessionOfToken } from './token-session.ts';
import {
  checkClaims,
  invalidIdentityToken,
  readToken,
  type TokenClaims,
  verifySignature,
} from './verify-token.ts';

export interface WebIdentityAssumption {
  readonly roleArn: string;
  /** Of the ARN. */
  readonly accountId: string;
  readonly sessionName: string;
  /** A JSON Web Token of a provider of the role's account. */
  readonly token: string;
  readonly durationSeconds?: number;
  readonly policies?: SessionPolicies;
  readonly minTokenBytes?: number;
}

export interface WebIdentityRole extends AssumedRole {
  readonly subject: string;
  readonly audience: string;
  /** The issuer, as the token names it. */
  readonly provider: string;
}

const assumeAction = 'sts:AssumeRoleWithWebIdentity';

/**
 * A role's session for whoever brings a token of a provider that the role trusts (STS API reference,
 * AssumeRoleWithWebIdentity). First it is made sure that the token is the provider's, of this time and for a client of
 * the account; then the trust policy decides by what it says.
 *
 * @throws {Refusal} InvalidIdentityToken, ExpiredToken, IDPCommunicationError, AccessDenied, ValidationError (duration,
 * managed policies), PackedPolicyTooLarge.
 */
export async function assumeRoleWithWebIdentity(
  context: IamContext,
  issuers: IssuerKeys,
  asked: WebIdentityAssumption,
  facts: RequestFacts,
): Promise<WebIdentityRole> {
  const { state } = context;
  const claims = readToken(asked.token);
  const found = providerOf(context, asked.accountId, claims.issuer);
  if (found === undefined) {
    throw invalidIdentityToken(`No OpenIDConnect provider found in your account for ${claims.issuer}`);
  }
  const { provider, arn } = found;
  const { thumbprints } = provider;
  await verifySignature(asked.token, (isStale) => issuers.of({ url: claims.issuer, thumbprints }, isStale));
  checkClaims(claims, provider, facts.now);
  const session = sessionOfToken(claims);

  const role = findRole(state, asked.roleArn);
  const conditions = (): ConditionKeys => ({
    ...resourceTagKeys(role?.role.tags),
    ...sessionTagKeys(session),
    ...tokenKeys(provider.url, claims),
    'aws:FederatedProvider': arn,
    'sts:RoleSessionName': asked.sessionName,
    'sts:SourceIdentity': session.sourceIdentity,
  });
  const actions = [
    assumeAction,
    ...(Object.keys(session.tags).length > 0 ? ['sts:TagSession'] : []),
    ...(session.sourceIdentity !== undefined ? ['sts:SetSourceIdentity'] : []),
  ];
  for (const action of actions) {
    if (role === undefined || !isTrusted(context, role, arn, action, conditions, facts)) {
      throw accessDenied(`Not authorized to perform ${action}`);
    }
  }
  if (role === undefined) throw new Error(`A role that does not exist was allowed: ${asked.roleArn}`);
  return {
    ...roleSession(context, role, { ...asked, ...session, federatedProvider: arn }, facts.now),
    ...{ subject: claims.subject, audience: claims.audience, provider: claims.issuer },
  };
}

/** Of the role's account, and with exactly this URL. */
function providerOf(
  { state }: IamContext,
  accountId: string,
  issuer: string,
): { readonly provider: OidcProviderRecord; readonly arn: string } | undefined {
  const named = parseProviderUrl(issuer);
  if (named === undefined || /[?#]/.test(issuer)) return undefined;
  const provider = state.get(oidcProviders, oidcProviderKey(accountId, named.name));
  return provider?.url === named.url ? { provider, arn: providerArn(accountId, named.name) } : undefined;
}

function isTrusted(
  { state }: IamContext,
  { accountId, arn, role }: FoundRole,
  provider: string,
  action: string,
  conditions: () => ConditionKeys,
  facts: RequestFacts,
): boolean {
  const { decision } = evaluate(
    { identity: [], resource: trustPolicyOf(role) },
    {
      ...{ action, resource: arn, resourceAccountId: accountId },
      principal: { kind: 'identity-provider', provider },
      context: requestContext({
        ...{ reader: state, principal: anonymousPrincipal, resourceAccountId: accountId },
        ...{ facts, conditions },
      }),
    },
  );
  return decision === 'allowed';
}

/** `<issuer>:aud` and so on (IAM user guide, "Available keys for AWS OIDC federation"). */
function tokenKeys(
  url: string,
  { subject, audience, originalAudience, payload }: TokenClaims,
): ConditionKeys {
  const { amr } = payload;
  return {
    [`${url}:sub`]: subject,
    [`${url}:aud`]: audience,
    [`${url}:oaud`]: originalAudience,
    [`${url}:amr`]: Array.isArray(amr) ? amr.map(String) : typeof amr === 'string' ? [amr] : undefined,
  };
}
