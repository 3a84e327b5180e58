import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { services, tasks } from '../records.ts';

/** The names of a cluster's capacity providers that are used by a service that isn't INACTIVE, or a task that isn't STOPPED. */
export function providersInUse(
  reader: Reader,
  { accountId, region }: Scope,
  cluster: string,
): ReadonlySet<string> {
  const within = `${accountId}/${region}/${cluster}`;
  const names = new Set<string>();
  for (const { value: service } of reader.byIndex(services, 'byCluster', within)) {
    if (service.status === 'INACTIVE') continue;
    for (const { capacityProvider } of service.capacityProviderStrategy ?? []) names.add(capacityProvider);
  }
  for (const { value: task } of reader.byIndex(tasks, 'unstoppedByCluster', within))
    if (task.capacityProviderName !== undefined) names.add(task.capacityProviderName);
  return names;
}
