import type {
  CreateNodegroupCommandInput,
  CreateNodegroupResponse,
  DeleteNodegroupCommandInput,
  DeleteNodegroupResponse,
  DescribeNodegroupCommandInput,
  DescribeNodegroupResponse,
  ListNodegroupsCommandInput,
  ListNodegroupsResponse,
} from '@aws-sdk/client-eks';
import { uuid } from '../../../clock/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { absentNodegroup } from '../absent/absent.ts';
import { admitNodes } from '../access-entries/admit-nodes.ts';
import type { Scope } from '../arn.ts';
import { ensureClusterGroup } from '../clusters/cluster-group.ts';
import { requireActiveCluster } from '../clusters/cluster-status.ts';
import { type EksContext, requireCluster } from '../context.ts';
import { invalidParameter, limitExceeded, resourceInUse } from '../errors.ts';
import { isRepeat, madeBy } from '../input.ts';
import { namesPage } from '../pages.ts';
import { readNodegroup, readPlace } from './input.ts';
import { nodegroupView } from './nodegroup-view.ts';
import { type NodegroupRecord, nodegroupKey, nodegroups, nodegroupsOf } from './record.ts';

/** "Managed node groups per cluster" (EKS quotas). */
const maxNodegroups = 30;

/** @throws InvalidParameterException, InvalidRequestException, ResourceInUseException, ResourceLimitExceededException, ResourceNotFoundException */
export async function createNodegroup(
  context: EksContext,
  input: CreateNodegroupCommandInput,
  call: Call,
): Promise<CreateNodegroupResponse> {
  const { state, clock, random } = context;
  const { clusterName = '' } = input;
  const id = uuid(random);
  const entryId = uuid(random);
  const request = madeBy(input);
  const created = await state.transact((tx) => {
    const cluster = requireActiveCluster(context, tx, call, clusterName);
    const wanted = readNodegroup(input, context.machineArchitecture);
    const about = { clusterName, nodegroupName: wanted.name };
    const key = nodegroupKey(call, clusterName, wanted.name);
    const present = tx.get(nodegroups, key);
    if (present !== undefined) {
      if (isRepeat(present.request, request)) return present;
      throw resourceInUse(
        `NodeGroup already exists with name ${wanted.name} and cluster name ${clusterName}`,
        about,
      );
    }
    if (nodegroupsOf(tx, call, clusterName).length >= maxNodegroups)
      throw limitExceeded(`A cluster has at most ${maxNodegroups} node groups.`, about);
    const place = readPlace(context, tx, call, cluster, wanted);
    checkVersion(input, place, about);
    const now = clock.now();
    const record: NodegroupRecord = {
      ...{ id, clusterName, ...wanted, ...place, phase: 'CREATING', issues: [] },
      ...{ createdAt: now, modifiedAt: now, ...(request && { request }) },
    };
    ensureClusterGroup(context, tx, call, cluster);
    admitNodes(tx, call, cluster, { roleArn: wanted.nodeRole, roleId: place.nodeRoleId, id: entryId, now });
    tx.put(nodegroups, key, record);
    return record;
  });
  return { nodegroup: nodegroupView(call, created) };
}

/** The cluster's own is the only one that a node group can be made with. @throws InvalidParameterException */
function checkVersion(
  { version, releaseVersion }: CreateNodegroupCommandInput,
  place: Pick<NodegroupRecord, 'releaseVersion' | 'version'>,
  about: { readonly clusterName: string; readonly nodegroupName: string },
): void {
  if (version !== undefined && version !== place.version) {
    throw invalidParameter(
      `Requested Nodegroup version ${version} does not match the version of the cluster, ${place.version}`,
      about,
    );
  }
  if (releaseVersion === undefined || releaseVersion === place.releaseVersion) return;
  throw invalidParameter(
    `Requested release version ${releaseVersion} is not valid for kubernetes version ${place.version}: it is ${place.releaseVersion}`,
    about,
  );
}

/** @throws ResourceNotFoundException */
export function describeNodegroup(
  { state }: EksContext,
  { clusterName = '', nodegroupName = '' }: DescribeNodegroupCommandInput,
  call: Call,
): DescribeNodegroupResponse {
  return { nodegroup: nodegroupView(call, requireNodegroup(state, call, clusterName, nodegroupName)) };
}

/** @throws InvalidParameterException, ResourceNotFoundException */
export function listNodegroups(
  { state }: EksContext,
  { clusterName = '', ...asked }: ListNodegroupsCommandInput,
  call: Call,
): ListNodegroupsResponse {
  requireCluster(state, call, clusterName);
  const names = nodegroupsOf(state, call, clusterName).map(({ name }) => name);
  const { items, ...more } = namesPage(names, asked);
  return { nodegroups: [...items], ...more };
}

/** Its nodes are drained and ended first, then it goes itself. @throws ResourceInUseException, ResourceNotFoundException */
export async function deleteNodegroup(
  { state, clock }: EksContext,
  { clusterName = '', nodegroupName = '' }: DeleteNodegroupCommandInput,
  call: Call,
): Promise<DeleteNodegroupResponse> {
  const deleting = await state.transact((tx) => {
    const record = requireNodegroup(tx, call, clusterName, nodegroupName);
    if (record.updateId !== undefined) {
      throw resourceInUse(`Nodegroup cannot be deleted as it is currently in UPDATING state`, {
        clusterName,
        nodegroupName,
      });
    }
    if (record.isDeleting) return record;
    const marked: NodegroupRecord = { ...record, isDeleting: true, modifiedAt: clock.now() };
    tx.put(nodegroups, nodegroupKey(call, clusterName, nodegroupName), marked);
    return marked;
  });
  return { nodegroup: nodegroupView(call, deleting) };
}

/** @throws ResourceNotFoundException */
export function requireNodegroup(
  reader: Reader | Transaction,
  scope: Scope,
  clusterName: string,
  nodegroupName: string,
): NodegroupRecord {
  requireCluster(reader, scope, clusterName);
  const found = /^[\w-]+$/.test(nodegroupName)
    ? reader.get(nodegroups, nodegroupKey(scope, clusterName, nodegroupName))
    : undefined;
  if (found !== undefined) return found;
  throw absentNodegroup(clusterName, nodegroupName);
}
