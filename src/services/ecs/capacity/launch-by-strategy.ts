import type { Transaction } from '../../../reconcile/index.ts';
import type { EcsContext } from '../context.ts';
import type { CapacityProviderStrategy } from '../records.ts';
import { type LaunchPlan, type LaunchRequest, launchTasks } from '../task-launch.ts';
import { shareOut } from './strategy.ts';

/**
 * Launches tasks where their capacity says. With a strategy each provider gets its share: `placed` is what the same
 * service has on each of them already.
 */
export function launchWithCapacity(
  tx: Transaction,
  ecs: EcsContext,
  request: Omit<LaunchRequest, 'capacityProviderName'>,
  strategy: CapacityProviderStrategy | undefined,
  placed: ReadonlyMap<string, number> = new Map(),
): LaunchPlan {
  if (strategy === undefined) return launchTasks(tx, ecs, request);
  const chosen = shareOut(strategy, placed, request.count);
  const plans = [...Map.groupBy(chosen, (name) => name)].map(([capacityProviderName, { length }]) =>
    launchTasks(tx, ecs, { ...request, count: length, capacityProviderName }),
  );
  return {
    tasks: plans.flatMap(({ tasks }) => tasks),
    failures: plans.flatMap(({ failures }) => failures),
  };
}
