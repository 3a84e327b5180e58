import { again, done, type Outcome } from '../../../reconcile/index.ts';
import { jsonEqual } from '../../../store/index.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { pods } from '../collections.ts';
import type { Work } from '../controller.ts';
import { withoutFinalizer } from '../finalizer.ts';
import { selectsObject } from '../label-selector.ts';
import { owned } from '../ownership.ts';
import { createPods, deletePods, podResource } from '../pod-control.ts';
import { countPods } from './count.ts';
import { endOf, isManagedElsewhere, type Job, trackingFinalizer } from './objects.ts';
import { planJob } from './plan.ts';
import { jobPod } from './pod.ts';
import { trackJob } from './track.ts';

const jobResource = resourceNamed('batch', 'jobs');

/** Makes and deletes pods as the plan says, then counts what has ended. */
export async function syncJob(work: Work<Job>): Promise<Outcome> {
  const { object: job, writer, events, now } = work;
  if (isManagedElsewhere(job) || endOf(job) !== undefined) return done;
  const own = await owned(work, podResource, pods, selectsObject(job.spec.selector));
  const count = countPods(job, own);
  const plan = planJob(job, own, count, now);
  for (const pod of plan.retire) await withoutFinalizer(writer, podResource, pod, trackingFinalizer);
  const removed = await deletePods(work, [...plan.remove, ...plan.retire]);
  const made = await createPods(work, plan.create.length, (at) => {
    const index = plan.create[at];
    return jobPod(job, index, index === undefined ? undefined : count.kept.get(index));
  });
  const tracked = trackJob(
    ...([job, own, count, plan] as const),
    { created: made.created, deleted: removed.deleted },
    now,
  );
  if (job.status === undefined || !jsonEqual(tracked.status as never, job.status as never))
    await writer.putStatus(jobResource, job, tracked.status);
  const { end, suspension } = tracked;
  if (suspension !== undefined) events.normal(job, suspension, `Job ${suspension.toLowerCase()}`);
  if (end?.type === 'Complete') events.normal(job, 'Completed', 'Job completed');
  else if (end !== undefined) events.warning(job, end.reason ?? '', end.message ?? '');
  for (const pod of tracked.release) await withoutFinalizer(writer, podResource, pod, trackingFinalizer);
  const failure = removed.failure ?? made.failure;
  if (failure !== undefined) throw failure.error;
  return plan.afterMs === undefined ? done : again(plan.afterMs);
}
