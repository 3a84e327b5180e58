import type { Guard, GuardDecision, GuardedRequest } from '../../../balancing/index.ts';
import type { Clock, Random } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import type { Reader } from '../../../reconcile/index.ts';
import type { Sealer } from '../../../sealing/index.ts';
import { scopeOfArn } from '../arn.ts';
import { findListener, findRule } from '../context.ts';
import { openClientSecret } from '../rules/guard-record.ts';
import { type AuthenticatingRule, Authenticator } from './authenticator.ts';
import { AuthenticationFailure } from './failure.ts';
import { KeySets } from './key-sets.ts';
import { KeyRing } from './keys.ts';
import { providerClient } from './provider.ts';
import { validateJwt } from './validate-jwt.ts';

export interface RuleGuardOptions {
  readonly state: Reader;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** PEM of authorities that providers' endpoints may be certified by, beside those that the machine trusts. */
  readonly authorities?: readonly string[];
}

/** Decides for the load balancers' data planes whether requests pass, by the rules as they are now. */
export function ruleGuard({ state, sealer, clock, random, log, authorities }: RuleGuardOptions): Guard {
  const keyRing = new KeyRing(sealer, random);
  const ask = providerClient(clock, authorities);
  const authenticator = new Authenticator({ ask, clock, random });
  const keySets = new KeySets(ask, clock);

  const authenticatingRule = (arn: string): AuthenticatingRule | undefined => {
    const found = findRule(state, scopeOfArn(arn), arn);
    const guard = found?.rule.guard;
    if (found === undefined || guard?.type !== 'authenticate-oidc') return undefined;
    const { arn: listenerArn, loadBalancerArn } = found.listener;
    const clientSecret = openClientSecret(sealer, arn, guard);
    return { ruleArn: arn, listenerArn, loadBalancerArn, guard, clientSecret };
  };

  const decide = async (request: GuardedRequest, signal: AbortSignal): Promise<GuardDecision> => {
    const { type, arn } = request.of;
    const scope = scopeOfArn(arn);
    if (type === 'listener') {
      const listener = findListener(state, scope, arn);
      if (listener === undefined) throw new AuthenticationFailure('AuthInvalidStateParam', 401);
      return authenticator.signIn(authenticatingRule, listener, keyRing.of(state, scope), request, signal);
    }
    const guard = findRule(state, scope, arn)?.rule.guard;
    if (guard?.type === 'jwt-validation') {
      await validateJwt(guard, request.headers, keySets.of(guard.jwksEndpoint), clock.now());
      return { type: 'pass', fields: [], cookies: [] };
    }
    const rule = authenticatingRule(arn);
    // It is gone, or has no guard any more: the data plane is told of it in a moment.
    if (rule === undefined) return { type: 'answer', status: 503, fields: [] };
    return authenticator.decide(rule, keyRing.of(state, scope), request, signal);
  };

  return async (request, signal) => {
    try {
      return await decide(request, signal);
    } catch (error) {
      if (error instanceof AuthenticationFailure) {
        const { reason, status, cause } = error;
        // What clients send is no news; a provider that doesn't do its part is.
        const tell = status === 401 ? log.debug.bind(log) : log.warn.bind(log);
        tell('A load balancer could not decide on a request', { of: request.of.arn, reason, error: cause });
        return { type: 'answer', status, fields: [], reason };
      }
      signal.throwIfAborted();
      log.error('A load balancer could not authenticate a user', { of: request.of.arn, error });
      return { type: 'answer', status: 500, fields: [], reason: 'AuthUnhandledException' };
    }
  };
}
