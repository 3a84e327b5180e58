import type { RecordKey, Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { type ServiceRecord, services } from '../records.ts';
import { carryOutPlan } from './apply-plan.ts';
import { type TaskSetPlan, withTaskSet } from './task-sets.ts';

/** Carries out what is to be done about a service's task sets. One that is being deleted ends with the last of them. */
export function applyTaskSetPlans(
  tx: Transaction,
  ecs: EcsContext,
  scope: Scope,
  serviceKey: RecordKey,
  service: ServiceRecord,
  plans: readonly TaskSetPlan[],
): void {
  const now = ecs.clock.now();
  let after = service;
  for (const { id, snapshot, plan } of plans) {
    if (plan.steps.length === 0) continue;
    const { events } = after;
    const seen = { ...snapshot, service: { ...snapshot.service, events } };
    after = withTaskSet(after, id, carryOutPlan(tx, ecs, scope, seen, plan), now);
  }
  if (after.status === 'DRAINING' && after.taskSets?.length === 0)
    after = { ...after, status: 'INACTIVE', inactiveAt: now };
  tx.put(services, serviceKey, after);
}
