import type {
  CapacityProvider,
  CreateCapacityProviderCommandInput,
  CreateCapacityProviderResponse,
  DeleteCapacityProviderCommandInput,
  DeleteCapacityProviderResponse,
  DescribeCapacityProvidersCommandInput,
  DescribeCapacityProvidersResponse,
  Failure,
  UpdateCapacityProviderCommandInput,
  UpdateCapacityProviderResponse,
} from '@aws-sdk/client-ecs';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { capacityProviderArn, capacityProviderName, isForeign, type Scope } from '../arn.ts';
import { readAutoScalingGroup, readGroupManagement, readProviderName } from '../capacity/provider-input.ts';
import { fargateView, providerView } from '../capacity/provider-view.ts';
import {
  activeProviders,
  capacityProviderKey,
  clusterOfProvider,
  fargateProviders,
  findCapacityProvider,
  isFargateProvider,
  requireNewProvider,
} from '../capacity/providers.ts';
import { requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { clientError, invalidParameter } from '../errors.ts';
import { readInclude } from '../include.ts';
import {
  createManagedProvider,
  endManagedProvider,
  updatedManagedProvider,
} from '../managed-instances/provider.ts';
import { page } from '../pagination.ts';
import {
  type CapacityProviderRecord,
  capacityProviders,
  clusters,
  type GroupProviderRecord,
} from '../records.ts';
import { validateTags } from '../tags.ts';

/**
 * Makes the provider of an Auto Scaling group, which instances join by `./catamaran instance add
 * --capacity-provider NAME`, or one of Managed Instances for the tasks of a cluster, which is associated with it. Managed
 * scaling is refused by name.
 */
export async function createCapacityProvider(
  ecs: EcsContext,
  input: CreateCapacityProviderCommandInput,
  call: Call,
): Promise<CreateCapacityProviderResponse> {
  const name = readProviderName(input.name);
  const { autoScalingGroupProvider: group, managedInstancesProvider } = input;
  if ((group === undefined) === (managedInstancesProvider === undefined))
    throw invalidParameter(
      'Specify exactly one of autoScalingGroupProvider and managedInstancesProvider for the capacity provider.',
    );
  if (managedInstancesProvider !== undefined)
    return createManagedProvider(ecs, { ...input, name, managedInstancesProvider }, call);
  if (group === undefined) throw new Error('Exactly one of the two is there');
  if (input.cluster)
    throw invalidParameter('A cluster can only be specified for a capacity provider of Managed Instances.');
  const created: GroupProviderRecord = {
    name,
    status: 'ACTIVE',
    updateStatus: 'CREATE_COMPLETE',
    autoScalingGroupProvider: {
      autoScalingGroupArn: readAutoScalingGroup(group.autoScalingGroupArn),
      ...readGroupManagement(group),
    },
    tags: validateTags(input.tags),
  };
  await ecs.state.transact((tx) => {
    const others = requireNewProvider(tx, call, name);
    const { autoScalingGroupArn } = created.autoScalingGroupProvider;
    const isTaken = (other: CapacityProviderRecord): boolean =>
      'autoScalingGroupProvider' in other &&
      other.autoScalingGroupProvider.autoScalingGroupArn === autoScalingGroupArn;
    if (others.some(isTaken))
      throw clientError(
        'The specified Auto Scaling group ARN is already being used by another capacity provider. Specify a unique Auto Scaling group ARN and try again.',
      );
    tx.put(capacityProviders, capacityProviderKey(call, name), created);
  });
  return { capacityProvider: providerView(call, created, { withTags: true }) };
}

const maxDescribed = 100;
const pageSize = 10;

/** Those that are named, also when they were deleted lately; else FARGATE, FARGATE_SPOT and every ACTIVE one. */
export function describeCapacityProviders(
  ecs: EcsContext,
  input: DescribeCapacityProvidersCommandInput,
  call: Call,
): DescribeCapacityProvidersResponse {
  const identifiers = input.capacityProviders ?? [];
  if (identifiers.length > maxDescribed)
    throw invalidParameter(`Capacity providers can have at most ${maxDescribed} items.`);
  const withTags = readInclude(input.include, ['TAGS']).has('TAGS');
  const associated = input.cluster
    ? (requireCluster(ecs.state, call, input.cluster).capacityProviders ?? [])
    : undefined;

  const found = new Map<string, CapacityProvider>();
  const failures: Failure[] = [];
  if (identifiers.length === 0) {
    for (const name of fargateProviders) found.set(name, fargateView(call, name));
    for (const record of activeProviders(ecs.state, call))
      found.set(record.name, providerView(call, record, { withTags }));
  }
  for (const identifier of identifiers) {
    const name = capacityProviderName(identifier);
    const record = findCapacityProvider(ecs.state, call, identifier);
    if (!isForeign(identifier, call) && isFargateProvider(name)) found.set(name, fargateView(call, name));
    else if (record) found.set(name, providerView(call, record, { withTags }));
    else
      failures.push({
        arn: identifier.startsWith('arn:') ? identifier : capacityProviderArn(call, name),
        reason: 'MISSING',
      });
  }
  const listed = [...found]
    .filter(([name]) => associated === undefined || associated.includes(name))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const { items, nextToken } = page(listed, ([name]) => name, {
    maxResults: input.maxResults,
    nextToken: input.nextToken,
    defaultSize: pageSize,
    maxSize: pageSize,
  });
  return {
    capacityProviders: items.map(([, view]) => view),
    failures,
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}

export async function updateCapacityProvider(
  ecs: EcsContext,
  input: UpdateCapacityProviderCommandInput,
  call: Call,
): Promise<UpdateCapacityProviderResponse> {
  const { autoScalingGroupProvider: group, managedInstancesProvider: managed } = input;
  if ((group === undefined) === (managed === undefined))
    throw invalidParameter(
      'Specify exactly one of autoScalingGroupProvider and managedInstancesProvider to update.',
    );
  const updated = await ecs.state.transact((tx) => {
    const before = requireChangeable(tx, call, input.name, 'updated');
    const after = updatedProvider(tx, call, before, input);
    tx.put(capacityProviders, capacityProviderKey(call, before.name), after);
    return after;
  });
  return { capacityProvider: providerView(call, updated, { withTags: true }) };
}

/** Leaves the provider INACTIVE. It must be out of every cluster, and so out of every strategy, before. */
export async function deleteCapacityProvider(
  ecs: EcsContext,
  input: DeleteCapacityProviderCommandInput,
  call: Call,
): Promise<DeleteCapacityProviderResponse> {
  const remove = (tx: Transaction): CapacityProviderRecord => {
    const before = requireChangeable(tx, call, input.capacityProvider, 'deleted');
    if ('managedInstancesProvider' in before) return endManagedProvider(tx, call, before, input.cluster);
    for (const { value: cluster } of tx.list(clusters, `/ecs/${call.accountId}/${call.region}/cluster/`)) {
      if (cluster.status === 'ACTIVE' && cluster.capacityProviders?.includes(before.name))
        throw clientError(
          `The capacity provider cannot be deleted because it is associated with cluster: ${cluster.name}. Remove the capacity provider from the cluster and try again.`,
        );
    }
    const after: GroupProviderRecord = {
      ...before,
      status: 'INACTIVE',
      updateStatus: 'DELETE_COMPLETE',
    };
    tx.put(capacityProviders, capacityProviderKey(call, before.name), after);
    return after;
  };
  const cluster = input.capacityProvider
    ? clusterOfProvider(ecs.state, call, capacityProviderName(input.capacityProvider))
    : undefined;
  // In turn with the launches of its cluster, so that none of them takes a provider that is just going.
  const deleted = await (cluster === undefined
    ? ecs.state.transact(remove)
    : transactInTurn(ecs, call, cluster, remove));
  return { capacityProvider: providerView(call, deleted, { withTags: true }) };
}

function updatedProvider(
  tx: Transaction,
  call: Call,
  before: CapacityProviderRecord,
  { autoScalingGroupProvider: group, managedInstancesProvider, cluster }: UpdateCapacityProviderCommandInput,
): CapacityProviderRecord {
  if ('managedInstancesProvider' in before) {
    if (managedInstancesProvider === undefined)
      throw invalidParameter(`The capacity provider ${before.name} is of Managed Instances.`);
    return updatedManagedProvider(tx, call, before, managedInstancesProvider, cluster);
  }
  if (group === undefined)
    throw invalidParameter(`The capacity provider ${before.name} is of an Auto Scaling group.`);
  const { autoScalingGroupArn, managedScaling } = before.autoScalingGroupProvider;
  return {
    ...before,
    updateStatus: 'UPDATE_COMPLETE',
    autoScalingGroupProvider: { autoScalingGroupArn, ...readGroupManagement(group, managedScaling) },
  };
}

function requireChangeable(
  reader: Reader,
  scope: Scope,
  identifier: string | undefined,
  what: 'updated' | 'deleted',
): CapacityProviderRecord {
  if (!identifier) throw invalidParameter('Capacity provider name can not be blank.');
  if (isFargateProvider(capacityProviderName(identifier)))
    throw invalidParameter(`The capacity provider ${capacityProviderName(identifier)} cannot be ${what}.`);
  const found = findCapacityProvider(reader, scope, identifier);
  if (found?.status !== 'ACTIVE')
    throw clientError(
      'The specified capacity provider does not exist. Specify a valid name or ARN and try again.',
    );
  return found;
}
