import { again, done, type Outcome } from '../../../reconcile/index.ts';
import { jsonEqual } from '../../../store/index.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { jobs, siblingKey } from '../collections.ts';
import type { Work } from '../controller.ts';
import type { Job } from '../job/objects.ts';
import { controllerOf, controllerReference } from '../objects.ts';
import { messageOf } from '../pod-control.ts';
import { isNamespaceTerminating, isTaken } from '../writer.ts';
import type { CronJob, CronJobStatus } from './objects.ts';
import { jobName, planCronJob, withStarted } from './plan.ts';
import { readSchedule, type Schedule, zonedTimestamp } from './schedule.ts';

const cronJobResource = resourceNamed('batch', 'cronjobs');
const jobResource = resourceNamed('batch', 'jobs');

/** Starts a job when it is time, ends those that are to be replaced, and forgets those of long ago. */
export async function syncCronJob(work: Work<CronJob>): Promise<Outcome> {
  const { object: cronJob, reader, events, now } = work;
  const own = reader.byIndex(jobs, 'owner', cronJob.metadata.uid).map(({ value }) => value);
  const plan = planCronJob(cronJob, own, scheduleOf(work), now);
  for (const { type, reason, message } of plan.told)
    events[type === 'Normal' ? 'normal' : 'warning'](cronJob, reason, message);
  for (const job of [...plan.replace, ...plan.forget]) await remove(work, job);
  const isReplaced = ({ uid }: { readonly uid: string }): boolean =>
    plan.replace.some(({ metadata }) => metadata.uid === uid);
  const { active = [], ...others } = plan.status;
  const left = active.filter((job) => !isReplaced(job));
  const status = { ...(left.length > 0 && { active: left }), ...others };
  await putStatus(work, plan.start === undefined ? status : await start(work, status, plan.start));
  return plan.afterMs === undefined ? done : again(plan.afterMs);
}

function scheduleOf({ object: cronJob, events }: Work<CronJob>): Schedule | undefined {
  const { schedule, timeZone = 'UTC' } = cronJob.spec;
  try {
    return readSchedule(schedule, timeZone);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    events.warning(
      cronJob,
      'UnparseableSchedule',
      `unparseable schedule: ${JSON.stringify(schedule)} : ${why}`,
    );
    return undefined;
  }
}

async function remove({ object: cronJob, writer, events }: Work<CronJob>, job: Job): Promise<void> {
  await writer.remove(jobResource, job);
  events.normal(cronJob, 'SuccessfulDelete', `Deleted job ${job.metadata.name}`);
}

/** @returns the status with it. One that is there already, since a turn ended too soon, is taken for what it is. */
async function start(work: Work<CronJob>, status: CronJobStatus, at: number): Promise<CronJobStatus> {
  const { key, object: cronJob, reader, writer, events } = work;
  const name = jobName(cronJob, at);
  const { namespace = '' } = cronJob.metadata;
  const active = (uid: string) => ({ apiVersion: 'batch/v1', kind: 'Job', namespace, name, uid });
  try {
    const made = await writer.create(jobResource, namespace, jobOf(cronJob, name, at));
    events.normal(cronJob, 'SuccessfulCreate', `Created job ${name}`);
    return withStarted(status, active(made.metadata.uid ?? ''), at);
  } catch (error) {
    if (isNamespaceTerminating(error)) throw error;
    if (isTaken(error)) {
      const present = reader.get(jobs, siblingKey(key, jobs, name));
      if (present !== undefined && controllerOf(present)?.uid === cronJob.metadata.uid)
        return withStarted(status, active(present.metadata.uid), at);
    }
    events.warning(cronJob, 'FailedCreate', `Error creating job: ${messageOf(error)}`);
    throw error;
  }
}

function jobOf(cronJob: CronJob, name: string, at: number): object {
  const { jobTemplate, timeZone = 'UTC' } = cronJob.spec;
  const { labels, annotations } = jobTemplate.metadata ?? {};
  return {
    metadata: {
      ...{ name, namespace: cronJob.metadata.namespace },
      ...(labels && { labels }),
      annotations: {
        ...annotations,
        'batch.kubernetes.io/cronjob-scheduled-timestamp': zonedTimestamp(at, timeZone),
      },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: jobTemplate.spec,
  };
}

async function putStatus({ object, writer }: Work<CronJob>, status: CronJobStatus): Promise<void> {
  if (!jsonEqual(status as never, (object.status ?? {}) as never))
    await writer.putStatus(cronJobResource, object, status);
}
