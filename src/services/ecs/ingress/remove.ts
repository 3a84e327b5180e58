import { type Infrastructure, unless } from '../../infrastructure.ts';
import type { Scope } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { isOfHost } from './make.ts';

/**
 * Takes a host from the listeners of a load balancer that others share.
 * @param certificate The host's.
 * @param other The certificate of another host of it, to be shown instead to whoever asks for none.
 * @returns false: there is none yet.
 */
export async function leaveListeners(
  ask: Infrastructure,
  LoadBalancerArn: string,
  {
    host,
    certificate,
    other,
  }: {
    readonly host: string;
    readonly certificate: string | undefined;
    readonly other: string | undefined;
  },
): Promise<boolean> {
  const { Listeners = [] } = await ask('elasticloadbalancing', 'DescribeListeners', { LoadBalancerArn });
  for (const { ListenerArn = '', Certificates = [] } of Listeners) {
    const { Rules = [] } = await ask('elasticloadbalancing', 'DescribeRules', { ListenerArn });
    for (const { RuleArn = '', Conditions = [] } of Rules)
      if (isOfHost(Conditions, host)) await ask('elasticloadbalancing', 'DeleteRule', { RuleArn });
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

/** Deletes it, if it is there; whether it is gone. */
export async function isFreed(
  ask: Infrastructure,
  kind: keyof typeof deletions,
  id: string | undefined,
): Promise<boolean> {
  if (id === undefined) return true;
  const { gone, inUse, remove } = deletions[kind];
  const answer = await unless(inUse, () => unless(gone, () => remove(ask, id)).then(() => 'gone' as const));
  return answer === 'gone';
}

/** As `isFreed`, of a certificate; one that is not there any more is not asked for. */
export async function isCertificateFreed(
  { ecs, scope, ask }: { readonly ecs: EcsContext; readonly scope: Scope; readonly ask: Infrastructure },
  certificate: string | undefined,
): Promise<boolean> {
  const isThere =
    certificate !== undefined && ecs.infrastructure.hasCertificate(ecs.state, scope, certificate);
  return !isThere || isFreed(ask, 'certificate', certificate);
}
