import type { GetSessionTokenCommandInput, GetSessionTokenResponse } from '@aws-sdk/client-sts';
import type { Sessions } from '../../iam/index.ts';
import type { Call } from '../../service.ts';
import { checkSession, refuseMfa, stsConstraints } from '../session-input.ts';
import { sessionView } from '../session-view.ts';

/** @throws {Refusal} ValidationError, AccessDenied: with temporary credentials. */
export function getSessionToken(
  sessions: Sessions,
  input: GetSessionTokenCommandInput,
  { principal, now }: Call,
): GetSessionTokenResponse {
  checkSession(stsConstraints(), input, 129_600).throwIfViolated();
  refuseMfa('GetSessionToken', input);
  const { DurationSeconds, MinimumSessionTokenSize: minTokenBytes = 0 } = input;
  const asked = {
    minTokenBytes,
    ...(DurationSeconds !== undefined && { durationSeconds: DurationSeconds }),
  };
  return sessionView(sessions.userSession(asked, principal, now));
}
