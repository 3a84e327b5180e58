import type {
  DeleteTaskDefinitionsCommandInput,
  DeleteTaskDefinitionsResponse,
  DeregisterTaskDefinitionCommandInput,
  DeregisterTaskDefinitionResponse,
  DescribeTaskDefinitionCommandInput,
  DescribeTaskDefinitionResponse,
  Failure,
  ListTaskDefinitionFamiliesCommandInput,
  ListTaskDefinitionFamiliesResponse,
  ListTaskDefinitionsCommandInput,
  ListTaskDefinitionsResponse,
  TaskDefinition,
} from '@aws-sdk/client-ecs';
import type { Stored, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { isName, taskDefinitionArn, taskDefinitionId } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { clientError, invalidParameter } from '../errors.ts';
import { readInclude } from '../include.ts';
import { page } from '../pagination.ts';
import { type TaskDefinitionRecord, taskDefinitionFamilies, taskDefinitions } from '../records.ts';
import { findTaskDefinition, taskDefinitionKey } from '../task-definition-lookup.ts';
import { taskDefinitionView } from '../task-definition-view.ts';
import { forgetActiveRevision } from './forget-active-revision.ts';
import { requireChoice } from './require-choice.ts';

export { registerTaskDefinition } from './register-task-definition.ts';

const unknownTaskDefinition = () => clientError('Unable to describe task definition.');

export function describeTaskDefinition(
  ecs: EcsContext,
  input: DescribeTaskDefinitionCommandInput,
  call: Call,
): DescribeTaskDefinitionResponse {
  const include = readInclude(input.include, ['TAGS']);
  const record = findTaskDefinition(ecs.state, call, input.taskDefinition ?? '');
  if (record === undefined) throw unknownTaskDefinition();
  return {
    taskDefinition: taskDefinitionView(call, record),
    ...(include.has('TAGS') && { tags: [...record.tags] }),
  };
}

const listing = { defaultSize: 100, maxSize: 100 };

/** By family, then by revision as a number. `familyPrefix` is the whole name of a family here. */
export function listTaskDefinitions(
  ecs: EcsContext,
  input: ListTaskDefinitionsCommandInput,
  call: Call,
): ListTaskDefinitionsResponse {
  const { familyPrefix, status = 'ACTIVE', sort = 'ASC' } = input;
  requireChoice('status', status, ['ACTIVE', 'INACTIVE', 'DELETE_IN_PROGRESS']);
  requireChoice('sort', sort, ['ASC', 'DESC']);
  const scope = `${call.accountId}/${call.region}`;
  const candidates: Iterable<Stored<TaskDefinitionRecord>> =
    familyPrefix === undefined
      ? ecs.state.list(taskDefinitions, `/ecs/${scope}/task-definition/`)
      : ecs.state.byIndex(taskDefinitions, 'byFamily', `${scope}/${familyPrefix}`);
  const matching = [...candidates]
    .filter(({ value }) => value.status === status && isName(value.family))
    .map(({ value }) => ({ ...value, order: listingOrder(value) }))
    .sort((one, other) => (one.order < other.order ? -1 : 1));
  const inOrder = sort === 'ASC' ? matching : matching.reverse();
  const { items, nextToken } = page(inOrder, ({ order }) => order, {
    maxResults: input.maxResults,
    nextToken: input.nextToken,
    order: sort === 'ASC' ? 'ascending' : 'descending',
    ...listing,
  });
  return {
    taskDefinitionArns: items.map(({ family, revision }) => taskDefinitionArn(call, family, revision)),
    ...(nextToken && { nextToken }),
  };
}

/** A space comes before every character of a family's name, zeros before the digits of a revision. */
function listingOrder({ family, revision }: TaskDefinitionRecord): string {
  return `${family} ${String(revision).padStart(9, '0')}`;
}

/** Families with an ACTIVE revision, without one, or both. A family of which everything was deleted isn't shown. */
export function listTaskDefinitionFamilies(
  ecs: EcsContext,
  input: ListTaskDefinitionFamiliesCommandInput,
  call: Call,
): ListTaskDefinitionFamiliesResponse {
  const { familyPrefix = '', status = 'ALL' } = input;
  requireChoice('status', status, ['ACTIVE', 'INACTIVE', 'ALL']);
  const scope = `${call.accountId}/${call.region}`;
  const families: string[] = [];
  for (const { value } of ecs.state.list(taskDefinitionFamilies, `/ecs/${scope}/task-definition-family/`)) {
    const isActive = value.latestActiveRevision !== undefined;
    const isWanted = status === 'ALL' || (status === 'ACTIVE') === isActive;
    if (!isWanted || !isName(value.family) || !value.family.startsWith(familyPrefix)) continue;
    if (isActive || ecs.state.countByIndex(taskDefinitions, 'byFamily', `${scope}/${value.family}`) > 0)
      families.push(value.family);
  }
  const { items, nextToken } = page(families, (family) => family, {
    maxResults: input.maxResults,
    nextToken: input.nextToken,
    ...listing,
  });
  return { families: [...items], ...(nextToken && { nextToken }) };
}

/** Tasks and services that have the revision keep it; new ones can't take it. */
export async function deregisterTaskDefinition(
  ecs: EcsContext,
  input: DeregisterTaskDefinitionCommandInput,
  call: Call,
): Promise<DeregisterTaskDefinitionResponse> {
  const identifier = input.taskDefinition ?? '';
  if (taskDefinitionId(identifier).revision === undefined) throw clientError('Revision is missing.');
  const record = await ecs.state.transact((tx) => {
    const before = findTaskDefinition(tx, call, identifier);
    if (before === undefined) throw unknownTaskDefinition();
    if (before.status !== 'ACTIVE') return before;
    const after: TaskDefinitionRecord = { ...before, status: 'INACTIVE', deregisteredAt: call.now };
    tx.put(taskDefinitions, taskDefinitionKey(call, before.family, before.revision), after);
    forgetActiveRevision(tx, call, before);
    return after;
  });
  return { taskDefinition: taskDefinitionView(call, record) };
}

const maxDeleted = 10;

/** Marks INACTIVE revisions; `task-definition-deletion` removes each once nothing has it any more. */
export async function deleteTaskDefinitions(
  ecs: EcsContext,
  input: DeleteTaskDefinitionsCommandInput,
  call: Call,
): Promise<DeleteTaskDefinitionsResponse> {
  const identifiers = input.taskDefinitions ?? [];
  if (identifiers.length === 0) throw invalidParameter('TaskDefinition references list cannot be empty.');
  if (identifiers.length > maxDeleted)
    throw invalidParameter(`Size of TaskDefinition references list cannot exceed ${maxDeleted}`);
  for (const identifier of identifiers) {
    if (taskDefinitionId(identifier).revision === undefined) throw invalidParameter('Revision is missing.');
  }
  return ecs.state.transact((tx) => {
    const deleted: TaskDefinition[] = [];
    const failures: Failure[] = [];
    for (const identifier of new Set(identifiers)) {
      const record = findTaskDefinition(tx, call, identifier);
      const reason = reasonToKeep(record);
      if (record === undefined || reason !== undefined)
        failures.push({ arn: arnOf(call, identifier), ...(reason && { reason }) });
      else deleted.push(taskDefinitionView(call, markForDeletion(tx, call, record)));
    }
    return { taskDefinitions: deleted, failures };
  });
}

/** Why a revision can't be deleted; undefined when it can, or is being deleted already. */
function reasonToKeep(record: TaskDefinitionRecord | undefined): string | undefined {
  if (record === undefined)
    return 'The specified task definition does not exist. Specify a valid account, family, revision and try again.';
  if (record.status === 'ACTIVE')
    return 'The specified task definition is still in ACTIVE status. Please deregister the target and try again.';
  return undefined;
}

function markForDeletion(tx: Transaction, call: Call, record: TaskDefinitionRecord): TaskDefinitionRecord {
  if (record.status === 'DELETE_IN_PROGRESS') return record;
  const after: TaskDefinitionRecord = {
    ...record,
    status: 'DELETE_IN_PROGRESS',
    deleteRequestedAt: call.now,
  };
  tx.put(taskDefinitions, taskDefinitionKey(call, record.family, record.revision), after);
  return after;
}

function arnOf(call: Call, identifier: string): string {
  if (identifier.startsWith('arn:')) return identifier;
  const { family, revision } = taskDefinitionId(identifier);
  return isName(family) && revision !== undefined ? taskDefinitionArn(call, family, revision) : identifier;
}
