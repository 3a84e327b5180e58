import { decodeJwt } from 'jose';
import type { OidcGuardRecord } from '../records.ts';
import { AuthenticationFailure } from './failure.ts';
import { type AskProvider, ProviderError } from './provider.ts';

/** What a provider gives for a code, or for a refresh token. */
export interface Tokens {
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn?: number;
  readonly refreshToken?: string;
  /** Of the ID token, if there is one. */
  readonly subject?: string;
}

export type ProviderConfig = Pick<
  OidcGuardRecord,
  'issuer' | 'tokenEndpoint' | 'userInfoEndpoint' | 'clientId'
>;

const mostTokenBytes = 65_536;
/** "If the total size of the user claims and access token … is greater than 11K bytes", it is an error. */
const mostUserBytes = 11 * 1024;
/** Clocks of providers differ a little. */
const skewSeconds = 60;

interface Asking {
  readonly ask: AskProvider;
  readonly provider: ProviderConfig;
  readonly clientSecret: string;
  readonly signal: AbortSignal;
  /** Epoch seconds. */
  readonly now: number;
}

/** @throws {AuthenticationFailure} */
export async function tokensFor(grant: Readonly<Record<string, string>>, asking: Asking): Promise<Tokens> {
  const { provider, now } = asking;
  const answer = await askForTokens(grant, asking);
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = answer;
  // RFC 6750, 2.1: what else there is would not be a header's value.
  if (typeof accessToken !== 'string' || !/^[\x21-\x7e]+$/.test(accessToken))
    throw new AuthenticationFailure('AuthInvalidTokenResponse', 401);
  const lasting = Number(expiresIn);
  const isFresh = grant.grant_type === 'authorization_code';
  const subject =
    isFresh || answer.id_token !== undefined ? subjectIn(answer.id_token, provider, now) : undefined;
  return {
    accessToken,
    ...(expiresIn !== undefined &&
      lasting > 0 &&
      Number.isFinite(lasting) && { expiresIn: Math.floor(lasting) }),
    ...(typeof refreshToken === 'string' && refreshToken !== '' && { refreshToken }),
    ...(subject !== undefined && { subject }),
  };
}

/** The secret goes in the form; a provider that refuses it there is asked once more with it in the header (RFC 6749, 2.3.1). */
async function askForTokens(
  grant: Readonly<Record<string, string>>,
  { ask, provider: { tokenEndpoint: url, clientId }, clientSecret, signal }: Asking,
): Promise<Readonly<Record<string, unknown>>> {
  const inForm = { ...grant, client_id: clientId, client_secret: clientSecret };
  try {
    try {
      return await ask({ url, form: inForm, mostBytes: mostTokenBytes }, signal);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'invalid_client') throw error;
    }
    const form = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
    const credentials = Buffer.from(`${form(clientId)}:${form(clientSecret)}`).toString('base64');
    const headers = { authorization: `Basic ${credentials}` };
    return await ask({ url, headers, form: grant, mostBytes: mostTokenBytes }, signal);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const options = { cause: error };
    switch (error.problem) {
      case 'unreachable':
        throw new AuthenticationFailure('AuthTokenEpRequestTimeout', 500, options);
      case 'refused':
        throw error.code === 'invalid_grant'
          ? new AuthenticationFailure('AuthInvalidGrantError', 401, options)
          : new AuthenticationFailure('AuthTokenEpRequestFailed', 561, options);
      default:
        throw new AuthenticationFailure('AuthInvalidTokenResponse', 401, options);
    }
  }
}

/** It came over TLS from the provider itself, so who signed it need not be asked (OpenID Connect Core, 3.1.3.7, 6). */
function subjectIn(idToken: unknown, { issuer, clientId }: ProviderConfig, now: number): string {
  const refuse = (cause?: unknown) => new AuthenticationFailure('AuthInvalidIdToken', 401, { cause });
  if (typeof idToken !== 'string') throw refuse();
  let claims: ReturnType<typeof decodeJwt>;
  try {
    claims = decodeJwt(idToken);
  } catch (error) {
    throw refuse(error);
  }
  const { iss, aud, azp, exp, sub } = claims;
  const audiences = Array.isArray(aud) ? aud : [aud];
  const isForUs = audiences.includes(clientId) && (azp === undefined || azp === clientId);
  if (iss !== issuer || !isForUs || typeof exp !== 'number' || exp <= now - skewSeconds) throw refuse();
  if (typeof sub !== 'string') throw refuse();
  return sub;
}

/** @throws {AuthenticationFailure} */
export async function userInfo(
  { accessToken, subject }: Pick<Tokens, 'accessToken' | 'subject'>,
  { ask, provider, signal }: Pick<Asking, 'ask' | 'provider' | 'signal'>,
): Promise<Readonly<Record<string, unknown>>> {
  const tooLarge = (cause?: unknown) =>
    new AuthenticationFailure('AuthUserinfoResponseSizeExceeded', 500, { cause });
  const headers = { authorization: `Bearer ${accessToken}` };
  let claims: Readonly<Record<string, unknown>>;
  try {
    claims = await ask({ url: provider.userInfoEndpoint, headers, mostBytes: mostUserBytes }, signal);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const options = { cause: error };
    switch (error.problem) {
      case 'unreachable':
        throw new AuthenticationFailure('AuthUserinfoEpRequestTimeout', 500, options);
      case 'refused':
        throw new AuthenticationFailure('AuthUserinfoEpRequestFailed', 561, options);
      case 'unreadable':
        throw new AuthenticationFailure('AuthInvalidUserinfoResponse', 401, options);
      case 'too-large':
        throw tooLarge(error);
    }
  }
  const { sub } = claims;
  // "It MUST NOT exceed 255 ASCII characters", and it is who the ID token says (OpenID Connect Core, 2 and 5.3.2).
  const isSubject = typeof sub === 'string' && /^[\x20-\x7e]{1,255}$/.test(sub);
  if (!isSubject || (subject !== undefined && sub !== subject))
    throw new AuthenticationFailure('AuthInvalidUserinfoResponse', 401);
  if (Buffer.byteLength(JSON.stringify(claims)) + accessToken.length > mostUserBytes) throw tooLarge();
  return claims;
}
