import type { AssumeRoleCommandInput, AssumeRoleResponse } from '@aws-sdk/client-sts';
import { type RoleAssumption, type Sessions, sessionPolicies, sessionTags } from '../../iam/index.ts';
import type { Call } from '../../service.ts';
import { unsupported, validationError } from '../errors.ts';
import {
  arnConstraint,
  arnsOf,
  checkSession,
  nameConstraint,
  refuseMfa,
  roleAccount,
  stsConstraints,
} from '../session-input.ts';
import { sessionView } from '../session-view.ts';

/**
 * @throws {Refusal} ValidationError, MalformedPolicyDocument, InvalidParameterValue (tags), AccessDenied,
 * PackedPolicyTooLarge.
 */
export function assumeRole(
  sessions: Sessions,
  input: AssumeRoleCommandInput,
  call: Call,
): AssumeRoleResponse {
  const assumed = sessions.assumeRole(read(input, call), call.principal, call);
  return {
    ...sessionView(assumed),
    AssumedRoleUser: { AssumedRoleId: assumed.assumedRoleId, Arn: assumed.arn },
    ...(assumed.sourceIdentity !== undefined && { SourceIdentity: assumed.sourceIdentity }),
  };
}

function read(input: AssumeRoleCommandInput, { principal }: Call): RoleAssumption {
  const { RoleArn = '', RoleSessionName = '', DurationSeconds, ExternalId, SourceIdentity } = input;
  checkSession(stsConstraints(), input, 43_200)
    .text('roleArn', RoleArn, arnConstraint)
    .text('roleSessionName', RoleSessionName, { ...nameConstraint, maxLength: 64 })
    .text('externalId', ExternalId, { pattern: String.raw`[\w+=,.@:\/-]*`, minLength: 2, maxLength: 1224 })
    .text('sourceIdentity', SourceIdentity, { ...nameConstraint, maxLength: 64 })
    .list('providedContexts', input.ProvidedContexts, { max: 5 })
    .throwIfViolated();
  refuseMfa('AssumeRole', input);
  if (input.ProvidedContexts?.length) {
    throw unsupported('AssumeRole with ProvidedContexts', 'there are no context providers');
  }
  roleAccount(RoleArn);
  if (SourceIdentity?.startsWith('aws:')) {
    throw validationError('The source identity must not begin with aws:.');
  }
  const policies = sessionPolicies(input.Policy, arnsOf(input.PolicyArns));
  return {
    roleArn: RoleArn,
    sessionName: RoleSessionName,
    ...sessionTags(input.Tags, input.TransitiveTagKeys, principal.session),
    ...(policies !== undefined && { policies }),
    ...(DurationSeconds !== undefined && { durationSeconds: DurationSeconds }),
    ...(ExternalId !== undefined && { externalId: ExternalId }),
    ...(SourceIdentity !== undefined && { sourceIdentity: SourceIdentity }),
    minTokenBytes: input.MinimumSessionTokenSize ?? 0,
  };
}
