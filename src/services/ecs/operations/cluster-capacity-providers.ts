import type {
  PutClusterCapacityProvidersCommandInput,
  PutClusterCapacityProvidersResponse,
} from '@aws-sdk/client-ecs';
import type { Call } from '../../service.ts';
import { clusterName } from '../arn.ts';
import { providersInUse } from '../capacity/in-use.ts';
import { readClusterCapacity } from '../capacity/strategy-input.ts';
import { clusterKey, requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { ecsRefusal, invalidParameter } from '../errors.ts';
import { type ClusterRecord, clusters } from '../records.ts';
import { describeCluster, everything } from './cluster.ts';

/**
 * Replaces a cluster's capacity providers and default strategy, both. Those left out are disassociated, which
 * is refused while anything in the cluster uses them. In turn with the cluster's launches, so that none of them
 * takes a provider that is just going.
 */
export async function putClusterCapacityProviders(
  ecs: EcsContext,
  input: PutClusterCapacityProvidersCommandInput,
  call: Call,
): Promise<PutClusterCapacityProvidersResponse> {
  if (input.capacityProviders === undefined) throw invalidParameter('capacityProviders is required.');
  if (input.defaultCapacityProviderStrategy === undefined)
    throw invalidParameter('defaultCapacityProviderStrategy is required.');
  const cluster = await transactInTurn(ecs, call, clusterName(input.cluster), (tx) => {
    const before = requireCluster(tx, call, input.cluster);
    const capacity = readClusterCapacity(tx, call, before.name, input);
    const inUse = providersInUse(tx, call, before.name);
    for (const name of before.capacityProviders ?? []) {
      if (!capacity.capacityProviders.includes(name) && inUse.has(name))
        throw ecsRefusal(
          'ResourceInUseException',
          'The specified capacity provider is in use and cannot be removed.',
        );
    }
    const after: ClusterRecord = { ...before, ...capacity };
    tx.put(clusters, clusterKey(call, before.name), after);
    return after;
  });
  // This answer is of the update's beginning; whoever describes the cluster finds it done.
  return {
    cluster: {
      ...describeCluster(ecs.state, call, cluster, everything),
      attachmentsStatus: 'UPDATE_IN_PROGRESS',
    },
  };
}
