import type { DeploymentLifecycleHookStage } from '@aws-sdk/client-ecs';
import type { Json } from '../../../store/index.ts';
import type { ExposureRecord } from './activation.ts';
import type { CapacityProviderStrategy } from './cluster.ts';
import type { LaunchedType } from './launched-type.ts';
import type { LifecycleRecord } from './lifecycle.ts';
import type { ServiceConnectAliasRecord } from './service-connect.ts';

/** Defaults filled in. */
export interface DeploymentConfigurationRecord {
  readonly strategy: 'ROLLING' | 'BLUE_GREEN' | 'LINEAR' | 'CANARY';
  /** Of LINEAR. */
  readonly linearConfiguration?: LinearRecord;
  /** Of CANARY. */
  readonly canaryConfiguration?: CanaryRecord;
  readonly maximumPercent: number;
  readonly minimumHealthyPercent: number;
  readonly bakeTimeInMinutes: number;
  readonly deploymentCircuitBreaker: CircuitBreakerRecord;
  readonly alarms?: DeploymentAlarmsRecord;
  readonly earlySuccessCriteria?: EarlySuccessRecord;
  /** At least one. */
  readonly lifecycleHooks?: readonly LifecycleHookRecord[];
}

export type LifecycleHookRecord = PauseRecord | FunctionHookRecord;

export interface PauseRecord extends HookTimesRecord {
  readonly targetType: 'PAUSE';
}

export interface FunctionHookRecord extends HookTimesRecord {
  readonly targetType: 'AWS_LAMBDA';
  /** The function's ARN. */
  readonly hookTargetArn: string;
  readonly roleArn: string;
  /** JSON that the function is given. */
  readonly hookDetails?: Json;
}

/** Defaults filled in. */
interface HookTimesRecord {
  readonly lifecycleStages: readonly DeploymentLifecycleHookStage[];
  readonly timeoutConfiguration: {
    readonly timeoutInMinutes: number;
    readonly action: 'CONTINUE' | 'ROLLBACK';
  };
}

export interface LinearRecord {
  /** Tenths of a percent are the finest. */
  readonly stepPercent: number;
  readonly stepBakeTimeInMinutes: number;
}

export interface CanaryRecord {
  /** Tenths of a percent are the finest. */
  readonly canaryPercent: number;
  readonly canaryBakeTimeInMinutes: number;
}

/** What was given is shown again; what was not has its default in `deployment/circuit-breaker.ts`. */
export interface CircuitBreakerRecord {
  readonly enable: boolean;
  readonly rollback: boolean;
  readonly resetOnHealthyTask?: boolean;
  readonly thresholdConfiguration?: {
    readonly type: 'BOUNDED_PERCENT' | 'UNBOUNDED_PERCENT' | 'COUNT';
    readonly value: number;
  };
}

/** When a rollout counts as successful before all of its tasks are up. */
export type EarlySuccessRecord =
  | { readonly enable: false }
  | {
      readonly enable: true;
      /** Of the desired count, that is to be healthy. */
      readonly healthyPercent: number;
      /** BLOCKING: not before the older tasks are gone. */
      readonly sourceServiceRevisionCleanup: 'BLOCKING' | 'DEFERRED';
    };

/** CloudWatch alarms that a deployment is watched by. */
export interface DeploymentAlarmsRecord {
  readonly alarmNames: readonly string[];
  readonly enable: boolean;
  readonly rollback: boolean;
}

export interface NetworkConfigurationRecord {
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  readonly assignPublicIp: 'ENABLED' | 'DISABLED';
}

export interface DeploymentRecord extends ExposureRecord {
  /** `ecs-svc/<digits>`; also the `startedBy` of its tasks. */
  readonly id: string;
  readonly status: 'PRIMARY' | 'ACTIVE';
  readonly taskDefinition: { readonly family: string; readonly revision: number };
  readonly networkConfiguration?: NetworkConfigurationRecord;
  /** Of each of `loadBalancers`, the one of its two target groups that this deployment's tasks are in. */
  readonly targetGroupArns?: readonly string[];
  /** Of a deployment that traffic is shifted to, and of one that it is shifted back to. */
  readonly lifecycle?: LifecycleRecord;
  /** The names that its tasks can look up. */
  readonly serviceConnectAliases?: readonly ServiceConnectAliasRecord[];
  readonly launchType: LaunchedType;
  readonly capacityProviderStrategy?: CapacityProviderStrategy;
  /** The version that it was resolved to. */
  readonly platformVersion?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly rolloutState: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  readonly rolloutStateReason: string;
  /** What it rolls out. */
  readonly serviceRevisionId: string;
  /** Tasks in a row that ended or failed their health checks without ever having been healthy; 0 after one became healthy. */
  readonly failedTasks: number;
  /**
   * What the circuit breaker goes by: as `failedTasks`, but tasks that never reached RUNNING count only while none
   * has, and a healthy task clears it only if the breaker is told so.
   */
  readonly failureCount: number;
  /** Alarms that were in ALARM when it began, and mean nothing to it; absent until somebody has looked. */
  readonly ignoredAlarms?: readonly string[];
  /** When its tasks were up and its bake time began. */
  readonly bakeStartedAt?: number;
  /** Set when it is FAILED. */
  readonly failure?: DeploymentFailure;
  /** When the last task failed, or ended soon after its start; a task that became healthy later clears it. */
  readonly lastFailureAt?: number;
  /**
   * Ends of tasks up to this store revision are counted. STOPPED is the last write to a task, so what stops
   * later has a higher one: each end is counted once, however often somebody looks.
   */
  readonly countedRevision: number;
  /** Tasks fail again and again: nothing is launched before then. */
  readonly restart?: RestartRecord;
  /** The last launch found no place. */
  readonly placement?: PlacementWaitRecord;
}

/** Why a deployment is given up. */
export interface DeploymentFailure {
  readonly cause: 'circuit-breaker' | 'alarm' | 'user-request' | 'networking' | 'lifecycle';
  /** Of `networking` and `lifecycle`: what it was, in a sentence. */
  readonly detail?: string;
  /** Those in ALARM. */
  readonly alarmNames?: readonly string[];
  /** Back to the deployment that completed last, if there is one. */
  readonly rollsBack: boolean;
  readonly at: number;
}

export interface RestartRecord {
  /** Waves of launches in a row that failed. */
  readonly streak: number;
  readonly notBefore: number;
}

export interface PlacementWaitRecord {
  /** Launches in a row that found no place. */
  readonly failures: number;
  readonly notBefore: number;
  /** Highest revision among the instances that were looked at: when it has grown, it is worth another look. */
  readonly capacityRevision: number;
}
