import { createHash } from 'node:crypto';
import type { GuardDecision, GuardedRequest } from '../../../balancing/index.ts';
import type { Clock, Random } from '../../../clock/index.ts';
import type { Sealer } from '../../../sealing/index.ts';
import type { OidcGuardRecord } from '../records.ts';
import { AuthenticationFailure } from './failure.ts';
import type { AuthenticationKeys } from './keys.ts';
import type { AskProvider } from './provider.ts';
import { expiredCookies, readSession, type Session, sessionCookies } from './session.ts';
import { callbackUrl, originOf, readReturn, sendToProvider } from './sign-in.ts';
import { type Tokens, tokensFor, userInfo } from './tokens.ts';
import { identityHeaders } from './user-claims.ts';

/** A rule that authenticates, with all that is needed for it. */
export interface AuthenticatingRule {
  readonly ruleArn: string;
  readonly listenerArn: string;
  readonly loadBalancerArn: string;
  readonly guard: OidcGuardRecord;
  readonly clientSecret: string;
}

export interface AuthenticatorOptions {
  readonly ask: AskProvider;
  readonly clock: Clock;
  readonly random: Random;
}

/** What was got for a refresh token serves requests that came with it at the same time, or a little later. */
const refreshedForMs = 30_000;
const mostRefreshed = 10_000;

/** What comes with a session: who is asked and whose keys they are. */
interface Turn {
  readonly rule: AuthenticatingRule;
  readonly keys: AuthenticationKeys;
  readonly sealer: Sealer;
  readonly request: GuardedRequest;
  readonly signal: AbortSignal;
  /** Epoch seconds. */
  readonly now: number;
}

/**
 * Lets users pass whom an OpenID Connect provider knows.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html#authentication-flow
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #refreshed = new Map<string, Promise<Session>>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** Whether a request to a rule's action passes. @throws {AuthenticationFailure} */
  async decide(
    rule: AuthenticatingRule,
    keys: AuthenticationKeys,
    request: GuardedRequest,
    signal: AbortSignal,
  ): Promise<GuardDecision> {
    const turn: Turn = {
      ...{ rule, keys, request, signal, now: this.#now() },
      sealer: keys.sealerOf(rule.loadBalancerArn),
    };
    const { guard, listenerArn } = rule;
    const { headers } = request;
    const session = readSession(turn.sealer, guard.sessionCookieName, headers);
    if (session === 'invalid' && guard.onUnauthenticated !== 'allow') {
      const fields = expiredCookies(guard.sessionCookieName, headers).map(
        (value) => ['Set-Cookie', value] as const,
      );
      return { type: 'answer', status: 401, fields, reason: 'AuthInvalidCookie' };
    }
    const expiresAt = (of: Session): number => of.signedInAt + guard.sessionTimeout;
    if (typeof session === 'string' || !isOf(session, listenerArn, guard) || expiresAt(session) <= turn.now)
      return this.#unauthenticated(turn);
    const { refreshToken, accessExpiresAt = Number.POSITIVE_INFINITY } = session;
    // "If … the IdP does not support refresh tokens, the load balancer keeps the authentication session until it times out."
    if (accessExpiresAt > turn.now || refreshToken === undefined) return this.#pass(session, [], turn);
    const refreshed = await this.#refresh(session, refreshToken, turn);
    const cookies =
      refreshed &&
      sessionCookies(turn.sealer, guard.sessionCookieName, refreshed, headers, expiresAt(refreshed));
    return refreshed === undefined || cookies === undefined
      ? this.#unauthenticated(turn)
      : this.#pass(refreshed, cookies, turn);
  }

  /** A client has come back from the provider. @throws {AuthenticationFailure} */
  async signIn(
    ruleOf: (arn: string) => AuthenticatingRule | undefined,
    listener: { readonly arn: string; readonly loadBalancerArn: string },
    keys: AuthenticationKeys,
    request: GuardedRequest,
    signal: AbortSignal,
  ): Promise<GuardDecision> {
    const now = this.#now();
    const sealer = keys.sealerOf(listener.loadBalancerArn);
    const origin = originOf(request.host);
    const { state, code } = readReturn(request, { sealer, listenerArn: listener.arn, now });
    const rule = ruleOf(state.ruleArn);
    if (rule === undefined) throw new AuthenticationFailure('AuthInvalidStateParam', 401);
    const grant = { grant_type: 'authorization_code', code, redirect_uri: callbackUrl(request.host) };
    const { guard } = rule;
    const session = await this.#sessionBy(grant, rule, signal);
    const expiresAt = session.signedInAt + guard.sessionTimeout;
    const cookies = sessionCookies(sealer, guard.sessionCookieName, session, request.headers, expiresAt);
    if (cookies === undefined) throw new AuthenticationFailure('AuthUserinfoResponseSizeExceeded', 500);
    return {
      ...{ type: 'answer', status: 302 },
      fields: [
        ['Location', `${origin}${state.url}`],
        ...cookies.map((value) => ['Set-Cookie', value] as const),
      ],
    };
  }

  #unauthenticated({ rule, request, sealer, now }: Turn): GuardDecision {
    switch (rule.guard.onUnauthenticated) {
      case 'allow':
        return { type: 'pass', fields: [], cookies: [] };
      case 'deny':
        return { type: 'answer', status: 401, fields: [] };
      case 'authenticate':
        return sendToProvider(rule, request, { sealer, random: this.#options.random, now });
    }
  }

  #pass(session: Session, cookies: readonly string[], { keys, rule, now }: Turn): GuardDecision {
    return { type: 'pass', fields: identityHeaders(session, keys, rule.loadBalancerArn, now), cookies };
  }

  /** Undefined: the provider gives nothing for it any more, or can't be asked. */
  async #refresh(
    session: Session,
    refreshToken: string,
    { rule, signal }: Turn,
  ): Promise<Session | undefined> {
    const digest = createHash('sha256').update(`${rule.ruleArn} ${refreshToken}`).digest('base64');
    let under = this.#refreshed.get(digest);
    if (under === undefined) {
      const grant = { grant_type: 'refresh_token', refresh_token: refreshToken };
      // Others may wait for it, who are still there when this client has gone.
      under = this.#sessionBy(grant, rule, new AbortController().signal, session);
      this.#remember(digest, under);
    }
    try {
      return await under;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AuthenticationFailure) return undefined;
      throw error;
    }
  }

  #remember(digest: string, under: Promise<Session>): void {
    if (this.#refreshed.size >= mostRefreshed) {
      const [oldest = ''] = this.#refreshed.keys();
      this.#refreshed.delete(oldest);
    }
    this.#refreshed.set(digest, under);
    const forget = (): void => {
      if (this.#refreshed.get(digest) === under) this.#refreshed.delete(digest);
    };
    under.then(() => this.#options.clock.after(refreshedForMs, forget), forget);
  }

  async #sessionBy(
    grant: Readonly<Record<string, string>>,
    { guard, listenerArn, clientSecret }: AuthenticatingRule,
    signal: AbortSignal,
    before?: Session,
  ): Promise<Session> {
    const { ask } = this.#options;
    const now = this.#now();
    const asking = { ask, provider: guard, clientSecret, signal, now };
    const tokens: Tokens = await tokensFor(grant, asking);
    const claims = await userInfo(tokens, asking);
    // Nobody becomes somebody else on the way.
    if (before !== undefined && claims.sub !== before.claims.sub)
      throw new AuthenticationFailure('AuthInvalidUserinfoResponse', 401);
    const refreshToken = tokens.refreshToken ?? before?.refreshToken;
    return {
      ...{ listenerArn, issuer: guard.issuer, clientId: guard.clientId, claims },
      signedInAt: before?.signedInAt ?? now,
      accessToken: tokens.accessToken,
      ...(tokens.expiresIn !== undefined && { accessExpiresAt: now + tokens.expiresIn }),
      ...(refreshToken !== undefined && { refreshToken }),
    };
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() / 1_000);
  }
}

/** One of another listener on the same host, or of another provider, is none here. */
function isOf(session: Session, listenerArn: string, { issuer, clientId }: OidcGuardRecord): boolean {
  return session.listenerArn === listenerArn && session.issuer === issuer && session.clientId === clientId;
}
