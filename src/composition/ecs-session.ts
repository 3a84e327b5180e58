import type { Iam } from '../services/iam/index.ts';
import type { Principal } from '../services/service.ts';

/** As which ECS assumes roles that users pass to it. */
export const ecsPrincipal = 'ecs.amazonaws.com';

/** A session is for one pass over what a service stands on. */
const sessionSeconds = 900;

/** @returns as whom ECS acts in a role's session, or IAM's words why it may not assume the role. */
export function ecsSession(
  iam: Pick<Iam, 'assumeRoleForService' | 'findCredentials'>,
  asked: {
    readonly roleArn: string;
    readonly sessionName: string;
    readonly sourceArn: string;
    readonly sourceAccount: string;
  },
  now: number,
): { readonly principal: Principal } | { readonly obstacle: string } {
  const session = iam.assumeRoleForService({
    ...asked,
    ...{ service: ecsPrincipal, durationSeconds: sessionSeconds },
  });
  if (!session.isAssumed) return { obstacle: session.message };
  const { accessKeyId, sessionToken } = session.credentials;
  const found = iam.findCredentials(accessKeyId, sessionToken, now);
  if (found === undefined || found === 'expired')
    throw new Error(`The session of ${asked.roleArn} is not known`);
  return { principal: found.principal };
}
