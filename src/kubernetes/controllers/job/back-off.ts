import { conditionOf, type Pod, timeOf } from '../objects.ts';
import { hasFailed, type Job } from './objects.ts';

const firstMs = 10_000;
const mostMs = 600_000;

/** When a pod ended, in ms: as its containers say, else as well as can be known. */
export function endedAt({ metadata, status }: Pod): number {
  const containers = (status?.containerStatuses ?? []).map(({ state }) =>
    timeOf(state?.terminated?.finishedAt),
  );
  if (containers.length > 0 && containers.every((at) => at !== undefined)) return Math.max(...containers);
  const ready = conditionOf(status, 'Ready');
  const notReadySince = ready?.status === 'False' ? timeOf(ready.lastTransitionTime) : undefined;
  const deleted = timeOf(metadata.deletionTimestamp);
  const begunToEnd =
    deleted === undefined ? undefined : deleted - (metadata.deletionGracePeriodSeconds ?? 0) * 1_000;
  return notReadySince ?? begunToEnd ?? timeOf(metadata.creationTimestamp) ?? 0;
}

/** In how many ms after so many failures in a row the next pod may be made. */
export function backOffMs(failures: number, lastFailedAt: number, now: number): number {
  if (failures === 0) return 0;
  const wait = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 10));
  return Math.max(0, lastFailedAt + wait - now);
}

/**
 * In how many ms a Job may make its next pod: longer with each pod that failed since the last one that succeeded. The pods
 * that are there tell, so that nothing is forgotten at a restart.
 */
export function jobBackOffMs(job: Job, pods: readonly Pod[], now: number): number {
  const succeededAt = Math.max(
    Number.NEGATIVE_INFINITY,
    ...pods.filter(({ status }) => status?.phase === 'Succeeded').map(endedAt),
  );
  const failures = pods
    .filter((pod) => hasFailed(pod, job))
    .map(endedAt)
    .filter((at) => at > succeededAt);
  return failures.length === 0 ? 0 : backOffMs(failures.length, Math.max(...failures), now);
}
