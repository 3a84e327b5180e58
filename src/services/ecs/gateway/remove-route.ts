import type { Scope } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import {
  findLoadBalancer,
  findSecurityGroup,
  findTargetGroup,
  type Maker,
  revokeEgress,
  revokeIngress,
} from '../ingress/make.ts';
import { isCertificateFreed, isFreed, leaveListeners } from '../ingress/remove.ts';
import type { GatewayLoadBalancerRecord, GatewayRecord, GatewayRouteRecord } from './records.ts';

export interface LeavingRoute extends Pick<Maker, 'ask'> {
  readonly ecs: EcsContext;
  readonly scope: Scope;
  readonly gateway: GatewayRecord;
  readonly loadBalancer: GatewayLoadBalancerRecord;
  readonly route: GatewayRouteRecord;
}

/**
 * Takes away what a route is made of, once no task is behind it. What is looked for and not found is gone.
 * @param other The certificate of another route of the same load balancer; undefined: nobody is left, and the load balancer
 *   goes, too.
 * @returns false: something is still in use, look again.
 */
export async function removeRoute(
  { ecs, scope, ask, gateway, loadBalancer, route }: LeavingRoute,
  other: { readonly certificate: string | undefined } | undefined,
): Promise<boolean> {
  const { made, host } = route;
  const balancer = await findLoadBalancer(ask, loadBalancer.name);
  if (balancer !== undefined && other === undefined) {
    await ask('elasticloadbalancing', 'ModifyLoadBalancerAttributes', {
      LoadBalancerArn: balancer,
      Attributes: [{ Key: 'deletion_protection.enabled', Value: 'false' }],
    });
    await ask('elasticloadbalancing', 'DeleteLoadBalancer', { LoadBalancerArn: balancer });
  } else if (balancer !== undefined) {
    const leaving = { host, certificate: made.certificate, other: other?.certificate };
    if (!(await leaveListeners(ask, balancer, leaving))) return false;
  }
  for (const name of route.targetGroupNames)
    if (!(await isFreed(ask, 'target-group', await findTargetGroup(ask, name)))) return false;

  const balancerGroup = await findSecurityGroup(ask, gateway.vpcId, loadBalancer.securityGroupName);
  const own = await findSecurityGroup(ask, gateway.vpcId, route.securityGroupName);
  if (balancerGroup !== undefined && own !== undefined)
    for (const port of made.ports ?? []) {
      await revokeEgress(ask, balancerGroup, { port, GroupId: own });
      await revokeIngress(ask, own, { port, GroupId: balancerGroup });
    }
  if (!(await isFreed(ask, 'security-group', own))) return false;
  if (other === undefined && !(await isFreed(ask, 'security-group', balancerGroup))) return false;

  return isCertificateFreed({ ecs, scope, ask }, made.certificate);
}
