import type {
  CreateFargateProfileCommandInput,
  CreateFargateProfileResponse,
  DeleteFargateProfileCommandInput,
  DeleteFargateProfileResponse,
  DescribeFargateProfileCommandInput,
  DescribeFargateProfileResponse,
  ListFargateProfilesCommandInput,
  ListFargateProfilesResponse,
} from '@aws-sdk/client-eks';
import { uuid } from '../../../clock/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { admitNodes } from '../access-entries/admit-nodes.ts';
import type { Scope } from '../arn.ts';
import { ensureClusterGroup } from '../clusters/cluster-group.ts';
import { requireActiveCluster } from '../clusters/cluster-status.ts';
import { type EksContext, requireCluster } from '../context.ts';
import { limitExceeded, resourceInUse, resourceNotFound } from '../errors.ts';
import { isRepeat, madeBy } from '../input.ts';
import { namesPage } from '../pages.ts';
import type { ClusterRecord } from '../records.ts';
import { readFargateProfile, readPlace } from './input.ts';
import { fargateProfileStatus, fargateProfileView } from './profile-view.ts';
import {
  type FargateProfileRecord,
  fargateProfileKey,
  fargateProfiles,
  fargateProfilesOf,
} from './record.ts';

/** "Fargate profiles per cluster" (EKS quotas). */
const maxProfiles = 10;

/** @throws InvalidParameterException, InvalidRequestException, ResourceInUseException, ResourceLimitExceededException, ResourceNotFoundException */
export async function createFargateProfile(
  context: EksContext,
  input: CreateFargateProfileCommandInput,
  call: Call,
): Promise<CreateFargateProfileResponse> {
  const { state, clock, random } = context;
  const { clusterName = '' } = input;
  const id = uuid(random);
  const entryId = uuid(random);
  const request = madeBy(input);
  const created = await state.transact((tx) => {
    const cluster = requireActiveCluster(context, tx, call, clusterName);
    const wanted = readFargateProfile(input);
    const { name } = wanted;
    const about = { clusterName, fargateProfileName: name };
    const key = fargateProfileKey(call, clusterName, name);
    const present = tx.get(fargateProfiles, key);
    if (present !== undefined) {
      if (isRepeat(present.request, request)) return present;
      throw resourceInUse('A Fargate Profile already exists with this name in this cluster.', about);
    }
    assertNoneChanges(tx, call, cluster, 'create', name);
    if (fargateProfilesOf(tx, call, clusterName).length >= maxProfiles)
      throw limitExceeded(`A cluster has at most ${maxProfiles} Fargate profiles.`, about);
    const place = readPlace(context, tx, call, cluster, { ...wanted, id });
    const now = clock.now();
    const record: FargateProfileRecord = {
      ...{ id, clusterName, ...wanted, ...place, createdAt: now },
      ...(request && { request }),
    };
    ensureClusterGroup(context, tx, call, cluster);
    const { podExecutionRole: roleArn } = wanted;
    const role = { roleArn, roleId: place.podExecutionRoleId, id: entryId, now };
    admitNodes(tx, call, cluster, role, 'FARGATE_LINUX');
    tx.put(fargateProfiles, key, record);
    return record;
  });
  return { fargateProfile: fargateProfileView(context, state, call, created) };
}

/** @throws ResourceNotFoundException */
export function describeFargateProfile(
  context: EksContext,
  { clusterName = '', fargateProfileName = '' }: DescribeFargateProfileCommandInput,
  call: Call,
): DescribeFargateProfileResponse {
  const { state } = context;
  const record = requireFargateProfile(state, call, clusterName, fargateProfileName);
  return { fargateProfile: fargateProfileView(context, state, call, record) };
}

/** @throws InvalidParameterException, ResourceNotFoundException */
export function listFargateProfiles(
  { state }: EksContext,
  { clusterName = '', ...asked }: ListFargateProfilesCommandInput,
  call: Call,
): ListFargateProfilesResponse {
  requireCluster(state, call, clusterName);
  const names = fargateProfilesOf(state, call, clusterName).map(({ name }) => name);
  const { items, ...more } = namesPage(names, asked);
  return { fargateProfileNames: [...items], ...more };
}

/** Its pods are deleted first, then it goes itself. @throws ResourceInUseException, ResourceNotFoundException */
export async function deleteFargateProfile(
  context: EksContext,
  { clusterName = '', fargateProfileName = '' }: DeleteFargateProfileCommandInput,
  call: Call,
): Promise<DeleteFargateProfileResponse> {
  const { state } = context;
  const deleting = await state.transact((tx) => {
    const record = requireFargateProfile(tx, call, clusterName, fargateProfileName);
    if (record.isDeleting) return record;
    assertNoneChanges(tx, call, requireCluster(tx, call, clusterName), 'Delete', fargateProfileName);
    const marked: FargateProfileRecord = { ...record, isDeleting: true };
    tx.put(fargateProfiles, fargateProfileKey(call, clusterName, fargateProfileName), marked);
    return marked;
  });
  return { fargateProfile: fargateProfileView(context, state, call, deleting) };
}

/** One is made or deleted in a cluster at a time, and none while the cluster is updated. @throws ResourceInUseException */
function assertNoneChanges(
  reader: Reader,
  scope: Scope,
  { name: clusterName, updateId }: ClusterRecord,
  verb: 'create' | 'Delete',
  fargateProfileName: string,
): void {
  const refuse = (why: string): never => {
    throw resourceInUse(
      `Cannot ${verb} Fargate Profile ${fargateProfileName} because cluster ${clusterName} currently has ${why}`,
      { clusterName, fargateProfileName },
    );
  };
  if (updateId !== undefined) refuse('an update in progress');
  const other = fargateProfilesOf(reader, scope, clusterName).find(
    ({ isActive, isDeleting }) => !isActive || isDeleting,
  );
  if (other !== undefined) refuse(`Fargate profile ${other.name} in status ${fargateProfileStatus(other)}`);
}

/** @throws ResourceNotFoundException */
function requireFargateProfile(
  reader: Reader,
  scope: Scope,
  clusterName: string,
  fargateProfileName: string,
): FargateProfileRecord {
  requireCluster(reader, scope, clusterName);
  const found = /^[\w-]+$/.test(fargateProfileName)
    ? reader.get(fargateProfiles, fargateProfileKey(scope, clusterName, fargateProfileName))
    : undefined;
  if (found !== undefined) return found;
  throw resourceNotFound(`No Fargate Profile found with name: ${fargateProfileName}.`, {
    ...{ clusterName, fargateProfileName },
  });
}
