import type { Pod } from '../objects.ts';
import { isActive } from '../pods.ts';
import { endedAt } from './back-off.ts';
import { hasIndex, type Indexes, indexOf, parseIndexes, totalOf, union, withIndexes } from './indexes.ts';
import { hasFailed, isIndexed, isTracked, type Job } from './objects.ts';
import { verdictOf } from './policies.ts';

/** What has become of a Job's pods, those that its status has not counted yet included. */
export interface Count {
  readonly active: readonly Pod[];
  readonly succeeded: number;
  readonly failed: number;
  /** Of an Indexed Job. */
  readonly succeededIndexes: Indexes;
  /** Of a Job that counts failures by index. */
  readonly failedIndexes: Indexes | undefined;
  /** The failed pod of an index that is kept until its successor says how often the index has failed. */
  readonly kept: ReadonlyMap<number, Pod>;
}

export function countPods(job: Job, pods: readonly Pod[]): Count {
  const { status = {}, spec } = job;
  const { succeeded: uncountedSucceeded = [], failed: uncountedFailed = [] } =
    status.uncountedTerminatedPods ?? {};
  const completions = spec.completions ?? 0;
  const isValid = (pod: Pod): boolean =>
    isTracked(pod) && (!isIndexed(job) || indexOf(pod, completions) !== undefined);
  const fresh = pods.filter(isValid);
  const succeeded = fresh.filter(
    ({ metadata, status: is }) => is?.phase === 'Succeeded' && !uncountedSucceeded.includes(metadata.uid),
  );
  const failed = fresh.filter(
    (pod) => hasFailed(pod, job) && !uncountedFailed.includes(pod.metadata.uid) && verdictOf(job, pod).counts,
  );
  const active = pods.filter(isActive);
  const counted = {
    active,
    failed: (status.failed ?? 0) + failed.length + uncountedFailed.length,
    succeeded: (status.succeeded ?? 0) + succeeded.length + uncountedSucceeded.length,
    ...{ succeededIndexes: [], failedIndexes: undefined, kept: new Map<number, Pod>() },
  };
  if (!isIndexed(job)) return counted;
  const done = fresh.filter((pod) => pod.status?.phase === 'Succeeded');
  const succeededIndexes = withIndexes(
    parseIndexes(status.completedIndexes, completions),
    indexesOf(done, completions),
  );
  const byIndex = { ...counted, succeededIndexes, succeeded: totalOf(succeededIndexes) };
  if (spec.backoffLimitPerIndex === undefined) return byIndex;
  const lost = fresh.filter((pod) => endsIndex(job, pod));
  const failedIndexes = withIndexes(
    parseIndexes(status.failedIndexes, completions),
    indexesOf(lost, completions),
  );
  const settled = withIndexes(union(succeededIndexes, failedIndexes), indexesOf(active, completions));
  return { ...byIndex, failedIndexes, kept: keptPods(job, fresh, settled) };
}

export const indexesOf = (pods: readonly Pod[], completions: number): readonly number[] =>
  pods.map((pod) => indexOf(pod, completions)).filter((index) => index !== undefined);

const failuresAnnotation = 'batch.kubernetes.io/job-index-failure-count';
const ignoredAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count';

const counterOf = ({ metadata }: Pod, name: string): number => {
  const text = metadata.annotations?.[name] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
};

/** How often pods of its index have failed before it, whether that counted or not. */
export const failuresBefore = (pod: Pod): number =>
  counterOf(pod, failuresAnnotation) + counterOf(pod, ignoredAnnotation);

/** The index is not tried again after this pod. */
function endsIndex(job: Job, pod: Pod): boolean {
  if (!hasFailed(pod, job)) return false;
  const { action, counts } = verdictOf(job, pod);
  if (action === 'FailIndex') return true;
  return counts && counterOf(pod, failuresAnnotation) >= (job.spec.backoffLimitPerIndex ?? 0);
}

/** What the successor of a failed pod says of its index. */
export function failureAnnotations(job: Job, replaced: Pod | undefined): Record<string, string> {
  if (replaced === undefined) return { [failuresAnnotation]: '0' };
  const { counts } = verdictOf(job, replaced);
  const failures = counterOf(replaced, failuresAnnotation) + (counts ? 1 : 0);
  const ignored = counterOf(replaced, ignoredAnnotation) + (counts ? 0 : 1);
  return {
    [failuresAnnotation]: String(failures),
    ...(ignored > 0 && { [ignoredAnnotation]: String(ignored) }),
  };
}

function keptPods(job: Job, fresh: readonly Pod[], settled: Indexes): ReadonlyMap<number, Pod> {
  const kept = new Map<number, Pod>();
  for (const pod of fresh) {
    const index = indexOf(pod, job.spec.completions ?? 0);
    if (index === undefined || !hasFailed(pod, job) || hasIndex(settled, index)) continue;
    const other = kept.get(index);
    const isLater =
      other === undefined || (failuresBefore(other) <= failuresBefore(pod) && endedAt(pod) >= endedAt(other));
    if (isLater) kept.set(index, pod);
  }
  return kept;
}
