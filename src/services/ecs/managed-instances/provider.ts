import type {
  CreateCapacityProviderCommandInput,
  CreateCapacityProviderResponse,
  CreateManagedInstancesProviderConfiguration,
  UpdateManagedInstancesProviderConfiguration,
} from '@aws-sdk/client-ecs';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { clusterName, type Scope } from '../arn.ts';
import { providersInUse } from '../capacity/in-use.ts';
import { providerView } from '../capacity/provider-view.ts';
import { capacityProviderKey, requireNewProvider } from '../capacity/providers.ts';
import { clusterKey, requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { clientError, ecsRefusal, invalidParameter } from '../errors.ts';
import { capacityProviders, clusters, type ManagedProviderRecord } from '../records.ts';
import { validateTags } from '../tags.ts';
import { readManagedProvider } from './read-provider.ts';

/** "Capacity providers per cluster". */
const maxProvidersOfCluster = 20;

/** Makes a provider of Managed Instances. It is its cluster's alone, and is associated with it at once. */
export async function createManagedProvider(
  ecs: EcsContext,
  input: Pick<CreateCapacityProviderCommandInput, 'cluster' | 'tags'> & {
    readonly name: string;
    readonly managedInstancesProvider: CreateManagedInstancesProviderConfiguration;
  },
  call: Call,
): Promise<CreateCapacityProviderResponse> {
  const { name, managedInstancesProvider: asked } = input;
  if (!input.cluster)
    throw invalidParameter('A cluster must be specified for a capacity provider of Managed Instances.');
  const tags = validateTags(input.tags);
  const created = await transactInTurn(ecs, call, clusterName(input.cluster), (tx): ManagedProviderRecord => {
    const cluster = requireCluster(tx, call, input.cluster);
    requireNewProvider(tx, call, name);
    const associated = cluster.capacityProviders ?? [];
    if (associated.length >= maxProvidersOfCluster)
      throw ecsRefusal(
        'LimitExceededException',
        'The maximum number of capacity providers per cluster has been exceeded.',
      );
    const record: ManagedProviderRecord = {
      ...{ name, status: 'ACTIVE', updateStatus: 'CREATE_COMPLETE', cluster: cluster.name, tags },
      managedInstancesProvider: readManagedProvider(tx, call, asked),
    };
    tx.put(capacityProviders, capacityProviderKey(call, name), record);
    tx.put(clusters, clusterKey(call, cluster.name), {
      ...cluster,
      capacityProviders: [...associated, name],
    });
    return record;
  });
  return { capacityProvider: providerView(call, created, { withTags: true }) };
}

/** What is new is of the instances to come; those that are there stay as they were launched. */
export function updatedManagedProvider(
  tx: Transaction,
  scope: Scope,
  before: ManagedProviderRecord,
  asked: UpdateManagedInstancesProviderConfiguration,
  cluster: string | undefined,
): ManagedProviderRecord {
  requireItsCluster(before, cluster);
  const { launchFailure: _, ...rest } = before;
  return {
    ...rest,
    updateStatus: 'UPDATE_COMPLETE',
    managedInstancesProvider: readManagedProvider(tx, scope, asked, before.managedInstancesProvider),
  };
}

/**
 * Takes the provider out of its cluster and begins to end its instances, which have no tasks any more.
 * @throws ClientException a service, a task or the cluster's default strategy uses it.
 */
export function endManagedProvider(
  tx: Transaction,
  scope: Scope,
  before: ManagedProviderRecord,
  clusterIdentifier: string | undefined,
): ManagedProviderRecord {
  requireItsCluster(before, clusterIdentifier);
  const key = clusterKey(scope, before.cluster);
  const cluster = tx.get(clusters, key);
  const strategy = cluster?.defaultCapacityProviderStrategy ?? [];
  const isInStrategy = strategy.some(({ capacityProvider }) => capacityProvider === before.name);
  if (isInStrategy || providersInUse(tx, scope, before.cluster).has(before.name))
    throw clientError(
      'The specified capacity provider is in use and cannot be deleted. Remove it from the strategies of its cluster and services, and stop its tasks, first.',
    );
  if (cluster?.capacityProviders !== undefined)
    tx.put(clusters, key, {
      ...cluster,
      capacityProviders: cluster.capacityProviders.filter((name) => name !== before.name),
    });
  const after: ManagedProviderRecord = {
    ...before,
    ...{ status: 'DEPROVISIONING', updateStatus: 'DELETE_IN_PROGRESS' },
  };
  tx.put(capacityProviders, capacityProviderKey(scope, before.name), after);
  return after;
}

/** It may be left unsaid, for names are the account's. */
function requireItsCluster({ cluster, name }: ManagedProviderRecord, asked: string | undefined): void {
  if (asked && clusterName(asked) !== cluster)
    throw clientError(
      `The capacity provider ${name} does not exist in the cluster ${clusterName(asked)}. Specify a valid name or ARN and try again.`,
    );
}
