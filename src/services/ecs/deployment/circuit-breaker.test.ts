import { describe, expect, it } from 'vitest';
import type { CircuitBreakerRecord } from '../records.ts';
import { deploymentRecord } from '../testing/service-record.ts';
import { circuitBreakerReading, failureThreshold, hasTripped } from './circuit-breaker.ts';

type Threshold = NonNullable<CircuitBreakerRecord['thresholdConfiguration']>;

describe('the threshold of the circuit breaker', () => {
  it.each<[string, Threshold | undefined, desiredCount: number, threshold: number]>([
    ['is at least 3', undefined, 1, 3],
    ['is at least 3 of nothing', undefined, 0, 3],
    ['is half of the desired count, rounded up', undefined, 25, 13],
    ['is half of the desired count', undefined, 400, 200],
    ['is at most 200', undefined, 800, 200],
    ['is the share that is asked for', { type: 'BOUNDED_PERCENT', value: 10 }, 100, 10],
    ['stays in its bounds whatever the share', { type: 'BOUNDED_PERCENT', value: 1 }, 100, 3],
    ['without bounds is the share alone', { type: 'UNBOUNDED_PERCENT', value: 1 }, 50, 1],
    ['without bounds goes above 200', { type: 'UNBOUNDED_PERCENT', value: 50 }, 1_000, 500],
    ['without bounds is at least one', { type: 'UNBOUNDED_PERCENT', value: 50 }, 0, 1],
    ['as a count is that count', { type: 'COUNT', value: 7 }, 1_000, 7],
  ])('%s', (_sentence, thresholdConfiguration, desiredCount, threshold) => {
    const breaker = {
      enable: true,
      rollback: false,
      ...(thresholdConfiguration && { thresholdConfiguration }),
    };
    expect(failureThreshold(breaker, desiredCount)).toBe(threshold);
  });
});

describe('the circuit breaker', () => {
  const on = { enable: true, rollback: false };
  const off = { enable: false, rollback: false };
  const failed = deploymentRecord('A', { failureCount: 3 });

  it('trips at its threshold, not before, and never when it is off', () => {
    expect(hasTripped(on, 1, { failureCount: 2 })).toBe(false);
    expect(hasTripped(on, 1, failed)).toBe(true);
    expect(hasTripped(off, 1, failed)).toBe(false);
  });

  it('goes by the desired count as it is now', () => {
    expect(hasTripped(on, 10, failed)).toBe(false);
  });

  it('is read as what it does', () => {
    expect(circuitBreakerReading(off, 1, failed)).toEqual({
      status: 'DISABLED',
      failureCount: 0,
      threshold: 3,
    });
    expect(circuitBreakerReading(on, 1, failed)).toEqual({
      status: 'MONITORING',
      failureCount: 3,
      threshold: 3,
    });
    const failure = { cause: 'circuit-breaker', rollsBack: false, at: 1 } as const;
    expect(circuitBreakerReading(on, 1, { ...failed, failure }).status).toBe('TRIGGERED');
  });
});
