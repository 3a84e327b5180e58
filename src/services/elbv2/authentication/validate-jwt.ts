import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { HeaderFields } from '../../../balancing/index.ts';
import type { JwtGuardRecord } from '../records.ts';
import { AuthenticationFailure, type JwtReason } from './failure.ts';

/** Clocks of issuers differ a little. */
const skewSeconds = 60;

/**
 * Whether a request brings a token that its rule takes.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-verify-jwt.html
 * @param now Epoch milliseconds.
 * @throws {AuthenticationFailure} it doesn't, or the issuer's keys can't be had.
 */
export async function validateJwt(
  { issuer, additionalClaims }: Pick<JwtGuardRecord, 'issuer' | 'additionalClaims'>,
  headers: HeaderFields,
  keys: JWTVerifyGetKey,
  now: number,
): Promise<void> {
  const claims = await verified(tokenIn(headers), issuer, keys, now);
  const { iat } = claims;
  if (iat !== undefined && (typeof iat !== 'number' || iat > now / 1_000 + skewSeconds))
    throw refused('JWTClaimValueInvalid');
  for (const claim of additionalClaims) checkClaim(claims, claim);
}

function tokenIn(headers: HeaderFields): string {
  const [given, ...others] = headers.filter(([name]) => name.toLowerCase() === 'authorization');
  if (given === undefined) throw refused('JWTHeaderNotPresent');
  const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i.exec(given[1])?.[1];
  if (token === undefined || others.length > 0) throw refused('JWTRequestFormatInvalid');
  return token;
}

async function verified(
  token: string,
  issuer: string,
  keys: JWTVerifyGetKey,
  now: number,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      // "Only the RS256 algorithm is supported."
      algorithms: ['RS256'],
      ...{ issuer, requiredClaims: ['iss', 'exp'], currentDate: new Date(now), clockTolerance: skewSeconds },
    });
    return payload;
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw refused(reasonOf(error), error);
  }
}

function reasonOf(error: errors.JOSEError): JwtReason {
  if (error instanceof errors.JWTExpired) return 'JWTClaimValueInvalid';
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.reason === 'missing' ? 'JWTClaimNotPresent' : 'JWTClaimValueInvalid';
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid)
    return 'JWTRequestFormatInvalid';
  return 'JWTSignatureValidationError';
}

type Claim = JwtGuardRecord['additionalClaims'][number];

/** All values that the rule names are among those of the claim. */
function checkClaim(claims: JWTPayload, { name, format, values }: Claim): void {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (value === undefined) throw refused('JWTClaimNotPresent');
  const found = valuesIn(value, format);
  if (found === undefined) throw refused('JWTClaimFormatInvalid');
  if (!values.every((wanted) => found.includes(wanted))) throw refused('JWTClaimValueInvalid');
}

/** Undefined: it has another format. */
function valuesIn(value: unknown, format: Claim['format']): readonly unknown[] | undefined {
  switch (format) {
    case 'single-string':
      return typeof value === 'string' ? [value] : undefined;
    case 'space-separated-values':
      return typeof value === 'string' ? value.split(' ') : undefined;
    case 'string-array':
      return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined;
  }
}

const refused = (reason: JwtReason, cause?: unknown): AuthenticationFailure =>
  new AuthenticationFailure(reason, 401, { cause });
