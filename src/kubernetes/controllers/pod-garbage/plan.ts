import type { Node } from '../node-fit.ts';
import { readyCondition } from '../node-lifecycle/objects.ts';
import { byCreation, type Pod } from '../objects.ts';

/** A node may be made anew; its pods are left alone for so long. */
const quarantineMs = 40_000;
/** So many pods that have ended are kept in a cluster, for people to look at. */
export const mostTerminated = 12_500;

export type Fate =
  | { readonly type: 'stays' }
  /** Its node is looked for again. */
  | { readonly type: 'waits'; readonly afterMs: number }
  /** Nobody will say that it has ended. */
  | { readonly type: 'goes'; readonly why: string | undefined };

/**
 * What becomes of a pod that no kubelet takes care of.
 * @param missingSince When its node was first missed; undefined: it is there.
 */
export function fateOf(
  { spec: { nodeName = '' }, metadata }: Pod,
  node: Node | undefined,
  missingSince: number | undefined,
  now: number,
): Fate {
  const isTerminating = metadata.deletionTimestamp !== undefined;
  if (nodeName === '') return isTerminating ? { type: 'goes', why: undefined } : { type: 'stays' };
  if (node !== undefined)
    return isTerminating && isOutOfService(node) ? { type: 'goes', why: undefined } : { type: 'stays' };
  const afterMs = (missingSince ?? now) + quarantineMs - now;
  if (afterMs > 0) return { type: 'waits', afterMs };
  return { type: 'goes', why: 'PodGC: node no longer exists' };
}

/** Somebody says that it is off, and it is not ready: what ran there does not run. */
export const isOutOfService = (node: Node): boolean =>
  readyCondition(node)?.status !== 'True' &&
  node.spec?.taints?.some(({ key }) => key === 'node.kubernetes.io/out-of-service') === true;

/** Of pods that have ended, those that go so that no more than `most` are left: evicted ones and old ones first. */
export function tooMany(terminated: readonly Pod[], most = mostTerminated): readonly Pod[] {
  const isEvicted = ({ status }: Pod): number => (status?.reason === 'Evicted' ? 0 : 1);
  return terminated
    .toSorted((one, other) => isEvicted(one) - isEvicted(other) || byCreation(one, other))
    .slice(0, Math.max(0, terminated.length - most));
}
