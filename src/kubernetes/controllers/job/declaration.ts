import { watching } from '../../../reconcile/index.ts';
import { jobs, pods } from '../collections.ts';
import { type Controller, watchingOwned } from '../controller.ts';
import { selects } from '../label-selector.ts';
import type { Pod } from '../objects.ts';
import { endOf, isTracked, type Job } from './objects.ts';

/** Pods until as many as wanted have succeeded. */
export const jobController: Controller<Job> = {
  account: 'job-controller',
  component: 'job-controller',
  collection: jobs,
  watches: (state) => [
    watchingOwned(state, pods, {
      ...{ collection: jobs, kind: 'Job' },
      selects: ({ spec }) => selects(spec.selector),
    }),
  ],
  load: async () => (await import('./sync.ts')).syncJob,
};

/** Pods that outlive the counting of their Job. */
export const trackedPodController: Controller<Pod> = {
  name: 'job-tracked-pods',
  account: 'job-controller',
  component: 'job-controller',
  collection: pods,
  concerns: isTracked,
  watches: (state) => [
    watching<Job>(jobs, ({ before, after }) => {
      const job = after ?? before;
      if (job === undefined || (after !== undefined && endOf(after) === undefined)) return [];
      return state.byIndex(pods, 'owner', job.metadata.uid).map(({ key }) => key);
    }),
  ],
  load: async () => (await import('./after-jobs.ts')).syncTrackedPod,
};

/** Jobs that ask to go some time after they have ended. */
export const finishedJobController: Controller<Job> = {
  account: 'ttl-after-finished-controller',
  component: 'ttl-after-finished-controller',
  collection: jobs,
  concerns: (job) => job.spec.ttlSecondsAfterFinished !== undefined && endOf(job) !== undefined,
  watches: () => [],
  load: async () => (await import('./after-jobs.ts')).syncFinishedJob,
};
