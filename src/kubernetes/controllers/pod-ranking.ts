import { type Pod, timeOf } from './objects.ts';
import { isActive, isReady, phaseOf, readySince } from './pods.ts';

/**
 * The pods that go first when fewer are wanted, as upstream's `ActivePodsWithRanks`: those that would be missed least.
 * @param related All pods of the same workload: one of several on a node is missed less than the only one.
 * @param now In ms: ages are compared by magnitude, so that a pod's few seconds more don't decide.
 */
export function podsToDelete(
  pods: readonly Pod[],
  count: number,
  related: readonly Pod[],
  now: number,
): readonly Pod[] {
  if (count >= pods.length) return pods;
  const onNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec.nodeName ?? '';
    if (isActive(pod)) onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  const neighbours = (pod: Pod): number => onNode.get(pod.spec.nodeName ?? '') ?? 0;
  const compare = (one: Pod, other: Pod): number =>
    Number(isAssigned(one)) - Number(isAssigned(other)) ||
    phaseRank(one) - phaseRank(other) ||
    Number(isReady(one)) - Number(isReady(other)) ||
    deletionCost(one) - deletionCost(other) ||
    neighbours(other) - neighbours(one) ||
    compareAges(readySince(one), readySince(other), one, other, now) ||
    restarts(other) - restarts(one) ||
    compareAges(created(one), created(other), one, other, now);
  return pods.toSorted(compare).slice(0, count);
}

const isAssigned = (pod: Pod): boolean => (pod.spec.nodeName ?? '') !== '';

const phaseRanks: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };
const phaseRank = (pod: Pod): number => phaseRanks[phaseOf(pod)] ?? 0;

const mostCost = 2_147_483_647;

function deletionCost({ metadata }: Pod): number {
  const text = metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? '';
  // Written otherwise than the number itself it is none.
  const cost = Number(text);
  return /^(0|-?[1-9]\d*)$/.test(text) && Math.abs(cost) <= mostCost ? cost : 0;
}

const created = ({ metadata }: Pod): number | undefined => timeOf(metadata.creationTimestamp);

/** The younger one goes first; among those of the same magnitude their uids decide, which is as good as chance. */
function compareAges(
  one: number | undefined,
  other: number | undefined,
  { metadata: { uid } }: Pod,
  { metadata: { uid: otherUid } }: Pod,
  now: number,
): number {
  if (one === undefined || other === undefined || one === other) return 0;
  const difference = magnitude(now - one) - magnitude(now - other);
  return difference !== 0 ? difference : uid < otherUid ? -1 : 1;
}

const magnitude = (age: number): number => (age > 0 ? Math.floor(Math.log2(age * 1_000_000)) : -1);

/** Of the container that was restarted most. */
function restarts({ status }: Pod): number {
  return Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount = 0 }) => restartCount));
}
