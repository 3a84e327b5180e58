import type { ContainerOverride, KeyValuePair, Tag } from '@aws-sdk/client-ecs';
import type { Collection } from '../../reconcile/index.ts';
import {
  type ExposureRecord,
  type TaskActivationRecord,
  targetIndexValue,
  targetsOf,
} from './records/activation.ts';
import type { CapacityProviderStrategy } from './records/cluster.ts';
import { fargateHosts, type InstanceAttribute, type TaskReservation } from './records/container-instance.ts';
import type {
  DeploymentConfigurationRecord,
  DeploymentRecord,
  NetworkConfigurationRecord,
} from './records/deployment.ts';
import type { LaunchedType } from './records/launched-type.ts';
import { scopeOf } from './records/scope.ts';
import type { TaskServiceConnectRecord } from './records/service-connect.ts';
import type { NetworkBindingRecord, TaskNetworkInterface } from './records/task-network.ts';
import type { TaskSetRecord } from './records/task-set.ts';

/**
 * What ECS stores. Times are epoch milliseconds. Each field has one writer, and its name says which:
 * `desired…` is what the control plane wants, `last…`, `reported…` is what an agent saw.
 *
 * Keys (after `/ecs/<account>/<region>/<noun>/`) are written beside each collection. A cluster's name is part
 * of the keys of everything inside it, so one prefix lists it.
 */

export { type AccountSettingRecord, accountSettings } from './records/account-setting.ts';
export {
  type AdvancedConfigurationRecord,
  bindingOf,
  type ExposureRecord,
  type ServiceLoadBalancerRecord,
  type ServiceRegistryRecord,
  type TargetFailureRecord,
  type TaskActivationRecord,
  type TaskTarget,
  type TaskTargetsRecord,
  targetIndexValue,
  targetsOf,
  taskTargets,
  taskTargetsKey,
} from './records/activation.ts';
export {
  type AutoScalingGroupProviderRecord,
  type CapacityProviderRecord,
  type CapacityProviderStrategy,
  type ClusterRecord,
  capacityProviders,
  clusters,
  type GroupProviderRecord,
  type ManagedInstancesProviderRecord,
  type ManagedProviderRecord,
} from './records/cluster.ts';
export {
  type ContainerInstanceRecord,
  containerInstances,
  fargateHosts,
  type InstanceAttribute,
  type InstanceResource,
  type TaskReservation,
} from './records/container-instance.ts';
export {
  type DaemonDeploymentRecord,
  type DaemonDeploymentStatus,
  type DaemonRecord,
  type DaemonRevisionRecord,
  daemonDeploymentKey,
  daemonDeployments,
  daemonKey,
  daemonRevisionKey,
  daemonRevisions,
  daemons,
} from './records/daemon.ts';
export type {
  CircuitBreakerRecord,
  DeploymentAlarmsRecord,
  DeploymentConfigurationRecord,
  DeploymentFailure,
  DeploymentRecord,
  EarlySuccessRecord,
  LifecycleHookRecord,
  NetworkConfigurationRecord,
  PlacementWaitRecord,
  RestartRecord,
} from './records/deployment.ts';
export type { LaunchedType } from './records/launched-type.ts';
export type { HookRecord, LifecycleRecord, LifecycleStage, TrafficRecord } from './records/lifecycle.ts';
export {
  type ManagedInstanceRecord,
  type ManagedInstanceReportRecord,
  managedInstanceIdOf,
  managedInstanceKey,
  managedInstanceReportKey,
  managedInstanceReportOf,
  managedInstanceReports,
  managedInstances,
  providerText,
} from './records/managed-instance.ts';
export { type RunTaskTokenRecord, runTaskTokens } from './records/run-task-token.ts';
export { scopeOf } from './records/scope.ts';
export type {
  ServiceConnectAliasRecord,
  ServiceConnectEndpointRecord,
  ServiceConnectRecord,
  TaskServiceConnectRecord,
} from './records/service-connect.ts';
export {
  type CircuitBreakerReading,
  type ContainerImageRecord,
  type DeploymentAlarmsReading,
  type MonitorStatus,
  type ServiceDeploymentRecord,
  type ServiceDeploymentStatus,
  type ServiceRevisionCounts,
  type ServiceRevisionRecord,
  type ServiceRevisionUse,
  serviceDeployments,
  serviceRevisions,
} from './records/service-history.ts';
export {
  type StoredTaskDefinition,
  type TaskDefinitionFamilyRecord,
  type TaskDefinitionRecord,
  taskDefinitionFamilies,
  taskDefinitions,
} from './records/task-definition.ts';
export type { NetworkBindingRecord, TaskNetworkInterface } from './records/task-network.ts';
export type { TaskSetRecord } from './records/task-set.ts';

export type TaskStatus =
  | 'PROVISIONING'
  | 'PENDING'
  | 'ACTIVATING'
  | 'RUNNING'
  | 'DEACTIVATING'
  | 'STOPPING'
  | 'DEPROVISIONING'
  | 'STOPPED';

export type TaskStopCode =
  | 'TaskFailedToStart'
  | 'EssentialContainerExited'
  | 'UserInitiated'
  | 'ServiceSchedulerInitiated'
  | 'SpotInterruption'
  | 'TerminationNotice';

export interface TaskRecord {
  readonly id: string;
  readonly cluster: string;
  readonly taskDefinition: { readonly family: string; readonly revision: number };
  /** Where it is placed; a FARGATE task's is a host. Absent as long as it waits for capacity. */
  readonly containerInstanceId?: string;
  /** What it waits for; absent once it is placed. */
  readonly awaiting?: AwaitedPlacement;
  /** A FARGATE task's reservation is borrowed from this container instance of the same machine. */
  readonly lender?: { readonly cluster: string; readonly id: string };
  readonly availabilityZone: string;
  /** What of its instance is shown on the task: `ecs.cpu-architecture`. */
  readonly attributes: readonly InstanceAttribute[];
  readonly launchType: LaunchedType;
  /** Fargate's. */
  readonly platformVersion?: string;
  readonly ephemeralStorageGiB?: number;
  /** Set when it was launched by a strategy. */
  readonly capacityProviderName?: string;
  readonly group: string;
  readonly startedBy?: string;
  /** Set for a service's tasks. */
  readonly service?: { readonly name: string; readonly deploymentId: string };
  /** Set for a daemon's tasks. */
  readonly daemon?: { readonly name: string; readonly revisionId: string };
  /** Absent: it is RUNNING when its containers are. */
  readonly activation?: TaskActivationRecord;
  readonly serviceConnect?: TaskServiceConnectRecord;
  readonly desiredStatus: 'RUNNING' | 'STOPPED';
  readonly lastStatus: TaskStatus;
  /** +1 with each change that users see (EventBridge's `detail.version`). */
  readonly version: number;
  readonly createdAt: number;
  /** When its agent was first heard of about it. */
  readonly connectivityAt?: number;
  readonly pullStartedAt?: number;
  readonly pullStoppedAt?: number;
  readonly startedAt?: number;
  /** When `desiredStatus` became STOPPED, if somebody asked for it. */
  readonly stopAskedAt?: number;
  readonly stoppingAt?: number;
  readonly executionStoppedAt?: number;
  readonly stoppedAt?: number;
  readonly stopCode?: TaskStopCode;
  readonly stoppedReason?: string;
  readonly cpu?: string;
  readonly memory?: string;
  readonly overrides: TaskOverrideRecord;
  /** Of its containers, and of its agent for it; absent: it has none. Their credentials are kept nowhere. */
  readonly roles?: { readonly task?: TaskRoleRecord; readonly execution?: TaskRoleRecord };
  readonly containers: readonly TaskContainerRecord[];
  readonly networkInterface?: TaskNetworkInterface;
  readonly enableExecuteCommand: boolean;
  /** Scale-in and deployments leave the task alone until then; a time that has passed protects nothing. */
  readonly protectedUntil?: number;
  readonly healthStatus: 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN';
  /** What placement took from the instance; given back at STOPPED. */
  readonly reserved: TaskReservation;
  readonly tags: readonly Tag[];
}

/** The wishes of a task that waits for an instance of its capacity provider. */
export interface AwaitedPlacement {
  /** In it the task gets its interface, when it has its place. */
  readonly network?: NetworkConfigurationRecord;
  readonly placementStrategy: readonly { readonly type: string; readonly field?: string }[];
  readonly placementConstraints: readonly { readonly type: string; readonly expression?: string }[];
}

export interface TaskOverrideRecord {
  readonly containerOverrides: readonly ContainerOverride[];
  readonly cpu?: string;
  readonly memory?: string;
  readonly ephemeralStorage?: { readonly sizeInGiB: number };
  readonly taskRoleArn?: string;
  readonly executionRoleArn?: string;
}

export interface TaskRoleRecord {
  readonly arn: string;
  /** By it the credentials are asked for, for as long as the task lives: its containers' environment says it. */
  readonly credentialsId: string;
}

export interface TaskContainerRecord {
  readonly name: string;
  /** The UUID at the end of its ARN. */
  readonly id: string;
  readonly image: string;
  readonly essential: boolean;
  readonly imageDigest?: string;
  readonly runtimeId?: string;
  readonly lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
  readonly exitCode?: number;
  readonly reason?: string;
  readonly networkBindings: readonly NetworkBindingRecord[];
  readonly healthStatus: 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN';
  readonly healthStatusSince?: number;
  readonly cpu: string;
  readonly memory?: string;
  readonly memoryReservation?: string;
  /** As it asks for them: a number, or `ALL` of its instance. */
  readonly gpus?: string;
  /** Those that it has. */
  readonly gpuIds?: readonly string[];
  /** Of tasks with ECS Exec: what the agent says of its part that takes sessions. */
  readonly executeCommandAgent?: ManagedAgentRecord;
}

export interface ManagedAgentRecord {
  readonly lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
  readonly lastStartedAt?: number;
  readonly reason?: string;
}

/** `task/<cluster>/<id>` */
export const tasks: Collection<
  TaskRecord,
  | 'byCluster'
  | 'byInstance'
  | 'byService'
  | 'byFamily'
  | 'byStartedBy'
  | 'byGroup'
  | 'unstoppedByInstance'
  | 'pendingByInstance'
  | 'unstoppedByCluster'
  | 'unstoppedByTaskDefinition'
  | 'byClusterPhase'
  | 'byAttachment'
  | 'awaitingPlacement'
  | 'beingActivated'
  | 'byTarget'
> = {
  service: 'ecs',
  noun: 'task',
  indexes: {
    byCluster: (task, key) => `${scopeOf(key)}/${task.cluster}`,
    byInstance: instanceIndexValue,
    byService: (task, key) =>
      task.service ? `${scopeOf(key)}/${task.cluster}/${task.service.name}` : undefined,
    byFamily: (task, key) => `${scopeOf(key)}/${task.cluster}/${task.taskDefinition.family}`,
    byStartedBy: (task, key) =>
      task.startedBy ? `${scopeOf(key)}/${task.cluster}/${task.startedBy}` : undefined,
    byGroup: (task, key) => `${scopeOf(key)}/${task.cluster}/${task.group}`,
    unstoppedByInstance: (task, key) =>
      task.lastStatus === 'STOPPED' ? undefined : instanceIndexValue(task, key),
    pendingByInstance: (task, key) =>
      phaseOf(task.lastStatus) === 'pending' ? instanceIndexValue(task, key) : undefined,
    awaitingPlacement: (task, key) =>
      task.awaiting !== undefined && task.lastStatus !== 'STOPPED'
        ? `${scopeOf(key)}/${task.cluster}`
        : undefined,
    /** By service, those that are ACTIVATING or DEACTIVATING. */
    beingActivated: (task, key) =>
      task.service && (task.lastStatus === 'ACTIVATING' || task.lastStatus === 'DEACTIVATING')
        ? `${scopeOf(key)}/${task.cluster}/${task.service.name}`
        : undefined,
    /** By target group, and by their place in it, those that are not STOPPED. */
    byTarget: (task, key) =>
      task.lastStatus === 'STOPPED'
        ? undefined
        : targetsOf(task).flatMap(({ targetGroupArn, ...target }) => [
            targetIndexValue(scopeOf(key), targetGroupArn),
            targetIndexValue(scopeOf(key), targetGroupArn, target),
          ]),
    byAttachment: (task, key) =>
      task.networkInterface ? `${scopeOf(key)}/${task.networkInterface.attachmentId}` : undefined,
    unstoppedByCluster: (task, key) =>
      task.lastStatus === 'STOPPED' ? undefined : `${scopeOf(key)}/${task.cluster}`,
    unstoppedByTaskDefinition: (task, key) =>
      task.lastStatus === 'STOPPED' ? undefined : taskDefinitionIndexValue(scopeOf(key), task.taskDefinition),
    byClusterPhase: (task, key) => {
      const phase = phaseOf(task.lastStatus);
      return phase && `${scopeOf(key)}/${task.cluster}/${phase}/${task.launchType}`;
    },
  },
};

/** The cluster whose container instance a task is on. */
export function instanceClusterOf({ launchType, cluster }: TaskRecord): string {
  return launchType === 'FARGATE' ? fargateHosts : cluster;
}

function instanceIndexValue(task: TaskRecord, key: string): string | undefined {
  return task.containerInstanceId === undefined
    ? undefined
    : `${scopeOf(key)}/${instanceClusterOf(task)}/${task.containerInstanceId}`;
}

/** The value under which the indexes by task definition find what runs a revision. `scope` is `<account>/<region>`. */
export function taskDefinitionIndexValue(
  scope: string,
  { family, revision }: { readonly family: string; readonly revision: number },
): string {
  return `${scope}/${family}:${revision}`;
}

/** What clusters and services count a task as; neither when it is on its way to STOPPED or there. */
export function phaseOf(status: TaskStatus): 'running' | 'pending' | undefined {
  if (status === 'RUNNING') return 'running';
  return status === 'PROVISIONING' || status === 'PENDING' || status === 'ACTIVATING' ? 'pending' : undefined;
}

/** What the task's agent is told to make of it: to stop it only when nobody finds it any more. */
export function wantedOfAgent({ desiredStatus, lastStatus }: TaskRecord): TaskRecord['desiredStatus'] {
  return lastStatus === 'DEACTIVATING' ? 'RUNNING' : desiredStatus;
}

export interface ServiceRecord extends ExposureRecord {
  readonly name: string;
  readonly cluster: string;
  readonly status: 'ACTIVE' | 'DRAINING' | 'INACTIVE';
  readonly createdAt: number;
  readonly createdBy: string;
  readonly inactiveAt?: number;
  readonly clientToken?: string;
  /** sha256 over the creation parameters, for clientToken idempotency. */
  readonly parametersHash: string;
  readonly schedulingStrategy: 'REPLICA' | 'DAEMON';
  /** 0 for DAEMON: how many tasks that wants is counted when somebody asks. */
  readonly desiredCount: number;
  /** With a strategy: what its providers are of. */
  readonly launchType: LaunchedType;
  readonly capacityProviderStrategy?: CapacityProviderStrategy;
  /** As asked for, `LATEST` included. */
  readonly platformVersion?: string;
  /** Absent for the EXTERNAL controller as long as no task set is PRIMARY. */
  readonly taskDefinition?: { readonly family: string; readonly revision: number };
  readonly deploymentConfiguration: DeploymentConfigurationRecord;
  readonly availabilityZoneRebalancing: 'ENABLED' | 'DISABLED';
  readonly networkConfiguration?: NetworkConfigurationRecord;
  /** ARNs of the services of Cloud Map that were made for its endpoints, now or before; they go when nobody needs them. */
  readonly discoveryServices?: readonly string[];
  readonly healthCheckGracePeriodSeconds?: number;
  readonly enableECSManagedTags: boolean;
  readonly enableExecuteCommand: boolean;
  readonly propagateTags: 'NONE' | 'TASK_DEFINITION' | 'SERVICE';
  readonly placementStrategy: readonly { readonly type: string; readonly field?: string }[];
  readonly placementConstraints: readonly { readonly type: string; readonly expression?: string }[];
  /** PRIMARY first, then the ACTIVE ones that are being drained. */
  readonly deployments: readonly DeploymentRecord[];
  /** Present for services with the EXTERNAL deployment controller, which have these instead of deployments. */
  readonly taskSets?: readonly TaskSetRecord[];
  /** Newest first, at most 100. */
  readonly events: readonly ServiceEventRecord[];
  /** When its steady state was last told in an event; absent while there is something to do. */
  readonly steadyAt?: number;
  /** Tasks were started in a poorer zone, and as many are to stop in a richer one when they are healthy. */
  readonly rebalancing?: RebalancingRecord;
  /** The service deployment that is under way, else the last one. */
  readonly serviceDeploymentId?: string;
  /** The deployment that completed last, as it was then: what a failing one is rolled back to. */
  readonly lastCompleted?: DeploymentRecord;
  readonly tags: readonly Tag[];
  /** Who made what it stands behind; absent: `CUSTOMER`. */
  readonly resourceManagementType?: 'ECS';
  /** No task is started before what it stands behind is there. */
  readonly awaitsInfrastructure?: true;
}

export interface RebalancingRecord {
  readonly deploymentId: string;
  readonly from: string;
  readonly to: string;
  readonly taskIds: readonly string[];
}

export interface ServiceEventRecord {
  readonly id: string;
  readonly createdAt: number;
  /** With the prefix `(service NAME) `. */
  readonly message: string;
}

/** Also of an external controller: everything that the service has tasks of. */
function deploymentsOf({ deployments, taskSets = [] }: ServiceRecord): readonly DeploymentRecord[] {
  return [...deployments, ...taskSets.map(({ deployment }) => deployment)];
}

/** Every revision that a service runs, rolls out or may go back to. */
export function taskDefinitionsOfService(
  record: ServiceRecord,
): readonly NonNullable<ServiceRecord['taskDefinition']>[] {
  const users = [record, ...deploymentsOf(record), ...(record.lastCompleted ? [record.lastCompleted] : [])];
  return users.flatMap(({ taskDefinition }) => taskDefinition ?? []);
}

/** `service/<cluster>/<name>` */
export const services: Collection<
  ServiceRecord,
  | 'byCluster'
  | 'byClusterStatus'
  | 'byTaskDefinition'
  | 'awaitingCapacity'
  | 'daemons'
  | 'byServiceConnectNamespace'
> = {
  service: 'ecs',
  noun: 'service',
  indexes: {
    byCluster: (record, key) => `${scopeOf(key)}/${record.cluster}`,
    byClusterStatus: (record, key) =>
      `${scopeOf(key)}/${record.cluster}/${record.status}/${record.launchType}`,
    /** By cluster, the ACTIVE ones with the scheduling strategy DAEMON. */
    daemons: (record, key) =>
      record.schedulingStrategy === 'DAEMON' && record.status === 'ACTIVE'
        ? `${scopeOf(key)}/${record.cluster}`
        : undefined,
    /** By the cluster whose instances they want, those whose last launch found no place. */
    awaitingCapacity: (record, key) =>
      deploymentsOf(record).some(({ placement }) => placement !== undefined)
        ? `${scopeOf(key)}/${record.launchType === 'FARGATE' ? fargateHosts : record.cluster}`
        : undefined,
    /** Every namespace in which it, or a deployment of it, has Service Connect; nothing once INACTIVE. */
    byServiceConnectNamespace: (record, key) =>
      record.status === 'INACTIVE'
        ? undefined
        : [record, ...record.deployments].flatMap(({ serviceConnectConfiguration: connect }) =>
            connect === undefined ? [] : [`${scopeOf(key)}/${connect.namespace.id}`],
          ),
    /** Every revision that it runs or is rolling out; nothing once INACTIVE. */
    byTaskDefinition: (record, key) =>
      record.status === 'INACTIVE'
        ? undefined
        : taskDefinitionsOfService(record).map((used) => taskDefinitionIndexValue(scopeOf(key), used)),
  },
};

export type EnvironmentVariable = KeyValuePair;
