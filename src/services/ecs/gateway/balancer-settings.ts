import { Refusal } from '../../../protocols/index.ts';
import { allowIngress, fromEverywhere, type Maker, revokeIngress } from '../ingress/make.ts';
import type { GatewayFailureRecord, GatewayLoadBalancerRecord, GatewayRecord } from './records.ts';

/** What a gateway's settings mean for each of its load balancers. */

/** The gateway's own and the user's. */
export const securityGroupsOf = (own: string, { inboundSecurityGroup }: GatewayRecord): readonly string[] =>
  inboundSecurityGroup === undefined ? [own] : [own, inboundSecurityGroup];

const attributesOf = ({
  deletionProtection,
  accessLogs,
}: GatewayRecord): Readonly<Record<string, string>> => ({
  'deletion_protection.enabled': String(deletionProtection),
  'access_logs.s3.enabled': String(accessLogs !== undefined),
  'access_logs.s3.bucket': accessLogs?.bucket ?? '',
  'access_logs.s3.prefix': accessLogs?.prefix ?? '',
});

export async function setAttributes(
  { ask }: Maker,
  gateway: GatewayRecord,
  LoadBalancerArn: string,
): Promise<void> {
  const Attributes = Object.entries(attributesOf(gateway)).map(([Key, Value]) => ({ Key, Value }));
  await ask('elasticloadbalancing', 'ModifyLoadBalancerAttributes', { LoadBalancerArn, Attributes });
}

/** Where the user brings no security group, the gateway's own lets HTTPS in. */
export async function letHttpsIn(maker: Maker, gateway: GatewayRecord, group: string): Promise<void> {
  if (gateway.inboundSecurityGroup === undefined) await allowIngress(maker, group, fromEverywhere);
  else await revokeIngress(maker.ask, group, fromEverywhere);
}

/**
 * Brings a load balancer to what the gateway says now. Who comes in by one group goes on doing so until the other one is there.
 * @returns what could not be done; the rest is.
 */
export async function updateLoadBalancer(
  maker: Maker,
  gateway: GatewayRecord,
  { made }: GatewayLoadBalancerRecord,
): Promise<GatewayFailureRecord['errors']> {
  const { loadBalancer, securityGroup } = made;
  // What is not there yet is made as it is to be.
  if (loadBalancer === undefined || securityGroup === undefined) return [];
  const groups = {
    operation: 'elasticloadbalancing:SetSecurityGroups',
    run: async () => {
      const SecurityGroups = [...securityGroupsOf(securityGroup, gateway)];
      await maker.ask('elasticloadbalancing', 'SetSecurityGroups', {
        ...{ LoadBalancerArn: loadBalancer, SecurityGroups },
      });
    },
  };
  const brings = gateway.inboundSecurityGroup !== undefined;
  const ingress = {
    operation: brings ? 'ec2:RevokeSecurityGroupIngress' : 'ec2:AuthorizeSecurityGroupIngress',
    run: () => letHttpsIn(maker, gateway, securityGroup),
  };
  const attributes = {
    operation: 'elasticloadbalancing:ModifyLoadBalancerAttributes',
    run: () => setAttributes(maker, gateway, loadBalancer),
  };
  const errors: GatewayFailureRecord['errors'][number][] = [];
  for (const { operation, run } of [...(brings ? [groups, ingress] : [ingress, groups]), attributes])
    try {
      await run();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      errors.push({ operation, code: error.code, message: error.message });
    }
  return errors;
}
