import type { HealthCheckPlan, ObservedHealth, UnhealthyCause } from '../../../../balancing/index.ts';

/** What one check found. */
export type CheckResult =
  | { readonly state: 'healthy' }
  | { readonly state: 'unhealthy'; readonly cause: UnhealthyCause };

/** What is known of a target's health, and how often in a row its checks have said something else. */
export interface CheckedHealth {
  readonly health: ObservedHealth;
  readonly against: number;
}

/** While a target's first checks fail, until they have failed often enough. */
const retrySeconds = 1;

/** One that passes its first check is well; from then on the thresholds decide. */
export function afterCheck(
  { health, against }: CheckedHealth,
  result: CheckResult,
  { healthyThreshold, unhealthyThreshold }: HealthCheckPlan,
): CheckedHealth {
  if (result.state === health.state) return { health: result, against: 0 };
  const count = against + 1;
  const isFirst = health.state === 'initial';
  const enough = result.state === 'unhealthy' ? unhealthyThreshold : isFirst ? 1 : healthyThreshold;
  return count >= enough ? { health: result, against: 0 } : { health, against: count };
}

/** Seconds until the next check. */
export function checkAgainAfter({ health }: CheckedHealth, { interval }: HealthCheckPlan): number {
  return health.state === 'initial' ? Math.min(retrySeconds, interval) : interval;
}
