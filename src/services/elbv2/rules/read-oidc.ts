import type { Action, AuthenticateOidcActionConfig } from '@aws-sdk/client-elastic-load-balancing-v2';
import { invalidLoadBalancerAction, shown } from '../errors.ts';
import type { OidcGuardRecord } from '../records.ts';
import { guardText, guardUrl, missingConfig } from './guard-fields.ts';

/** A guard as a request gives it; without its secret where the one that there is shall stay. */
export type GivenOidc = Omit<OidcGuardRecord, 'sealedClientSecret'> & { readonly clientSecret?: string };

/** "The default is AWSELBAuthSessionCookie", "The default is 604800 seconds (7 days)", "The default is `openid`". */
const byDefault = {
  sessionCookieName: 'AWSELBAuthSessionCookie',
  sessionTimeout: 604_800,
  scope: 'openid',
  onUnauthenticated: 'authenticate',
} as const;

const maxUrl = 1024;
const maxSessionTimeout = 604_800;
const maxExtraParams = 10;
/** What the load balancer itself says to the authorization endpoint. */
const ownParams: ReadonlySet<string> = new Set([
  'client_id',
  'redirect_uri',
  'response_type',
  'scope',
  'state',
]);

/** @throws InvalidLoadBalancerAction */
export function readOidc({ AuthenticateOidcConfig: config, Order }: Action): GivenOidc {
  if (config === undefined) throw missingConfig('authenticate-oidc', 'AuthenticateOidcConfig');
  const { ClientSecret, UseExistingClientSecret = false } = config;
  if (ClientSecret !== undefined && UseExistingClientSecret) {
    throw invalidLoadBalancerAction(
      'You cannot both specify a client secret and set UseExistingClientSecret to true',
    );
  }
  if (ClientSecret === undefined && !UseExistingClientSecret)
    throw invalidLoadBalancerAction('You must specify a client secret');
  return {
    type: 'authenticate-oidc',
    issuer: guardUrl('issuer', config.Issuer, maxUrl),
    authorizationEndpoint: guardUrl('authorization endpoint', config.AuthorizationEndpoint, maxUrl),
    tokenEndpoint: guardUrl('token endpoint', config.TokenEndpoint, maxUrl),
    userInfoEndpoint: guardUrl('user info endpoint', config.UserInfoEndpoint, maxUrl),
    clientId: guardText('client id', config.ClientId, 1024),
    ...(ClientSecret !== undefined && { clientSecret: guardText('client secret', ClientSecret, 1024) }),
    ...readSessionConfig(config),
    ...(Order !== undefined && { order: Order }),
  };
}

type SessionConfig = Pick<
  AuthenticateOidcActionConfig,
  | 'SessionCookieName'
  | 'Scope'
  | 'SessionTimeout'
  | 'AuthenticationRequestExtraParams'
  | 'OnUnauthenticatedRequest'
>;

/** How users sign in, and how long they are. */
function readSessionConfig(config: SessionConfig) {
  const {
    SessionCookieName = byDefault.sessionCookieName,
    Scope = byDefault.scope,
    SessionTimeout = byDefault.sessionTimeout,
    AuthenticationRequestExtraParams: extraParams = {},
    OnUnauthenticatedRequest = byDefault.onUnauthenticated,
  } = config;
  const behaviors = ['deny', 'allow', 'authenticate'] as const;
  const onUnauthenticated = behaviors.find((each) => each === OnUnauthenticatedRequest);
  if (onUnauthenticated === undefined) {
    throw invalidLoadBalancerAction(
      `The 'on unauthenticated request' field '${shown(OnUnauthenticatedRequest)}' must be one of '[${behaviors.join(', ')}]'`,
    );
  }
  // A cookie's name is a token (RFC 6265, 4.1.1).
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}$/.test(SessionCookieName)) {
    throw invalidLoadBalancerAction(
      "The 'session cookie name' field must be between 1 and 40 characters in length, and a valid name of a cookie",
    );
  }
  if (SessionTimeout < 1 || SessionTimeout > maxSessionTimeout)
    throw invalidLoadBalancerAction(`The 'session timeout' field must be between 1 and ${maxSessionTimeout}`);
  const names = Object.keys(extraParams);
  if (names.length > maxExtraParams) {
    throw invalidLoadBalancerAction(
      `The 'authentication request extra params' field can have at most ${maxExtraParams} parameters`,
    );
  }
  for (const name of names)
    if (ownParams.has(name))
      throw invalidLoadBalancerAction(
        `The 'authentication request extra params' field cannot have the parameter '${name}'`,
      );
  return {
    ...{ sessionCookieName: SessionCookieName, sessionTimeout: SessionTimeout, onUnauthenticated },
    scope: guardText('scope', Scope, 1024),
    extraParams,
  };
}
