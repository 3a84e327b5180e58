import type { Tag } from '@aws-sdk/client-ecs';
import { hex, uuid } from '../../clock/index.ts';
import { recordKey, type Transaction } from '../../reconcile/index.ts';
import { containerInstanceArn, type Scope } from './arn.ts';
import type { EcsContext } from './context.ts';
import { given } from './given.ts';
import { clusterPool } from './placement/cluster-pool.ts';
import { type TaskDemand, taskDemand } from './placement/demand.ts';
import { isExternal } from './placement/instance.ts';
import { misfit } from './placement/misfit.ts';
import {
  constraintsOf,
  type PlacementConstraintRecord,
  type PlacementStrategyRecord,
  strategyOf,
} from './placement-rules.ts';
import { allocatePrivateAddress } from './private-addresses.ts';
import {
  type ContainerInstanceRecord,
  containerInstances,
  type NetworkConfigurationRecord,
  type TaskContainerRecord,
  type TaskDefinitionRecord,
  type TaskNetworkInterface,
  type TaskOverrideRecord,
  type TaskRecord,
  tasks as taskRecords,
} from './records.ts';
import { reserve } from './reservation.ts';

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
  readonly overrides: TaskOverrideRecord;
  /** Required for awsvpc definitions. */
  readonly network?: NetworkConfigurationRecord;
  readonly placementStrategy: readonly PlacementStrategyRecord[];
  readonly placementConstraints: readonly PlacementConstraintRecord[];
  readonly tags: readonly Tag[];
  readonly enableECSManagedTags: boolean;
  readonly enableExecuteCommand: boolean;
  /** Which instances come into question. StartTask's are named, and may be of either kind. */
  readonly launchType: 'EC2' | 'EXTERNAL';
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

/**
 * Places the tasks and writes their records, reservations and addresses in the caller's transaction. Call it
 * within `transactInTurn`, so that concurrent launches queue instead of racing for the same instances.
 */
export function launchTasks(tx: Transaction, ecs: EcsContext, request: LaunchRequest): LaunchPlan {
  const demand = taskDemand(request.definition.definition, request.overrides, request.launchType);
  const { tasks, failures } = request.instanceIds
    ? onNamedInstances(tx, ecs, request, demand, request.instanceIds)
    : byPlacement(tx, ecs, request, demand);
  return { tasks, failures: failures.slice(0, maxFailures) };
}

/** RunTask and services: wherever the strategies like it best, one after the other, each with what is then left. */
function byPlacement(
  tx: Transaction,
  ecs: EcsContext,
  request: LaunchRequest,
  demand: TaskDemand,
): LaunchPlan {
  const instances = clusterPool(tx, ecs.state, request.scope, request.cluster);
  const profile = {
    demand,
    strategies: request.placementStrategy.map(strategyOf),
    constraints: constraintsOf(request.placementConstraints),
    group: request.group,
  };
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
    if (task === undefined) failures.push(noAddressLeft(ecs, request, instance.id));
    else tasks.push(task);
    instances.show(tx);
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
    else if (instance.status === 'INACTIVE') failures.push({ arn, reason: 'INACTIVE' });
    else {
      const obstacle = misfit(instance, demand);
      const task = obstacle ? undefined : launchOn(tx, ecs, request, instance, demand);
      if (task !== undefined) tasks.push(task);
      else failures.push(obstacle ? { arn, ...obstacle } : noAddressLeft(ecs, request, instanceId));
    }
  }
  return { tasks, failures };
}

/** Writes the task and takes what it needs from the instance; undefined when no address is left for it. */
function launchOn(
  tx: Transaction,
  ecs: EcsContext,
  request: LaunchRequest,
  instance: ContainerInstanceRecord,
  demand: TaskDemand,
): TaskRecord | undefined {
  const task = newTask(tx, ecs, request, instance, demand);
  if (task === undefined) return undefined;
  tx.put(taskRecords, taskKeyOf(request, task.id), task);
  tx.put(containerInstances, instanceKeyOf(request, instance.id), reserve(instance, task));
  return task;
}

function noAddressLeft({ privateNetwork }: EcsContext, request: LaunchRequest, instanceId: string) {
  return {
    arn: instanceArnOf(request, instanceId),
    reason: 'RESOURCE:ENI',
    detail: `No address is free in ${privateNetwork.subnetId} (${privateNetwork.cidr}).`,
  };
}

/** The task as it is before its agent knows of it; undefined when no address is left for it. */
function newTask(
  tx: Transaction,
  ecs: EcsContext,
  request: LaunchRequest,
  instance: ContainerInstanceRecord,
  demand: TaskDemand,
): TaskRecord | undefined {
  const { definition } = request.definition;
  const id = hex(ecs.random, 32);
  const needsInterface = definition.networkMode === 'awsvpc';
  const networkInterface = needsInterface ? newNetworkInterface(tx, ecs, request, id) : undefined;
  if (needsInterface && networkInterface === undefined) return undefined;

  const cpu = request.overrides.cpu ?? definition.cpu;
  const memory = request.overrides.memory ?? definition.memory;
  const { tcpPorts, udpPorts } = demand;
  return {
    id,
    cluster: request.cluster,
    taskDefinition: { family: request.definition.family, revision: request.definition.revision },
    containerInstanceId: instance.id,
    availabilityZone:
      instance.attributes.find(({ name }) => name === 'ecs.availability-zone')?.value ??
      `${request.scope.region}a`,
    attributes: instance.attributes.filter(({ name }) => name === 'ecs.cpu-architecture'),
    launchType: isExternal(instance) ? 'EXTERNAL' : 'EC2',
    group: request.group,
    ...given('startedBy', request.startedBy),
    ...given('service', request.service),
    desiredStatus: 'RUNNING',
    // An interface is reported ATTACHED by the agent; everything else is only waiting for the agent.
    lastStatus: needsInterface ? 'PROVISIONING' : 'PENDING',
    version: 1,
    createdAt: request.now,
    ...given('cpu', cpu),
    ...given('memory', memory),
    overrides: request.overrides,
    containers: newContainers(ecs, request),
    ...given('networkInterface', networkInterface),
    enableExecuteCommand: request.enableExecuteCommand,
    healthStatus: 'UNKNOWN',
    reserved: { cpu: demand.cpu, memoryMiB: demand.memoryMiB, tcpPorts, udpPorts },
    tags: taskTags(request),
  };
}

function newContainers(ecs: EcsContext, { definition, overrides }: LaunchRequest): TaskContainerRecord[] {
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
    };
  });
}

function newNetworkInterface(
  tx: Transaction,
  ecs: EcsContext,
  request: LaunchRequest,
  taskId: string,
): TaskNetworkInterface | undefined {
  const address = allocatePrivateAddress(tx, ecs.privateNetwork, taskKeyOf(request, taskId));
  if (address === undefined) return undefined;
  return {
    attachmentId: uuid(ecs.random),
    networkInterfaceId: `eni-${hex(ecs.random, 17)}`,
    subnetId: ecs.privateNetwork.subnetId,
    securityGroupIds: request.network?.securityGroups.length
      ? request.network.securityGroups
      : [ecs.privateNetwork.securityGroupId],
    privateIpv4Address: address.ipv4,
    macAddress: address.macAddress,
    isAttached: false,
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

function instanceKeyOf({ scope, cluster }: LaunchRequest, instanceId: string) {
  return recordKey(containerInstances, scope.accountId, scope.region, cluster, instanceId);
}

function instanceArnOf({ scope, cluster }: LaunchRequest, instanceId: string): string {
  return containerInstanceArn(scope, cluster, instanceId);
}

function taskKeyOf({ scope, cluster }: LaunchRequest, taskId: string) {
  return recordKey(taskRecords, scope.accountId, scope.region, cluster, taskId);
}
