import type { ClusterSetting, InstanceRequirementsRequest, Tag } from '@aws-sdk/client-ecs';
import type { Collection } from '../../../reconcile/index.ts';

export interface ClusterRecord {
  readonly name: string;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly createdAt: number;
  readonly deletedAt?: number;
  readonly settings: readonly ClusterSetting[];
  readonly configuration?: { readonly executeCommandConfiguration: ExecuteCommandConfigurationRecord };
  /** ARN of the namespace of services that turn on Service Connect and name none. */
  readonly serviceConnectNamespace?: string;
  /** Names of the capacity providers associated with it; absent until some were given. */
  readonly capacityProviders?: readonly string[];
  /** For what says neither a launch type nor a strategy of its own. Only of associated providers. */
  readonly defaultCapacityProviderStrategy?: CapacityProviderStrategy;
  readonly tags: readonly Tag[];
}

/** Where ECS Exec's sessions are logged: nowhere, with their container's own log, or in a log group for all. */
export type ExecuteCommandConfigurationRecord = SessionLoggingRecord & {
  /** KMS's, by which sessions are encrypted from end to end. */
  readonly kmsKeyId?: string;
};

export type SessionLoggingRecord =
  | { readonly logging: 'NONE' | 'DEFAULT' }
  | {
      readonly logging: 'OVERRIDE';
      readonly logConfiguration: {
        readonly cloudWatchLogGroupName: string;
        readonly cloudWatchEncryptionEnabled: false;
      };
    };

/** Defaults filled in, in the order given. */
export type CapacityProviderStrategy = readonly CapacityProviderStrategyItemRecord[];

export interface CapacityProviderStrategyItemRecord {
  readonly capacityProvider: string;
  /** Relative share of the tasks above the base, 0 to 1000. */
  readonly weight: number;
  /** So many tasks at least go here before any weight counts. */
  readonly base: number;
}

/** `cluster/<name>` */
export const clusters: Collection<ClusterRecord> = { service: 'ecs', noun: 'cluster', indexes: {} };

/** Of an Auto Scaling group, or of Managed Instances. FARGATE and FARGATE_SPOT are always there and have no record. */
export type CapacityProviderRecord = GroupProviderRecord | ManagedProviderRecord;

interface CommonProviderRecord {
  readonly name: string;
  readonly tags: readonly Tag[];
}

export interface GroupProviderRecord extends CommonProviderRecord {
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly updateStatus: 'CREATE_COMPLETE' | 'UPDATE_COMPLETE' | 'DELETE_COMPLETE';
  readonly autoScalingGroupProvider: AutoScalingGroupProviderRecord;
}

/** ECS itself launches and ends the instances of this one, for tasks of one cluster. */
export interface ManagedProviderRecord extends CommonProviderRecord {
  /** DEPROVISIONING until the last of its instances has ended. */
  readonly status: 'ACTIVE' | 'DEPROVISIONING' | 'INACTIVE';
  readonly updateStatus: 'CREATE_COMPLETE' | 'UPDATE_COMPLETE' | 'DELETE_IN_PROGRESS' | 'DELETE_COMPLETE';
  readonly cluster: string;
  readonly managedInstancesProvider: ManagedInstancesProviderRecord;
  /** The last launch that came to nothing; forgotten with the next that succeeds. */
  readonly launchFailure?: { readonly at: number; readonly message: string };
}

export interface ManagedInstancesProviderRecord {
  readonly infrastructureRoleArn: string;
  readonly instanceLaunchTemplate: {
    readonly ec2InstanceProfileArn: string;
    readonly networkConfiguration: {
      readonly subnets: readonly string[];
      readonly securityGroups: readonly string[];
    };
    readonly storageSizeGiB?: number;
    readonly capacityOptionType: 'ON_DEMAND' | 'SPOT';
    /** Absent: any current type for general purposes. */
    readonly instanceRequirements?: InstanceRequirementsRequest;
  };
  readonly propagateTags: 'CAPACITY_PROVIDER' | 'NONE';
  /** In seconds; -1: never. Absent: as ECS likes it. */
  readonly scaleInAfter?: number;
}

/** Nothing scales the group by itself yet, and the record says so. */
export interface AutoScalingGroupProviderRecord {
  readonly autoScalingGroupArn: string;
  readonly managedScaling: {
    readonly status: 'DISABLED';
    readonly targetCapacity: number;
    readonly minimumScalingStepSize: number;
    readonly maximumScalingStepSize: number;
    readonly instanceWarmupPeriod: number;
  };
  readonly managedTerminationProtection: 'DISABLED';
  readonly managedDraining: 'DISABLED';
}

/** `capacity-provider/<name>` */
export const capacityProviders: Collection<CapacityProviderRecord> = {
  service: 'ecs',
  noun: 'capacity-provider',
  indexes: {},
};
