import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import {
  containerInstances,
  type DaemonRevisionRecord,
  managedInstances,
  providerText,
  tasks,
} from '../records.ts';

/** How a provider's instances that were given a revision stand with it. */
export interface InstancesOfRevision {
  readonly provider: string;
  /** Its task runs. */
  readonly running: number;
  /** They go on although it doesn't. */
  readonly without: number;
  readonly draining: number;
}

/** By the revision's providers. */
export function instancesOfRevision(
  reader: Reader,
  scope: Scope,
  { id, daemon, capacityProviders }: DaemonRevisionRecord,
): readonly InstancesOfRevision[] {
  return capacityProviders.map((provider) => {
    const counts = { provider, running: 0, without: 0, draining: 0 };
    for (const { value } of reader.byIndex(managedInstances, 'byProvider', providerText(scope, provider))) {
      if (value.daemons?.[daemon] !== id) continue;
      const within = `${scope.accountId}/${scope.region}/${value.instanceId}`;
      const container = reader.byIndex(containerInstances, 'byManagedInstance', within)[0]?.value;
      if (container === undefined || container.status === 'INACTIVE') continue;
      const on = `${scope.accountId}/${scope.region}/${container.cluster}/${container.id}`;
      const isRunning = reader
        .byIndex(tasks, 'unstoppedByInstance', on)
        .some(({ value: task }) => task.daemon?.revisionId === id && task.lastStatus === 'RUNNING');
      if (container.status === 'DRAINING') counts.draining += 1;
      else if (isRunning) counts.running += 1;
      else if (container.status === 'ACTIVE') counts.without += 1;
    }
    return counts;
  });
}
