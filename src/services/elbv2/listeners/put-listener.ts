import type { RuleAction } from '../../../balancing/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { findTargetGroup, putLoadBalancer, putTargetGroup } from '../context.ts';
import {
  incompatibleProtocols,
  invalidConfiguration,
  invalidLoadBalancerAction,
  targetGroupAssociationLimit,
  targetGroupNotFound,
  tooManyTargetGroupsOfBalancer,
  unsupported,
  validationError,
} from '../errors.ts';
import { limits } from '../load-balancers/account-limits.ts';
import {
  elbKey,
  type ListenerProtocol,
  type ListenerRecord,
  type LoadBalancerRecord,
  listeners,
  type RuleGuardRecord,
  type TargetGroupRecord,
  targetGroups,
} from '../records.ts';

/**
 * Writes a listener with all of its rules, and what target groups it uses from now on into their records.
 * @param before What was there; undefined: it is new, and its load balancer knows its port from now on.
 * @throws {Refusal} A target group that isn't there, or that can't be sent to from here.
 */
export function putListener(
  tx: Transaction,
  scope: Scope,
  balancer: LoadBalancerRecord,
  before: ListenerRecord | undefined,
  after: ListenerRecord,
): void {
  for (const { action, guard } of after.rules) {
    checkGuard(balancer, after, guard);
    checkAction(tx, scope, balancer, after, action);
  }
  const used = groupsOf(before);
  const uses = groupsOf(after);
  for (const arn of uses) if (!used.has(arn)) beginUse(tx, scope, balancer, arn);
  for (const arn of used) if (!uses.has(arn)) endUse(tx, scope, arn);
  if (before?.port !== after.port) {
    const others = balancer.listeners.filter(({ id }) => id !== after.id);
    putLoadBalancer(tx, scope, {
      ...balancer,
      listeners: [...others, { id: after.id, port: after.port }],
    });
  }
  tx.put(listeners, elbKey(listeners, scope, after.id), after);
}

/** Its target groups may be deleted, or used by another load balancer, unless other listeners send to them, too. */
export function removeListener(tx: Transaction, scope: Scope, gone: ListenerRecord): void {
  for (const arn of groupsOf(gone)) endUse(tx, scope, arn);
  tx.delete(listeners, elbKey(listeners, scope, gone.id));
}

/** Whatever the rules of a listener send to. */
function groupsOf(listener: ListenerRecord | undefined): ReadonlySet<string> {
  return new Set(
    (listener?.rules ?? []).flatMap(({ action }) =>
      action.type === 'forward' ? action.targetGroups.map(({ arn }) => arn) : [],
    ),
  );
}

function beginUse(tx: Transaction, scope: Scope, balancer: LoadBalancerRecord, arn: string): void {
  const group = requireUsable(tx, scope, balancer, arn);
  const { use } = group;
  const { arn: loadBalancerArn } = balancer;
  const listenerCount = (use?.listenerCount ?? 0) + 1;
  putTargetGroup(tx, scope, { ...group, use: { loadBalancerArn, listenerCount } });
}

function requireUsable(
  reader: Reader | Transaction,
  scope: Scope,
  { arn: loadBalancerArn }: LoadBalancerRecord,
  arn: string,
): TargetGroupRecord {
  const group = findTargetGroup(reader, scope, arn);
  if (group === undefined) throw targetGroupNotFound(arn);
  const { use } = group;
  if (use !== undefined && use.loadBalancerArn !== loadBalancerArn) throw targetGroupAssociationLimit(arn);
  const max = limits['target-groups-per-application-load-balancer'];
  if (use === undefined && reader.countByIndex(targetGroups, 'loadBalancer', loadBalancerArn) >= max)
    throw tooManyTargetGroupsOfBalancer(max);
  return group;
}

/** Whether a listener may be written with an action. @throws {Refusal} as `putListener` does. */
export function requireAction(
  reader: Reader | Transaction,
  scope: Scope,
  balancer: LoadBalancerRecord,
  listener: ListenerRecord,
  action: RuleAction,
): void {
  checkAction(reader, scope, balancer, listener, action);
  const used = groupsOf(listener);
  for (const { arn } of action.type === 'forward' ? action.targetGroups : [])
    if (!used.has(arn)) requireUsable(reader, scope, balancer, arn);
}

function endUse(tx: Transaction, scope: Scope, arn: string): void {
  const group = findTargetGroup(tx, scope, arn);
  if (group?.use === undefined) return;
  const { use, ...unused } = group;
  const listenerCount = use.listenerCount - 1;
  putTargetGroup(tx, scope, listenerCount > 0 ? { ...unused, use: { ...use, listenerCount } } : unused);
}

function checkGuard(
  { type }: LoadBalancerRecord,
  { protocol }: ListenerRecord,
  guard: RuleGuardRecord | undefined,
): void {
  if (guard === undefined) return;
  if (type === 'network')
    throw validationError(`Actions of type '${guard.type}' are not valid for network load balancers`);
  if (protocol !== 'HTTPS') {
    throw invalidLoadBalancerAction(`Actions of type '${guard.type}' are supported only on HTTPS listeners`);
  }
}

function checkAction(
  reader: Reader | Transaction,
  scope: Scope,
  balancer: LoadBalancerRecord,
  { protocol }: ListenerRecord,
  action: RuleAction,
): void {
  if (action.type !== 'forward') {
    if (balancer.type === 'network')
      throw validationError(`Actions of type '${action.type}' are not valid for network load balancers`);
    if (action.type === 'redirect' && protocol === 'HTTPS' && action.protocol === 'HTTP')
      throw validationError('You cannot redirect from HTTPS to HTTP');
    return;
  }
  if ((protocol === 'UDP' || protocol === 'TCP_UDP') && action.targetGroups.length > 1)
    throw unsupported(`Actions of ${protocol} listeners with several target groups are`);
  if (balancer.type === 'network' && action.stickinessDuration !== undefined)
    throw validationError('Target group stickiness is not valid for network load balancers');
  for (const { arn } of action.targetGroups) {
    const group = findTargetGroup(reader, scope, arn);
    if (group === undefined) throw targetGroupNotFound(arn);
    if (group.vpcId !== balancer.vpcId) {
      throw invalidConfiguration(
        `The following target groups are not in the same VPC as the load balancer '${balancer.arn}': ${arn}`,
      );
    }
    checkProtocols(protocol, group);
  }
}

/** What a listener can send to (guides, "Listener configuration"). */
const reachable: Readonly<Record<ListenerProtocol, readonly string[]>> = {
  HTTP: ['HTTP', 'HTTPS'],
  HTTPS: ['HTTP', 'HTTPS'],
  TCP: ['TCP'],
  TLS: ['TCP', 'TLS'],
  UDP: ['UDP', 'TCP_UDP'],
  TCP_UDP: ['TCP_UDP'],
};

function checkProtocols(protocol: ListenerProtocol, group: TargetGroupRecord): void {
  if (!reachable[protocol].includes(group.protocol)) {
    throw incompatibleProtocols(
      `Listener protocol '${protocol}' is not supported with a target group with the protocol '${group.protocol}'`,
    );
  }
  if (protocol === 'HTTP' && group.protocolVersion === 'GRPC') {
    throw incompatibleProtocols(
      `Listener protocol 'HTTP' is not supported with a target group with the protocol-version 'GRPC'`,
    );
  }
}
