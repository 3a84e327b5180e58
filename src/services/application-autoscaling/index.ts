/**
 * Application Auto Scaling: the desired counts of ECS services, kept within bounds and moved by policies and schedules. The
 * one idea to know: each registered service is a scalable target, and one reconciler (`reconcilers/scaling.ts`) does for a
 * target whatever is to be done, each change in one transaction with the activity that tells of it.
 *
 * Refused by name: scalable targets of other services than ECS, predictive scaling, metric math.
 */

import type { Reader, Reconciler } from '../../reconcile/index.ts';
import type { EventSource } from '../events/index.ts';
import type { Service } from '../service.ts';
import { resourceIdOf, type Scope, type TargetName } from './arn.ts';
import type { AutoScalingContext } from './context.ts';
import { scopeOfKey, targetKey, targets } from './records.ts';

/** Whether a service is a scalable target. */
export const hasScalableTarget = (reader: Reader, scope: Scope, name: TargetName): boolean =>
  reader.get(targets, targetKey(scope, name)) !== undefined;

export function createAutoScaling(context: AutoScalingContext): Service {
  return {
    signingName: 'application-autoscaling',
    loadSdk: () => import('@aws-sdk/client-application-auto-scaling'),
    loadOperations: async () => (await import('./operations.ts')).autoScalingOperations(context),
  };
}

export async function loadAutoScalingReconcilers(
  context: AutoScalingContext,
): Promise<readonly Reconciler[]> {
  return [(await import('./reconcilers/scaling.ts')).scaling(context)];
}

/** What of its records is told to EventBridge. */
export async function loadAutoScalingEventSources(): Promise<readonly EventSource[]> {
  return (await import('./events.ts')).autoScalingEventSources();
}

/** What keeps its service-linked role from being deleted: an account's targets, by Region. */
export function scalableTargets(
  reader: Reader,
  accountId: string,
): readonly { readonly region: string; readonly resources: readonly string[] }[] {
  const byRegion = new Map<string, string[]>();
  for (const { key, value } of reader.list(targets)) {
    const scope = scopeOfKey(key);
    if (scope.accountId !== accountId) continue;
    const resources = byRegion.get(scope.region) ?? [];
    byRegion.set(scope.region, resources);
    resources.push(resourceIdOf(value));
  }
  return [...byRegion].map(([region, resources]) => ({ region, resources }));
}
