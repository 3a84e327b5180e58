import { createHash, createHmac } from 'node:crypto';
import type {
  LoadBalancerPlan,
  NodePlan,
  ObservedHealth,
  TargetGroupPlan,
  TargetPlan,
} from '../../balancing/index.ts';

/** What a node sees of a target. */
export interface Observation {
  readonly health: ObservedHealth;
  /** Requests, or connections of layer 4, that it has still to answer. */
  readonly outstanding: number;
}

/** Of a target within its group. */
export function targetKey({ id, port }: Pick<TargetPlan, 'id' | 'port'>): string {
  return `${id}:${port}`;
}

/** Of a target among all groups. */
export function targetName({ arn }: Pick<TargetGroupPlan, 'arn'>, target: TargetPlan): string {
  return `${arn} ${targetKey(target)}`;
}

/** Without cross-zone load balancing a node sends only to targets of its own zone. */
export function usesTarget(
  { attributes }: Pick<LoadBalancerPlan, 'attributes'>,
  node: NodePlan,
  { crossZone }: TargetGroupPlan,
  { availabilityZone }: TargetPlan,
): boolean {
  return (
    (crossZone ?? attributes.crossZone) ||
    availabilityZone === 'all' ||
    availabilityZone === node.availabilityZone
  );
}

/** What becomes of what a target has still to answer once its deregistration delay is over. */
export function endsConnections({ protocol, terminatesConnections }: TargetGroupPlan): boolean {
  return !isLayer4(protocol) || terminatesConnections;
}

/** Whether connections are carried, rather than requests. */
export function isLayer4(protocol: TargetGroupPlan['protocol']): boolean {
  return protocol !== 'HTTP' && protocol !== 'HTTPS';
}

export function isDatagrams(protocol: TargetGroupPlan['protocol']): boolean {
  return protocol === 'UDP' || protocol === 'TCP_UDP';
}

/** Stands for a target in a cookie, and tells nothing of it. The same at all nodes of a load balancer. */
export function targetToken(cookieKey: string, { id }: TargetGroupPlan, target: TargetPlan): string {
  return createHmac('sha256', cookieKey)
    .update(`${id} ${targetKey(target)}`)
    .digest('hex')
    .slice(0, 32);
}

/** Stands for a target group in a cookie. */
export function groupToken(cookieKey: string, arn: string): string {
  return createHash('sha256').update(`${cookieKey} ${arn}`).digest('hex').slice(0, 32);
}
