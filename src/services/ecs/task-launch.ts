import type { Tag } from '@aws-sdk/client-ecs';
import { hex, uuid } from '../../clock/index.ts';
import { recordKey, type Transaction } from '../../reconcile/index.ts';
import { containerInstanceArn, type Scope } from './arn.ts';
import type { EcsContext } from './context.ts';
import { given } from './given.ts';
import { type TaskDemand, taskDemand } from './placement/demand.ts';
import { type InstanceOffer, isExternal, misfit, offerAfter, offerOf } from './placement/offer.ts';
import { type PlacementStrategy, placeTasks } from './placement/placement.ts';
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

/** As `placement-rules.ts` lets them through. */
export interface PlacementStrategyRecord {
  readonly type: string;
  readonly field?: string;
}
export interface PlacementConstraintRecord {
  readonly type: string;
  readonly expression?: string;
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
  const { instanceIds, failures } = request.instanceIds
    ? onNamedInstances(tx, request, demand, request.instanceIds)
    : byPlacement(tx, ecs, request, demand);

  const tasks: TaskRecord[] = [];
  for (const instanceId of instanceIds) {
    const instanceKey = instanceKeyOf(request, instanceId);
    const instance = tx.get(containerInstances, instanceKey);
    if (instance === undefined) throw new Error(`Placement chose ${instanceKey}, which isn't there`);
    const task = newTask(tx, ecs, request, instance, demand);
    if (task === undefined) {
      failures.push({
        arn: containerInstanceArn(request.scope, request.cluster, instanceId),
        reason: 'RESOURCE:ENI',
        detail: `No address is free in ${ecs.privateNetwork.subnetId} (${ecs.privateNetwork.cidr}).`,
      });
      continue;
    }
    tx.put(taskRecords, taskKeyOf(request, task.id), task);
    tx.put(containerInstances, instanceKey, reserve(instance, task));
    tasks.push(task);
  }
  return { tasks, failures: failures.slice(0, maxFailures) };
}

interface Placed {
  readonly instanceIds: readonly string[];
  readonly failures: LaunchFailure[];
}

/** RunTask and services: wherever the strategies like it best. */
function byPlacement(tx: Transaction, ecs: EcsContext, request: LaunchRequest, demand: TaskDemand): Placed {
  const { accountId, region } = request.scope;
  const offers: InstanceOffer[] = [];
  for (const { value } of tx.byIndex(
    containerInstances,
    'byCluster',
    `${accountId}/${region}/${request.cluster}`,
  )) {
    const offer = value.status === 'ACTIVE' ? offerOf(value) : undefined;
    if (offer?.isExternal === demand.isExternal) offers.push(offer);
  }
  if (offers.length === 0) return { instanceIds: [], failures: [{ reason: noContainerInstances }] };

  const plan = placeTasks(offers, demand, request.count, {
    strategies: request.placementStrategy.map(strategyOf),
    isDistinctInstance: request.placementConstraints.some(({ type }) => type === 'distinctInstance'),
    group: request.group,
    random: ecs.random,
  });
  return {
    instanceIds: plan.instanceIds,
    failures: plan.misfits.slice(0, maxFailures).map(({ instanceId, ...misfit }) => ({
      arn: containerInstanceArn(request.scope, request.cluster, instanceId),
      ...misfit,
    })),
  };
}

/** StartTask: where the caller says, if it fits there. */
function onNamedInstances(
  tx: Transaction,
  request: LaunchRequest,
  demand: TaskDemand,
  wantedIds: readonly string[],
): Placed {
  const instanceIds: string[] = [];
  const failures: LaunchFailure[] = [];
  const offers = new Map<string, InstanceOffer>();
  for (const instanceId of wantedIds) {
    const arn = containerInstanceArn(request.scope, request.cluster, instanceId);
    const instance = tx.get(containerInstances, instanceKeyOf(request, instanceId));
    if (instance === undefined) {
      failures.push({ arn, reason: 'MISSING' });
      continue;
    }
    if (instance.status === 'INACTIVE') {
      failures.push({ arn, reason: 'INACTIVE' });
      continue;
    }
    const offer = offers.get(instanceId) ?? offerOf(instance);
    const obstacle = misfit(offer, demand);
    if (obstacle) failures.push({ arn, ...obstacle });
    else {
      instanceIds.push(instanceId);
      offers.set(instanceId, offerAfter(offer, demand));
    }
  }
  return { instanceIds, failures };
}

function strategyOf({ type, field }: PlacementStrategyRecord): PlacementStrategy {
  if (type === 'binpack') return { type, field: field?.toLowerCase() === 'cpu' ? 'cpu' : 'memory' };
  if (type === 'spread') {
    return field?.startsWith('attribute:')
      ? { type, field: `attribute:${field.slice('attribute:'.length)}` }
      : { type, field: 'instanceId' };
  }
  return { type: 'random' };
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

function taskKeyOf({ scope, cluster }: LaunchRequest, taskId: string) {
  return recordKey(taskRecords, scope.accountId, scope.region, cluster, taskId);
}
