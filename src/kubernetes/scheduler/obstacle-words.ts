import type { Obstacle } from './place.ts';
import type { Preemption } from './preempt.ts';

/** When there are no nodes at all. */
const noNodes = 'no nodes available to schedule pods';

/** As upstream says why a pod can't be placed: every reason with how many nodes have it. */
export function obstacleWords({ nodes, verdicts, unnamed, whole }: Obstacle): string {
  if (nodes === 0) return noNodes;
  const counts = new Map<string, number>();
  for (const { reasons } of verdicts.values())
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  if (unnamed > 0) counts.set("node(s) didn't satisfy plugin(s) [NodeAffinity]", unnamed);
  return countedWords(nodes, counts, whole?.reasons);
}

/** What was said about taking others off a node; undefined: that is what is done. */
export function preemptionWords(nodes: number, preemption: Preemption): string | undefined {
  if (preemption.node !== undefined) return undefined;
  const { reasons } = preemption;
  const told = reasons === undefined ? preemption.isNotEligible : countedWords(nodes, reasons);
  // Nobody gives resources back that were claimed: upstream says so first.
  return `no new claims to deallocate, preemption: ${told}`;
}

/** @param whole In place of what is counted. */
function countedWords(
  nodes: number,
  counts: ReadonlyMap<string, number>,
  whole: readonly string[] = [],
): string {
  const told = whole.length > 0 ? whole : Array.from(counts, ([reason, count]) => `${count} ${reason}`);
  return `0/${nodes} nodes are available: ${told.toSorted().join(', ')}.`;
}
