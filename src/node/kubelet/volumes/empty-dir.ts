import { parseQuantity } from '../../../quantity.ts';
import type { Resources } from '../environment/fields.ts';
import type { Pod } from '../objects/pod.ts';
import type { EmptyDir } from './volume-source.ts';

/**
 * How much a memory volume holds: as much as its `sizeLimit` says, and never more than the pod, or where that has no
 * limit the node, has memory. Undefined: nothing says so.
 */
export function memorySizeBytes(
  { sizeLimit }: EmptyDir,
  pod: Pod,
  allocatable: Resources,
): number | undefined {
  const sizes = [bytesOf(sizeLimit), podLimitBytes(pod), bytesOf(allocatable.memory)];
  const least = Math.min(...sizes.filter((size) => size > 0));
  return Number.isFinite(least) ? least : undefined;
}

/** 0: without limit, for one of its containers has none. */
function podLimitBytes({ spec }: Pod): number {
  const ofPod = bytesOf(spec.resources?.limits?.memory);
  if (ofPod > 0) return ofPod;
  const limits = spec.containers.map(({ resources }) => bytesOf(resources?.limits?.memory));
  return limits.includes(0) ? 0 : limits.reduce((sum, limit) => sum + limit, 0);
}

const bytesOf = (quantity = '0'): number => Number((parseQuantity(quantity)?.nanos ?? 0n) / 1_000_000_000n);
