import type { WeightedTargetGroup } from '../../../balancing/index.ts';
import { Refusal } from '../../../protocols/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { LoadBalancerType, Scope } from '../arn.ts';
import { type FoundRule, findListener, findRule, requireLoadBalancer } from '../context.ts';
import { putListener, requireAction } from '../listeners/put-listener.ts';

/**
 * A rule whose traffic another service shifts between target groups (ECS's `productionListenerRule`). A network load
 * balancer's listener is named itself, for it has no other rule.
 */
export interface TrafficRule {
  readonly loadBalancerType: LoadBalancerType;
  readonly listenerArn: string;
  /** Of its listener. */
  readonly isDefault: boolean;
  /** Empty: it does not forward. */
  readonly targetGroups: readonly WeightedTargetGroup[];
  /** The listener's, if it is a default one. */
  readonly tags: Readonly<Record<string, string>>;
}

/** @param arn Of a rule of this account and Region, a listener's default one too, or of a network load balancer's listener. */
export function findTrafficRule(reader: Reader, scope: Scope, arn: string): TrafficRule | undefined {
  const found = findShifted(reader, scope, arn);
  if (found === undefined) return undefined;
  const { action, priority } = found.rule;
  const { tags } = priority === 'default' ? found.listener : found.rule;
  return {
    loadBalancerType: requireLoadBalancer(reader, scope, found.listener.loadBalancerArn).type,
    listenerArn: found.listener.arn,
    isDefault: priority === 'default',
    targetGroups: action.type === 'forward' ? action.targetGroups : [],
    tags,
  };
}

/** Why a rule can't send to these groups, in a sentence: they may be gone, or another load balancer's. @param arn Of a rule that is there. */
export function shiftObstacle(
  reader: Reader,
  scope: Scope,
  arn: string,
  groupArns: readonly string[],
): string | undefined {
  const found = findShifted(reader, scope, arn);
  if (found === undefined) return undefined;
  const { listener } = found;
  const targetGroups = groupArns.map((groupArn) => ({ arn: groupArn, weight: 1 }));
  const balancer = requireLoadBalancer(reader, scope, listener.loadBalancerArn);
  try {
    requireAction(reader, scope, balancer, listener, { type: 'forward', targetGroups });
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

/**
 * Sends a forwarding rule's traffic to these groups and no others, in the caller's own transaction; how long clients stay
 * with their group is left as it is. Shares that are as asked for already are left alone.
 * @throws {Refusal} there is no such rule, or it can't send there.
 */
export function shiftTraffic(
  tx: Transaction,
  scope: Scope,
  arn: string,
  targetGroups: readonly WeightedTargetGroup[],
): void {
  const found = findShifted(tx, scope, arn);
  if (found?.rule.action.type !== 'forward') throw new Error(`${arn} is no rule that forwards`);
  const { rule, listener } = found;
  if (isSameShare(found.rule.action.targetGroups, targetGroups)) return;
  const action = { ...found.rule.action, targetGroups };
  const rules = listener.rules.map((each) => (each.id === rule.id ? { ...rule, action } : each));
  const balancer = requireLoadBalancer(tx, scope, listener.loadBalancerArn);
  putListener(tx, scope, balancer, listener, { ...listener, rules });
}

function isSameShare(ones: readonly WeightedTargetGroup[], others: readonly WeightedTargetGroup[]): boolean {
  const sumOf = (groups: readonly WeightedTargetGroup[]): number =>
    groups.reduce((sum, { weight }) => sum + weight, 0);
  const weightIn = (groups: readonly WeightedTargetGroup[], arn: string): number =>
    groups.find((group) => group.arn === arn)?.weight ?? 0;
  const arns = [...ones, ...others].map(({ arn }) => arn);
  // Shares are compared without dividing, which would round.
  return arns.every((arn) => weightIn(ones, arn) * sumOf(others) === weightIn(others, arn) * sumOf(ones));
}

function findShifted(reader: Reader | Transaction, scope: Scope, arn: string): FoundRule | undefined {
  const listener = findListener(reader, scope, arn);
  if (listener === undefined) return findRule(reader, scope, arn);
  const rule = listener.rules.find(({ priority }) => priority === 'default');
  const { type } = requireLoadBalancer(reader, scope, listener.loadBalancerArn);
  return type === 'network' && rule ? { listener, rule } : undefined;
}
