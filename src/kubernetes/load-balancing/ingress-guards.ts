import { secrets, siblingKey } from '../controllers/collections.ts';
import type { Annotations } from './annotations.ts';
import { camelCased, isMembers } from './ingress-actions.ts';
import type { WantedGuard, WantedSignIn, WantedToken } from './model.ts';

/**
 * Who gets as far as a backend, by the annotations of its Ingress and its service (AWS Load Balancer Controller,
 * "Authentication" and "JWT validation"). Undefined: everybody.
 * @param key Of the Ingress's record: its Secrets are those of its namespace.
 * @throws {ModelError} they say what can't be.
 */
export function readGuard(annotations: Annotations, key: string): WantedGuard | undefined {
  const type = annotations.oneOf('auth-type', ['none', 'oidc', 'cognito']) ?? 'none';
  const token = readToken(annotations);
  if (type === 'cognito') {
    throw annotations.invalid(
      'auth-type',
      "cognito is not supported: use oidc, with the endpoints of the user pool's domain",
    );
  }
  if (type === 'none') return token;
  if (token !== undefined)
    throw annotations.invalid('jwt-validation', 'it does not go together with auth-type: oidc');
  return readSignIn(annotations, key);
}

function readSignIn(annotations: Annotations, key: string): WantedSignIn {
  const annotation = 'auth-idp-oidc';
  const said = camelCased(annotations.json(annotation));
  if (!isMembers(said)) throw annotations.invalid(annotation, 'auth-type: oidc needs it, an object');
  const text = (name: string): string => {
    const value = said[name];
    if (typeof value !== 'string' || value === '')
      throw annotations.invalid(annotation, `${name} is missing`);
    return value;
  };
  const secretName = text('secretName');
  if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(secretName))
    throw annotations.invalid(annotation, `secretName ${secretName} is no name of a Secret`);
  const behaviors = ['authenticate', 'allow', 'deny'] as const;
  return {
    type: 'authenticate-oidc',
    secretKey: siblingKey(key, secrets, secretName),
    config: {
      Issuer: text('issuer'),
      AuthorizationEndpoint: text('authorizationEndpoint'),
      TokenEndpoint: text('tokenEndpoint'),
      UserInfoEndpoint: text('userInfoEndpoint'),
      AuthenticationRequestExtraParams: extraParams(annotations, annotation),
      OnUnauthenticatedRequest:
        annotations.oneOf('auth-on-unauthenticated-request', behaviors) ?? 'authenticate',
      Scope: annotations.text('auth-scope') ?? 'openid',
      SessionCookieName: annotations.text('auth-session-cookie') ?? 'AWSELBAuthSessionCookie',
      SessionTimeout: annotations.integer('auth-session-timeout') ?? 604_800,
    },
  };
}

/** As they are spelled: they are the provider's words. */
function extraParams(annotations: Annotations, annotation: string): Readonly<Record<string, string>> {
  const said = annotations.json(annotation);
  const name = 'authenticationRequestExtraParams';
  const given = isMembers(said) ? (said[name] ?? said[`A${name.slice(1)}`] ?? {}) : {};
  const isText = (value: unknown): value is string => typeof value === 'string';
  if (!isMembers(given) || !Object.values(given).every(isText))
    throw annotations.invalid(annotation, `${name} are texts by name`);
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)]));
}

const formats = ['single-string', 'string-array', 'space-separated-values'] as const;

function readToken(annotations: Annotations): WantedToken | undefined {
  const annotation = 'jwt-validation';
  const given = annotations.json(annotation);
  if (given === undefined) return undefined;
  const said = camelCased(given);
  if (!isMembers(said)) throw annotations.invalid(annotation, 'an object is expected');
  const { jwksEndpoint, issuer, additionalClaims = [] } = said;
  if (typeof jwksEndpoint !== 'string' || typeof issuer !== 'string')
    throw annotations.invalid(annotation, 'it needs a jwksEndpoint and an issuer');
  if (!Array.isArray(additionalClaims)) throw annotations.invalid(annotation, 'additionalClaims are a list');
  const AdditionalClaims = additionalClaims.map((claim: unknown) => {
    const { name, format, values } = isMembers(claim) ? claim : {};
    const known = formats.find((each) => each === format);
    if (typeof name !== 'string' || known === undefined || !isTexts(values)) {
      throw annotations.invalid(
        annotation,
        `each of additionalClaims needs a name, a list of values, and a format: ${formats.join(', ')}`,
      );
    }
    return { Name: name, Format: known, Values: values };
  });
  return { type: 'jwt-validation', config: { JwksEndpoint: jwksEndpoint, Issuer: issuer, AdditionalClaims } };
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
