import {
  compactVerify,
  createLocalJWKSet,
  decodeJwt,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
} from 'jose';
import type { Clock } from '../../clock/index.ts';
import type { OidcProvider } from '../../services/eks/index.ts';
import { claimedIssuer } from './claimed-issuer.ts';
import { type Authenticate, apiAudiences, TokenError, type User } from './user.ts';

const algorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];

export interface OidcAuthentication {
  readonly clock: Clock;
  /** Whose tokens the cluster takes now. */
  readonly provider: () => OidcProvider | undefined;
  /** @param isStale The token's key is not among those that were given before. */
  readonly issuerKeys: (issuerUrl: string, isStale: boolean) => Promise<JSONWebKeySet>;
}

/** The ID tokens of a cluster's identity provider (AssociateIdentityProviderConfig), as the API server's `--oidc-…` takes them. */
export function oidcTokens({ clock, provider, issuerKeys }: OidcAuthentication): Authenticate {
  return async (token, audiences) => {
    const known = provider();
    if (known === undefined || claimedIssuer(token) !== known.issuerUrl) return undefined;
    const claims = await verifiedClaims(token, (isStale) => issuerKeys(known.issuerUrl, isStale));
    checkClaims(claims, known, Math.floor(clock.now() / 1_000));
    const user = userOf(claims, known);
    const common = audiences.filter((audience) => apiAudiences.includes(audience));
    return common.length === 0 ? undefined : { user, audiences: common };
  };
}

async function verifiedClaims(
  token: string,
  keysOf: (isStale: boolean) => Promise<JSONWebKeySet>,
): Promise<JWTPayload> {
  const verifyWith = async (isStale: boolean) =>
    compactVerify(token, createLocalJWKSet(await keysOf(isStale)), { algorithms });
  try {
    await verifyWith(false).catch((error: unknown) => {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return verifyWith(true);
    });
  } catch (cause) {
    // The issuer can't be reached, or did not sign it: both are nobody's fault here.
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TokenError(`oidc: verify token: ${why}`, { cause });
  }
  return decodeJwt(token);
}

/** @throws {TokenError} */
function checkClaims(claims: JWTPayload, { clientId, requiredClaims }: OidcProvider, now: number): void {
  const { aud, exp, nbf } = claims;
  if (![aud ?? []].flat().includes(clientId))
    throw new TokenError(`oidc: verify token: expected audience ${JSON.stringify(clientId)}`);
  if (typeof exp !== 'number' || now >= exp) throw new TokenError('oidc: verify token: token is expired');
  if (typeof nbf === 'number' && now < nbf) throw new TokenError('oidc: verify token: not valid yet');
  for (const [claim, wanted] of Object.entries(requiredClaims)) {
    if (claims[claim] === wanted) continue;
    throw new TokenError(
      claims[claim] === undefined
        ? `oidc: required claim ${claim} not present in ID token`
        : `oidc: required claim ${claim} value does not match`,
    );
  }
}

/** @throws {TokenError} */
function userOf(claims: JWTPayload, provider: OidcProvider): User {
  const { issuerUrl, usernameClaim, usernamePrefix, groupsClaim, groupsPrefix = '' } = provider;
  const name = claims[usernameClaim];
  if (typeof name !== 'string' || name === '')
    throw new TokenError(`oidc: parse username claims "${usernameClaim}": claim not present`);
  // Who has not proved that an address is his must not act under it.
  if (usernameClaim === 'email' && claims.email_verified !== undefined && claims.email_verified !== true)
    throw new TokenError('oidc: email not verified');
  const prefix =
    usernamePrefix === '-' ? '' : (usernamePrefix ?? (usernameClaim === 'email' ? '' : `${issuerUrl}#`));
  const groups = groupsClaim === undefined ? [] : [claims[groupsClaim] ?? []].flat();
  if (!groups.every((group) => typeof group === 'string'))
    throw new TokenError(`oidc: parse groups claim "${groupsClaim}": not texts`);
  return { username: `${prefix}${name}`, groups: groups.map((group) => `${groupsPrefix}${group}`) };
}
