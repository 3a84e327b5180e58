import type { EcsContext } from '../services/ecs/index.ts';
import type { Iam } from '../services/iam/index.ts';

/** AWS's name for the sessions in which ECS manages load balancers; that of those in which it calls hooks isn't known. */
const sessionNameFor = (action: string): string =>
  action.startsWith('lambda:') ? 'ECSLifecycleHooks' : 'ECSNetworkingWithELB';
const sessionSeconds = 900;

/**
 * Whether ECS may shift traffic with a service's infrastructure role, or call a function with a hook's: it assumes the role as
 * `ecs.amazonaws.com`, and what the role's policies don't allow at that moment is an obstacle. The shift itself is part
 * of ECS's own transaction.
 */
export function permittedShifts(
  iam: Pick<Iam, 'assumeRoleForService' | 'findCredentials' | 'authorize'>,
  now: () => number,
): EcsContext['infrastructureRoleObstacle'] {
  return ({ accountId, region }, { roleArn, action, resource }) => {
    if (roleArn.split(':')[4] !== accountId) return `The role ${roleArn} is not of the account ${accountId}.`;
    const session = iam.assumeRoleForService({
      ...{ roleArn, sessionName: sessionNameFor(action), service: 'ecs.amazonaws.com' },
      durationSeconds: sessionSeconds,
      sourceArn: `arn:aws:ecs:${region}:${accountId}:*`,
      sourceAccount: accountId,
    });
    if (!session.isAssumed) return session.message;
    const { accessKeyId, sessionToken } = session.credentials;
    const found = iam.findCredentials(accessKeyId, sessionToken, now());
    if (found === undefined || found === 'expired') return `The role ${roleArn} has no session.`;
    const facts = { sourceIp: '', userAgent: 'ecs.amazonaws.com', region, isSecure: true, now: now() };
    const decision = iam.authorize({ principal: found.principal, action, resources: [resource], facts });
    return decision.isAllowed ? undefined : decision.message;
  };
}
