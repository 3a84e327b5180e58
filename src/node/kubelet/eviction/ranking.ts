import type { Pod } from '../objects/pod.ts';
import { podRequests } from '../resources/pod-requests.ts';
import { diskOf, memoryOf, type PodUse } from '../usage/pod-use.ts';
import type { Scarce } from './thresholds.ts';

const systemCriticalPriority = 2_000_000_000;

/** The node does not evict it: it is needed for the node or the cluster to work. */
export const isCritical = ({ spec }: Pod): boolean => (spec.priority ?? 0) >= systemCriticalPriority;

/**
 * Pods in the order in which they are evicted: those that use more than they asked for first, then by priority, then by how
 * much more they use.
 */
export function ranked(uses: readonly PodUse[], scarce: Scarce): readonly PodUse[] {
  const beyond = (use: PodUse): number => amountOf(use, scarce) - requestOf(use.pod, scarce);
  return uses.toSorted(
    (one, other) =>
      Number(beyond(other) > 0) - Number(beyond(one) > 0) ||
      (one.pod.spec.priority ?? 0) - (other.pod.spec.priority ?? 0) ||
      beyond(other) - beyond(one),
  );
}

function amountOf(use: PodUse, scarce: Scarce): number {
  if (scarce === 'memory') return memoryOf(use);
  const { bytes, inodes } = diskOf(use);
  return scarce === 'inodes' ? inodes : bytes;
}

function requestOf({ spec }: Pod, scarce: Scarce): number {
  return Number((podRequests(spec).get(scarce) ?? 0n) / 1_000_000_000n);
}
