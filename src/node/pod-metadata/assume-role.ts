import type { STS } from '@aws-sdk/client-sts';
import type { Clock } from '../../clock/index.ts';
import type { PodRolesOptions } from './pod-roles.ts';

/** As long as STS lets sessions last at least. */
const sessionSeconds = 900;

/** How a node assumes the roles of its pods: by STS, as whoever signs its calls. */
export function assumeRoleBy(sts: Pick<STS, 'assumeRole'>, clock: Clock): PodRolesOptions['assumeRole'] {
  return async ({ roleArn, sessionName, externalId }, abortSignal) => {
    const updatedAtMs = clock.now();
    const { Credentials: given } = await sts.assumeRole(
      {
        ...{ RoleArn: roleArn, RoleSessionName: sessionName, DurationSeconds: sessionSeconds },
        ...(externalId !== undefined && { ExternalId: externalId }),
      },
      { abortSignal },
    );
    if (given?.AccessKeyId === undefined) throw new Error(`STS gave no credentials of ${roleArn}`);
    const { AccessKeyId: accessKeyId, SecretAccessKey, SessionToken, Expiration } = given;
    return {
      accessKeyId,
      secretAccessKey: SecretAccessKey ?? '',
      sessionToken: SessionToken ?? '',
      expiresAtMs: Expiration?.getTime() ?? updatedAtMs,
      updatedAtMs,
    };
  };
}
