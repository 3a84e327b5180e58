/**
 * Why an authenticate action can't be completed, by AWS's names.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html#error-reason-codes
 */
type AuthenticationReason =
  | 'AuthInvalidAWSALBAuthNonce'
  | 'AuthInvalidCookie'
  | 'AuthInvalidGrantError'
  | 'AuthInvalidIdToken'
  | 'AuthInvalidStateParam'
  | 'AuthInvalidTokenResponse'
  | 'AuthInvalidUserinfoResponse'
  | 'AuthMissingAWSALBAuthNonce'
  | 'AuthMissingCodeParam'
  | 'AuthMissingHostHeader'
  | 'AuthMissingStateParam'
  | 'AuthTokenEpRequestFailed'
  | 'AuthTokenEpRequestTimeout'
  | 'AuthUnhandledException'
  | 'AuthUserinfoEpRequestFailed'
  | 'AuthUserinfoEpRequestTimeout'
  | 'AuthUserinfoResponseSizeExceeded';

/** Why a token is not taken, or can't be verified. */
export type JwtReason =
  | 'JWTClaimFormatInvalid'
  | 'JWTClaimNotPresent'
  | 'JWTClaimValueInvalid'
  | 'JWTHeaderNotPresent'
  | 'JWTRequestFormatInvalid'
  | 'JWTSignatureValidationError';
type KeySetReason = 'JWKSRequestFailed' | 'JWKSRequestTimeout' | 'JWKSResponseSizeExceeded';

type Reason = AuthenticationReason | JwtReason | KeySetReason;

/**
 * A request that is answered with an error of the load balancer's. 401: what the client or the provider gave is not valid;
 * 500: the provider can't be asked; 561: the provider answered with an error; 562: it gives no keys.
 */
export class AuthenticationFailure extends Error {
  override readonly name = 'AuthenticationFailure';
  readonly reason: Reason;
  readonly status: 401 | 500 | 561 | 562;

  constructor(reason: Reason, status: AuthenticationFailure['status'], options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
    this.status = status;
  }
}
