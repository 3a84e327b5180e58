import type {
  ClusterSetting,
  ContainerDefinition,
  ContainerOverride,
  DeploymentConfiguration,
  KeyValuePair,
  Tag,
  TaskDefinition,
} from '@aws-sdk/client-ecs';
import type { Collection } from '../../reconcile/index.ts';

/**
 * What ECS stores. Times are epoch milliseconds. Each field has one writer, and its name says which:
 * `desired…` is what the control plane wants, `last…`, `reported…` is what an agent saw.
 *
 * Keys (after `/ecs/<account>/<region>/<noun>/`) are written beside each collection. A cluster's name is part
 * of the keys of everything inside it, so one prefix lists it.
 */

export interface ClusterRecord {
  readonly name: string;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly createdAt: number;
  readonly deletedAt?: number;
  readonly settings: readonly ClusterSetting[];
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly tags: readonly Tag[];
}

/** `cluster/<name>` */
export const clusters: Collection<ClusterRecord> = { service: 'ecs', noun: 'cluster', indexes: {} };

export interface TaskDefinitionFamilyRecord {
  readonly family: string;
  /** The highest revision ever given; never goes back. */
  readonly lastRevision: number;
}

/** `task-definition-family/<family>` */
export const taskDefinitionFamilies: Collection<TaskDefinitionFamilyRecord> = {
  service: 'ecs',
  noun: 'task-definition-family',
  indexes: {},
};

export interface TaskDefinitionRecord {
  readonly family: string;
  readonly revision: number;
  readonly status: 'ACTIVE' | 'INACTIVE' | 'DELETE_IN_PROGRESS';
  readonly registeredAt: number;
  readonly registeredBy: string;
  readonly deregisteredAt?: number;
  readonly deleteRequestedAt?: number;
  /** As it is answered: normalised defaults filled in; without the fields above. */
  readonly definition: StoredTaskDefinition;
  readonly tags: readonly Tag[];
}

/** The SDK's shape less its dates and bookkeeping: plain JSON. */
export type StoredTaskDefinition = Omit<
  TaskDefinition,
  'registeredAt' | 'deregisteredAt' | 'deleteRequestedAt' | 'status' | 'revision' | 'taskDefinitionArn' | 'registeredBy' | 'containerDefinitions'
> & { readonly family: string; readonly containerDefinitions: readonly ContainerDefinition[] };

/** `task-definition/<family>/<revision, 9 digits zero-padded>` */
export const taskDefinitions: Collection<TaskDefinitionRecord, 'byFamily'> = {
  service: 'ecs',
  noun: 'task-definition',
  indexes: { byFamily: (record, key) => `${scopeOf(key)}/${record.family}` },
};

export interface ContainerInstanceRecord {
  readonly id: string;
  readonly cluster: string;
  readonly status: 'ACTIVE' | 'DRAINING' | 'INACTIVE';
  readonly statusReason?: string;
  readonly version: number;
  readonly registeredAt: number;
  readonly deregisteredAt?: number;
  readonly ec2InstanceId?: string;
  readonly agentConnected: boolean;
  readonly versionInfo: { readonly agentVersion?: string; readonly agentHash?: string; readonly dockerVersion?: string };
  readonly registeredResources: readonly InstanceResource[];
  readonly attributes: readonly { readonly name: string; readonly value?: string }[];
  /** The last sequence number and manifest timeline handed to the agent; never goes back (ACS 9.9). */
  readonly seqNum: number;
  readonly tags: readonly Tag[];
}

export interface InstanceResource {
  readonly name: string;
  readonly type: 'INTEGER' | 'LONG' | 'DOUBLE' | 'STRINGSET';
  readonly integerValue?: number;
  readonly stringSetValue?: readonly string[];
}

/** `container-instance/<cluster>/<id>` */
export const containerInstances: Collection<ContainerInstanceRecord, 'byCluster'> = {
  service: 'ecs',
  noun: 'container-instance',
  indexes: { byCluster: (record, key) => `${scopeOf(key)}/${record.cluster}` },
};

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
  readonly containerInstanceId: string;
  readonly launchType: 'EC2' | 'EXTERNAL';
  readonly group: string;
  readonly startedBy?: string;
  /** Set for a service's tasks. */
  readonly service?: { readonly name: string; readonly deploymentId: string };
  readonly desiredStatus: 'RUNNING' | 'STOPPED';
  readonly lastStatus: TaskStatus;
  /** +1 with each change that users see (EventBridge's `detail.version`). */
  readonly version: number;
  readonly createdAt: number;
  readonly connectivityAt?: number;
  readonly pullStartedAt?: number;
  readonly pullStoppedAt?: number;
  readonly startedAt?: number;
  readonly stoppingAt?: number;
  readonly executionStoppedAt?: number;
  readonly stoppedAt?: number;
  readonly stopCode?: TaskStopCode;
  readonly stoppedReason?: string;
  readonly cpu?: string;
  readonly memory?: string;
  readonly overrides: TaskOverrideRecord;
  readonly containers: readonly TaskContainerRecord[];
  readonly networkInterface?: TaskNetworkInterface;
  readonly enableExecuteCommand: boolean;
  readonly healthStatus: 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN';
  /** What placement took from the instance; given back at STOPPED. */
  readonly reserved: TaskReservation;
  readonly clientToken?: string;
  readonly tags: readonly Tag[];
}

export interface TaskReservation {
  /** CPU units. */
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly tcpPorts: readonly number[];
  readonly udpPorts: readonly number[];
}

export interface TaskOverrideRecord {
  readonly containerOverrides: readonly ContainerOverride[];
  readonly cpu?: string;
  readonly memory?: string;
  readonly taskRoleArn?: string;
  readonly executionRoleArn?: string;
}

export interface TaskContainerRecord {
  readonly name: string;
  /** The UUID at the end of its ARN. */
  readonly id: string;
  readonly image: string;
  readonly imageDigest?: string;
  readonly runtimeId?: string;
  readonly lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
  readonly exitCode?: number;
  readonly reason?: string;
  readonly networkBindings: readonly {
    readonly bindIP: string;
    readonly containerPort: number;
    readonly hostPort: number;
    readonly protocol: 'tcp' | 'udp';
  }[];
  readonly healthStatus: 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN';
  readonly healthStatusSince?: number;
  readonly cpu: string;
  readonly memory?: string;
  readonly memoryReservation?: string;
}

/** An awsvpc task's interface on the installation's plain private network. */
export interface TaskNetworkInterface {
  readonly attachmentId: string;
  readonly networkInterfaceId: string;
  readonly subnetId: string;
  readonly privateIpv4Address: string;
  readonly macAddress: string;
}

/** `task/<cluster>/<id>` */
export const tasks: Collection<TaskRecord, 'byCluster' | 'byInstance' | 'byService' | 'byFamily' | 'byStartedBy' | 'byGroup'> = {
  service: 'ecs',
  noun: 'task',
  indexes: {
    byCluster: (task, key) => `${scopeOf(key)}/${task.cluster}`,
    byInstance: (task, key) => `${scopeOf(key)}/${task.cluster}/${task.containerInstanceId}`,
    byService: (task, key) => (task.service ? `${scopeOf(key)}/${task.cluster}/${task.service.name}` : undefined),
    byFamily: (task, key) => `${scopeOf(key)}/${task.cluster}/${task.taskDefinition.family}`,
    byStartedBy: (task, key) => (task.startedBy ? `${scopeOf(key)}/${task.cluster}/${task.startedBy}` : undefined),
    byGroup: (task, key) => `${scopeOf(key)}/${task.cluster}/${task.group}`,
  },
};

/** An allocated private address: its presence is the allocation. `private-address/<ipv4>` */
export interface PrivateAddressRecord {
  readonly ipv4: string;
  readonly taskId: string;
  readonly cluster: string;
}
export const privateAddresses: Collection<PrivateAddressRecord> = { service: 'ecs', noun: 'private-address', indexes: {} };

/** What a clientToken has made: `run-task-token/<cluster>/<sha256 of the token>` */
export interface RunTaskTokenRecord {
  readonly parametersHash: string;
  readonly taskIds: readonly string[];
  readonly createdAt: number;
}
export const runTaskTokens: Collection<RunTaskTokenRecord> = { service: 'ecs', noun: 'run-task-token', indexes: {} };

export interface ServiceRecord {
  readonly name: string;
  readonly cluster: string;
  readonly status: 'ACTIVE' | 'DRAINING' | 'INACTIVE';
  readonly createdAt: number;
  readonly createdBy: string;
  readonly inactiveAt?: number;
  readonly clientToken?: string;
  /** sha256 over the creation parameters, for clientToken idempotency. */
  readonly parametersHash: string;
  readonly desiredCount: number;
  readonly launchType: 'EC2' | 'EXTERNAL';
  readonly taskDefinition: { readonly family: string; readonly revision: number };
  readonly deploymentConfiguration: DeploymentConfiguration;
  readonly availabilityZoneRebalancing: 'ENABLED' | 'DISABLED';
  readonly networkConfiguration?: NetworkConfigurationRecord;
  readonly healthCheckGracePeriodSeconds?: number;
  readonly enableECSManagedTags: boolean;
  readonly enableExecuteCommand: boolean;
  readonly propagateTags: 'NONE' | 'TASK_DEFINITION' | 'SERVICE';
  readonly placementStrategy: readonly { readonly type: string; readonly field?: string }[];
  readonly placementConstraints: readonly { readonly type: string; readonly expression?: string }[];
  /** PRIMARY first, then the ACTIVE ones that are being drained. */
  readonly deployments: readonly DeploymentRecord[];
  /** Newest first, at most 100. */
  readonly events: readonly { readonly id: string; readonly createdAt: number; readonly message: string }[];
  readonly tags: readonly Tag[];
}

export interface NetworkConfigurationRecord {
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  readonly assignPublicIp: 'ENABLED' | 'DISABLED';
}

export interface DeploymentRecord {
  /** `ecs-svc/<digits>`; also the `startedBy` of its tasks. */
  readonly id: string;
  readonly status: 'PRIMARY' | 'ACTIVE';
  readonly taskDefinition: { readonly family: string; readonly revision: number };
  readonly networkConfiguration?: NetworkConfigurationRecord;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly rolloutState: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  readonly rolloutStateReason: string;
  /** Consecutive tasks that never reached RUNNING (or failed their health checks); 0 after a success. */
  readonly failedTasks: number;
  /** Ids of stopped tasks already counted in failedTasks, so that a reconcile repeated does not count twice. Bounded. */
  readonly countedTaskIds: readonly string[];
  /** Nothing is launched for this deployment before then (restart throttling). */
  readonly notBefore?: number;
}

/** `service/<cluster>/<name>` */
export const services: Collection<ServiceRecord, 'byCluster'> = {
  service: 'ecs',
  noun: 'service',
  indexes: { byCluster: (record, key) => `${scopeOf(key)}/${record.cluster}` },
};

/** `account-setting/<principal arn, url-encoded, or "default">/<name>` */
export interface AccountSettingRecord {
  readonly name: string;
  readonly value: string;
  readonly principalArn: string;
}
export const accountSettings: Collection<AccountSettingRecord> = { service: 'ecs', noun: 'account-setting', indexes: {} };

/** Custom attributes live on the instance's record; this type is their wire neighbour. */
export type InstanceAttribute = ContainerInstanceRecord['attributes'][number];
export type EnvironmentVariable = KeyValuePair;

/** `<account>/<region>` of a record's key: index values start with it, so that accounts never mix. */
export function scopeOf(key: string): string {
  const [, , accountId = '', region = ''] = key.split('/', 4);
  return `${accountId}/${region}`;
}
