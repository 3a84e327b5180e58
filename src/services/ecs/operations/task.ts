import type {
  DescribeTasksCommandInput,
  DescribeTasksCommandOutput,
  ListTasksCommandInput,
  ListTasksCommandOutput,
  StartTaskCommandInput,
  StartTaskCommandOutput,
  StopTaskCommandInput,
  StopTaskCommandOutput,
} from '@aws-sdk/client-ecs';
import { type Reader, type RecordKey, recordKey, type Stored } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import {
  clusterName,
  containerInstanceId,
  isElsewhere,
  type Scope,
  serviceName,
  taskArn,
  taskId,
} from '../arn.ts';
import { requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { invalidParameter } from '../errors.ts';
import { readInclude } from '../include.ts';
import { readCommonLaunch, requireCompatible, requireStorageOnFargate } from '../launch-input.ts';
import { readLaunchTypeFilter } from '../launch-type-filter.ts';
import { requirePublicIpOnFargate } from '../network-configuration.ts';
import { page } from '../pagination.ts';
import { isExternal } from '../placement/instance.ts';
import { containerInstances, type TaskRecord, tasks } from '../records.ts';
import { requireService } from '../service-lookup.ts';
import { launchTasks } from '../task-launch.ts';
import { requestTaskStop } from '../task-state.ts';
import { taskView } from '../task-view.ts';

const maxInstances = 10;
const maxDescribed = 100;
const maxPage = 100;
const maxStartedByLength = 36;
const maxReasonLength = 1024;

/** Launches one task on each container instance that is named, if it fits there. */
export async function startTask(
  ecs: EcsContext,
  input: StartTaskCommandInput,
  call: Call,
): Promise<Omit<StartTaskCommandOutput, '$metadata'>> {
  const scope: Scope = call;
  const identifiers = input.containerInstances ?? [];
  if (identifiers.length === 0) throw invalidParameter('Container instances cannot be empty.');
  if (identifiers.length > maxInstances)
    throw invalidParameter(`Container instances can have at most ${maxInstances} items.`);
  const cluster = clusterName(input.cluster);
  const named = identifiers.map((identifier) => ({ identifier, id: containerInstanceId(identifier) }));
  const elsewhere = identifiers.filter((identifier) => isElsewhere(identifier, scope, cluster));
  const instanceIds = named.flatMap(({ identifier, id }) => (elsewhere.includes(identifier) ? [] : [id]));

  const plan = await transactInTurn(ecs, scope, cluster, (tx) => {
    const common = readCommonLaunch(tx, ecs, scope, input, { maxStartedByLength, now: call.now });
    const hasExternal = instanceIds.some((id) => {
      const key = recordKey(containerInstances, scope.accountId, scope.region, cluster, id);
      const instance = tx.get(containerInstances, key);
      return instance !== undefined && isExternal(instance);
    });
    const launchType = hasExternal ? 'EXTERNAL' : 'EC2';
    requireCompatible(common.definition, launchType);
    requireStorageOnFargate(launchType, common.overrides);
    requirePublicIpOnFargate(launchType, common.network);
    return launchTasks(tx, ecs, {
      ...common,
      count: instanceIds.length,
      launchType,
      placementStrategy: [],
      placementConstraints: [],
      instanceIds,
    });
  });
  return {
    tasks: plan.tasks.map((task) => taskView(ecs.state, scope, task, { withTags: true })),
    failures: [
      ...plan.failures.map((failure) => ({ ...failure })),
      ...elsewhere.map((arn) => ({ arn, reason: 'MISSING' })),
    ],
  };
}

/** Asks for a task's end and answers with the task as it then stands. Stopping a stopped task is success. */
export async function stopTask(
  ecs: EcsContext,
  input: StopTaskCommandInput,
  call: Call,
): Promise<Omit<StopTaskCommandOutput, '$metadata'>> {
  const scope: Scope = call;
  if (!input.task) throw invalidParameter('Task identifier can not be blank.');
  const identifier = input.task;
  const task = await ecs.state.transact((tx) => {
    const cluster = requireCluster(tx, scope, input.cluster);
    const key = keyOfTask(scope, cluster.name, identifier);
    return (
      key &&
      requestTaskStop(tx, key, {
        stopCode: 'UserInitiated',
        reason: (input.reason || 'Task stopped by user').slice(0, maxReasonLength),
        now: call.now,
      })
    );
  });
  if (task === undefined) throw invalidParameter('The referenced task was not found.');
  return { task: taskView(ecs.state, scope, task, { withTags: false }) };
}

/** Up to a hundred tasks; those unknown are told as MISSING. */
export function describeTasks(
  ecs: EcsContext,
  input: DescribeTasksCommandInput,
  call: Call,
): Omit<DescribeTasksCommandOutput, '$metadata'> {
  const scope: Scope = call;
  const cluster = requireCluster(ecs.state, scope, input.cluster);
  const identifiers = input.tasks ?? [];
  if (identifiers.length === 0) throw invalidParameter('Tasks cannot be empty.');
  if (identifiers.length > maxDescribed)
    throw invalidParameter(`Tasks can have at most ${maxDescribed} items.`);
  const withTags = readInclude(input.include, ['TAGS']).has('TAGS');

  const found: TaskRecord[] = [];
  const missing: string[] = [];
  for (const identifier of new Set(identifiers)) {
    const key = keyOfTask(scope, cluster.name, identifier);
    const task = key && ecs.state.get(tasks, key);
    if (task) found.push(task);
    else
      missing.push(
        identifier.startsWith('arn:') ? identifier : taskArn(scope, cluster.name, taskId(identifier)),
      );
  }
  return {
    tasks: found.map((task) => taskView(ecs.state, scope, task, { withTags })),
    failures: missing.map((arn) => ({ arn, reason: 'MISSING' })),
  };
}

/** The ARNs of a cluster's tasks; of the running ones unless `desiredStatus` says STOPPED. */
export function listTasks(
  ecs: EcsContext,
  input: ListTasksCommandInput,
  call: Call,
): Omit<ListTasksCommandOutput, '$metadata'> {
  const scope: Scope = call;
  const cluster = requireCluster(ecs.state, scope, input.cluster);
  const desiredStatus = input.desiredStatus ?? 'RUNNING';
  if (!['RUNNING', 'PENDING', 'STOPPED'].includes(desiredStatus))
    throw invalidParameter(`desiredStatus should be one of [RUNNING,PENDING,STOPPED].`);
  const launchType = readLaunchTypeFilter(input.launchType);

  const listed = candidates(ecs.state, scope, cluster.name, input).filter(
    ({ value }) =>
      value.desiredStatus === desiredStatus &&
      (launchType === undefined || value.launchType === launchType) &&
      (!input.family || value.taskDefinition.family === input.family) &&
      (!input.daemonName || value.daemon?.name === input.daemonName) &&
      (!input.serviceName || value.service?.name === serviceName(input.serviceName)) &&
      (!input.containerInstance ||
        value.containerInstanceId === containerInstanceId(input.containerInstance)),
  );
  const { items, nextToken } = page(listed, ({ value }) => value.id, {
    maxResults: input.maxResults,
    nextToken: input.nextToken,
    defaultSize: maxPage,
    maxSize: maxPage,
  });
  return {
    taskArns: items.map(({ value }) => taskArn(scope, cluster.name, value.id)),
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}

/** The tasks of the narrowest index that a filter names, in order of their ids. */
function candidates(
  reader: Reader,
  scope: Scope,
  cluster: string,
  input: ListTasksCommandInput,
): readonly Stored<TaskRecord>[] {
  const within = `${scope.accountId}/${scope.region}/${cluster}`;
  if (input.startedBy) {
    if (input.family || input.serviceName || input.containerInstance)
      throw invalidParameter('When startedBy is specified, it must be the only filter.');
    return reader.byIndex(tasks, 'byStartedBy', `${within}/${input.startedBy}`);
  }
  if (input.serviceName) {
    const { name } = requireService(reader, scope, cluster, input.serviceName);
    return reader.byIndex(tasks, 'byService', `${within}/${name}`);
  }
  if (input.containerInstance && isElsewhere(input.containerInstance, scope, cluster)) return [];
  if (input.containerInstance)
    return reader.byIndex(tasks, 'byInstance', `${within}/${containerInstanceId(input.containerInstance)}`);
  if (input.family) return reader.byIndex(tasks, 'byFamily', `${within}/${input.family}`);
  return reader.byIndex(tasks, 'byCluster', within);
}

/** A task parameter to its record's key; undefined for the ARN of something in another cluster, account or region. */
export function keyOfTask(scope: Scope, cluster: string, identifier: string): RecordKey | undefined {
  const id = taskId(identifier);
  if (isElsewhere(identifier, scope, cluster)) return undefined;
  return recordKey(tasks, scope.accountId, scope.region, cluster, id);
}
