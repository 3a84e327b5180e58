import type { AssumeRoleResponse, Credentials } from '@aws-sdk/client-sts';
import type { IssuedSession } from '../iam/index.ts';

/** PackedPolicySize is of sessions with policies or tags alone, as it was before the other two came. */
export function sessionView({
  credentials,
  tokenBytes,
  tokenPercent,
  isPacked,
}: IssuedSession): Pick<
  AssumeRoleResponse,
  'Credentials' | 'PackedPolicySize' | 'SessionTokenUtilization' | 'SessionTokenSize'
> {
  return {
    Credentials: credentialsView(credentials),
    ...(isPacked && { PackedPolicySize: tokenPercent }),
    SessionTokenUtilization: tokenPercent,
    SessionTokenSize: tokenBytes,
  };
}

function credentialsView({
  accessKeyId,
  secretAccessKey,
  sessionToken,
  expiresAt,
}: IssuedSession['credentials']): Credentials {
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: new Date(expiresAt),
  };
}
