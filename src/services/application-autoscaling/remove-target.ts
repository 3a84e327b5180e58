import type { Transaction } from '../../reconcile/index.ts';
import type { Scope, TargetName } from './arn.ts';
import {
  policies,
  policyKey,
  prefixOf,
  progress,
  progressKey,
  type ScalingPolicyRecord,
  scheduledActions,
  targetKey,
  targets,
} from './records.ts';
import { deleteTrackingAlarms } from './target-tracking.ts';

/** Ends the scaling of a service: its target goes, and all that belongs to it. Activities stay for their time. */
export function removeTarget(tx: Transaction, scope: Scope, target: TargetName): void {
  for (const { value } of tx.list(policies, prefixOf(policies, scope, target)))
    removePolicy(tx, scope, value);
  for (const { key } of tx.list(scheduledActions, prefixOf(scheduledActions, scope, target)))
    tx.delete(scheduledActions, key);
  tx.delete(progress, progressKey(scope, target));
  tx.delete(targets, targetKey(scope, target));
}

export function removePolicy(tx: Transaction, scope: Scope, record: ScalingPolicyRecord): void {
  const { policy } = record;
  if (policy.type === 'TargetTrackingScaling') deleteTrackingAlarms(tx, scope, policy);
  tx.delete(policies, policyKey(scope, record, record.name));
}
