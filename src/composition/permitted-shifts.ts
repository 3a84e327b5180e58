import type { EcsContext } from '../services/ecs/index.ts';
import type { Iam } from '../services/iam/index.ts';
import { ecsPrincipal, serviceSession } from './service-session.ts';

/** AWS's name for the sessions in which ECS manages load balancers; those of the others aren't known. */
const sessionNameFor = (action: string): string => {
  if (action.startsWith('lambda:')) return 'ECSLifecycleHooks';
  return action.startsWith('ec2:') || action === 'iam:PassRole'
    ? 'ECSManagedInstances'
    : 'ECSNetworkingWithELB';
};

/**
 * Whether ECS may shift traffic with a service's infrastructure role, launch instances with a capacity provider's, or call a
 * function with a hook's: it assumes the role as `ecs.amazonaws.com`, and what the role's policies don't allow at that moment
 * is an obstacle. The shift or launch itself is part of ECS's own transaction.
 */
export function permittedShifts(
  iam: Pick<Iam, 'assumeRoleForService' | 'findCredentials' | 'authorize'>,
  now: () => number,
): EcsContext['infrastructureRoleObstacle'] {
  return ({ accountId, region }, { roleArn, action, resource, conditions = {} }) => {
    if (roleArn.split(':')[4] !== accountId) return `The role ${roleArn} is not of the account ${accountId}.`;
    const source = { sourceArn: `arn:aws:ecs:${region}:${accountId}:*`, sourceAccount: accountId };
    const as = { service: ecsPrincipal, roleArn, sessionName: sessionNameFor(action) };
    const session = serviceSession(iam, { ...as, ...source }, now());
    if ('obstacle' in session) return session.obstacle;
    const { principal } = session;
    const facts = { sourceIp: '', userAgent: ecsPrincipal, region, isSecure: true, now: now() };
    const decision = iam.authorize({
      ...{ principal, action, resources: [resource], facts },
      conditions: () => conditions,
    });
    return decision.isAllowed ? undefined : decision.message;
  };
}
