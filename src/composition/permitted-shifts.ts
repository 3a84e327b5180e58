import type { EcsContext } from '../services/ecs/index.ts';
import type { Iam } from '../services/iam/index.ts';
import { ecsPrincipal, serviceSession } from './service-session.ts';

/** AWS's name for the sessions in which ECS manages load balancers; that of those in which it calls hooks isn't known. */
const sessionNameFor = (action: string): string =>
  action.startsWith('lambda:') ? 'ECSLifecycleHooks' : 'ECSNetworkingWithELB';

/**
 * Whether ECS may shift traffic with a service's infrastructure role, or call a function with a hook's: it assumes the role as
 * `ecs.amazonaws.com`, and what the role's policies don't allow at that moment is an obstacle. The shift itself is part
 * of ECS's own transaction.
 */
export function permittedShifts(
  iam: Pick<Iam, 'assumeRoleForService' | 'findCredentials' | 'authorize'>,
  now: () => number,
): EcsContext['infrastructureRoleObstacle'] {
  return ({ accountId, region }, { roleArn, action, resource, tags = {} }) => {
    if (roleArn.split(':')[4] !== accountId) return `The role ${roleArn} is not of the account ${accountId}.`;
    const source = { sourceArn: `arn:aws:ecs:${region}:${accountId}:*`, sourceAccount: accountId };
    const as = { service: ecsPrincipal, roleArn, sessionName: sessionNameFor(action) };
    const session = serviceSession(iam, { ...as, ...source }, now());
    if ('obstacle' in session) return session.obstacle;
    const { principal } = session;
    const facts = { sourceIp: '', userAgent: ecsPrincipal, region, isSecure: true, now: now() };
    const named = Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]);
    const conditions = (): Record<string, string> => Object.fromEntries(named);
    const decision = iam.authorize({ principal, action, resources: [resource], facts, conditions });
    return decision.isAllowed ? undefined : decision.message;
  };
}
