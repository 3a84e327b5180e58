import type { GetFederationTokenCommandInput, GetFederationTokenResponse } from '@aws-sdk/client-sts';
import { type Sessions, sessionPolicies, sessionTags } from '../../iam/index.ts';
import type { Call } from '../../service.ts';
import { arnsOf, checkSession, nameConstraint, stsConstraints } from '../session-input.ts';
import { sessionView } from '../session-view.ts';

/**
 * @throws {Refusal} ValidationError, MalformedPolicyDocument, InvalidParameterValue (tags), PackedPolicyTooLarge,
 * AccessDenied: with temporary credentials.
 */
export function getFederationToken(
  sessions: Sessions,
  input: GetFederationTokenCommandInput,
  { principal, now }: Call,
): GetFederationTokenResponse {
  const { Name = '', DurationSeconds, MinimumSessionTokenSize: minTokenBytes = 0 } = input;
  checkSession(stsConstraints(), input, 129_600)
    .text('name', Name, { ...nameConstraint, maxLength: 32 })
    .throwIfViolated();
  const policies = sessionPolicies(input.Policy, arnsOf(input.PolicyArns));
  const asked = {
    name: Name,
    tags: sessionTags(input.Tags).tags,
    minTokenBytes,
    ...(policies !== undefined && { policies }),
    ...(DurationSeconds !== undefined && { durationSeconds: DurationSeconds }),
  };
  const federated = sessions.federatedSession(asked, principal, now);
  return {
    ...sessionView(federated),
    FederatedUser: { FederatedUserId: federated.federatedUserId, Arn: federated.arn },
  };
}
