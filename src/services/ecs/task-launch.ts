import type { Tag } from '@aws-sdk/client-ecs';
import { alphanumeric, hex, uuid } from '../../clock/index.ts';
import { serviceConnectImage } from '../../protocols/acs.ts';
import { type RecordKey, recordKey, type Transaction } from '../../reconcile/index.ts';
import { containerInstanceArn, type Scope } from './arn.ts';
import { chooseHost, lenderOf, noFargateCapacity } from './capacity/fargate-hosts.ts';
import { launchFailureOf } from './capacity/providers.ts';
import { currentPlatformVersion } from './capacity/read-capacity.ts';
import type { EcsContext } from './context.ts';
import { clientError } from './errors.ts';
import { given } from './given.ts';
import { placedOn } from './placed-on.ts';
import { clusterPool } from './placement/cluster-pool.ts';
import { type TaskDemand, taskDemand } from './placement/demand.ts';
import { gpusOf } from './placement/gpus.ts';
import { misfit } from './placement/misfit.ts';
import type { LaunchProfile } from './placement/ranking.ts';
import {
  constraintsOf,
  type PlacementConstraintRecord,
  type PlacementStrategyRecord,
  strategyOf,
} from './placement-rules.ts';
import {
  type ContainerInstanceRecord,
  containerInstances,
  type LaunchedType,
  type NetworkConfigurationRecord,
  type TaskActivationRecord,
  type TaskContainerRecord,
  type TaskDefinitionRecord,
  type TaskOverrideRecord,
  type TaskRecord,
  taskDefinitions,
  tasks as taskRecords,
} from './records.ts';
import { takeRoom } from './reservation.ts';
import { taskDefinitionKey } from './task-definition-lookup.ts';
import { type InterfaceObstacle, withInterface, zonesOf } from './task-interface.ts';
import { newTaskRoles } from './task-roles.ts';

/** What is to be launched. Already validated: nothing here is refused any more, only placed or not. */
export interface LaunchRequest {
  readonly scope: Scope;
  readonly cluster: string;
  readonly definition: TaskDefinitionRecord;
  readonly count: number;
  /** `family:<family>`, `service:<name>` or the caller's. */
  readonly group: string;
  readonly startedBy?: string;
  readonly service?: { readonly name: string; readonly deploymentId: string };
  /** Of a daemon's task, which alone an instance takes that is REGISTERING. */
  readonly daemon?: { readonly name: string; readonly revisionId: string };
  readonly activation?: TaskActivationRecord;
  /** By Service Connect: it gets a proxy. */
  readonly isConnected?: boolean;
  readonly overrides: TaskOverrideRecord;
  /** Required for awsvpc definitions. */
  readonly network?: NetworkConfigurationRecord;
  readonly placementStrategy: readonly PlacementStrategyRecord[];
  readonly placementConstraints: readonly PlacementConstraintRecord[];
  readonly tags: readonly Tag[];
  readonly enableECSManagedTags: boolean;
  readonly enableExecuteCommand: boolean;
  /** Which instances come into question. StartTask's are named, and may be of either kind. */
  readonly launchType: LaunchedType;
  /**
   * Only instances of this one, or Fargate's on those terms. Providers of instances make tasks wait for them instead of
   * failing.
   */
  readonly capacityProviderName?: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** StartTask: one task on each of these instances instead of `count` by placement. */
  readonly instanceIds?: readonly string[];
}

export interface LaunchPlan {
  readonly tasks: readonly TaskRecord[];
  /** Why fewer than asked for were placed: one entry per instance that was looked at. `arn` is the instance's. */
  readonly failures: readonly LaunchFailure[];
}

export interface LaunchFailure {
  readonly arn?: string;
  readonly reason: string;
  readonly detail?: string;
}

/** The failure (without `arn`) of a launch into a cluster that has no ACTIVE instance of the launch type. */
export const noContainerInstances = 'No Container Instances were found in your cluster.';

/** Of thousands of instances without room, this many say why. */
const maxFailures = 100;

/** "Tasks in the PROVISIONING state per cluster" (Amazon ECS service quotas). */
const maxAwaiting = 500;

/**
 * Places the tasks and writes their records, reservations and network interfaces in the caller's transaction. Call it
 * within `transactInTurn`, so that concurrent launches queue instead of racing for the same instances.
 * @throws ClientException too many tasks of the cluster wait for capacity already.
 */
export function launchTasks(tx: Transaction, ecs: EcsContext, request: LaunchRequest): LaunchPlan {
  const { launchType, capacityProviderName } = request;
  const unbound = taskDemand(request.definition.definition, request.overrides, request);
  if (launchType === 'FARGATE') return onFargate(tx, ecs, request, unbound);
  const demand = withinZones(tx, request.scope, request.network, unbound);
  if ('reason' in demand) return { tasks: [], failures: [demand] };
  if (capacityProviderName !== undefined && request.instanceIds === undefined)
    return onCapacityProvider(tx, ecs, request, { ...demand, capacityProviderName });
  const { tasks, failures } = request.instanceIds
    ? onNamedInstances(tx, ecs, request, demand, request.instanceIds)
    : byPlacement(tx, ecs, request, demand);
  return { tasks, failures: failures.slice(0, maxFailures) };
}

/** Where the strategies like it best, one after the other, each with what is then left. */
function byPlacement(
  tx: Transaction,
  ecs: EcsContext,
  request: LaunchRequest,
  demand: TaskDemand,
): LaunchPlan {
  const instances = clusterPool(tx, ecs.state, request.scope, request.cluster);
  const profile = profileOf(request, demand);
  if (!instances.pool.isAnyFor(demand)) return { tasks: [], failures: [{ reason: noContainerInstances }] };

  const tasks: TaskRecord[] = [];
  const failures: LaunchFailure[] = [];
  while (tasks.length + failures.length < request.count) {
    const instance = instances.pool.best(profile, ecs.random);
    if (instance === undefined) {
      for (const { instanceId, ...obstacle } of instances.pool.misfits(profile, maxFailures))
        failures.push({ arn: instanceArnOf(request, instanceId), ...obstacle });
      break;
    }
    const task = launchOn(tx, ecs, request, instance, demand);
    if ('reason' in task) failures.push({ arn: instanceArnOf(request, instance.id), ...task });
    else tasks.push(task);
    instances.show(tx);
  }
  return { tasks, failures };
}

function profileOf(
  wishes: Pick<LaunchRequest, 'group' | 'placementStrategy' | 'placementConstraints'>,
  demand: TaskDemand,
): LaunchProfile {
  return {
    demand,
    strategies: wishes.placementStrategy.map(strategyOf),
    constraints: constraintsOf(wishes.placementConstraints),
    group: wishes.group,
  };
}

/** As far as the provider's instances have room; the rest waits until they have. */
function onCapacityProvider(
  tx: Transaction,
  ecs: EcsContext,
  request: LaunchRequest,
  demand: TaskDemand,
): LaunchPlan {
  const { tasks: placed } = byPlacement(tx, ecs, request, demand);
  const missing = request.count - placed.length;
  const within = `${request.scope.accountId}/${request.scope.region}/${request.cluster}`;
  if (missing > 0 && tx.countByIndex(taskRecords, 'awaitingPlacement', within) + missing > maxAwaiting)
    throw clientError(
      `The cluster's provisioning capacity limit exceeded: at most ${maxAwaiting} tasks can be PROVISIONING.`,
    );
  const tasks = [...placed];
  while (tasks.length < request.count) {
    const task = newTask(ecs, request, demand);
    tx.put(taskRecords, taskKeyOf(request, task.id), task);
    tasks.push(task);
  }
  return { tasks, failures: [] };
}

/**
 * The instance that a task which waits for its capacity provider can have now; else what is in the way, in the words
 * of `stoppedReason`.
 */
export function placeAwaiting(
  tx: Transaction,
  ecs: EcsContext,
  scope: Scope,
  task: TaskRecord,
): ContainerInstanceRecord | string {
  const { cluster, capacityProviderName } = task;
  const profile = awaitedPlace(tx, scope, task);
  if (typeof profile === 'string') return profile;
  const { pool } = clusterPool(tx, ecs.state, scope, cluster);
  const chosen = pool.best(profile, ecs.random);
  if (chosen !== undefined) return chosen;
  const launchFailure = launchFailureOf(tx, scope, capacityProviderName);
  if (launchFailure !== undefined) return launchFailure;
  const [obstacle] = pool.misfits(profile, 1);
  if (obstacle !== undefined) return obstacle.reason;
  const within = `${scope.accountId}/${scope.region}/${cluster}`;
  const isEmpty = !tx
    .byIndex(containerInstances, 'registeredByCluster', within)
    .some(({ value }) => value.capacityProviderName === capacityProviderName);
  return isEmpty ? 'EMPTY CAPACITY PROVIDER' : 'NO ACTIVE INSTANCES';
}

/** What a task that waits for its capacity provider asks of an instance; else why it can have none. */
export function awaitedPlace(tx: Transaction, scope: Scope, task: TaskRecord): LaunchProfile | string {
  const { awaiting, taskDefinition, capacityProviderName } = task;
  const { family, revision } = taskDefinition;
  const definition = tx.get(taskDefinitions, taskDefinitionKey(scope, family, revision));
  if (awaiting === undefined || capacityProviderName === undefined || definition === undefined)
    return 'Task failed to start';
  const unbound = {
    ...taskDemand(definition.definition, task.overrides, {
      ...task,
      isConnected: task.serviceConnect !== undefined,
    }),
    capacityProviderName,
  };
  const demand = withinZones(tx, scope, awaiting.network, unbound);
  return 'reason' in demand ? demand.reason : profileOf({ ...awaiting, group: task.group }, demand);
}

function onFargate(tx: Transaction, ecs: EcsContext, request: LaunchRequest, demand: TaskDemand): LaunchPlan {
  const tasks: TaskRecord[] = [];
  const failures: LaunchFailure[] = [];
  while (tasks.length + failures.length < request.count) {
    const host = chooseHost(tx, request.scope, demand);
    if (host === undefined) {
      failures.push(noFargateCapacity(tx, request.scope, demand));
      break;
    }
    const task = launchOn(tx, ecs, request, host, demand);
    if ('reason' in task) failures.push(task);
    else tasks.push(task);
  }
  return { tasks, failures };
}

/** StartTask: where the caller says, if it fits there. */
function onNamedInstances(
  tx: Transaction,
  ecs: EcsContext,
  request: LaunchRequest,
  demand: TaskDemand,
  wantedIds: readonly string[],
): LaunchPlan {
  const tasks: TaskRecord[] = [];
  const failures: LaunchFailure[] = [];
  for (const instanceId of wantedIds) {
    const arn = instanceArnOf(request, instanceId);
    const instance = tx.get(containerInstances, instanceKeyOf(request, instanceId));
    if (instance === undefined) failures.push({ arn, reason: 'MISSING' });
    else if (instance.status !== (request.daemon ? 'REGISTERING' : 'ACTIVE'))
      failures.push({ arn, ...notActive(instance) });
    else {
      const task = misfit(instance, demand) ?? launchOn(tx, ecs, request, instance, demand);
      if ('reason' in task) failures.push({ arn, ...task });
      else tasks.push(task);
    }
  }
  return { tasks, failures };
}

/**
 * A draining instance gets no new tasks, whoever asks. Of the failure reasons that the developer guide has for
 * StartTask, INACTIVE is the one for an instance that is there and not ACTIVE; the detail says which.
 */
function notActive({ status }: ContainerInstanceRecord): Omit<LaunchFailure, 'arn'> {
  return {
    reason: 'INACTIVE',
    ...(status === 'DRAINING' ? { detail: 'The container instance is DRAINING.' } : {}),
  };
}

/** Writes the task and takes what it needs from the instance and from its subnet. */
function launchOn(
  tx: Transaction,
  ecs: EcsContext,
  request: LaunchRequest,
  instance: ContainerInstanceRecord,
  demand: TaskDemand,
): TaskRecord | InterfaceObstacle {
  const { scope, network } = request;
  const isOnFargate = request.launchType === 'FARGATE';
  const placed = placedOn(newTask(ecs, request, demand), instance);
  const zone = isOnFargate ? undefined : placed.availabilityZone;
  const connected =
    network === undefined ? placed : withInterface(tx, ecs, scope, { task: placed, instance, network, zone });
  if ('reason' in connected) return connected;
  const lender = isOnFargate ? lenderOf(tx, scope, instance) : undefined;
  const task: TaskRecord = {
    ...connected,
    ...given('lender', lender && { cluster: lender.cluster, id: lender.id }),
  };
  const key = taskKeyOf(request, task.id);
  tx.put(taskRecords, key, task);
  takeRoom(tx, key, task);
  return task;
}

/** An interface is in its subnet's zone, and so is the instance that it is put into. */
function withinZones(
  reader: Transaction,
  scope: Scope,
  network: NetworkConfigurationRecord | undefined,
  demand: TaskDemand,
): TaskDemand | InterfaceObstacle {
  if (network === undefined) return demand;
  const zones = zonesOf(reader, scope, network);
  return 'reason' in zones ? zones : { ...demand, zones };
}

/** Fargate's tasks have so much without asking. */
const includedStorageGiB = 20;

/** The task as it is before it has a place. */
function newTask(ecs: EcsContext, request: LaunchRequest, demand: TaskDemand): TaskRecord {
  const { definition } = request.definition;
  const id = hex(ecs.random, 32);
  const { placementStrategy, placementConstraints } = request;
  const { tcpPorts, udpPorts } = demand;
  const proxy = request.isConnected ? newProxy(ecs) : undefined;
  return {
    id,
    cluster: request.cluster,
    taskDefinition: { family: request.definition.family, revision: request.definition.revision },
    awaiting: { placementStrategy, placementConstraints, ...given('network', request.network) },
    availabilityZone: `${request.scope.region}a`,
    attributes: [],
    launchType: request.launchType,
    ...given('capacityProviderName', request.capacityProviderName),
    ...(request.launchType === 'FARGATE'
      ? {
          platformVersion: currentPlatformVersion,
          ephemeralStorageGiB:
            (request.overrides.ephemeralStorage ?? definition.ephemeralStorage)?.sizeInGiB ??
            includedStorageGiB,
        }
      : {}),
    group: request.group,
    ...given('startedBy', request.startedBy),
    ...given('service', request.service),
    ...given('daemon', request.daemon),
    ...given('activation', request.activation),
    ...given('serviceConnect', proxy && { attachmentId: uuid(ecs.random), containerName: proxy.name }),
    desiredStatus: 'RUNNING',
    lastStatus: 'PROVISIONING',
    version: 1,
    createdAt: request.now,
    ...given('cpu', request.overrides.cpu ?? definition.cpu),
    ...given('memory', request.overrides.memory ?? definition.memory),
    overrides: request.overrides,
    ...given('roles', newTaskRoles(ecs, request.scope, request)),
    containers: [...newContainers(ecs, request), ...(proxy === undefined ? [] : [proxy])],
    enableExecuteCommand: request.enableExecuteCommand,
    healthStatus: 'UNKNOWN',
    reserved: { cpu: demand.cpu, memoryMiB: demand.memoryMiB, tcpPorts, udpPorts },
    tags: taskTags(request),
  };
}

function newContainers(
  ecs: EcsContext,
  { definition, overrides, enableExecuteCommand }: LaunchRequest,
): TaskContainerRecord[] {
  return definition.definition.containerDefinitions.map((container) => {
    const override = overrides.containerOverrides.find(({ name }) => name === container.name);
    const memory = override?.memory ?? container.memory;
    const memoryReservation = override?.memoryReservation ?? container.memoryReservation;
    return {
      name: container.name ?? '',
      id: uuid(ecs.random),
      image: container.image ?? '',
      essential: container.essential ?? true,
      lastStatus: 'PENDING',
      networkBindings: [],
      healthStatus: 'UNKNOWN',
      cpu: String(override?.cpu ?? container.cpu ?? 0),
      ...given('memory', memory?.toString()),
      ...given('memoryReservation', memoryReservation?.toString()),
      ...given('gpus', gpusOf(container, override)),
      ...given(
        'executeCommandAgent',
        enableExecuteCommand ? ({ lastStatus: 'PENDING' } as const) : undefined,
      ),
    };
  });
}

/** The container that Service Connect adds to a task; what it uses is within the task's size. */
function newProxy({ random }: EcsContext): TaskContainerRecord {
  return {
    name: `ecs-service-connect-${alphanumeric(random, 5).toLowerCase()}`,
    id: uuid(random),
    image: serviceConnectImage,
    essential: true,
    lastStatus: 'PENDING',
    networkBindings: [],
    healthStatus: 'UNKNOWN',
    cpu: '0',
  };
}

function taskTags({ tags, enableECSManagedTags, cluster, service }: LaunchRequest): readonly Tag[] {
  if (!enableECSManagedTags) return tags;
  return [
    ...tags,
    { key: 'aws:ecs:clusterName', value: cluster },
    ...(service === undefined ? [] : [{ key: 'aws:ecs:serviceName', value: service.name }]),
  ];
}

function instanceKeyOf({ scope, cluster }: LaunchRequest, instanceId: string): RecordKey {
  return recordKey(containerInstances, scope.accountId, scope.region, cluster, instanceId);
}

function instanceArnOf({ scope, cluster }: LaunchRequest, instanceId: string): string {
  return containerInstanceArn(scope, cluster, instanceId);
}

function taskKeyOf({ scope, cluster }: LaunchRequest, taskId: string): RecordKey {
  return recordKey(taskRecords, scope.accountId, scope.region, cluster, taskId);
}
