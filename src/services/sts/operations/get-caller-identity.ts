import type { GetCallerIdentityCommandInput, GetCallerIdentityResponse } from '@aws-sdk/client-sts';
import type { Call } from '../../service.ts';

/**
 * Who is calling. Needs no permission: the signature is the answer (STS API reference, GetCallerIdentity).
 */
export function getCallerIdentity(
  _input: GetCallerIdentityCommandInput,
  call: Call,
): GetCallerIdentityResponse {
  return { Account: call.principal.accountId, Arn: call.principal.arn, UserId: call.principal.userId };
}
