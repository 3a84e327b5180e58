import { watching } from '../../../reconcile/index.ts';
import { cronJobs, jobs, siblingKey } from '../collections.ts';
import type { Controller } from '../controller.ts';
import type { Job } from '../job/objects.ts';
import { controllerOf } from '../objects.ts';
import type { CronJob } from './objects.ts';

/** A Job whenever it is time. It takes in no jobs that it has not made. */
export const cronJobController: Controller<CronJob> = {
  account: 'cronjob-controller',
  component: 'cronjob-controller',
  collection: cronJobs,
  watches: () => [
    watching<Job>(jobs, ({ key, before, after }) =>
      [before, after].flatMap((job) => {
        const owner = job && controllerOf(job);
        return owner?.kind === 'CronJob' ? [siblingKey(key, cronJobs, owner.name)] : [];
      }),
    ),
  ],
  load: async () => (await import('./sync.ts')).syncCronJob,
};
