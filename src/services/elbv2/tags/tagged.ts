import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { findLoadBalancer, findTargetGroup, putLoadBalancer, putTargetGroup } from '../context.ts';
import type { Tags } from '../records.ts';

/** What carries tags, whatever it is. */
export interface Tagged {
  readonly tags: Tags;
  put(tx: Transaction, tags: Tags): void;
}

/** Undefined: nothing has the ARN. */
export function findTagged(reader: Reader | Transaction, scope: Scope, arn: string): Tagged | undefined {
  const balancer = findLoadBalancer(reader, scope, arn);
  if (balancer !== undefined) {
    return { tags: balancer.tags, put: (tx, tags) => putLoadBalancer(tx, scope, { ...balancer, tags }) };
  }
  const group = findTargetGroup(reader, scope, arn);
  return group && { tags: group.tags, put: (tx, tags) => putTargetGroup(tx, scope, { ...group, tags }) };
}
