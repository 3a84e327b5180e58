import type { HeaderFields } from './header-fields.ts';

/**
 * What stands before a rule's action: it lets a request pass, or answers in the load balancer's name. Data planes know
 * that there is a guard and ask; how it decides is Elastic Load Balancing's, and one function for all of them.
 */
export type GuardKind = 'authenticate' | 'jwt-validation';

/** Where identity providers send users back to, whatever the rules of the listener say. */
export const callbackPath = '/oauth2/idpresponse';

/** What targets of an authenticated user find; a guarded rule never lets through what a client sent of these names. */
export const identityFields = [
  'x-amzn-oidc-accesstoken',
  'x-amzn-oidc-identity',
  'x-amzn-oidc-data',
] as const;

/** Of which fields a guard needs what the client sent. */
export const guardedFields = ['cookie', 'authorization'] as const;

export interface GuardedRequest {
  /** Whose guard is asked; a listener is when a user comes back from an identity provider. */
  readonly of: { readonly type: 'rule' | 'listener'; readonly arn: string };
  /** Of the Host field, as it came. */
  readonly host: string;
  /** Path and query, as they came. */
  readonly url: string;
  /** Of `guardedFields`, at least. */
  readonly headers: HeaderFields;
}

export type GuardDecision =
  | {
      readonly type: 'pass';
      /** What the target finds, of `identityFields`. */
      readonly fields: HeaderFields;
      /** What the client gets beside the answer, whoever answers: no more than `mostSessionCookies`. */
      readonly cookies: readonly string[];
    }
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly fields: HeaderFields;
      /** By AWS's name, for the access log: `AuthInvalidCookie`. */
      readonly reason?: string;
    };

/** "Because most browsers limit a cookie to 4K in size, the load balancer shards" it: `-0` to `-3`. */
export const mostSessionCookies = 4;

/** Never rejects for what a client or an identity provider sent. */
export type Guard = (request: GuardedRequest, signal: AbortSignal) => Promise<GuardDecision>;
