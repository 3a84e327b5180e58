import { compactVerify, decodeJwt, errors, type JWTPayload } from 'jose';
import type { Clock } from '../../../clock/index.ts';
import { type JsonObject, memberOf, textOf } from '../../objects/object.ts';
import type { ObjectStore, StoredObject } from '../../objects/object-store.ts';
import { type Resource, resourceNamed } from '../../schema/catalogue.ts';
import { claimedIssuer } from '../claimed-issuer.ts';
import { type Authenticate, type Authenticated, apiAudiences, TokenError, type User } from '../user.ts';
import { groupsOf, legacyClaim, legacyIssuer, type TokenIssuer, usernameOf } from './token-issuer.ts';
import { tokenAlgorithm } from './token-key.ts';

/** How far clocks may differ, and how long what is being deleted still counts. */
const leewaySeconds = 60;
const invalidated = 'service account token has been invalidated';

const serviceAccounts = resourceNamed('', 'serviceaccounts');
const secrets = resourceNamed('', 'secrets');

export interface ServiceAccountAuthentication {
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly issuer: () => TokenIssuer;
}

/**
 * Tokens that this cluster signed for its ServiceAccounts: by its key alone, in their time, for one of the asked-for audiences,
 * and only as long as the ServiceAccount and whatever the token is bound to are there, the very same ones.
 */
export function serviceAccountTokens(context: ServiceAccountAuthentication): Authenticate {
  const verified = new VerifiedTokens();
  return async (token, audiences) => {
    const issuer = context.issuer();
    const claims = verified.get(token, issuer) ?? (await verified.verify(token, issuer));
    if (claims === undefined) return undefined;
    return claims.iss === legacyIssuer
      ? legacyUser(context, token, claims as JsonObject, audiences)
      : boundUser(context, claims, audiences);
  };
}

/** Clients send the same token with every request. */
const maxVerified = 1_000;

/** The claims of tokens whose signature was this cluster's; whether they still count is another question. */
class VerifiedTokens {
  readonly #claims = new Map<string, JWTPayload>();
  #key: TokenIssuer['key'] | undefined;

  /** Undefined: the key has not verified it yet. */
  get(token: string, { key }: TokenIssuer): JWTPayload | undefined {
    return this.#key === key ? this.#claims.get(token) : undefined;
  }

  /** Undefined: it claims to be another issuer's. @throws {TokenError} */
  async verify(token: string, issuer: TokenIssuer): Promise<JWTPayload | undefined> {
    const claimed = claimedIssuer(token);
    if (claimed !== issuer.url && claimed !== legacyIssuer) return undefined;
    const claims = await verifiedClaims(token, issuer);
    if (this.#key !== issuer.key || this.#claims.size >= maxVerified) this.#claims.clear();
    this.#key = issuer.key;
    this.#claims.set(token, claims);
    return claims;
  }
}

async function verifiedClaims(token: string, { key }: TokenIssuer): Promise<JWTPayload> {
  try {
    // Only this key and this algorithm: whatever the token's header would rather have.
    await compactVerify(token, key.publicKey, { algorithms: [tokenAlgorithm] });
  } catch (error) {
    if (error instanceof errors.JOSEError)
      throw new TokenError('the signature of the service account token is not valid');
    throw error;
  }
  return decodeJwt(token);
}

async function boundUser(
  { objects, clock }: ServiceAccountAuthentication,
  claims: JWTPayload,
  audiences: readonly string[],
): Promise<Authenticated> {
  const own = [claims.aud ?? []].flat();
  const common = audiences.filter((audience) => own.includes(audience));
  if (common.length === 0) {
    throw new TokenError(
      `token audiences ${texts(own)} is invalid for the target audiences ${texts(audiences)}`,
    );
  }
  const now = clock.now() / 1_000;
  if (claims.exp === undefined || now > claims.exp + leewaySeconds)
    throw new TokenError('service account token has expired');
  if (claims.nbf === undefined || now < claims.nbf - leewaySeconds)
    throw new TokenError('service account token is not valid yet');

  const bound = memberOf(claims, 'kubernetes.io');
  const namespace = textOf(bound, 'namespace');
  const account = memberOf(bound, 'serviceaccount');
  const name = textOf(account, 'name');
  if (namespace === '' || name === '' || claims.sub !== usernameOf(namespace, name))
    throw new TokenError(invalidated);
  const assertThere = async (resource: Resource, reference: JsonObject): Promise<void> => {
    const found = await objects.get(resource, namespace, textOf(reference, 'name'));
    if (found === undefined || !isSame(found, textOf(reference, 'uid')) || isLongDeleted(found, now))
      throw new TokenError(invalidated);
  };
  await assertThere(serviceAccounts, account);
  const isBoundToPod = bound.pod !== undefined;
  for (const [member, resource] of boundResources) {
    // A pod's token says which node the pod is on, and lives with the pod alone.
    if (bound[member] === undefined || (member === 'node' && isBoundToPod)) continue;
    await assertThere(resource, memberOf(bound, member));
  }
  return {
    user: {
      ...{ username: usernameOf(namespace, name), uid: textOf(account, 'uid'), groups: groupsOf(namespace) },
      extra: extraOf(claims, bound),
    },
    audiences: common,
  };
}

const boundResources = [
  ['pod', resourceNamed('', 'pods')],
  ['secret', secrets],
  ['node', resourceNamed('', 'nodes')],
] as const;

function extraOf({ jti }: JWTPayload, bound: JsonObject): NonNullable<User['extra']> {
  const extra: Record<string, readonly string[]> = {};
  const add = (name: string, value: string): void => {
    if (value !== '') extra[`authentication.kubernetes.io/${name}`] = [value];
  };
  add('credential-id', jti === undefined ? '' : `JTI=${jti}`);
  for (const kind of ['node', 'pod']) {
    add(`${kind}-name`, textOf(memberOf(bound, kind), 'name'));
    add(`${kind}-uid`, textOf(memberOf(bound, kind), 'uid'));
  }
  return extra;
}

/** A token out of a Secret: good for the API server, as long as the Secret holds it. */
async function legacyUser(
  { objects }: ServiceAccountAuthentication,
  token: string,
  claims: JsonObject,
  audiences: readonly string[],
): Promise<Authenticated> {
  const common = audiences.filter((audience) => apiAudiences.includes(audience));
  if (common.length === 0) {
    throw new TokenError(
      `token audiences ${texts(apiAudiences)} is invalid for the target audiences ${texts(audiences)}`,
    );
  }
  const claim = (name: string): string => textOf(claims, legacyClaim(name));
  const [namespace, name, secretName] = [
    claim('namespace'),
    claim('service-account.name'),
    claim('secret.name'),
  ];
  if (textOf(claims, 'sub') !== usernameOf(namespace, name)) throw new TokenError(invalidated);
  const secret = await objects.get(secrets, namespace, secretName);
  const held = textOf(memberOf(secret?.object, 'data'), 'token');
  const isHeld =
    secret?.object.metadata.deletionTimestamp === undefined &&
    Buffer.from(held, 'base64').toString('latin1') === token;
  if (!isHeld) throw new TokenError(invalidated);
  if (secret?.object.metadata.labels?.['kubernetes.io/legacy-token-invalid-since'] !== undefined) {
    throw new TokenError(
      `the token in secret ${namespace}/${secretName} for service account ${namespace}/${name} has been marked invalid`,
    );
  }
  const account = await objects.get(serviceAccounts, namespace, name);
  const uid = claim('service-account.uid');
  if (
    account === undefined ||
    !isSame(account, uid) ||
    account.object.metadata.deletionTimestamp !== undefined
  )
    throw new TokenError(invalidated);
  return {
    user: { username: usernameOf(namespace, name), uid, groups: groupsOf(namespace) },
    audiences: common,
  };
}

const isSame = ({ object }: StoredObject, uid: string): boolean => object.metadata.uid === uid;

/** @param now Epoch seconds. */
function isLongDeleted({ object }: StoredObject, now: number): boolean {
  const { deletionTimestamp } = object.metadata;
  return deletionTimestamp !== undefined && Date.parse(deletionTimestamp) / 1_000 < now - leewaySeconds;
}

const texts = (values: readonly string[]): string =>
  `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
