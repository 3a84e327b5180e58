import { type Infrastructure, unless } from '../../infrastructure.ts';
import {
  dismiss,
  findLoadBalancer,
  findSecurityGroup,
  findTargetGroup,
  type Site,
  scalableService,
} from './make-infrastructure.ts';

type Leaving = Pick<Site, 'ecs' | 'scope' | 'ask' | 'express' | 'loadBalancer'>;

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
  const { made, vpcId, cluster, name } = express;
  const balancerArn = await findLoadBalancer(ask, loadBalancer.name);
  if (balancerArn !== undefined) {
    if (other === undefined)
      await ask('elasticloadbalancing', 'DeleteLoadBalancer', { LoadBalancerArn: balancerArn });
    else if (!(await leaveListener(leaving, balancerArn, other.certificate))) return false;
  }
  const targetGroup = await findTargetGroup(ask, express.targetGroupName);
  if (targetGroup !== undefined && !(await isFreed(ask, 'target-group', targetGroup))) return false;

  const balancerGroup = await findSecurityGroup(ask, vpcId, loadBalancer.securityGroupName);
  const own = await findSecurityGroup(ask, vpcId, `${cluster}-${name}-${vpcId}`);
  if (balancerGroup !== undefined)
    for (const admission of made.admitted ?? []) await dismiss(ask, { balancerGroup, own }, admission);
  if (own !== undefined && !(await isFreed(ask, 'security-group', own))) return false;
  if (other === undefined && balancerGroup !== undefined)
    if (!(await isFreed(ask, 'security-group', balancerGroup))) return false;

  const { certificate } = made;
  const isThere =
    certificate !== undefined && ecs.infrastructure.hasCertificate(ecs.state, scope, certificate);
  return !isThere || isFreed(ask, 'certificate', certificate);
}

/** @returns false: there is no other certificate yet to show in place of this one. */
async function leaveListener(
  { ask, express }: Leaving,
  LoadBalancerArn: string,
  other: string | undefined,
): Promise<boolean> {
  const { Listeners = [] } = await ask('elasticloadbalancing', 'DescribeListeners', { LoadBalancerArn });
  const { certificate } = express.made;
  for (const { ListenerArn = '', Certificates = [] } of Listeners) {
    const { Rules = [] } = await ask('elasticloadbalancing', 'DescribeRules', { ListenerArn });
    for (const { RuleArn = '', Conditions = [] } of Rules)
      if (Conditions.some(({ HostHeaderConfig }) => HostHeaderConfig?.Values?.includes(express.endpoint)))
        await ask('elasticloadbalancing', 'DeleteRule', { RuleArn });
    if (certificate === undefined) continue;
    if (Certificates.some(({ CertificateArn }) => CertificateArn === certificate)) {
      if (other === undefined) return false;
      await ask('elasticloadbalancing', 'ModifyListener', {
        ...{ ListenerArn, Certificates: [{ CertificateArn: other }] },
      });
    }
    await ask('elasticloadbalancing', 'RemoveListenerCertificates', {
      ...{ ListenerArn, Certificates: [{ CertificateArn: certificate }] },
    });
  }
  return true;
}

const deletions = {
  'target-group': {
    gone: ['TargetGroupNotFoundException'],
    inUse: ['ResourceInUseException'],
    remove: (ask: Infrastructure, TargetGroupArn: string) =>
      ask('elasticloadbalancing', 'DeleteTargetGroup', { TargetGroupArn }),
  },
  'security-group': {
    gone: ['InvalidGroup.NotFound'],
    inUse: ['DependencyViolation'],
    remove: (ask: Infrastructure, GroupId: string) => ask('ec2', 'DeleteSecurityGroup', { GroupId }),
  },
  certificate: {
    gone: ['ResourceNotFoundException'],
    inUse: ['ResourceInUseException'],
    remove: (ask: Infrastructure, CertificateArn: string) =>
      ask('acm', 'DeleteCertificate', { CertificateArn }),
  },
};

/** Deletes it; whether it is gone. */
async function isFreed(ask: Infrastructure, kind: keyof typeof deletions, id: string): Promise<boolean> {
  const { gone, inUse, remove } = deletions[kind];
  const answer = await unless(inUse, () => unless(gone, () => remove(ask, id)).then(() => 'gone' as const));
  return answer === 'gone';
}
