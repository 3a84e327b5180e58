import type { Iam } from '../services/iam/index.ts';
import type { Principal } from '../services/service.ts';

/** As which ECS and EKS assume roles that users pass to them. */
export const ecsPrincipal = 'ecs.amazonaws.com';
export const eksPrincipal = 'eks.amazonaws.com';

/** A session is for one pass over what a service stands on. */
const sessionSeconds = 900;

/** @returns as whom a service acts in a role's session, or IAM's words why it may not assume the role. */
export function serviceSession(
  iam: Pick<Iam, 'assumeRoleForService' | 'findCredentials'>,
  asked: {
    /** E.g. `ecs.amazonaws.com`. */
    readonly service: string;
    readonly roleArn: string;
    readonly sessionName: string;
    readonly sourceArn: string;
    readonly sourceAccount: string;
    readonly tags?: Readonly<Record<string, string>>;
  },
  now: number,
): { readonly principal: Principal } | { readonly obstacle: string } {
  const session = iam.assumeRoleForService({ ...asked, durationSeconds: sessionSeconds });
  if (!session.isAssumed) return { obstacle: session.message };
  const { accessKeyId, sessionToken } = session.credentials;
  const found = iam.findCredentials(accessKeyId, sessionToken, now);
  if (found === undefined || found === 'expired')
    throw new Error(`The session of ${asked.roleArn} is not known`);
  return { principal: found.principal };
}
