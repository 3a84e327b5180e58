import {
  compactVerify,
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
} from 'jose';
import { Refusal } from '../../../protocols/index.ts';
import type { OidcProviderRecord } from '../records.ts';
import { UnreachableIssuer, UntrustedIssuer } from './issuer-document.ts';

export const invalidIdentityToken = (message: string, cause?: unknown): Refusal =>
  new Refusal('InvalidIdentityTokenException', message, { cause });

/** What a token must say, read and not believed yet. */
export interface TokenClaims {
  readonly issuer: string;
  readonly subject: string;
  /** Whom it is for: `azp` where it has one, else `aud`. */
  readonly audience: string;
  /** `aud`, where `azp` goes before it. */
  readonly originalAudience?: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
  readonly issuedAt: number;
  readonly notBefore?: number;
  readonly payload: JWTPayload;
}

/** @throws {Refusal} InvalidIdentityToken: no JSON Web Token, or without a claim that it must have. */
export function readToken(token: string): TokenClaims {
  let payload: JWTPayload;
  try {
    decodeProtectedHeader(token);
    payload = decodeJwt(token);
  } catch (cause) {
    throw invalidIdentityToken(
      'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
      cause,
    );
  }
  const { iss, sub, aud, exp, iat, nbf, azp } = payload;
  const audiences = [aud ?? []].flat();
  const audience = typeof azp === 'string' ? azp : audiences.length === 1 ? audiences[0] : undefined;
  if (typeof iss !== 'string') throw missing('iss');
  if (typeof sub !== 'string') throw missing('sub');
  if (audiences.length === 0) throw missing('aud');
  // Several audiences, and none that is authorised.
  if (audience === undefined) throw missing('azp');
  if (typeof exp !== 'number') throw missing('exp');
  if (typeof iat !== 'number') throw missing('iat');
  const [originalAudience] = audiences;
  return {
    ...{ issuer: iss, subject: sub, audience, expiresAt: exp, issuedAt: iat, payload },
    ...(azp !== undefined && originalAudience !== undefined && { originalAudience }),
    ...(typeof nbf === 'number' && { notBefore: nbf }),
  };
}

const missing = (claim: string) => invalidIdentityToken(`Missing a required claim: ${claim}`);

const algorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];

/**
 * @param keysOf The issuer's keys; read anew where those that are kept lack the token's.
 * @throws {Refusal} InvalidIdentityToken, IDPCommunicationError.
 */
export async function verifySignature(
  token: string,
  keysOf: (isStale: boolean) => Promise<JSONWebKeySet>,
): Promise<void> {
  try {
    await verifyWith(token, await keysOf(false)).catch(async (error: unknown) => {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await verifyWith(token, await keysOf(true));
    });
  } catch (error) {
    throw refusalOf(error);
  }
}

async function verifyWith(token: string, keys: JSONWebKeySet): Promise<void> {
  await compactVerify(token, createLocalJWKSet(keys), { algorithms });
}

function refusalOf(error: unknown): unknown {
  if (error instanceof UntrustedIssuer) {
    return invalidIdentityToken(
      "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
      error,
    );
  }
  if (error instanceof UnreachableIssuer) {
    return new Refusal(
      'IDPCommunicationErrorException',
      `The identity provider could not be reached: ${error.message}`,
      { cause: error },
    );
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return invalidIdentityToken('Token signature invalid', error);
  }
  if (error instanceof errors.JOSEError || error instanceof TypeError) {
    return invalidIdentityToken(
      "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
      error,
    );
  }
  return error;
}

/** How far an issuer's clock may be ahead. */
const maxSkewSeconds = 300;

/**
 * @param now Epoch milliseconds.
 * @throws {Refusal} ExpiredToken, InvalidIdentityToken: out of its time, or for somebody else.
 */
export function checkClaims(
  { expiresAt, issuedAt, notBefore, audience }: TokenClaims,
  { clientIds }: OidcProviderRecord,
  now: number,
): void {
  const seconds = Math.floor(now / 1000);
  if (seconds >= expiresAt) {
    throw new Refusal(
      'ExpiredTokenException',
      `Token expired: current date/time ${seconds} must be before the expiration date/time ${expiresAt}`,
    );
  }
  const earliest = Math.max(issuedAt, notBefore ?? 0);
  if (seconds + maxSkewSeconds < earliest) {
    throw invalidIdentityToken(
      `Token is not valid yet: current date/time ${seconds} must not be before ${earliest}`,
    );
  }
  if (!clientIds.includes(audience)) throw invalidIdentityToken('Incorrect token audience');
}
