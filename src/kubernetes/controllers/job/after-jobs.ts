import { again, done, type Outcome } from '../../../reconcile/index.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { jobs, siblingKey } from '../collections.ts';
import type { Work } from '../controller.ts';
import { withoutFinalizer } from '../finalizer.ts';
import { controllerOf, type Pod, timeOf } from '../objects.ts';
import { podResource } from '../pod-control.ts';
import { endOf, isManagedElsewhere, isTracked, type Job, trackingFinalizer } from './objects.ts';

const jobResource = resourceNamed('batch', 'jobs');

/** A pod that no Job will count any more is not held by the counting. */
export async function syncTrackedPod({ key, object: pod, reader, writer }: Work<Pod>): Promise<Outcome> {
  if (!isTracked(pod)) return done;
  const owner = controllerOf(pod);
  const job = owner?.kind === 'Job' ? reader.get(jobs, siblingKey(key, jobs, owner.name)) : undefined;
  const isCounted = job !== undefined && job.metadata.uid === owner?.uid && endOf(job) === undefined;
  if (isCounted || (job !== undefined && isManagedElsewhere(job))) return done;
  await withoutFinalizer(writer, podResource, pod, trackingFinalizer);
  return done;
}

/** Deletes a Job some time after it has ended, with its pods. */
export async function syncFinishedJob({ object: job, writer, now }: Work<Job>): Promise<Outcome> {
  const { ttlSecondsAfterFinished } = job.spec;
  const ended = timeOf(endOf(job)?.lastTransitionTime);
  if (ttlSecondsAfterFinished === undefined || ended === undefined) return done;
  if (job.metadata.deletionTimestamp !== undefined) return done;
  const wait = ended + ttlSecondsAfterFinished * 1_000 - now;
  if (wait > 0) return again(wait);
  await writer.remove(jobResource, job, { propagationPolicy: 'Foreground' });
  return done;
}
