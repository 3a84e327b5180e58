import type { Transaction } from '../../reconcile/index.ts';
import type { Scope, TargetName } from './arn.ts';
import { progress, progressKey, targetKey, targets } from './records.ts';

/** Ends the scaling of a service: its target goes, and all that belongs to it. Activities stay for their time. */
export function removeTarget(tx: Transaction, scope: Scope, target: TargetName): void {
  tx.delete(progress, progressKey(scope, target));
  tx.delete(targets, targetKey(scope, target));
}
