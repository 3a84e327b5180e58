import { Refusal } from './refusal.ts';
import type { ProtocolName } from './service-model.ts';

/** Why a caller's identity could not be established. */
export type AuthenticationFailure =
  /** Nothing that could be a signature. */
  | 'missing-token'
  /** A signature with parts missing or malformed. */
  | 'incomplete-signature'
  /** The access key (or its session token) is none of ours. */
  | 'unknown-client'
  /** The session's time is over. */
  | 'expired-token'
  /** Signed with another secret, over another request, or at another time. */
  | 'invalid-signature';

type Family = 'json' | 'rest' | 'query' | 'ec2';

const families: Readonly<Record<ProtocolName, Family>> = {
  awsJson1_0: 'json',
  awsJson1_1: 'json',
  restJson1: 'rest',
  awsQuery: 'query',
  ec2Query: 'ec2',
  rpcV2Cbor: 'json',
};

/** Each family of protocols has its own names for the same failures (the services' "Common Errors"). */
const answers: Readonly<Record<Family, Readonly<Record<AuthenticationFailure, readonly [string, number]>>>> =
  {
    json: {
      'missing-token': ['MissingAuthenticationTokenException', 403],
      'incomplete-signature': ['IncompleteSignatureException', 400],
      'unknown-client': ['UnrecognizedClientException', 400],
      'expired-token': ['ExpiredTokenException', 400],
      'invalid-signature': ['InvalidSignatureException', 400],
    },
    rest: {
      'missing-token': ['MissingAuthenticationTokenException', 403],
      'incomplete-signature': ['IncompleteSignatureException', 403],
      'unknown-client': ['UnrecognizedClientException', 403],
      'expired-token': ['ExpiredTokenException', 403],
      'invalid-signature': ['InvalidSignatureException', 403],
    },
    query: {
      'missing-token': ['MissingAuthenticationToken', 403],
      'incomplete-signature': ['IncompleteSignature', 400],
      'unknown-client': ['InvalidClientTokenId', 403],
      'expired-token': ['ExpiredToken', 403],
      'invalid-signature': ['SignatureDoesNotMatch', 403],
    },
    ec2: {
      'missing-token': ['MissingAuthenticationToken', 403],
      'incomplete-signature': ['IncompleteSignature', 400],
      'unknown-client': ['AuthFailure', 401],
      'expired-token': ['RequestExpired', 400],
      'invalid-signature': ['SignatureDoesNotMatch', 403],
    },
  };

export function authenticationRefusal(
  protocol: ProtocolName,
  failure: AuthenticationFailure,
  message: string,
): Refusal {
  const [code, status] = answers[families[protocol]][failure];
  return new Refusal(code, message, { status });
}
