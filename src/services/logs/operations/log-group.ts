import type {
  CreateLogGroupCommandInput,
  DeleteLogGroupCommandInput,
  DescribeLogGroupsCommandInput,
  DescribeLogGroupsResponse,
  ListLogGroupsCommandInput,
  ListLogGroupsResponse,
  LogGroup,
  PutLogGroupDeletionProtectionCommandInput,
} from '@aws-sdk/client-cloudwatch-logs';
import { RE2JS } from 're2js';
import { hex } from '../../../clock/index.ts';
import type { Call } from '../../service.ts';
import { logGroupArn, logGroupArnWithWildcard, logGroupOfIdentifier, type Scope } from '../arn.ts';
import { Constraints, groupIdentifierConstraint, groupNameConstraint } from '../constraints.ts';
import { type LogsContext, requireGroup } from '../context.ts';
import { deletionProtected, groupExists, invalidParameter, unsupported } from '../errors.ts';
import { ascending, page } from '../pagination.ts';
import {
  deletionKey,
  deletions,
  type LogGroupRecord,
  logGroupKey,
  logGroupPrefix,
  logGroups,
} from '../records.ts';
import { checkTags } from './tags.ts';

/** The only log group class there is here; the others are the same with less. */
const standardClass = 'STANDARD';
const classes = ['STANDARD', 'INFREQUENT_ACCESS', 'ESSENTIALS', 'DELIVERY'];

export async function createLogGroup(
  { state, random }: LogsContext,
  input: CreateLogGroupCommandInput,
  call: Call,
): Promise<object> {
  const { logGroupName: name = '', tags = {}, logGroupClass = standardClass, kmsKeyId } = input;
  new Constraints()
    .text('logGroupName', input.logGroupName, { isRequired: true, ...groupNameConstraint })
    .text('logGroupClass', logGroupClass, { oneOf: classes })
    .throwIfViolated();
  if (/^aws\//i.test(name)) throw invalidParameter('Log groups starting with AWS/ are reserved for AWS.');
  if (kmsKeyId !== undefined) throw unsupported('Encryption of log groups with kmsKeyId');
  if (logGroupClass !== standardClass) throw unsupported(`The log group class ${logGroupClass}`);
  checkTags(tags, logGroupArn(call, name));
  const group: LogGroupRecord = {
    name,
    id: hex(random, 16),
    creationTime: call.now,
    isDeletionProtected: input.deletionProtectionEnabled ?? false,
    tags,
  };
  await state.transact((tx) => {
    const key = logGroupKey(call, name);
    if (tx.get(logGroups, key) !== undefined) throw groupExists();
    tx.put(logGroups, key, group);
  });
  return {};
}

/** The group is gone at once; its streams' records and events follow (reconcilers/deletion.ts). */
export async function deleteLogGroup(
  { state }: LogsContext,
  input: DeleteLogGroupCommandInput,
  call: Call,
): Promise<object> {
  const { logGroupName: name = '' } = input;
  new Constraints()
    .text('logGroupName', input.logGroupName, { isRequired: true, ...groupNameConstraint })
    .throwIfViolated();
  await state.transact((tx) => {
    const group = requireGroup(tx, call, name);
    if (group.isDeletionProtected) throw deletionProtected(name);
    tx.delete(logGroups, logGroupKey(call, name));
    tx.put(deletions, deletionKey(call, { groupId: group.id }), { groupId: group.id });
  });
  return {};
}

export async function putLogGroupDeletionProtection(
  { state }: LogsContext,
  input: PutLogGroupDeletionProtectionCommandInput,
  call: Call,
): Promise<object> {
  new Constraints()
    .text('logGroupIdentifier', input.logGroupIdentifier, { isRequired: true, ...groupIdentifierConstraint })
    .throwIfViolated();
  const name = logGroupOfIdentifier(call, input.logGroupIdentifier ?? '');
  await state.transact((tx) => {
    const group = requireGroup(tx, call, name);
    const isDeletionProtected = input.deletionProtectionEnabled ?? false;
    tx.put(logGroups, logGroupKey(call, name), { ...group, isDeletionProtected });
  });
  return {};
}

export async function describeLogGroups(
  context: LogsContext,
  input: DescribeLogGroupsCommandInput,
  call: Call,
): Promise<DescribeLogGroupsResponse> {
  const { logGroupNamePrefix, logGroupNamePattern, logGroupIdentifiers, logGroupClass } = input;
  new Constraints()
    .text('logGroupNamePrefix', logGroupNamePrefix, groupNameConstraint)
    .text('logGroupNamePattern', logGroupNamePattern, {
      maxLength: 512,
      pattern: String.raw`[\.\-_/#A-Za-z0-9]*`,
    })
    .text('logGroupClass', logGroupClass, { oneOf: classes })
    .number('limit', input.limit, { min: 1, max: 50 })
    .list('logGroupIdentifiers', logGroupIdentifiers, { min: 1, max: 50 })
    .throwIfViolated();
  if (logGroupNamePrefix !== undefined && logGroupNamePattern !== undefined) {
    throw invalidParameter(
      'LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.',
    );
  }
  refuseOtherAccounts(input);
  const names =
    logGroupIdentifiers && new Set(logGroupIdentifiers.map((id) => logGroupOfIdentifier(call, id)));
  const groups = listGroups(context, call, (group) => {
    if (names !== undefined && !names.has(group.name)) return false;
    if (logGroupClass !== undefined && logGroupClass !== standardClass) return false;
    if (logGroupNamePrefix !== undefined) return group.name.startsWith(logGroupNamePrefix);
    return group.name.includes(logGroupNamePattern ?? '');
  });
  const { items, nextToken } = page(groups, (group) => group.name, ascending, {
    limit: input.limit ?? 50,
    nextToken: input.nextToken,
  });
  const described = await Promise.all(items.map((group) => describe(context, call, group)));
  return { logGroups: described, ...(nextToken === undefined ? {} : { nextToken }) };
}

export async function listLogGroups(
  context: LogsContext,
  input: ListLogGroupsCommandInput,
  call: Call,
): Promise<ListLogGroupsResponse> {
  const { logGroupNamePattern, logGroupClass } = input;
  new Constraints()
    .text('logGroupNamePattern', logGroupNamePattern, {
      minLength: 3,
      maxLength: 129,
      pattern: String.raw`(\^?[\.\-_\/#A-Za-z0-9]{3,24})(\|\^?[\.\-_\/#A-Za-z0-9]{3,24}){0,4}`,
    })
    .text('logGroupClass', logGroupClass, { oneOf: classes })
    .number('limit', input.limit, { min: 1, max: 1000 })
    .throwIfViolated();
  refuseOtherAccounts(input);
  if (input.dataSources?.length) throw unsupported('Listing log groups by data source');
  if (input.fieldIndexNames?.length) throw unsupported('Listing log groups by field index');
  if (input.logGroupTags?.length) throw unsupported('Listing log groups by tag');
  const pattern = logGroupNamePattern === undefined ? undefined : RE2JS.compile(logGroupNamePattern);
  const groups = listGroups(context, call, (group) => {
    if (logGroupClass !== undefined && logGroupClass !== standardClass) return false;
    return pattern === undefined || pattern.matcher(group.name).find();
  });
  const { items, nextToken } = page(groups, (group) => group.name, ascending, {
    limit: input.limit ?? 50,
    nextToken: input.nextToken,
  });
  return {
    logGroups: items.map(({ name }) => ({
      logGroupName: name,
      logGroupArn: logGroupArn(call, name),
      logGroupClass: standardClass,
    })),
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}

async function describe(context: LogsContext, scope: Scope, group: LogGroupRecord): Promise<LogGroup> {
  return {
    logGroupName: group.name,
    creationTime: group.creationTime,
    ...(group.retentionInDays === undefined ? {} : { retentionInDays: group.retentionInDays }),
    metricFilterCount: 0,
    arn: logGroupArnWithWildcard(scope, group.name),
    storedBytes: await context.events.storedBytes(group.id),
    logGroupClass: standardClass,
    logGroupArn: logGroupArn(scope, group.name),
    deletionProtectionEnabled: group.isDeletionProtected,
  };
}

/** Sorted by name. */
function listGroups(
  { state }: LogsContext,
  scope: Scope,
  isWanted: (group: LogGroupRecord) => boolean,
): readonly LogGroupRecord[] {
  const groups: LogGroupRecord[] = [];
  for (const { value } of state.list(logGroups, logGroupPrefix(scope))) {
    if (isWanted(value)) groups.push(value);
  }
  return groups.sort((a, b) => ascending(a.name, b.name));
}

function refuseOtherAccounts(input: {
  readonly includeLinkedAccounts?: boolean | undefined;
  readonly accountIdentifiers?: readonly string[] | undefined;
}): void {
  if (input.includeLinkedAccounts) throw unsupported('Listing log groups of linked accounts');
  if (input.accountIdentifiers?.length) throw unsupported('Listing log groups of linked accounts');
}
