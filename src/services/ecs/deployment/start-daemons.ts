import type { Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { type ContainerInstanceRecord, services } from '../records.ts';
import { applyPlan } from './apply-plan.ts';
import { daemonSnapshot } from './daemon-ground.ts';
import { planDaemon } from './daemon-planner.ts';
import { schedulerSettings } from './scheduler-settings.ts';
import { readSnapshot } from './service-snapshot.ts';

/**
 * Gives DAEMON services their tasks on an instance in the very transaction that opens it to placement, so that they
 * have their share of it before anybody else can look. What then can't be started is for `service-deployment`.
 */
export function startDaemonsOn(
  tx: Transaction,
  ecs: EcsContext,
  scope: Scope,
  { id, cluster, groups }: ContainerInstanceRecord,
): void {
  const within = `${scope.accountId}/${scope.region}/${cluster}`;
  const settings = { ...schedulerSettings, maxBatch: Number.POSITIVE_INFINITY };
  for (const { key, value: service } of tx.byIndex(services, 'daemons', within)) {
    if (groups.some(({ group }) => group === `service:${service.name}`)) continue;
    const seen = readSnapshot(tx, scope, service, { ...ecs, now: ecs.clock.now(), settings });
    const snapshot = daemonSnapshot(tx, scope, seen);
    const plan = planDaemon(snapshot);
    const steps = plan.steps.flatMap((step) =>
      step.type === 'start' && step.instanceIds?.includes(id) ? { ...step, count: 1, instanceIds: [id] } : [],
    );
    if (steps.length > 0) applyPlan(tx, ecs, scope, key, snapshot, { steps });
  }
}
