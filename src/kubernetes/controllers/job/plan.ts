import type { Condition, Pod } from '../objects.ts';
import { timeOf } from '../objects.ts';
import { podsToDelete } from '../pod-ranking.ts';
import { isTerminating } from '../pods.ts';
import { backOffMs, endedAt, jobBackOffMs } from './back-off.ts';
import { type Count, failuresBefore, indexesOf } from './count.ts';
import { firstOthers, indexOf, totalOf, union, withIndexes } from './indexes.ts';
import { hasFailed, isIndexed, isSuspended, type Job, replacesOnlyFailed } from './objects.ts';
import { metSuccessRule, verdictOf } from './policies.ts';

/** How a Job ends, before its pods have. */
export interface Ending {
  readonly type: 'FailureTarget' | 'SuccessCriteriaMet';
  readonly reason: string;
  readonly message: string;
}

export interface JobPlan {
  /** It ends, as told in its status or found now. */
  readonly ending: Ending | undefined;
  /** Deleted, and counted as failed when it ends by failure. */
  readonly remove: readonly Pod[];
  /** Deleted without being counted: one too many. */
  readonly retire: readonly Pod[];
  /** Made: the index of each, where it has one. */
  readonly create: readonly (number | undefined)[];
  /** Look again after so many ms. */
  readonly afterMs: number | undefined;
}

/** Pods made or deleted in one turn. */
const most = 500;

export function planJob(job: Job, pods: readonly Pod[], count: Count, now: number): JobPlan {
  const nothing = { ending: undefined, remove: [], retire: [], create: [], afterMs: undefined };
  const ending = endingOf(job, pods, count, now);
  if (ending !== undefined) return { ...nothing, ending, remove: count.active };
  if (job.metadata.deletionTimestamp !== undefined) return nothing;
  const deadline = deadlineOf(job);
  const afterMs = deadline === undefined ? undefined : Math.max(0, deadline - now);
  const plan = { ...nothing, ...managed(job, pods, count, now) };
  const waits = [afterMs, plan.afterMs].filter((wait) => wait !== undefined);
  const isComplete = isDone(job, count, count.active.length - plan.retire.length + plan.create.length);
  return {
    ...plan,
    ending: isComplete ? reached : undefined,
    afterMs: waits.length === 0 ? undefined : Math.min(...waits),
  };
}

const reached: Ending = {
  ...{ type: 'SuccessCriteriaMet', reason: 'CompletionsReached' },
  message: 'Reached expected number of succeeded pods',
};

/** A Job without a number of completions is done with its first success, once the others have ended as well. */
function isDone({ spec }: Job, { succeeded }: Count, active: number): boolean {
  return active === 0 && (spec.completions === undefined ? succeeded > 0 : succeeded >= spec.completions);
}

function endingOf(job: Job, pods: readonly Pod[], count: Count, now: number): Ending | undefined {
  const { spec, status } = job;
  const told = (type: Ending['type']): Condition | undefined =>
    status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');
  for (const type of ['SuccessCriteriaMet', 'FailureTarget'] as const) {
    const present = told(type);
    if (present !== undefined) return { type, reason: present.reason ?? '', message: present.message ?? '' };
  }
  const failure = (reason: string, message: string): Ending => ({ type: 'FailureTarget', reason, message });
  for (const pod of pods) {
    const message = hasFailed(pod, job) ? verdictOf(job, pod).failsJob : undefined;
    if (message !== undefined) return failure('PodFailurePolicy', message);
  }
  if (count.failed > spec.backoffLimit || hasRestartedTooOften(job, pods))
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  const deadline = deadlineOf(job);
  if (deadline !== undefined && deadline <= now)
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
  if (!isIndexed(job)) return undefined;
  const failed = totalOf(count.failedIndexes ?? []);
  if (spec.maxFailedIndexes !== undefined && failed > spec.maxFailedIndexes) {
    return failure(
      'MaxFailedIndexesExceeded',
      'Job has exceeded the specified maximal number of failed indexes',
    );
  }
  if (failed > 0 && failed + totalOf(count.succeededIndexes) >= (spec.completions ?? 0))
    return failure('FailedIndexes', 'Job has failed indexes');
  const rule = metSuccessRule(job, count.succeededIndexes);
  return rule === undefined
    ? undefined
    : { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message: `Matched rules at index ${rule}` };
}

/** When it has been active for too long, in ms. */
function deadlineOf(job: Job): number | undefined {
  const { activeDeadlineSeconds } = job.spec;
  const started = timeOf(job.status?.startTime);
  if (activeDeadlineSeconds === undefined || started === undefined || isSuspended(job)) return undefined;
  return started + activeDeadlineSeconds * 1_000;
}

/** Of pods whose containers are started again in place. */
function hasRestartedTooOften({ spec }: Job, pods: readonly Pod[]): boolean {
  if (spec.template.spec.restartPolicy !== 'OnFailure') return false;
  const restarts = pods
    .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
  return spec.backoffLimit === 0 ? restarts > 0 : restarts >= spec.backoffLimit;
}

type Managed = Pick<JobPlan, 'afterMs' | 'create' | 'retire'>;

/** As many active pods as are wanted: in one turn either some go or some come. */
function managed(job: Job, pods: readonly Pod[], count: Count, now: number): Managed {
  const { active } = count;
  const none: Managed = { retire: [], create: [], afterMs: undefined };
  if (isSuspended(job)) return { ...none, retire: active };
  const wanted = wantedActive(job, count);
  const retire = tooMany(job, active, Math.max(0, active.length - wanted), now).slice(0, most);
  if (retire.length > 0) return { ...none, retire };
  const ending = replacesOnlyFailed(job) ? pods.filter(isTerminating).length : 0;
  const missing = Math.min(most, wanted - ending - active.length);
  if (missing <= 0) return none;
  if (job.spec.backoffLimitPerIndex === undefined) {
    const afterMs = jobBackOffMs(job, pods, now);
    if (afterMs > 0) return { ...none, afterMs };
  }
  if (!isIndexed(job)) return { ...none, create: Array<undefined>(missing).fill(undefined) };
  return indexedCreations(job, pods, count, missing, now);
}

function wantedActive({ spec }: Job, { active, succeeded }: Count): number {
  if (spec.completions === undefined) return succeeded > 0 ? active.length : spec.parallelism;
  return Math.max(0, Math.min(spec.completions - succeeded, spec.parallelism));
}

function indexedCreations(
  job: Job,
  pods: readonly Pod[],
  { active, succeededIndexes, failedIndexes = [], kept }: Count,
  missing: number,
  now: number,
): Managed {
  const completions = job.spec.completions ?? 0;
  const busy = [...active, ...(replacesOnlyFailed(job) ? pods.filter(isTerminating) : [])];
  const taken = withIndexes(union(succeededIndexes, failedIndexes), indexesOf(busy, completions));
  const indexes = firstOthers(taken, missing, completions);
  const waits = indexes.map((index) => {
    const failed = kept.get(index);
    return failed === undefined ? 0 : backOffMs(failuresBefore(failed) + 1, endedAt(failed), now);
  });
  const create = indexes.filter((_, at) => waits[at] === 0);
  const later = waits.filter((wait) => wait > 0);
  return { retire: [], create, afterMs: later.length === 0 ? undefined : Math.min(...later) };
}

/** All pods without a valid index, all but the best of those with the same, then those that are missed least. */
function tooMany(job: Job, active: readonly Pod[], atLeast: number, now: number): readonly Pod[] {
  const gone: Pod[] = [];
  let left = active;
  if (isIndexed(job)) {
    const byIndex = Map.groupBy(active, (pod) => indexOf(pod, job.spec.completions ?? 0));
    for (const [index, same] of byIndex)
      gone.push(...(index === undefined ? same : podsToDelete(same, same.length - 1, [], now)));
    left = active.filter((pod) => !gone.includes(pod));
  }
  return [...gone, ...podsToDelete(left, Math.max(0, atLeast - gone.length), [], now)];
}
