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
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { capacityProviderArn, capacityProviderName, isForeign, type Scope } from '../arn.ts';
import { readAutoScalingGroup, readGroupManagement, readProviderName } from '../capacity/provider-input.ts';
import {
  capacityProviderKey,
  type FargateProvider,
  fargateProviders,
  findCapacityProvider,
  isFargateProvider,
} from '../capacity/providers.ts';
import { requireCluster } from '../cluster-lookup.ts';
import type { EcsContext } from '../context.ts';
import { clientError, invalidParameter, unsupported } from '../errors.ts';
import { readInclude } from '../include.ts';
import { page } from '../pagination.ts';
import { type CapacityProviderRecord, capacityProviders, clusters } from '../records.ts';
import { validateTags } from '../tags.ts';

/**
 * Makes the provider of an Auto Scaling group, which instances join by `./catamaran instance add
 * --capacity-provider NAME`. Managed scaling and Managed Instances are refused by name.
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
  if (group === undefined)
    throw unsupported('A capacity provider of Managed Instances (managedInstancesProvider)');
  if (input.cluster)
    throw invalidParameter('A cluster can only be specified for a capacity provider of Managed Instances.');
  const created: CapacityProviderRecord = {
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
    const others = activeProviders(tx, call);
    if (others.some((other) => other.name === name))
      throw clientError(
        'The specified capacity provider already exists. To change the configuration of an existing capacity provider, update the capacity provider.',
      );
    const { autoScalingGroupArn } = created.autoScalingGroupProvider;
    if (others.some((other) => other.autoScalingGroupProvider.autoScalingGroupArn === autoScalingGroupArn))
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
  const { autoScalingGroupProvider: group } = input;
  if (input.managedInstancesProvider)
    throw unsupported('A capacity provider of Managed Instances (managedInstancesProvider)');
  if (group === undefined) throw invalidParameter('Specify the autoScalingGroupProvider to update.');
  const updated = await ecs.state.transact((tx) => {
    const before = requireChangeable(tx, call, input.name, 'updated');
    const { autoScalingGroupArn, managedScaling } = before.autoScalingGroupProvider;
    const after: CapacityProviderRecord = {
      ...before,
      updateStatus: 'UPDATE_COMPLETE',
      autoScalingGroupProvider: { autoScalingGroupArn, ...readGroupManagement(group, managedScaling) },
    };
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
  const deleted = await ecs.state.transact((tx) => {
    const before = requireChangeable(tx, call, input.capacityProvider, 'deleted');
    for (const { value: cluster } of tx.list(clusters, `/ecs/${call.accountId}/${call.region}/cluster/`)) {
      if (cluster.status === 'ACTIVE' && cluster.capacityProviders?.includes(before.name))
        throw clientError(
          `The capacity provider cannot be deleted because it is associated with cluster: ${cluster.name}. Remove the capacity provider from the cluster and try again.`,
        );
    }
    const after: CapacityProviderRecord = {
      ...before,
      status: 'INACTIVE',
      updateStatus: 'DELETE_COMPLETE',
    };
    tx.put(capacityProviders, capacityProviderKey(call, before.name), after);
    return after;
  });
  return { capacityProvider: providerView(call, deleted, { withTags: true }) };
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

function activeProviders(reader: Reader, { accountId, region }: Scope): CapacityProviderRecord[] {
  return [...reader.list(capacityProviders, `/ecs/${accountId}/${region}/capacity-provider/`)]
    .map(({ value }) => value)
    .filter(({ status }) => status === 'ACTIVE');
}

function providerView(
  scope: Scope,
  { name, status, updateStatus, autoScalingGroupProvider, tags }: CapacityProviderRecord,
  options: { readonly withTags: boolean },
): CapacityProvider {
  return {
    capacityProviderArn: capacityProviderArn(scope, name),
    name,
    status,
    updateStatus,
    type: 'EC2_AUTOSCALING',
    autoScalingGroupProvider: {
      ...autoScalingGroupProvider,
      managedScaling: { ...autoScalingGroupProvider.managedScaling },
    },
    tags: options.withTags ? tags.map((tag) => ({ ...tag })) : [],
  };
}

function fargateView(scope: Scope, name: FargateProvider): CapacityProvider {
  return {
    capacityProviderArn: capacityProviderArn(scope, name),
    name,
    status: 'ACTIVE',
    type: name,
    tags: [],
  };
}
