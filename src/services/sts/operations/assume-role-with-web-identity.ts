import type {
  AssumeRoleWithWebIdentityCommandInput,
  AssumeRoleWithWebIdentityResponse,
} from '@aws-sdk/client-sts';
import { type Sessions, sessionPolicies } from '../../iam/index.ts';
import type { Call } from '../../service.ts';
import { unsupported } from '../errors.ts';
import {
  arnConstraint,
  arnsOf,
  checkSession,
  nameConstraint,
  roleAccount,
  stsConstraints,
} from '../session-input.ts';
import { sessionView } from '../session-view.ts';

/**
 * Nobody has signed: the token is the proof.
 * @throws {Refusal} ValidationError, MalformedPolicyDocument, InvalidIdentityToken, ExpiredToken, IDPCommunicationError,
 * AccessDenied, PackedPolicyTooLarge.
 */
export async function assumeRoleWithWebIdentity(
  sessions: Sessions,
  input: AssumeRoleWithWebIdentityCommandInput,
  call: Call,
): Promise<AssumeRoleWithWebIdentityResponse> {
  const { RoleArn = '', RoleSessionName = '', WebIdentityToken = '', DurationSeconds } = input;
  checkSession(stsConstraints(), input, 43_200)
    .text('roleArn', RoleArn, arnConstraint)
    .text('roleSessionName', RoleSessionName, { ...nameConstraint, maxLength: 64 })
    .text('webIdentityToken', WebIdentityToken, { minLength: 4, maxLength: 20_000 })
    .throwIfViolated();
  if (input.ProviderId !== undefined) {
    throw unsupported('AssumeRoleWithWebIdentity with ProviderId', 'there are no OAuth 2.0 providers');
  }
  const accountId = roleAccount(RoleArn);
  const policies = sessionPolicies(input.Policy, arnsOf(input.PolicyArns));
  const assumed = await sessions.assumeRoleWithWebIdentity(
    {
      ...{ roleArn: RoleArn, accountId, sessionName: RoleSessionName, token: WebIdentityToken },
      ...(policies !== undefined && { policies }),
      ...(DurationSeconds !== undefined && { durationSeconds: DurationSeconds }),
      minTokenBytes: input.MinimumSessionTokenSize ?? 0,
    },
    call,
  );
  return {
    ...sessionView(assumed),
    AssumedRoleUser: { AssumedRoleId: assumed.assumedRoleId, Arn: assumed.arn },
    SubjectFromWebIdentityToken: assumed.subject,
    Audience: assumed.audience,
    Provider: assumed.provider,
    ...(assumed.sourceIdentity !== undefined && { SourceIdentity: assumed.sourceIdentity }),
  };
}
