import { timestamp } from '../../objects/object.ts';
import { endOf, type Job } from '../job/objects.ts';
import { byCreation, timeOf } from '../objects.ts';
import type { ActiveJob, CronJob, CronJobStatus } from './objects.ts';
import type { Schedule } from './schedule.ts';

export interface Told {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface CronPlan {
  /** Without the job that is started now. */
  readonly status: CronJobStatus;
  readonly told: readonly Told[];
  /** Ended before the next one is started. */
  readonly replace: readonly Job[];
  /** For which time a job is started, in ms. */
  readonly start: number | undefined;
  /** Of long ago. */
  readonly forget: readonly Job[];
  readonly afterMs: number | undefined;
}

/** A look at the clock that is not too early. */
const marginMs = 100;

/**
 * @param jobs Those that it controls.
 * @param schedule Undefined: it can't be read, as `told` says already.
 */
export function planCronJob(
  cronJob: CronJob,
  jobs: readonly Job[],
  schedule: Schedule | undefined,
  now: number,
): CronPlan {
  const seen = observed(cronJob, jobs);
  const forget = cronJob.metadata.deletionTimestamp === undefined ? forgotten(cronJob, jobs) : [];
  const idle: CronPlan = { ...seen, replace: [], start: undefined, forget, afterMs: undefined };
  if (cronJob.metadata.deletionTimestamp !== undefined || cronJob.spec.suspend === true) return idle;
  if (schedule === undefined) return idle;
  const next = schedule.next(now);
  const waiting: CronPlan = {
    ...idle,
    afterMs: next === undefined ? undefined : next - now + marginMs,
  };
  return started(cronJob, jobs, schedule, waiting, now);
}

function started(
  cronJob: CronJob,
  jobs: readonly Job[],
  schedule: Schedule,
  waiting: CronPlan,
  now: number,
): CronPlan {
  const { startingDeadlineSeconds, concurrencyPolicy } = cronJob.spec;
  const { active = [] } = waiting.status;
  const due = schedule.last(earliest(cronJob, now), now);
  if (due === undefined) return waiting;
  const told = [...waiting.told, ...tooManyMissed(due.count)];
  const tell = (more: Told): CronPlan => ({ ...waiting, told: [...told, more] });
  if (startingDeadlineSeconds !== undefined && due.at + startingDeadlineSeconds * 1_000 < now) {
    const when = new Date(due.at).toUTCString().replace('GMT', '+0000');
    return tell({
      ...{ type: 'Warning', reason: 'MissSchedule' },
      message: `Missed scheduled time to start a job: ${when}`,
    });
  }
  const isStarted = active.some(({ name }) => name === jobName(cronJob, due.at));
  if (isStarted || timeOf(cronJob.status?.lastScheduleTime) === due.at) return { ...waiting, told };
  if (concurrencyPolicy === 'Forbid' && active.length > 0) {
    return tell({
      ...{ type: 'Normal', reason: 'JobAlreadyActive' },
      message: 'Not starting job because prior execution is running and concurrency policy is Forbid',
    });
  }
  const replace =
    concurrencyPolicy === 'Replace'
      ? jobs.filter(({ metadata }) => active.some(({ uid }) => uid === metadata.uid))
      : [];
  return { ...waiting, told, replace, start: due.at };
}

/** `<name>-<minutes since the epoch>` */
export const jobName = ({ metadata }: CronJob, at: number): string =>
  `${metadata.name}-${Math.floor(at / 60_000)}`;

/** From when on times may have been missed. */
function earliest({ metadata, status, spec }: CronJob, now: number): number {
  const since = timeOf(status?.lastScheduleTime) ?? timeOf(metadata.creationTimestamp) ?? now;
  const { startingDeadlineSeconds } = spec;
  return startingDeadlineSeconds === undefined
    ? since
    : Math.max(since, now - startingDeadlineSeconds * 1_000);
}

function tooManyMissed(count: number): readonly Told[] {
  if (count <= 100) return [];
  return [
    {
      ...{ type: 'Warning', reason: 'TooManyMissedTimes' },
      message: `too many missed start times: ${count}. Set or decrease .spec.startingDeadlineSeconds or check clock skew`,
    },
  ];
}

/** Which of its jobs have ended, and which it does not know. */
function observed(cronJob: CronJob, jobs: readonly Job[]): Pick<CronPlan, 'status' | 'told'> {
  const told: Told[] = [];
  const { status = {} } = cronJob;
  const isActive = ({ metadata }: Job): boolean =>
    (status.active ?? []).some(({ uid }) => uid === metadata.uid);
  const ended = new Set<string>();
  let lastSuccessfulTime = status.lastSuccessfulTime;
  for (const job of jobs) {
    const end = endOf(job);
    const { name, uid } = job.metadata;
    if (end === undefined && !isActive(job)) {
      const message = `Saw a job that the controller did not create or forgot: ${name}`;
      told.push({ type: 'Warning', reason: 'UnexpectedJob', message });
    } else if (end !== undefined && isActive(job)) {
      ended.add(uid);
      const message = `Saw completed job: ${name}, condition: ${end.type}`;
      told.push({ type: 'Normal', reason: 'SawCompletedJob', message });
    }
    const { completionTime } = job.status ?? {};
    if (
      end?.type === 'Complete' &&
      completionTime !== undefined &&
      completionTime > (lastSuccessfulTime ?? '')
    )
      lastSuccessfulTime = completionTime;
  }
  const active = (status.active ?? []).filter(({ name, uid }) => {
    if (ended.has(uid)) return false;
    if (jobs.some(({ metadata }) => metadata.uid === uid)) return true;
    told.push({ type: 'Normal', reason: 'MissingJob', message: `Active job went missing: ${name}` });
    return false;
  });
  const { lastScheduleTime } = status;
  return { told, status: statusOf(active, lastScheduleTime, lastSuccessfulTime) };
}

const statusOf = (
  active: readonly ActiveJob[],
  lastScheduleTime: string | undefined,
  lastSuccessfulTime: string | undefined,
): CronJobStatus => ({
  ...(active.length > 0 && { active }),
  ...(lastScheduleTime !== undefined && { lastScheduleTime }),
  ...(lastSuccessfulTime !== undefined && { lastSuccessfulTime }),
});

/** With a job that was started for a time. */
export const withStarted = (
  { active = [], lastSuccessfulTime }: CronJobStatus,
  job: ActiveJob,
  at: number,
): CronJobStatus => statusOf([...active, job], timestamp(at), lastSuccessfulTime);

/** Jobs that have ended, beyond those that are kept of each outcome, the oldest first. */
function forgotten({ spec }: CronJob, jobs: readonly Job[]): readonly Job[] {
  const beyond = (type: string, limit: number | undefined): readonly Job[] => {
    if (limit === undefined) return [];
    const ended = jobs.filter((job) => endOf(job)?.type === type).toSorted(byStart);
    return ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [
    ...beyond('Complete', spec.successfulJobsHistoryLimit),
    ...beyond('Failed', spec.failedJobsHistoryLimit),
  ];
}

const byStart = (one: Job, other: Job): number =>
  (timeOf(one.status?.startTime) ?? 0) - (timeOf(other.status?.startTime) ?? 0) || byCreation(one, other);
