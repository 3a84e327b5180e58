import { timestamp } from '../../objects/object.ts';
import { type Condition, conditionOf, type Pod, timeOf } from '../objects.ts';
import { isReady, isTerminating } from '../pods.ts';
import { nonZero } from '../status-fields.ts';
import type { Count } from './count.ts';
import { hasIndex, indexesText, indexOf, parseIndexes, totalOf, withIndexes } from './indexes.ts';
import { hasFailed, isIndexed, isSuspended, isTracked, type Job, type JobStatus } from './objects.ts';
import type { JobPlan } from './plan.ts';
import { verdictOf } from './policies.ts';

/** What was done of a plan. */
export interface Done {
  readonly created: number;
  /** Deleted, whether counted or not. */
  readonly deleted: readonly Pod[];
}

export interface Tracked {
  readonly status: JobStatus;
  /** Lose their finalizer once the status is written. */
  readonly release: readonly Pod[];
  /** How it has ended; undefined: not yet. */
  readonly end: Condition | undefined;
  /** The condition Suspended has changed to this. */
  readonly suspension: 'Resumed' | 'Suspended' | undefined;
}

/** So many pods are counted in one turn, so that the status stays small. */
const mostUncounted = 500;

/**
 * Counts what has ended, each pod once whatever happens between two writes: first the status says that a pod is about
 * to be counted, then the pod loses its finalizer, and when it has, the next turn counts it.
 */
export function trackJob(
  job: Job,
  pods: readonly Pod[],
  count: Count,
  { ending }: Pick<JobPlan, 'ending'>,
  done: Done,
  now: number,
): Tracked {
  const counted = countedSoFar(job.status ?? {}, pods);
  const { fields, release } = uncounted(job, pods, count, counted, ending);
  const active = count.active.length + done.created - done.deleted.length;
  const ready = count.active.filter((pod) => isReady(pod) && !done.deleted.includes(pod)).length;
  const terminating = pods.filter(isTerminating).length + done.deleted.length;
  const suspension = suspensionOf(job, ending);
  const conditions = conditionsOf(job, ending, suspension, now);
  const before = { ...job.status, ...counted, completedIndexes: undefined, ...fields };
  const { failed = 0, succeeded = 0, active: _, completedIndexes, ...others } = before;
  const status: JobStatus = {
    ...others,
    ...(completedIndexes !== undefined && { completedIndexes }),
    ...startOf(job, suspension, now),
    ...nonZero({ active, succeeded, failed }),
    ...{ ready, terminating },
    ...(conditions.length > 0 && { conditions }),
  };
  const { succeeded: waiting = [], failed: lost = [] } = status.uncountedTerminatedPods ?? {};
  // Whoever is deleted or released in this turn is looked at once more in the next one.
  const isQuiet = active === 0 && terminating === 0 && release.length === 0;
  const isOver = ending !== undefined && isQuiet && waiting.length + lost.length === 0;
  if (!isOver) return { status, release, end: undefined, suspension };
  const end: Condition = {
    ...{ type: ending.type === 'FailureTarget' ? 'Failed' : 'Complete', status: 'True' },
    ...{ reason: ending.reason, message: ending.message },
    ...{ lastProbeTime: timestamp(now), lastTransitionTime: timestamp(now) },
  };
  const finished = {
    ...status,
    conditions: [...conditions, end],
    ...(end.type === 'Complete' && { completionTime: timestamp(now) }),
  };
  return { status: finished, release, end, suspension };
}

/** Those that have lost their finalizer, or are gone, are counted. */
function countedSoFar(status: JobStatus, pods: readonly Pod[]): JobStatus {
  const tracked = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid));
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const left = {
    succeeded: succeeded.filter((uid) => tracked.has(uid)),
    failed: failed.filter((uid) => tracked.has(uid)),
  };
  return {
    succeeded: (status.succeeded ?? 0) + succeeded.length - left.succeeded.length,
    failed: (status.failed ?? 0) + failed.length - left.failed.length,
    uncountedTerminatedPods: waitingPods(left.succeeded, left.failed),
  };
}

const waitingPods = (succeeded: readonly string[], failed: readonly string[]) => ({
  ...(succeeded.length > 0 && { succeeded }),
  ...(failed.length > 0 && { failed }),
});

/** The pods that have ended since, and what the status says of them before they may go. */
function uncounted(
  job: Job,
  pods: readonly Pod[],
  count: Count,
  counted: JobStatus,
  ending: JobPlan['ending'],
): { readonly fields: JobStatus; readonly release: readonly Pod[] } {
  const completions = job.spec.completions ?? 0;
  const before = parseIndexes(job.status?.completedIndexes, completions);
  const succeeded = new Set(counted.uncountedTerminatedPods?.succeeded);
  const failed = new Set(counted.uncountedTerminatedPods?.failed);
  const fresh = new Set<number>();
  const release: Pod[] = [];
  for (const pod of inOrder(job, pods)) {
    if (!isTracked(pod) || !mayBeReleased(job, pod, count, ending)) continue;
    release.push(pod);
    const { uid } = pod.metadata;
    const index = indexOf(pod, completions);
    if (pod.status?.phase === 'Succeeded' && !failed.has(uid)) {
      if (!isIndexed(job)) succeeded.add(uid);
      else if (index !== undefined && !hasIndex(before, index)) fresh.add(index);
    } else if (hasFailed(pod, job) || ending?.type === 'FailureTarget') {
      const isValid = !isIndexed(job) || index !== undefined;
      if (isValid && verdictOf(job, pod).counts) failed.add(uid);
    }
    if (fresh.size + succeeded.size + failed.size >= mostUncounted) break;
  }
  const uncountedTerminatedPods = waitingPods([...succeeded], [...failed]);
  if (!isIndexed(job)) return { fields: { uncountedTerminatedPods }, release };
  const completed = withIndexes(before, fresh);
  const fields = {
    uncountedTerminatedPods,
    succeeded: totalOf(completed),
    ...(completed.length > 0 && { completedIndexes: indexesText(completed) }),
    ...(count.failedIndexes !== undefined && { failedIndexes: indexesText(count.failedIndexes) }),
  };
  return { fields, release };
}

const inOrder = (job: Job, pods: readonly Pod[]): readonly Pod[] =>
  isIndexed(job)
    ? pods.toSorted(
        (one, other) =>
          (indexOf(one, job.spec.completions ?? 0) ?? -1) - (indexOf(other, job.spec.completions ?? 0) ?? -1),
      )
    : pods;

/** Nothing waits for the pod any more. */
function mayBeReleased(job: Job, pod: Pod, { kept }: Count, ending: JobPlan['ending']): boolean {
  const { phase } = pod.status ?? {};
  if (job.metadata.deletionTimestamp !== undefined || phase === 'Succeeded') return true;
  // Whoever is deleted because the Job ends is looked at when that is written.
  if (ending !== undefined) return pod.metadata.deletionTimestamp !== undefined || phase === 'Failed';
  if (!hasFailed(pod, job)) return false;
  const index = indexOf(pod, job.spec.completions ?? 0);
  return index === undefined || kept.get(index)?.metadata.uid !== pod.metadata.uid;
}

function suspensionOf(job: Job, ending: JobPlan['ending']): Tracked['suspension'] {
  if (ending !== undefined) return undefined;
  const status = conditionOf(job.status, 'Suspended')?.status;
  if (isSuspended(job)) return status === 'True' ? undefined : 'Suspended';
  return status === 'True' ? 'Resumed' : undefined;
}

function conditionsOf(
  { status }: Job,
  ending: JobPlan['ending'],
  suspension: Tracked['suspension'],
  now: number,
): readonly Condition[] {
  const present = status?.conditions ?? [];
  const at = { lastProbeTime: timestamp(now), lastTransitionTime: timestamp(now) };
  const conditions = present.filter(({ type }) => suspension === undefined || type !== 'Suspended');
  if (suspension !== undefined) {
    const isTrue = suspension === 'Suspended';
    conditions.push({
      ...{ type: 'Suspended', status: isTrue ? 'True' : 'False', ...at },
      ...{ reason: `Job${suspension}`, message: `Job ${suspension.toLowerCase()}` },
    });
  }
  if (ending === undefined || present.some(({ type }) => type === ending.type)) return conditions;
  const { type, reason, message } = ending;
  return [...conditions, { type, status: 'True', ...at, reason, message }];
}

/** Its time counts from its first turn, or from when it was resumed. */
function startOf(job: Job, suspension: Tracked['suspension'], now: number): JobStatus {
  if (suspension === 'Resumed') return { startTime: timestamp(now) };
  const isStarted = timeOf(job.status?.startTime) !== undefined;
  return isStarted || isSuspended(job) ? {} : { startTime: timestamp(now) };
}
