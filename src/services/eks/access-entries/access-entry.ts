import type {
  AccessEntry,
  CreateAccessEntryCommandInput,
  CreateAccessEntryResponse,
  DeleteAccessEntryCommandInput,
  DescribeAccessEntryCommandInput,
  DescribeAccessEntryResponse,
  ListAccessEntriesCommandInput,
  ListAccessEntriesResponse,
  UpdateAccessEntryCommandInput,
  UpdateAccessEntryResponse,
} from '@aws-sdk/client-eks';
import { uuid } from '../../../clock/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import { principalEntity } from '../../iam/index.ts';
import type { Call } from '../../service.ts';
import { accessEntryArn, type Scope } from '../arn.ts';
import { requireActiveCluster } from '../clusters/cluster-status.ts';
import { type EksContext, requireCluster } from '../context.ts';
import {
  invalidParameter,
  invalidRequest,
  limitExceeded,
  resourceInUse,
  resourceNotFound,
} from '../errors.ts';
import { isRepeat, madeBy, readTags } from '../input.ts';
import { namesPage } from '../pages.ts';
import { type ClusterRecord, clusterText } from '../records.ts';
import { readAccessPolicy } from './access-policies.ts';
import { checkGroups, checkUsername, isStandard, readAccessEntry } from './input.ts';
import { type AccessEntryRecord, accessEntries, accessEntryKey, accessEntryOf } from './record.ts';

/** "Access entries per cluster" (EKS quotas). */
const maxEntries = 1_000;

/** @throws InvalidParameterException, InvalidRequestException, ResourceInUseException, ResourceNotFoundException, ResourceLimitExceededException */
export async function createAccessEntry(
  context: EksContext,
  input: CreateAccessEntryCommandInput,
  call: Call,
): Promise<CreateAccessEntryResponse> {
  const { state, clock, random } = context;
  const { clusterName = '', principalArn = '' } = input;
  const tags = readTags(input.tags, invalidParameter);
  const request = madeBy(input);
  const id = uuid(random);
  const created = await state.transact((tx) => {
    assertHasEntries(requireActiveCluster(context, tx, call, clusterName));
    const wanted = readAccessEntry(input, call.accountId);
    const key = accessEntryKey(call, clusterName, principalArn);
    const present = tx.get(accessEntries, key);
    if (present !== undefined && isRepeat(present.request, request)) return present;
    const principal = principalEntity(tx, principalArn);
    if (principal === undefined)
      throw invalidParameter('The specified principalArn is invalid: invalid principal.', { clusterName });
    if (present !== undefined || accessEntryOf(tx, call, clusterName, principal.id) !== undefined) {
      throw resourceInUse('The specified access entry resource is already in use on this cluster.', {
        clusterName,
      });
    }
    if (tx.countByIndex(accessEntries, 'cluster', clusterText(call, clusterName)) >= maxEntries)
      throw limitExceeded(`A cluster has at most ${maxEntries} access entries.`, { clusterName });
    const now = clock.now();
    const record: AccessEntryRecord = {
      ...{ id, clusterName, principalArn, principalId: principal.id, ...wanted },
      ...{ policies: [], createdAt: now, modifiedAt: now, tags },
      ...(request && { request }),
    };
    tx.put(accessEntries, key, record);
    return record;
  });
  return { accessEntry: accessEntryView(call, created) };
}

/** @throws InvalidRequestException, ResourceNotFoundException */
export function describeAccessEntry(
  { state }: EksContext,
  { clusterName = '', principalArn = '' }: DescribeAccessEntryCommandInput,
  call: Call,
): DescribeAccessEntryResponse {
  return { accessEntry: accessEntryView(call, requireAccessEntry(state, call, clusterName, principalArn)) };
}

/** @throws InvalidParameterException, InvalidRequestException, ResourceNotFoundException */
export function listAccessEntries(
  { state }: EksContext,
  { clusterName = '', associatedPolicyArn, ...asked }: ListAccessEntriesCommandInput,
  call: Call,
): ListAccessEntriesResponse {
  assertHasEntries(requireCluster(state, call, clusterName));
  const policy =
    associatedPolicyArn === undefined ? undefined : readAccessPolicy(associatedPolicyArn, clusterName);
  const found = state
    .byIndex(accessEntries, 'cluster', clusterText(call, clusterName))
    .filter(({ value }) => policy === undefined || value.policies.some(({ name }) => name === policy));
  const { items, ...more } = namesPage(
    found.map(({ value }) => value.principalArn),
    asked,
  );
  return { accessEntries: [...items], ...more };
}

/** @throws InvalidParameterException, InvalidRequestException, ResourceNotFoundException */
export async function updateAccessEntry(
  { state, clock }: EksContext,
  { clusterName = '', principalArn = '', username, kubernetesGroups }: UpdateAccessEntryCommandInput,
  call: Call,
): Promise<UpdateAccessEntryResponse> {
  const updated = await state.transact((tx) => {
    const present = requireStandardEntry(tx, call, clusterName, principalArn);
    checkUsername(username, clusterName);
    checkGroups(kubernetesGroups ?? [], clusterName);
    const record: AccessEntryRecord = {
      ...present,
      ...(username !== undefined && { username }),
      ...(kubernetesGroups !== undefined && { kubernetesGroups }),
      modifiedAt: clock.now(),
    };
    tx.put(accessEntries, accessEntryKey(call, clusterName, principalArn), record);
    return record;
  });
  return { accessEntry: accessEntryView(call, updated) };
}

/** @throws InvalidRequestException, ResourceNotFoundException */
export async function deleteAccessEntry(
  { state }: EksContext,
  { clusterName = '', principalArn = '' }: DeleteAccessEntryCommandInput,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    requireAccessEntry(tx, call, clusterName, principalArn);
    tx.delete(accessEntries, accessEntryKey(call, clusterName, principalArn));
  });
  return {};
}

/** @throws InvalidRequestException, ResourceNotFoundException */
export function requireAccessEntry(
  reader: Reader,
  scope: Scope,
  clusterName: string,
  principalArn: string,
): AccessEntryRecord {
  assertHasEntries(requireCluster(reader, scope, clusterName));
  const found =
    principalArn === ''
      ? undefined
      : reader.get(accessEntries, accessEntryKey(scope, clusterName, principalArn));
  if (found !== undefined) return found;
  throw resourceNotFound(
    "The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.",
    { clusterName },
  );
}

/** One whose name, groups and policies are its own. @throws InvalidParameterException, InvalidRequestException, ResourceNotFoundException */
export function requireStandardEntry(
  reader: Reader,
  scope: Scope,
  clusterName: string,
  principalArn: string,
): AccessEntryRecord {
  const found = requireAccessEntry(reader, scope, clusterName, principalArn);
  if (isStandard(found.type)) return found;
  throw invalidParameter(
    'This operation can only be performed on Access Entries with a type of "STANDARD".',
    { clusterName },
  );
}

/** @throws InvalidRequestException */
function assertHasEntries({ name: clusterName, authenticationMode }: ClusterRecord): void {
  if (authenticationMode !== 'CONFIG_MAP') return;
  throw invalidRequest(
    "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
    { clusterName },
  );
}

function accessEntryView(scope: Scope, record: AccessEntryRecord): AccessEntry {
  const { clusterName, principalArn, type, username, kubernetesGroups, tags, createdAt, modifiedAt } = record;
  return {
    ...{ clusterName, principalArn, kubernetesGroups: [...kubernetesGroups] },
    accessEntryArn: accessEntryArn(scope, record),
    ...{ createdAt: new Date(createdAt), modifiedAt: new Date(modifiedAt) },
    ...{ tags, username, type },
  };
}
