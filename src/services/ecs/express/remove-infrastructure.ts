import { unless } from '../../infrastructure.ts';
import { findLoadBalancer, findSecurityGroup, findTargetGroup } from '../ingress/make.ts';
import { isCertificateFreed, isFreed, leaveListeners } from '../ingress/remove.ts';
import { dismiss, scalableService } from './make-infrastructure.ts';
import { ownGroupName } from './records.ts';
import type { Site } from './site.ts';

type Leaving = Pick<Site, 'ecs' | 'scope' | 'ask' | 'express' | 'loadBalancer'>;

const left = (
  { endpoint: host, made: { certificate } }: Leaving['express'],
  other: { readonly certificate: string | undefined },
) => ({ host, certificate, other: other.certificate });

/** Nobody scales a service that goes. */
export async function removeScaling({ ecs, scope, ask, express }: Leaving): Promise<void> {
  const { cluster, name: service } = express;
  if (!ecs.infrastructure.hasScalableTarget(ecs.state, scope, { cluster, service })) return;
  await unless(['ObjectNotFoundException'], () =>
    ask('application-autoscaling', 'DeregisterScalableTarget', scalableService(express)),
  );
}

/**
 * Takes away what an Express service stood on, once its tasks are gone; logs stay. What is looked for and not found is gone.
 * @param other The certificate of another service behind the same load balancer; undefined: nobody is left, and the load
 *   balancer goes, too.
 * @returns false: something is still in use, look again.
 */
export async function removeInfrastructure(
  leaving: Leaving,
  other: { readonly certificate: string | undefined } | undefined,
): Promise<boolean> {
  const { ecs, scope, ask, express, loadBalancer } = leaving;
  const { made, vpcId } = express;
  const balancerArn = await findLoadBalancer(ask, loadBalancer.name);
  if (balancerArn !== undefined) {
    if (other === undefined)
      await ask('elasticloadbalancing', 'DeleteLoadBalancer', { LoadBalancerArn: balancerArn });
    else if (!(await leaveListeners(ask, balancerArn, left(express, other)))) return false;
  }
  const targetGroup = await findTargetGroup(ask, express.targetGroupName);
  if (!(await isFreed(ask, 'target-group', targetGroup))) return false;

  const balancerGroup = await findSecurityGroup(ask, vpcId, loadBalancer.securityGroupName);
  const own = await findSecurityGroup(ask, vpcId, ownGroupName(express));
  if (balancerGroup !== undefined)
    for (const admission of made.admitted ?? []) await dismiss(ask, { balancerGroup, own }, admission);
  if (!(await isFreed(ask, 'security-group', own))) return false;
  if (other === undefined && !(await isFreed(ask, 'security-group', balancerGroup))) return false;

  return isCertificateFreed({ ecs, scope, ask }, made.certificate);
}
