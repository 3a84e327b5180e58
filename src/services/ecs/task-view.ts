import type { Attachment, Container, ManagedAgent, NetworkBinding, Task } from '@aws-sdk/client-ecs';
import { type Reader, recordKey } from '../../reconcile/index.ts';
import {
  clusterArn,
  containerArn,
  containerInstanceArn,
  type Scope,
  taskArn,
  taskDefinitionArn,
} from './arn.ts';
import {
  containerInstances,
  instanceClusterOf,
  type ManagedAgentRecord,
  type NetworkBindingRecord,
  type TaskContainerRecord,
  type TaskNetworkInterface,
  type TaskRecord,
  type TaskServiceConnectRecord,
} from './records.ts';

/** A task as the API shows it; `tags` only when asked for. */
export function taskView(
  reader: Reader,
  scope: Scope,
  task: TaskRecord,
  options: { readonly withTags: boolean },
): Task {
  const arn = taskArn(scope, task.cluster, task.id);
  return {
    attachments: [
      ...(task.networkInterface ? [attachmentView(task, task.networkInterface)] : []),
      ...(task.serviceConnect ? [serviceConnectAttachmentView(task, task.serviceConnect)] : []),
    ],
    attributes: task.attributes.map((attribute) => ({ ...attribute })),
    availabilityZone: task.availabilityZone,
    clusterArn: clusterArn(scope, task.cluster),
    ...connectivityView(reader, scope, task),
    // The machine under a Fargate task is nobody's business.
    ...(task.containerInstanceId === undefined || task.launchType === 'FARGATE'
      ? {}
      : { containerInstanceArn: containerInstanceArn(scope, task.cluster, task.containerInstanceId) }),
    ...fargateView(task),
    containers: task.containers.map((container) => containerView(scope, task, container, arn)),
    cpu: task.cpu ?? String(task.reserved.cpu),
    ...(task.capacityProviderName === undefined ? {} : { capacityProviderName: task.capacityProviderName }),
    createdAt: new Date(task.createdAt),
    desiredStatus: task.desiredStatus,
    enableExecuteCommand: task.enableExecuteCommand,
    executionStoppedAt: dateOf(task.executionStoppedAt),
    group: task.group,
    healthStatus: task.healthStatus,
    lastStatus: task.lastStatus,
    launchType: task.launchType,
    memory: task.memory ?? String(task.reserved.memoryMiB),
    overrides: overridesView(task),
    pullStartedAt: dateOf(task.pullStartedAt),
    pullStoppedAt: dateOf(task.pullStoppedAt),
    startedAt: dateOf(task.startedAt),
    startedBy: task.startedBy,
    stopCode: task.stopCode,
    stoppedAt: dateOf(task.stoppedAt),
    stoppedReason: task.stoppedReason,
    stoppingAt: dateOf(task.stoppingAt),
    ...(options.withTags ? { tags: task.tags.map((tag) => ({ ...tag })) } : {}),
    taskArn: arn,
    taskDefinitionArn: taskDefinitionArn(scope, task.taskDefinition.family, task.taskDefinition.revision),
    version: task.version,
  };
}

/**
 * Whether the task's agent is connected, once it was heard of about the task; `connectivityAt` is when it last became
 * so (Amazon ECS API reference, Task). What has stopped stays as it was seen last.
 */
function connectivityView(reader: Reader, scope: Scope, task: TaskRecord): Partial<Task> {
  const { connectivityAt, containerInstanceId, lastStatus } = task;
  if (connectivityAt === undefined || containerInstanceId === undefined) return {};
  const instance =
    lastStatus === 'STOPPED'
      ? undefined
      : reader.get(
          containerInstances,
          recordKey(
            containerInstances,
            ...[scope.accountId, scope.region, instanceClusterOf(task), containerInstanceId],
          ),
        );
  return {
    connectivity: instance?.agentConnected === false ? 'DISCONNECTED' : 'CONNECTED',
    connectivityAt: new Date(Math.max(connectivityAt, instance?.connectedAt ?? 0)),
  };
}

function fargateView({ launchType, platformVersion, ephemeralStorageGiB }: TaskRecord): Partial<Task> {
  if (launchType !== 'FARGATE') return {};
  return {
    ...(platformVersion === undefined ? {} : { platformVersion }),
    platformFamily: 'Linux',
    ...(ephemeralStorageGiB === undefined
      ? {}
      : {
          ephemeralStorage: { sizeInGiB: ephemeralStorageGiB },
          fargateEphemeralStorage: { sizeInGiB: ephemeralStorageGiB },
        }),
  };
}

/** The interface, in the words of the API: note `privateIPv4Address` here, `privateIpv4Address` on containers. */
function attachmentView(task: TaskRecord, networkInterface: TaskNetworkInterface): Attachment {
  const { attachmentId, subnetId, networkInterfaceId, macAddress } = networkInterface;
  const { privateDnsName, privateIpv4Address } = networkInterface;
  return {
    id: attachmentId,
    type: 'ElasticNetworkInterface',
    status: attachmentStatus(task, networkInterface),
    details: [
      { name: 'subnetId', value: subnetId },
      { name: 'networkInterfaceId', value: networkInterfaceId },
      { name: 'macAddress', value: macAddress },
      { name: 'privateDnsName', value: privateDnsName },
      { name: 'privateIPv4Address', value: privateIpv4Address },
    ],
  };
}

function serviceConnectAttachmentView(
  task: TaskRecord,
  { attachmentId, containerName }: TaskServiceConnectRecord,
): Attachment {
  const proxy = task.containers.find(({ name }) => name === containerName);
  const status = { PENDING: 'PRECREATED', RUNNING: 'ATTACHED', STOPPED: 'DELETED' } as const;
  return {
    id: attachmentId,
    type: 'Service Connect',
    status: status[proxy?.lastStatus ?? 'PENDING'],
    details: [{ name: 'ContainerName', value: containerName }],
  };
}

function attachmentStatus(task: TaskRecord, networkInterface: TaskNetworkInterface): string {
  if (task.lastStatus === 'STOPPED') return 'DELETED';
  if (task.lastStatus === 'DEPROVISIONING') return 'DETACHING';
  return networkInterface.isAttached ? 'ATTACHED' : 'ATTACHING';
}

function containerView(
  scope: Scope,
  task: TaskRecord,
  container: TaskContainerRecord,
  arn: string,
): Container {
  return {
    containerArn: containerArn(scope, task.cluster, task.id, container.id),
    taskArn: arn,
    name: container.name,
    image: container.image,
    imageDigest: container.imageDigest,
    runtimeId: container.runtimeId,
    lastStatus: container.lastStatus,
    exitCode: container.exitCode,
    reason: container.reason,
    networkBindings: container.networkBindings.map(networkBindingView),
    networkInterfaces: task.networkInterface
      ? [
          {
            attachmentId: task.networkInterface.attachmentId,
            privateIpv4Address: task.networkInterface.privateIpv4Address,
          },
        ]
      : [],
    healthStatus: container.healthStatus,
    cpu: container.cpu,
    memory: container.memory,
    memoryReservation: container.memoryReservation,
    ...(container.gpuIds && { gpuIds: [...container.gpuIds] }),
    ...(container.executeCommandAgent === undefined
      ? {}
      : { managedAgents: [managedAgentView(container.executeCommandAgent)] }),
  };
}

function managedAgentView({ lastStatus, lastStartedAt, reason }: ManagedAgentRecord): ManagedAgent {
  return {
    name: 'ExecuteCommandAgent',
    lastStatus,
    ...(lastStartedAt === undefined ? {} : { lastStartedAt: new Date(lastStartedAt) }),
    reason,
  };
}

function networkBindingView(binding: NetworkBindingRecord): NetworkBinding {
  return { ...binding };
}

/** Always an object with an entry per container, also when nothing was overridden. */
function overridesView({ overrides, containers }: TaskRecord): NonNullable<Task['overrides']> {
  const { containerOverrides, ...sizesAndRoles } = overrides;
  return {
    ...sizesAndRoles,
    containerOverrides: containers.map(
      ({ name }) => containerOverrides.find((override) => override.name === name) ?? { name },
    ),
    inferenceAcceleratorOverrides: [],
  };
}

function dateOf(epochMs: number | undefined): Date | undefined {
  return epochMs === undefined ? undefined : new Date(epochMs);
}
