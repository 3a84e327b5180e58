import { conditionOf, type Pod, timeOf } from './objects.ts';

export const phaseOf = (pod: Pod): string => pod.status?.phase ?? 'Pending';

/** It has ended by itself, whichever way. */
export const isTerminal = (pod: Pod): boolean => phaseOf(pod) === 'Succeeded' || phaseOf(pod) === 'Failed';

/** It counts: neither ended nor about to. */
export const isActive = (pod: Pod): boolean =>
  !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined;

/** It is about to end, and something of it may still run. */
export const isTerminating = (pod: Pod): boolean =>
  !isTerminal(pod) && pod.metadata.deletionTimestamp !== undefined;

export const isReady = (pod: Pod): boolean => conditionOf(pod.status, 'Ready')?.status === 'True';

/** Since when it is ready, in ms; undefined: it is not. */
export function readySince(pod: Pod): number | undefined {
  const condition = conditionOf(pod.status, 'Ready');
  return condition?.status === 'True' ? timeOf(condition.lastTransitionTime) : undefined;
}

/** Ready for as long as asked for. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  if (!isReady(pod)) return false;
  if (minReadySeconds === 0) return true;
  const since = readySince(pod);
  return since !== undefined && since + minReadySeconds * 1_000 <= now;
}

/** In how many ms the next of the pods becomes available by being ready long enough; undefined: none does. */
export function untilNextAvailable(
  pods: readonly Pod[],
  minReadySeconds: number,
  now: number,
): number | undefined {
  if (minReadySeconds === 0) return undefined;
  const waits = pods
    .map((pod) => readySince(pod))
    .filter((since) => since !== undefined)
    .map((since) => since + minReadySeconds * 1_000 - now)
    .filter((wait) => wait > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}
