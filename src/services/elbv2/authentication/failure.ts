/**
 * Why an authenticate action can't be completed, by AWS's names.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html#error-reason-codes
 */
export type AuthenticationReason =
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

/**
 * A request that is answered with an error of the load balancer's. 401: what the client or the provider gave is not valid;
 * 500: the provider can't be asked; 561: the provider answered with an error.
 */
export class AuthenticationFailure extends Error {
  override readonly name = 'AuthenticationFailure';
  readonly reason: AuthenticationReason;
  readonly status: 401 | 500 | 561;

  constructor(reason: AuthenticationReason, status: 401 | 500 | 561, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
    this.status = status;
  }
}
