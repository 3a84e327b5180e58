import type { AlarmReading } from '../../cloudwatch/index.ts';
import type { DeploymentFailure, HookRecord, ServiceDeploymentRecord, ServiceRecord } from '../records.ts';
import type { TrafficReading } from '../traffic-shift/routes.ts';
import type { NextStage } from '../traffic-shift/stages.ts';
import type { LiveTask } from './live-task.ts';
import type { FailureCount, TaskEnd } from './restart-throttle.ts';
import type { SchedulerSettings } from './scheduler-settings.ts';
import type { RebalancingStep } from './zone-rebalancing.ts';

export interface ServiceSnapshot {
  readonly service: ServiceRecord;
  /** How many tasks it should have: a DAEMON service one for each of its instances. */
  readonly desired: number;
  /** Those that are not finished. */
  readonly serviceDeployments: readonly ServiceDeploymentRecord[];
  readonly live: readonly LiveTask[];
  /** The deployments of tasks that are DEACTIVATING, one entry for each: they count no more, and are not gone yet. */
  readonly deactivating: readonly string[];
  /** Of tasks that failed; those counted already may be among them. */
  readonly ends: readonly TaskEnd[];
  /** Grows with every change that can make room for tasks: the highest store revision among the cluster's instances. */
  readonly capacityRevision: number;
  /** By name, those that the rollout is watched by. */
  readonly alarms: ReadonlyMap<string, AlarmReading>;
  /** Of a service whose traffic is shifted by the rules of load balancers. */
  readonly traffic?: TrafficReading;
  /** Where tasks can be started, when the service's are to be rebalanced over them. */
  readonly zones?: readonly string[];
  readonly now: number;
  readonly settings: SchedulerSettings;
}

export type Step =
  /** What the deployment knows of its failures from now on. */
  | { readonly type: 'count-failures'; readonly deploymentId: string; readonly count: FailureCount }
  | { readonly type: 'stop'; readonly because: StopCause; readonly taskIds: readonly string[] }
  | {
      readonly type: 'start';
      readonly deploymentId: string;
      readonly count: number;
      /** One on each of these instances, instead of by placement. */
      readonly instanceIds?: readonly string[];
      /** How many of them take the place of UNHEALTHY ones. */
      readonly replacedUnhealthy: number;
    }
  | RebalancingStep
  /** Superseded, and none of its tasks is left. */
  | { readonly type: 'drop-deployment'; readonly deploymentId: string }
  | { readonly type: 'complete-deployment'; readonly deploymentId: string }
  /** Somebody has answered its hooks, or their time is over. */
  | {
      readonly type: 'settle-hooks';
      readonly deploymentId: string;
      readonly hooks: readonly HookRecord[];
    }
  /** The next stage of its lifecycle begins, with what it changes of where traffic goes. */
  | ({ readonly type: 'enter-stage'; readonly deploymentId: string } & NextStage)
  /** The rollout has begun to be watched; these alarms were in ALARM then. */
  | { readonly type: 'note-alarms'; readonly deploymentId: string; readonly alarmNames: readonly string[] }
  /** Its tasks are up. */
  | { readonly type: 'begin-bake'; readonly deploymentId: string }
  | {
      readonly type: 'fail-deployment';
      readonly deploymentId: string;
      readonly failure: DeploymentFailure;
      /** Ends of tasks up to this store revision count against no deployment any more. */
      readonly countedRevision: number;
    }
  /** The service deployments haven't been told yet how the service stands. */
  | { readonly type: 'follow-service' }
  | { readonly type: 'tell'; readonly message: string }
  | { readonly type: 'become-steady' }
  | { readonly type: 'become-unsteady' }
  | { readonly type: 'become-inactive' };

export type StopCause = 'scaling' | 'unhealthy';

export interface ServicePlan {
  readonly steps: readonly Step[];
  /** When the passing of time alone may call for something; absent when only a change can. */
  readonly lookAgainAfterMs?: number;
}
