import type { Reader } from '../../reconcile/index.ts';
import { clusterArn } from './arn.ts';
import { clusters } from './records.ts';

/** What keeps AWSServiceRoleForECS from being deleted: an account's clusters, by region (ECS developer guide). */
export function linkedResources(
  reader: Reader,
  accountId: string,
): readonly { readonly region: string; readonly resources: readonly string[] }[] {
  const byRegion = new Map<string, string[]>();
  for (const { key, value } of reader.list(clusters)) {
    // `/ecs/<account>/<region>/cluster/<name>`
    const [, , account, region = ''] = key.split('/');
    if (account !== accountId || value.status === 'INACTIVE') continue;
    const arns = byRegion.get(region) ?? [];
    byRegion.set(region, arns);
    arns.push(clusterArn({ accountId, region }, value.name));
  }
  return [...byRegion].map(([region, resources]) => ({ region, resources }));
}
