import type { Random } from './random.ts';

export interface BackoffBounds {
  /** No wait is shorter. */
  readonly leastMs: number;
  /** No wait is longer. */
  readonly mostMs: number;
}

/**
 * How long to wait before trying again after `failures` failures in a row (1 or more): exponential, with half
 * of it left to chance, so that those who failed together do not come back together.
 */
export function backoffMs(failures: number, random: Random, { leastMs, mostMs }: BackoffBounds): number {
  const ceilingMs = Math.min(mostMs, leastMs * 2 ** Math.min(failures, 64));
  const floorMs = Math.max(leastMs, ceilingMs / 2);
  return Math.round(floorMs + random.float() * (ceilingMs - floorMs));
}
