import { Refusal } from '../../../protocols/index.ts';
import {
  type Reader,
  type RecordChange,
  type Transaction,
  type Watched,
  watching,
} from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { findTargetGroup } from '../context.ts';
import {
  elbKey,
  scopeOfKey,
  type TargetGroupRecord,
  type TargetRecord,
  targetGroups,
  targetHealths,
  targetKey,
  targets,
} from '../records.ts';
import { notRegistered, targetState } from '../target-groups/target-state.ts';
import { drainTarget, newTarget, putTarget, removeTarget } from '../target-groups/targets.ts';

/** A target group as another service needs it that registers what it runs (ECS's `loadBalancers`). */
export type TargetGroup = Pick<
  TargetGroupRecord,
  'arn' | 'name' | 'targetType' | 'protocol' | 'port' | 'vpcId'
> & {
  /** The load balancer that sends to it; undefined: none does yet. */
  readonly loadBalancerArn?: string;
};

/** Who is registered, in which group. */
export interface ServiceTarget {
  readonly targetGroupArn: string;
  /** An address in the group's VPC, or an instance's id, as the group's type has it. */
  readonly id: string;
  readonly port: number;
}

export type TargetRegistration =
  | { readonly type: 'registered' }
  /** What is in the way, in a sentence. */
  | { readonly type: 'refused'; readonly reason: string };

/** `unused` also of a target that is not registered, or not any more: it has drained. */
export interface ServiceTargetHealth {
  readonly state: 'initial' | 'healthy' | 'unhealthy' | 'unused' | 'draining';
  /** E.g. `Target.Timeout`; `Target.NotRegistered`. */
  readonly reason?: string;
  /** E.g. `Health checks failed with these codes: [502]`. */
  readonly description?: string;
}

/** @param arn Of a group of this account and Region. Undefined: there is none. */
export function findServiceTargetGroup(reader: Reader, scope: Scope, arn: string): TargetGroup | undefined {
  const group = findTargetGroup(reader, scope, arn);
  if (group === undefined) return undefined;
  const { name, targetType, protocol, port, vpcId, use } = group;
  return {
    ...{ arn, name, targetType, protocol, port, vpcId },
    ...(use && { loadBalancerArn: use.loadBalancerArn }),
  };
}

/** Registers in the caller's own transaction, at once. What is registered already stays so. */
export function registerServiceTarget(
  tx: Transaction,
  scope: Scope,
  asked: ServiceTarget,
  now: number,
): TargetRegistration {
  const group = findTargetGroup(tx, scope, asked.targetGroupArn);
  if (group === undefined) return refused(`The target group ${asked.targetGroupArn} does not exist.`);
  const made = newTarget(tx, scope, group, asked, now);
  if (made instanceof Refusal) return refused(made.message);
  try {
    putTarget(tx, scope, made);
  } catch (error) {
    if (error instanceof Refusal) return refused(error.message);
    throw error;
  }
  return { type: 'registered' };
}

/**
 * It gets nothing new from now on. Its health is `draining` until it has answered everything or its group's delay is
 * over, then `unused` with `Target.NotRegistered`. Absent, the whole group too, is success.
 */
export function deregisterServiceTarget(
  tx: Transaction,
  scope: Scope,
  { targetGroupArn, ...target }: ServiceTarget,
  now: number,
): void {
  const group = findTargetGroup(tx, scope, targetGroupArn);
  if (group !== undefined) drainTarget(tx, scope, group, target, now);
}

/** An instance is no more: nothing is sent to it, in none of the groups that it is in. */
export function deregisterInstanceTargets(tx: Transaction, scope: Scope, instanceId: string): void {
  for (const { key, value } of tx.byIndex(targets, 'target', instanceId))
    if (key === targetKey(targets, scope, value)) removeTarget(tx, scope, value);
}

export function serviceTargetHealth(
  reader: Reader,
  scope: Scope,
  { targetGroupArn, id, port }: ServiceTarget,
): ServiceTargetHealth {
  const group = findTargetGroup(reader, scope, targetGroupArn);
  const key = group && targetKey(targets, scope, { targetGroupId: group.id, id, port });
  const target = key && reader.get(targets, key);
  const { State, Reason, Description } = group ? targetState(reader, scope, group, target) : notRegistered;
  return {
    state: State as ServiceTargetHealth['state'],
    ...(Reason !== undefined && { reason: Reason }),
    ...(Description !== undefined && { description: Description }),
  };
}

/** Whether a load balancer has a target in this group to which it can send at this moment. */
export function hasHealthyTarget(reader: Reader, scope: Scope, targetGroupArn: string): boolean {
  const group = findTargetGroup(reader, scope, targetGroupArn);
  if (group === undefined) return false;
  return reader
    .byIndex(targets, 'targetGroup', group.id)
    .some(({ value }) => targetState(reader, scope, group, value).State === 'healthy');
}

/**
 * What a reconciler watches to follow the health of targets.
 * @param keys Of its work. A change of a whole group (it is used by a load balancer, or no longer) has no target.
 */
export function watchingTargets(
  reader: Reader,
  keys: (scope: Scope, changed: WatchedTarget) => Iterable<string>,
): readonly Watched[] {
  const told = ({
    key,
    before,
    after,
  }: RecordChange<{ readonly targetGroupId: string }>): Iterable<string> => {
    const scope = scopeOfKey(key);
    const groupId = (after ?? before)?.targetGroupId ?? '';
    const group = reader.get(targetGroups, elbKey(targetGroups, scope, groupId));
    const [port, id = ''] = key.split('/').slice(-2);
    return group === undefined
      ? []
      : keys(scope, {
          targetGroupArn: group.arn,
          target: { id: decodeURIComponent(id), port: Number(port) },
        });
  };
  return [
    watching<TargetRecord>(targets, told),
    watching(targetHealths, told),
    watching<TargetGroupRecord>(targetGroups, ({ key, before, after }) => {
      const group = after ?? before;
      const isSame = before?.use?.loadBalancerArn === after?.use?.loadBalancerArn;
      return group === undefined || isSame ? [] : keys(scopeOfKey(key), { targetGroupArn: group.arn });
    }),
  ];
}

export interface WatchedTarget {
  readonly targetGroupArn: string;
  readonly target?: Pick<ServiceTarget, 'id' | 'port'>;
}

const refused = (reason: string): TargetRegistration => ({ type: 'refused', reason });
