import type { Collection } from '../../../reconcile/index.ts';
import type { Json } from '../../../store/index.ts';
import type { ExposureRecord } from './activation.ts';
import type { CapacityProviderStrategy } from './cluster.ts';
import type { DeploymentConfigurationRecord, NetworkConfigurationRecord } from './deployment.ts';
import type { LaunchedType } from './launched-type.ts';
import type { HookRecord, LifecycleStage, TrafficRecord } from './lifecycle.ts';
import { scopeOf } from './scope.ts';

/** What is stored of a service's past and present deployments. */

/**
 * What a deployment rolls out, as it was when it began: never changed, but for the digests of its images, which are
 * known when tasks of it have run.
 */
export interface ServiceRevisionRecord extends ExposureRecord {
  /** 19 decimal digits. */
  readonly id: string;
  readonly cluster: string;
  readonly service: string;
  readonly createdAt: number;
  /** The deployment of it in the service's list, and the `startedBy` of its tasks. */
  readonly deploymentId: string;
  readonly taskDefinition: { readonly family: string; readonly revision: number };
  readonly launchType: LaunchedType;
  readonly capacityProviderStrategy?: CapacityProviderStrategy;
  /** The version that it was resolved to. */
  readonly platformVersion?: string;
  readonly networkConfiguration?: NetworkConfigurationRecord;
  /** As its deployment's. */
  readonly targetGroupArns?: readonly string[];
  readonly containerImages: readonly ContainerImageRecord[];
}

export interface ContainerImageRecord {
  readonly containerName: string;
  readonly image: string;
  /** `sha256:...`; absent while nobody knows it, or when tasks ran with several. */
  readonly imageDigest?: string;
}

/** `service-revision/<cluster>/<service>/<id>` */
export const serviceRevisions: Collection<ServiceRevisionRecord, 'byService'> = {
  service: 'ecs',
  noun: 'service-revision',
  indexes: { byService: (record, key) => `${scopeOf(key)}/${record.cluster}/${record.service}` },
};

export type ServiceDeploymentStatus =
  | 'PENDING'
  | 'IN_PROGRESS'
  | 'STOP_REQUESTED'
  | 'STOPPED'
  | 'SUCCESSFUL'
  | 'ROLLBACK_REQUESTED'
  | 'ROLLBACK_IN_PROGRESS'
  | 'ROLLBACK_SUCCESSFUL'
  | 'ROLLBACK_FAILED';

/** The way of a service from some revisions to another one. Its state changes by `service-deployment-state.ts` only. */
export interface ServiceDeploymentRecord {
  /** 21 letters and digits. */
  readonly id: string;
  readonly cluster: string;
  readonly service: string;
  readonly status: ServiceDeploymentStatus;
  readonly statusReason?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly startedAt?: number;
  /** When it reached the status that it ended with. */
  readonly finishedAt?: number;
  /** When it ended as STOPPED. */
  readonly stoppedAt?: number;
  readonly sources: readonly ServiceRevisionUse[];
  readonly target: ServiceRevisionUse;
  /** The service's, as it was last seen while this was under way. */
  readonly deploymentConfiguration: DeploymentConfigurationRecord;
  readonly circuitBreaker: CircuitBreakerReading;
  readonly alarms: DeploymentAlarmsReading;
  /** How far the shift of traffic has come; absent: none has begun. */
  readonly shift?: TrafficShiftReading;
  /** What somebody said to its hooks, or their functions did, by their ids. */
  readonly hookAnswers?: Readonly<Record<string, 'CONTINUE' | 'ROLLBACK'>>;
  /** Of functions that asked to be called again, by their hooks' ids. */
  readonly hookCallbacks?: Readonly<Record<string, HookCallbackRecord>>;
  readonly rollback?: {
    readonly reason: string;
    readonly startedAt: number;
    /** What it goes back to; absent when there was nothing. */
    readonly revisionId?: string;
  };
}

export interface HookCallbackRecord {
  readonly at: number;
  /** What it is to be given then. */
  readonly details?: Json;
}

export interface TrafficShiftReading {
  readonly lifecycleStage: LifecycleStage;
  /** Percent that goes to the target; the rest goes to where it came from. */
  readonly targetTraffic: TrafficRecord;
  /** Where it came from; absent: there was nothing. */
  readonly sourceDeploymentId?: string;
  /** Of its stage, else of the last one that had some. */
  readonly hooks: readonly HookRecord[];
}

/** How near the circuit breaker is, or was, to its threshold. */
export interface CircuitBreakerReading {
  readonly status: MonitorStatus;
  readonly failureCount: number;
  readonly threshold: number;
}

/** What the alarms that it is watched by have to say. */
export interface DeploymentAlarmsReading {
  readonly status: MonitorStatus;
  readonly alarmNames: readonly string[];
  readonly triggeredAlarmNames: readonly string[];
}

export type MonitorStatus = 'DISABLED' | 'MONITORING' | 'MONITORING_COMPLETE' | 'TRIGGERED';

export interface ServiceRevisionUse {
  readonly revisionId: string;
  readonly deploymentId: string;
  /** Its tasks when the service deployment ended; until then they are counted when somebody asks. */
  readonly finalCounts?: ServiceRevisionCounts;
}

export interface ServiceRevisionCounts {
  readonly requested: number;
  readonly running: number;
  readonly pending: number;
}

/** `service-deployment/<cluster>/<service>/<id>` */
export const serviceDeployments: Collection<ServiceDeploymentRecord, 'byService' | 'unfinishedByService'> = {
  service: 'ecs',
  noun: 'service-deployment',
  indexes: {
    byService: (record, key) => `${scopeOf(key)}/${record.cluster}/${record.service}`,
    unfinishedByService: (record, key) =>
      record.finishedAt === undefined ? `${scopeOf(key)}/${record.cluster}/${record.service}` : undefined,
  },
};
