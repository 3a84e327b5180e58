import type {
  CircuitBreakerReading,
  CircuitBreakerRecord,
  DeploymentRecord,
  ServiceRecord,
} from '../records.ts';

/**
 * The deployment circuit breaker (Amazon ECS developer guide, "How the Amazon ECS deployment circuit breaker detects
 * failures"): a deployment fails when as many of its tasks have failed as the threshold says. The threshold follows
 * the desired count as it is now.
 */
const defaultThreshold = { type: 'BOUNDED_PERCENT', value: 50 } as const;
const leastBounded = 3;
const mostBounded = 200;

export function failureThreshold(
  { thresholdConfiguration = defaultThreshold }: CircuitBreakerRecord,
  desired: number,
): number {
  const { type, value } = thresholdConfiguration;
  if (type === 'COUNT') return value;
  const share = Math.ceil((value * desired) / 100);
  // At least one, so that a service scaled to nothing doesn't fail before anything did.
  if (type === 'UNBOUNDED_PERCENT') return Math.max(1, share);
  return Math.min(mostBounded, Math.max(leastBounded, share));
}

export function hasTripped(
  breaker: CircuitBreakerRecord,
  desired: number,
  { failureCount }: Pick<DeploymentRecord, 'failureCount'>,
): boolean {
  return breaker.enable && failureCount >= failureThreshold(breaker, desired);
}

/** True unless the breaker is told to count failures over the whole deployment. */
export function resetsOnHealthyTask({ deploymentConfiguration }: ServiceRecord): boolean {
  return deploymentConfiguration.deploymentCircuitBreaker.resetOnHealthyTask !== false;
}

export function circuitBreakerReading(
  breaker: CircuitBreakerRecord,
  desired: number,
  { failureCount, failure }: DeploymentRecord,
): CircuitBreakerReading {
  const isTriggered = failure?.cause === 'circuit-breaker';
  return {
    status: isTriggered ? 'TRIGGERED' : breaker.enable ? 'MONITORING' : 'DISABLED',
    failureCount: breaker.enable || isTriggered ? failureCount : 0,
    threshold: failureThreshold(breaker, desired),
  };
}
