import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { type DaemonDeploymentRecord, tasks } from '../records.ts';
import { groupOfDaemon } from './on-instance.ts';

/** So many tasks that ended by themselves, and the deployment has failed. */
export const failureThreshold = 3;

/** How many tasks of a revision have ended by themselves since the deployment began. */
export function failuresOf(
  reader: Reader,
  { accountId, region }: Scope,
  { cluster, daemon, createdAt }: DaemonDeploymentRecord,
  revisionId: string | undefined,
): number {
  return reader
    .byIndex(tasks, 'byGroup', `${accountId}/${region}/${cluster}/${groupOfDaemon(daemon)}`)
    .filter(
      ({ value: task }) =>
        task.daemon?.revisionId === revisionId &&
        task.createdAt >= createdAt &&
        task.lastStatus === 'STOPPED' &&
        (task.stopCode === 'TaskFailedToStart' || task.stopCode === 'EssentialContainerExited'),
    ).length;
}
