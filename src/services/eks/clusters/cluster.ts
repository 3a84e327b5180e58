import type {
  CreateClusterCommandInput,
  CreateClusterResponse,
  DeleteClusterCommandInput,
  DeleteClusterResponse,
  DescribeClusterCommandInput,
  DescribeClusterResponse,
  ListClustersCommandInput,
  ListClustersResponse,
} from '@aws-sdk/client-eks';
import { hex, uuid } from '../../../clock/index.ts';
import { entityOf } from '../../iam/index.ts';
import type { Call } from '../../service.ts';
import { admitCreator } from '../access-entries/admit-creator.ts';
import { clusterArn } from '../arn.ts';
import { type EksContext, requireCluster } from '../context.ts';
import { invalidParameter, invalidRequest, limitExceeded, resourceInUse } from '../errors.ts';
import { fargateProfilesOf } from '../fargate/record.ts';
import { isRepeat, madeBy } from '../input.ts';
import { nodegroupsOf } from '../nodegroups/record.ts';
import { namesPage } from '../pages.ts';
import { type ClusterRecord, clusterKey, clusters, scopeText } from '../records.ts';
import { ensureClusterGroup } from './cluster-group.ts';
import { settleClusterInterfaces } from './cluster-interfaces.ts';
import { clusterView } from './cluster-view.ts';
import { newEncryption } from './encryption.ts';
import { readCluster, readPlace } from './input.ts';

/** "Clusters per Region" (EKS quotas). */
const maxClusters = 100;

/** @throws InvalidParameterException, ResourceInUseException, ResourceLimitExceededException */
export async function createCluster(
  context: EksContext,
  input: CreateClusterCommandInput,
  call: Call,
): Promise<CreateClusterResponse> {
  const { state, clock, random, whyNotAssumed } = context;
  const { isAdminForCreator, serviceIpv4Cidr, encryptionKey, ...wanted } = readCluster(input);
  const { name: clusterName } = wanted;
  const arn = clusterArn(call, clusterName);
  const request = madeBy(input);
  const id = hex(random, 32).toUpperCase();
  const entryId = uuid(random);
  const created = await state.transact((tx) => {
    const key = clusterKey(call, clusterName);
    const present = tx.get(clusters, key);
    if (present !== undefined) {
      if (isRepeat(present.request, request)) return present;
      throw resourceInUse(`Cluster already exists with name: ${clusterName}`, { clusterName });
    }
    if (tx.countByIndex(clusters, 'scope', scopeText(call)) >= maxClusters)
      throw limitExceeded(`Cluster limit exceeded for account: at most ${maxClusters} in a region`);
    const place = readPlace(tx, call, input.resourcesVpcConfig ?? {}, serviceIpv4Cidr);
    const why = whyNotAssumed(call, {
      ...{ roleArn: wanted.roleArn, service: 'eks.amazonaws.com', sourceArn: arn },
    });
    if (why !== undefined)
      throw invalidParameter(
        `Role with arn: ${wanted.roleArn}, could not be assumed because it does not exist or the trusted entity is not correct. ${why}`,
      );
    const creator = entityOf(tx, call.principal);
    const record: ClusterRecord = {
      ...{ id, arn, ...wanted, ...place, createdAt: clock.now() },
      ...(isAdminForCreator && { creator }),
      ...(encryptionKey && { encryption: newEncryption(context, tx, call, encryptionKey, { id, arn }) }),
      ...(request && { request }),
    };
    const placed = settleClusterInterfaces(context, tx, call, ensureClusterGroup(context, tx, call, record));
    tx.put(clusters, key, placed);
    if (isAdminForCreator && record.authenticationMode !== 'CONFIG_MAP')
      admitCreator(tx, call, { clusterName, creator, id: entryId, now: clock.now() });
    return placed;
  });
  return { cluster: clusterView(context, state, call, created) };
}

/** @throws ResourceNotFoundException */
export function describeCluster(
  context: EksContext,
  { name = '' }: DescribeClusterCommandInput,
  call: Call,
): DescribeClusterResponse {
  const { state } = context;
  return { cluster: clusterView(context, state, call, requireCluster(state, call, name)) };
}

/** Clusters of others, which `include` asks for, there are none. @throws InvalidParameterException */
export function listClusters(
  { state }: EksContext,
  asked: ListClustersCommandInput,
  call: Call,
): ListClustersResponse {
  const names = state.byIndex(clusters, 'scope', scopeText(call)).map(({ value }) => value.name);
  const { items, ...more } = namesPage(names, asked);
  return { clusters: [...items], ...more };
}

/** Its control plane goes first, then the cluster itself. @throws ResourceNotFoundException, InvalidRequestException, ResourceInUseException */
export async function deleteCluster(
  context: EksContext,
  { name = '' }: DeleteClusterCommandInput,
  call: Call,
): Promise<DeleteClusterResponse> {
  const { state } = context;
  const deleting = await state.transact((tx) => {
    const record = requireCluster(tx, call, name);
    if (record.deletionProtection) {
      throw invalidRequest(`Cluster ${name} cannot be deleted because deletion protection is enabled.`, {
        clusterName: name,
      });
    }
    if (record.updateId !== undefined) {
      throw resourceInUse(
        `Cannot delete because cluster ${name} currently has update ${record.updateId} in progress`,
        { clusterName: name },
      );
    }
    if (nodegroupsOf(tx, call, name).length > 0)
      throw resourceInUse('Cluster has nodegroups attached', { clusterName: name });
    const profiles = fargateProfilesOf(tx, call, name);
    if (profiles.length > 0) {
      const states = profiles.every(({ isDeleting }) => isDeleting) ? 'DELETING' : 'ACTIVE/CREATING';
      throw resourceInUse(`Cluster has Fargate Profiles in ${states} state`, { clusterName: name });
    }
    const marked: ClusterRecord = { ...record, isDeleting: true };
    tx.put(clusters, clusterKey(call, name), marked);
    return marked;
  });
  return { cluster: clusterView(context, state, call, deleting) };
}
