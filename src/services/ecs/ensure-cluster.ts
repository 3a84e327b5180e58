import type { Scope } from './arn.ts';
import { clusterKey } from './cluster-lookup.ts';
import type { EcsContext } from './context.ts';
import { clusters } from './records.ts';

/** Makes the cluster that an installation begins with. One that is there stays as it is, even deleted. */
export async function ensureCluster(ecs: EcsContext, scope: Scope, name: string): Promise<void> {
  await ecs.state.transact((tx) => {
    const key = clusterKey(scope, name);
    if (tx.get(clusters, key)) return;
    tx.put(clusters, key, {
      name,
      status: 'ACTIVE',
      createdAt: ecs.clock.now(),
      settings: [{ name: 'containerInsights', value: 'disabled' }],
      tags: [],
    });
  });
}
