import type { Transaction } from '../../../reconcile/index.ts';
import {
  elbKey,
  listeners,
  loadBalancers,
  type TargetHealthRecord,
  type TargetRecord,
  targetGroups,
  targetHealths,
  targetKey,
  targets,
} from '../../elbv2/records.ts';
import type { Scope } from '../arn.ts';
import { testNetwork } from './network.ts';

const arnOf = ({ region, accountId }: Scope, resource: string): string =>
  `arn:aws:elasticloadbalancing:${region}:${accountId}:${resource}`;

/** A target group of the test network's VPC, which a load balancer in zone a sends to. @returns its ARN. */
export function addTargetGroup(
  tx: Transaction,
  scope: Scope,
  {
    id = '0000000000000001',
    targetType = 'ip',
    delaySeconds = 300,
    isUsed = true,
    type = 'application',
    protocol = type === 'network' ? 'TCP' : 'HTTP',
  }: {
    readonly id?: string;
    readonly targetType?: 'ip' | 'instance';
    readonly delaySeconds?: number;
    readonly isUsed?: boolean;
    /** Of the load balancer, which all of them share. */
    readonly type?: 'application' | 'network';
    readonly protocol?: 'HTTP' | 'TCP' | 'UDP' | 'TCP_UDP';
  } = {},
): string {
  const { vpcId, subnetId } = testNetwork;
  const balancerId = 'b000000000000001';
  const isNetwork = type === 'network';
  const loadBalancerArn = arnOf(scope, `loadbalancer/${isNetwork ? 'net' : 'app'}/web/${balancerId}`);
  const arn = arnOf(scope, `targetgroup/web/${id}`);
  tx.put(loadBalancers, elbKey(loadBalancers, scope, balancerId), {
    ...{ id: balancerId, arn: loadBalancerArn, name: 'web', type, scheme: 'internal', vpcId },
    nodes: [
      { subnetId, availabilityZone: `${scope.region}a`, interfaceId: 'eni-b', privateIpv4: '10.231.0.9' },
    ],
    ...{ securityGroupIds: [], dnsName: 'web.elb.amazonaws.com', state: 'active', listeners: [] },
    ...{ attributes: {}, createdAt: 0, tags: {} },
  });
  tx.put(targetGroups, elbKey(targetGroups, scope, id), {
    ...{ id, arn, name: 'web', targetType, port: 80, vpcId },
    ...{ protocol, ...(protocol === 'HTTP' && { protocolVersion: 'HTTP1' as const }) },
    healthCheck: {
      ...{ protocol: 'HTTP', port: 'traffic-port', path: '/', interval: 30, timeout: 5 },
      ...{ healthyThreshold: 5, unhealthyThreshold: 2, matcher: '200' },
    },
    ...(isUsed && { use: { loadBalancerArn, listenerCount: 1 } }),
    attributes: { 'deregistration_delay.timeout_seconds': String(delaySeconds) },
    ...{ createdAt: 0, tags: {} },
  });
  return arn;
}

/** A listener of that load balancer: a rule for production traffic, one for test traffic, both lead to the first of the groups. */
export function addTrafficRules(
  tx: Transaction,
  scope: Scope,
  [arn = '', alternateArn = '']: readonly string[],
  id = 'c000000000000001',
): { readonly productionListenerRule: string; readonly testListenerRule: string } {
  const path = `app/web/b000000000000001`;
  const listenerArn = arnOf(scope, `listener/${path}/${id}`);
  const rule = (ruleId: string, priority: number | 'default', header: string) => ({
    ...{ id: ruleId, arn: arnOf(scope, `listener-rule/${path}/${id}/${ruleId}`), priority, tags: {} },
    conditions:
      priority === 'default' ? [] : [{ field: 'http-header' as const, name: header, patterns: ['*'] }],
    action: {
      type: 'forward' as const,
      targetGroups: [
        { arn, weight: 1 },
        { arn: alternateArn, weight: 0 },
      ],
    },
  });
  const test = rule('d000000000000001', 1, 'x-test');
  const production = rule('d000000000000002', 'default', '');
  tx.put(listeners, elbKey(listeners, scope, id), {
    ...{ id, arn: listenerArn, loadBalancerArn: arnOf(scope, `loadbalancer/${path}`) },
    ...{ port: 80, protocol: 'HTTP', certificateArns: [], attributes: {}, tags: {} },
    rules: [test, production],
  });
  return { productionListenerRule: production.arn, testListenerRule: test.arn };
}

/** A listener of that load balancer if it is a network load balancer: it leads to the first of the groups. @returns its ARN. */
export function addNetworkListener(
  tx: Transaction,
  scope: Scope,
  [arn = '', alternateArn = '']: readonly string[],
): string {
  const id = 'c000000000000009';
  const path = 'net/web/b000000000000001';
  const listenerArn = arnOf(scope, `listener/${path}/${id}`);
  tx.put(listeners, elbKey(listeners, scope, id), {
    ...{ id, arn: listenerArn, loadBalancerArn: arnOf(scope, `loadbalancer/${path}`) },
    ...{ port: 80, protocol: 'TCP', certificateArns: [], attributes: {}, tags: {} },
    rules: [
      {
        ...{ id: 'd000000000000009', arn: arnOf(scope, `listener-rule/${path}/${id}/d000000000000009`) },
        ...{ priority: 'default', tags: {}, conditions: [] },
        action: {
          type: 'forward',
          targetGroups: [
            { arn, weight: 1 },
            { arn: alternateArn, weight: 0 },
          ],
        },
      },
    ],
  });
  return listenerArn;
}

/** What a rule sends where: weights by the last digit of the groups' ARNs, `1:100 2:0`. */
export function weightsOfRule(reader: Pick<Transaction, 'list'>, ruleArn: string): string {
  const rules = [...reader.list(listeners)].flatMap(({ value }) => value.rules);
  const action = rules.find(({ arn }) => arn === ruleArn)?.action;
  return action?.type === 'forward'
    ? action.targetGroups.map(({ arn, weight }) => `${arn.at(-1)}:${weight}`).join(' ')
    : '';
}

/** Of all groups. */
export function allTargets(reader: Pick<Transaction, 'list'>): readonly TargetRecord[] {
  return [...reader.list(targets)].map(({ value }) => value);
}

type Seen = TargetHealthRecord extends infer Record
  ? Record extends TargetHealthRecord
    ? Omit<Record, 'targetGroupId'>
    : never
  : never;

/** As the data plane reports it. */
export function seeTarget(tx: Transaction, scope: Scope, target: TargetRecord, seen: Seen): void {
  const { targetGroupId } = target;
  tx.put(targetHealths, targetKey(targetHealths, scope, target), {
    targetGroupId,
    ...seen,
  } as TargetHealthRecord);
}
