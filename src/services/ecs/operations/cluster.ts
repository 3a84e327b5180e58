import type {
  Cluster,
  ClusterSetting,
  CreateClusterCommandInput,
  CreateClusterResponse,
  DeleteClusterCommandInput,
  DeleteClusterResponse,
  DescribeClustersCommandInput,
  DescribeClustersResponse,
  Failure,
  ListClustersCommandInput,
  ListClustersResponse,
  UpdateClusterCommandInput,
  UpdateClusterResponse,
  UpdateClusterSettingsCommandInput,
  UpdateClusterSettingsResponse,
} from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { effectiveAccountSetting } from '../account-settings.ts';
import { clusterArn, clusterName, isForeign, isName, type Scope } from '../arn.ts';
import { readClusterCapacity } from '../capacity/strategy-input.ts';
import { clusterKey, findCluster, requireCluster } from '../cluster-lookup.ts';
import { clusterCounts, clusterStatistics } from '../cluster-statistics.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { ecsRefusal, invalidParameter, unsupported } from '../errors.ts';
import { associationsOfCluster, gatewayAssociationKey, gatewayAssociations } from '../gateway/records.ts';
import { readInclude } from '../include.ts';
import { page } from '../pagination.ts';
import { type ClusterRecord, clusters } from '../records.ts';
import { defaultNamespace } from '../service-connect/default-namespace.ts';
import { readClusterConfiguration } from '../session-logging.ts';
import { validateTags } from '../tags.ts';

/** Idempotent by name: an ACTIVE cluster is answered as it stands, whatever else the request says. */
export async function createCluster(
  ecs: EcsContext,
  input: CreateClusterCommandInput,
  call: Call,
): Promise<CreateClusterResponse> {
  const name = input.clusterName || 'default';
  if (!isName(name))
    throw invalidParameter(
      'Cluster names can have up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens.',
    );
  refuseUnsupported(input);
  const settings = input.settings && readSettings(input.settings);
  const configuration = readClusterConfiguration(input.configuration);
  const tags = validateTags(input.tags);
  const namespace = input.serviceConnectDefaults?.namespace;
  await ecs.ensureServiceLinkedRole(call.accountId);
  const cluster = await ecs.state.transact((tx) => {
    const key = clusterKey(call, name);
    const existing = tx.get(clusters, key);
    if (existing?.status === 'ACTIVE') return existing;
    const created: ClusterRecord = {
      name,
      status: 'ACTIVE',
      createdAt: call.now,
      ...(input.capacityProviders?.length || input.defaultCapacityProviderStrategy?.length
        ? readClusterCapacity(tx, call, name, input)
        : {}),
      settings: settings?.length ? settings : defaultSettings(tx, call),
      ...(configuration === undefined ? {} : { configuration }),
      ...(namespace ? { serviceConnectNamespace: defaultNamespace(tx, ecs, call, namespace) } : {}),
      tags,
    };
    tx.put(clusters, key, created);
    return created;
  });
  return { cluster: describeCluster(ecs.state, call, cluster, everything) };
}

const maxDescribed = 100;

export function describeClusters(
  ecs: EcsContext,
  input: DescribeClustersCommandInput,
  call: Call,
): DescribeClustersResponse {
  const identifiers = input.clusters?.length ? input.clusters : ['default'];
  if (identifiers.length > maxDescribed)
    throw invalidParameter(`Clusters cannot have more than ${maxDescribed} elements.`);
  const include = readInclude(input.include, [
    'ATTACHMENTS',
    'CONFIGURATIONS',
    'SETTINGS',
    'STATISTICS',
    'TAGS',
  ]);
  const found: Cluster[] = [];
  const failures: Failure[] = [];
  for (const identifier of new Set(identifiers)) {
    const cluster = findCluster(ecs.state, call, identifier);
    if (cluster) found.push(describeCluster(ecs.state, call, cluster, include));
    else failures.push({ arn: arnOfMissing(call, identifier), reason: 'MISSING' });
  }
  return { clusters: found, failures };
}

/** ARNs of the ACTIVE clusters. */
export function listClusters(
  ecs: EcsContext,
  input: ListClustersCommandInput,
  call: Call,
): ListClustersResponse {
  const prefix = `/ecs/${call.accountId}/${call.region}/cluster/`;
  const names = [...ecs.state.list(clusters, prefix)]
    .filter(({ value }) => value.status === 'ACTIVE')
    .map(({ value }) => value.name);
  const { items, nextToken } = page(names, (name) => name, {
    maxResults: input.maxResults,
    nextToken: input.nextToken,
    defaultSize: 100,
    maxSize: 100,
  });
  return { clusterArns: items.map((name) => clusterArn(call, name)), ...(nextToken && { nextToken }) };
}

export async function updateCluster(
  ecs: EcsContext,
  input: UpdateClusterCommandInput,
  call: Call,
): Promise<UpdateClusterResponse> {
  return { cluster: await changeCluster(ecs, input, call) };
}

export async function updateClusterSettings(
  ecs: EcsContext,
  input: UpdateClusterSettingsCommandInput,
  call: Call,
): Promise<UpdateClusterSettingsResponse> {
  if (!input.settings?.length) throw invalidParameter('Settings cannot be empty.');
  return { cluster: await changeCluster(ecs, input, call) };
}

async function changeCluster(
  ecs: EcsContext,
  input: UpdateClusterCommandInput,
  call: Call,
): Promise<Cluster> {
  refuseUnsupported(input);
  const settings = readSettings(input.settings ?? []);
  const configuration = readClusterConfiguration(input.configuration);
  const cluster = await ecs.state.transact((tx) => {
    const before = requireCluster(tx, call, input.cluster);
    const namespace = input.serviceConnectDefaults?.namespace;
    if (settings.length === 0 && configuration === undefined && namespace === undefined) return before;
    const { serviceConnectNamespace: current, ...rest } = before;
    const kept = namespace === undefined ? current : undefined;
    const serviceConnectNamespace = namespace ? defaultNamespace(tx, ecs, call, namespace) : kept;
    const after = {
      ...rest,
      ...(serviceConnectNamespace === undefined ? {} : { serviceConnectNamespace }),
      ...(settings.length === 0 ? {} : { settings }),
      ...(configuration === undefined ? {} : { configuration }),
    };
    tx.put(clusters, clusterKey(call, before.name), after);
    return after;
  });
  return describeCluster(ecs.state, call, cluster, everything);
}

/**
 * Leaves the cluster INACTIVE, which is still described but holds nothing. In turn with whatever registers
 * instances and launches tasks in it, so that none of these slips in between the look and the deletion.
 */
export async function deleteCluster(
  ecs: EcsContext,
  input: DeleteClusterCommandInput,
  call: Call,
): Promise<DeleteClusterResponse> {
  const cluster = await transactInTurn(ecs, call, clusterName(input.cluster), (tx) => {
    const before = requireCluster(tx, call, input.cluster);
    const counts = clusterCounts(tx, call, before.name);
    if (counts.containerInstances > 0)
      throw ecsRefusal(
        'ClusterContainsContainerInstancesException',
        'The Cluster cannot be deleted while Container Instances are active or draining.',
      );
    if (counts.activeServices + counts.drainingServices > 0)
      throw ecsRefusal(
        'ClusterContainsServicesException',
        'The Cluster cannot be deleted while Services are active.',
      );
    if (counts.unstoppedTasks > 0)
      throw ecsRefusal(
        'ClusterContainsTasksException',
        'The Cluster cannot be deleted while Tasks are active.',
      );
    const after: ClusterRecord = { ...before, status: 'INACTIVE', deletedAt: call.now };
    // Without services it has no routes.
    for (const { gateway } of associationsOfCluster(tx, call, before.name))
      tx.delete(gatewayAssociations, gatewayAssociationKey(call, gateway, before.name));
    tx.put(clusters, clusterKey(call, before.name), after);
    return after;
  });
  return { cluster: describeCluster(ecs.state, call, cluster, everything) };
}

export const everything: ReadonlySet<string> = new Set(['CONFIGURATIONS', 'SETTINGS', 'TAGS']);

/** Lists that weren't asked for are answered empty, as AWS does. */
export function describeCluster(
  reader: Reader,
  scope: Scope,
  cluster: ClusterRecord,
  include: ReadonlySet<string>,
): Cluster {
  const counts = clusterCounts(reader, scope, cluster.name);
  return {
    clusterArn: clusterArn(scope, cluster.name),
    clusterName: cluster.name,
    status: cluster.status,
    registeredContainerInstancesCount: counts.containerInstances,
    runningTasksCount: counts.runningTasks,
    pendingTasksCount: counts.pendingTasks,
    activeServicesCount: counts.activeServices,
    statistics: include.has('STATISTICS') ? clusterStatistics(reader, scope, cluster.name) : [],
    tags: include.has('TAGS') ? [...cluster.tags] : [],
    settings: include.has('SETTINGS') ? [...cluster.settings] : [],
    ...(include.has('CONFIGURATIONS') && cluster.configuration
      ? { configuration: cluster.configuration }
      : {}),
    capacityProviders: [...(cluster.capacityProviders ?? [])],
    defaultCapacityProviderStrategy: (cluster.defaultCapacityProviderStrategy ?? []).map((item) => ({
      ...item,
    })),
    ...(cluster.serviceConnectNamespace === undefined
      ? {}
      : { serviceConnectDefaults: { namespace: cluster.serviceConnectNamespace } }),
    // Nothing has to be attached for a provider that scales nothing, so it is in place with the record.
    ...(cluster.capacityProviders === undefined ? {} : { attachmentsStatus: 'UPDATE_COMPLETE' }),
  };
}

function arnOfMissing(scope: Scope, identifier: string): string {
  return isForeign(identifier, scope) ? identifier : clusterArn(scope, clusterName(identifier));
}

function refuseUnsupported(input: CreateClusterCommandInput | UpdateClusterCommandInput): void {
  const { managedStorageConfiguration } = input.configuration ?? {};
  if (managedStorageConfiguration)
    throw unsupported('A cluster configuration for managed storage (managedStorageConfiguration)');
}

/** @throws InvalidParameterException, or UnsupportedFeatureException for Container Insights turned on. */
function readSettings(settings: readonly ClusterSetting[]): ClusterSetting[] {
  return settings.map(({ name, value }) => {
    if (name !== 'containerInsights')
      throw invalidParameter(`Invalid cluster setting name '${name ?? ''}'. It must be containerInsights.`);
    if (value === 'enabled' || value === 'enhanced')
      throw unsupported(`Container Insights (containerInsights ${value})`);
    if (value !== 'disabled')
      throw invalidParameter(
        `Invalid cluster setting value '${value ?? ''}'. It must be one of [enabled, disabled, enhanced].`,
      );
    return { name, value };
  });
}

function defaultSettings(reader: Reader, call: Call): ClusterSetting[] {
  return [
    {
      name: 'containerInsights',
      value: effectiveAccountSetting(reader, call, call.principal.arn, 'containerInsights'),
    },
  ];
}
