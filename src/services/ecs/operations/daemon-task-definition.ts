import type {
  DaemonContainerDefinition,
  DaemonTaskDefinition,
  DaemonTaskDefinitionSummary,
  DaemonVolume,
  DeleteDaemonTaskDefinitionCommandInput,
  DeleteDaemonTaskDefinitionResponse,
  DescribeDaemonTaskDefinitionCommandInput,
  DescribeDaemonTaskDefinitionResponse,
  ListDaemonTaskDefinitionsCommandInput,
  ListDaemonTaskDefinitionsResponse,
  RegisterDaemonTaskDefinitionCommandInput,
  RegisterDaemonTaskDefinitionResponse,
} from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import {
  daemonFamily,
  daemonTaskDefinitionId,
  familyOfDaemon,
  isForeign,
  isName,
  type Scope,
  taskDefinitionArn,
} from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { clientError, invalidParameter, unsupported } from '../errors.ts';
import { given } from '../given.ts';
import { page } from '../pagination.ts';
import { type TaskDefinitionRecord, taskDefinitionFamilies, taskDefinitions } from '../records.ts';
import { validateTags } from '../tags.ts';
import { familyKey, taskDefinitionKey } from '../task-definition-lookup.ts';
import { forgetActiveRevision } from './forget-active-revision.ts';
import { putNextRevision, readTaskDefinition } from './register-task-definition.ts';
import { requireChoice } from './require-choice.ts';

/** Makes the next revision of a family of daemons' task definitions, under the rules of all task definitions. */
export async function registerDaemonTaskDefinition(
  ecs: EcsContext,
  input: RegisterDaemonTaskDefinitionCommandInput,
  call: Call,
): Promise<RegisterDaemonTaskDefinitionResponse> {
  const { volumes = [], pidMode, ipcMode, tags: asked, ...definition } = input;
  if (volumes.some(({ logDriverVolumeConfiguration }) => logDriverVolumeConfiguration !== undefined))
    throw unsupported('logDriverVolumeConfiguration');
  const tags = validateTags(asked);
  const read = readTaskDefinition({
    ...definition,
    volumes,
    // A network of their own on the instance: nothing is published.
    networkMode: 'bridge',
    ...given('pidMode', readNamespace('pidMode', pidMode)),
    ...given('ipcMode', readNamespace('ipcMode', ipcMode)),
  });
  const kept = { ...read, family: daemonFamily(read.family) };
  const { family, revision } = await ecs.state.transact((tx) => putNextRevision(tx, call, kept, tags));
  return { daemonTaskDefinitionArn: taskDefinitionArn(call, family, revision) };
}

function readNamespace(member: string, mode: string | undefined): 'host' | undefined {
  if (mode === undefined || mode === 'none') return undefined;
  if (mode === 'shared') return 'host';
  throw invalidParameter(`${member} should be one of [none,shared].`);
}

export function describeDaemonTaskDefinition(
  ecs: EcsContext,
  input: DescribeDaemonTaskDefinitionCommandInput,
  call: Call,
): DescribeDaemonTaskDefinitionResponse {
  const record = findDaemonTaskDefinition(ecs.state, call, input.daemonTaskDefinition);
  if (record === undefined) throw clientError('Unable to describe daemon task definition.');
  return { daemonTaskDefinition: definitionView(call, record) };
}

/** By family, then by revision as a number. */
export function listDaemonTaskDefinitions(
  ecs: EcsContext,
  input: ListDaemonTaskDefinitionsCommandInput,
  call: Call,
): ListDaemonTaskDefinitionsResponse {
  const { family, familyPrefix = '', revision, status = 'ACTIVE', sort = 'ASC' } = input;
  requireChoice('status', status, ['ACTIVE', 'DELETE_IN_PROGRESS', 'ALL']);
  requireChoice('sort', sort, ['ASC', 'DESC']);
  if (revision !== undefined) requireChoice('revision', revision, ['LAST_REGISTERED']);
  const prefix = `/ecs/${call.accountId}/${call.region}/task-definition/${daemonFamily('')}`;
  const matching = [...ecs.state.list(taskDefinitions, prefix)]
    .map(({ value }) => value)
    .filter((record) => {
      const own = familyOfDaemon(record.family) ?? '';
      const isOfFamily = family === undefined ? own.startsWith(familyPrefix) : own === family;
      const isOfStatus = status === 'ALL' || statusOf(record) === status;
      return isOfFamily && isOfStatus && (revision === undefined || isLast(ecs.state, call, record));
    })
    .map((record) => ({
      ...record,
      order: `${familyOfDaemon(record.family)} ${String(record.revision).padStart(9, '0')}`,
    }))
    .sort((one, other) => (one.order < other.order ? -1 : 1));
  const { items, nextToken } = page(sort === 'ASC' ? matching : matching.reverse(), ({ order }) => order, {
    ...{ maxResults: input.maxResults, nextToken: input.nextToken, defaultSize: 100, maxSize: 100 },
    order: sort === 'ASC' ? 'ascending' : 'descending',
  });
  return {
    daemonTaskDefinitions: items.map((record) => summaryView(call, record)),
    ...given('nextToken', nextToken),
  };
}

const isLast = (reader: Reader, scope: Scope, { family, revision }: TaskDefinitionRecord): boolean =>
  reader.get(taskDefinitionFamilies, familyKey(scope, family))?.lastRevision === revision;

/** Daemons that have it keep it, and no other can take it: `task-definition-deletion` ends it when none has it. */
export async function deleteDaemonTaskDefinition(
  ecs: EcsContext,
  input: DeleteDaemonTaskDefinitionCommandInput,
  call: Call,
): Promise<DeleteDaemonTaskDefinitionResponse> {
  if (daemonTaskDefinitionId(input.daemonTaskDefinition).revision === undefined)
    throw clientError('Revision is missing.');
  const deleted = await ecs.state.transact((tx) => {
    const before = findDaemonTaskDefinition(tx, call, input.daemonTaskDefinition);
    if (before?.status !== 'ACTIVE')
      throw clientError('The daemon task definition must be in an ACTIVE state to be deleted.');
    tx.put(taskDefinitions, taskDefinitionKey(call, before.family, before.revision), {
      ...before,
      ...{ status: 'DELETE_IN_PROGRESS', deleteRequestedAt: call.now },
    });
    forgetActiveRevision(tx, call, before);
    return before;
  });
  return { daemonTaskDefinitionArn: taskDefinitionArn(call, deleted.family, deleted.revision) };
}

/**
 * The one that a family (its latest ACTIVE revision), `family:revision` or an ARN means; undefined: there is none.
 * @throws InvalidParameterException
 */
export function findDaemonTaskDefinition(
  reader: Reader,
  scope: Scope,
  identifier: string | undefined,
): TaskDefinitionRecord | undefined {
  const { family, revision } = daemonTaskDefinitionId(identifier);
  if (isForeign(identifier ?? '', scope) || !isName(familyOfDaemon(family) ?? '')) return undefined;
  const wanted =
    revision ?? reader.get(taskDefinitionFamilies, familyKey(scope, family))?.latestActiveRevision;
  return wanted === undefined
    ? undefined
    : reader.get(taskDefinitions, taskDefinitionKey(scope, family, wanted));
}

const statusOf = ({ status }: TaskDefinitionRecord) => (status === 'INACTIVE' ? 'DELETED' : status);

function summaryView(scope: Scope, record: TaskDefinitionRecord): DaemonTaskDefinitionSummary {
  const { family, revision, registeredAt, registeredBy, deleteRequestedAt } = record;
  return {
    ...{ arn: taskDefinitionArn(scope, family, revision), status: statusOf(record), registeredBy },
    registeredAt: new Date(registeredAt),
    ...(deleteRequestedAt !== undefined && { deleteRequestedAt: new Date(deleteRequestedAt) }),
  };
}

function definitionView(scope: Scope, record: TaskDefinitionRecord): DaemonTaskDefinition {
  const { family, revision, definition } = record;
  const { arn, ...summary } = summaryView(scope, record);
  const { cpu, memory, taskRoleArn, executionRoleArn, pidMode, ipcMode, volumes = [] } = definition;
  return {
    ...{ daemonTaskDefinitionArn: arn, family: familyOfDaemon(family), revision, ...summary },
    containerDefinitions: definition.containerDefinitions.map(containerView),
    volumes: volumes.map(
      ({ name, host }): DaemonVolume => ({ ...given('name', name), ...given('host', host) }),
    ),
    ...{ pidMode: pidMode === 'host' ? 'shared' : 'none', ipcMode: ipcMode === 'host' ? 'shared' : 'none' },
    ...{ ...given('cpu', cpu), ...given('memory', memory) },
    ...{ ...given('taskRoleArn', taskRoleArn), ...given('executionRoleArn', executionRoleArn) },
  };
}

/** What a daemon's container can't have is not shown of it: what it publishes, and what it links to. */
function containerView(container: TaskDefinitionRecord['definition']['containerDefinitions'][number]) {
  const { portMappings: _ports, volumesFrom: _volumes, ...shown } = container;
  return { ...shown, image: container.image } as DaemonContainerDefinition;
}
