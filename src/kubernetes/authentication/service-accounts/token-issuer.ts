import { SignJWT } from 'jose';
import { type Random, uuid } from '../../../clock/index.ts';
import { type TokenKey, tokenAlgorithm } from './token-key.ts';

/** An object that a token names: another one that is made later under the name is not it. */
export interface Reference {
  readonly name: string;
  readonly uid: string;
}

/** Whom a token is of, and what it lives and dies with. */
export interface TokenSubject {
  readonly namespace: string;
  readonly serviceAccount: Reference;
  readonly pod?: Reference;
  readonly secret?: Reference;
  /** The pod's, or what the token itself is bound to. Of a node that is gone, the name alone. */
  readonly node?: { readonly name: string; readonly uid?: string };
}

export interface TokenTerms {
  readonly audiences: readonly string[];
  /** Epoch seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** From then on its use is worth a warning, although it is still good. Epoch seconds. */
  readonly warnAfter?: number;
}

/** The cluster as an issuer of tokens. */
export interface TokenIssuer {
  /** The `iss` of its tokens, where its documents are found. */
  readonly url: string;
  readonly key: TokenKey;
}

export const usernameOf = (namespace: string, name: string): string =>
  `system:serviceaccount:${namespace}:${name}`;

export const groupsOf = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
];

/** A signed token of a ServiceAccount, with the claims that upstream gives it. */
export function signToken(
  { url, key }: TokenIssuer,
  random: Random,
  { namespace, serviceAccount, pod, secret, node }: TokenSubject,
  { audiences, issuedAt, expiresAt, warnAfter }: TokenTerms,
): Promise<string> {
  const bound = {
    ...{ namespace, ...(node && { node }), ...(pod && { pod }), ...(secret && { secret }) },
    serviceaccount: serviceAccount,
    ...(warnAfter !== undefined && { warnafter: warnAfter }),
  };
  const claims = {
    ...{ aud: [...audiences], exp: expiresAt, iat: issuedAt, iss: url, jti: uuid(random) },
    ...{ 'kubernetes.io': bound, nbf: issuedAt, sub: usernameOf(namespace, serviceAccount.name) },
  };
  return new SignJWT(claims).setProtectedHeader({ alg: tokenAlgorithm, kid: key.id }).sign(key.privateKey);
}

/** The `iss` of tokens that stand in Secrets and never expire. */
export const legacyIssuer = 'kubernetes/serviceaccount';
export const legacyClaim = (name: string): string => `${legacyIssuer.replace('/', '.io/')}/${name}`;

/** The token that a Secret of type `kubernetes.io/service-account-token` holds: good as long as the Secret is there. */
export function signLegacyToken(
  key: TokenKey,
  { namespace, serviceAccount }: Pick<TokenSubject, 'namespace' | 'serviceAccount'>,
  secretName: string,
): Promise<string> {
  const claims = {
    iss: legacyIssuer,
    [legacyClaim('namespace')]: namespace,
    [legacyClaim('secret.name')]: secretName,
    [legacyClaim('service-account.name')]: serviceAccount.name,
    [legacyClaim('service-account.uid')]: serviceAccount.uid,
    sub: usernameOf(namespace, serviceAccount.name),
  };
  return new SignJWT(claims).setProtectedHeader({ alg: tokenAlgorithm, kid: key.id }).sign(key.privateKey);
}
