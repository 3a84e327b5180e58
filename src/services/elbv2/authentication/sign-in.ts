import {
  callbackPath,
  cookieOf,
  type GuardDecision,
  type GuardedRequest,
  mostUrlBytes,
} from '../../../balancing/index.ts';
import { alphanumeric, type Random } from '../../../clock/index.ts';
import type { Sealer } from '../../../sealing/index.ts';
import type { OidcGuardRecord } from '../records.ts';
import { AuthenticationFailure } from './failure.ts';
import { cookie } from './session.ts';
import {
  isNonce,
  nonceCookie,
  openState,
  type SignInState,
  sealState,
  signInSeconds,
} from './sign-in-state.ts';

/** Who asks to be let in, and where. */
export interface SignInPlace {
  readonly ruleArn: string;
  readonly listenerArn: string;
  readonly guard: OidcGuardRecord;
}

/**
 * Sends a client to the identity provider. Whoever comes back must be the one who was sent away: that is what the cookie
 * says. Several pages of one browser are sent away with the same one.
 * @param now Epoch seconds.
 */
export function sendToProvider(
  { ruleArn, listenerArn, guard }: SignInPlace,
  { host, url, headers }: GuardedRequest,
  { sealer, random, now }: { readonly sealer: Sealer; readonly random: Random; readonly now: number },
): GuardDecision {
  const sent = cookieOf(headers, nonceCookie);
  const nonce = sent !== undefined && isNonce(sent) ? sent : alphanumeric(random, 16);
  const until = now + signInSeconds;
  const location = new URL(guard.authorizationEndpoint);
  const parameters: Readonly<Record<string, string>> = {
    ...guard.extraParams,
    client_id: guard.clientId,
    redirect_uri: callbackUrl(host),
    response_type: 'code',
    scope: guard.scope,
    state: sealState(sealer, { ruleArn, listenerArn, nonce, url, until }),
  };
  for (const [name, value] of Object.entries(parameters)) location.searchParams.set(name, value);
  // "HTTP 507: The redirect URL is too long."
  if (location.href.length > mostUrlBytes) return { type: 'answer', status: 507, fields: [] };
  return {
    ...{ type: 'answer', status: 302 },
    fields: [
      ['Location', location.href],
      ['Set-Cookie', cookie(nonceCookie, nonce, new Date(until * 1_000).toUTCString())],
    ],
  };
}

/** As the client names the load balancer. @throws {AuthenticationFailure} it doesn't. */
export function callbackUrl(host: string): string {
  return `${originOf(host)}${callbackPath}`;
}

export function originOf(host: string): string {
  if (!/^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(host))
    throw new AuthenticationFailure('AuthMissingHostHeader', 500);
  return `https://${host}`;
}

/** What an identity provider sent a client back with. */
export interface Returned {
  readonly state: SignInState;
  readonly code: string;
}

/**
 * Who comes back with a code, as was sent away from this listener.
 * @param now Epoch seconds.
 * @throws {AuthenticationFailure}
 */
export function readReturn(
  { url, headers }: GuardedRequest,
  {
    sealer,
    listenerArn,
    now,
  }: { readonly sealer: Sealer; readonly listenerArn: string; readonly now: number },
): Returned {
  const parameters = new URLSearchParams(url.slice(url.indexOf('?') + 1));
  const given = parameters.get('state');
  if (given === null || given === '') throw new AuthenticationFailure('AuthMissingStateParam', 401);
  const state = openState(sealer, given);
  if (state === undefined || state.listenerArn !== listenerArn || state.until <= now)
    throw new AuthenticationFailure('AuthInvalidStateParam', 401);
  const nonce = cookieOf(headers, nonceCookie);
  if (nonce === undefined) throw new AuthenticationFailure('AuthMissingAWSALBAuthNonce', 401);
  if (nonce !== state.nonce) throw new AuthenticationFailure('AuthInvalidAWSALBAuthNonce', 401);
  const code = parameters.get('code');
  if (code === null || code === '')
    throw new AuthenticationFailure('AuthMissingCodeParam', parameters.has('error') ? 561 : 401);
  return { state, code };
}
