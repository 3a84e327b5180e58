import type { Collection, RecordKey } from '../../reconcile/index.ts';
import { recordKey } from '../../reconcile/index.ts';
import type { Scope, TargetName } from './arn.ts';

/**
 * What Application Auto Scaling keeps in the store. All of it belongs to a scalable target, which is an ECS service's
 * desired count. Times are epoch milliseconds.
 */
export interface ScalableTargetRecord extends TargetName {
  /** What its ARN ends with. */
  readonly id: string;
  readonly minCapacity: number;
  readonly maxCapacity: number;
  /** Grows with each change of the two: the service is brought within them once for each (`ScalingProgressRecord`). */
  readonly boundsVersion: number;
  readonly suspended: SuspendedRecord;
  readonly createdAt: number;
  readonly tags: Tags;
}

export type Tags = Readonly<Record<string, string>>;

export interface SuspendedRecord {
  readonly dynamicScalingIn: boolean;
  readonly dynamicScalingOut: boolean;
  readonly scheduledScaling: boolean;
}

export interface ScalingPolicyRecord extends TargetName {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly policy: StepScalingRecord | TargetTrackingRecord;
}

export const adjustmentTypes = ['ChangeInCapacity', 'PercentChangeInCapacity', 'ExactCapacity'] as const;
export const aggregationTypes = ['Average', 'Minimum', 'Maximum'] as const;

/** What is not given has its default where it is used. */
export interface StepScalingRecord {
  readonly type: 'StepScaling';
  readonly adjustmentType: (typeof adjustmentTypes)[number];
  readonly minAdjustmentMagnitude?: number;
  readonly cooldownSeconds?: number;
  readonly metricAggregationType?: (typeof aggregationTypes)[number];
  readonly steps: readonly StepRecord[];
}

/** Bounds are distances from the alarm's threshold; absent: there is none. */
export interface StepRecord {
  readonly lower?: number;
  readonly upper?: number;
  readonly adjustment: number;
}

export interface TargetTrackingRecord {
  readonly type: 'TargetTrackingScaling';
  readonly targetValue: number;
  readonly metric: PredefinedMetricRecord | CustomizedMetricRecord;
  readonly scaleOutCooldownSeconds?: number;
  readonly scaleInCooldownSeconds?: number;
  readonly disableScaleIn?: boolean;
  /** Names of the CloudWatch alarms that belong to it; without the low one it never scales in. */
  readonly alarms: { readonly high: string; readonly low?: string };
}

export const serviceMetrics = [
  'ECSServiceAverageCPUUtilization',
  'ECSServiceAverageMemoryUtilization',
] as const;

export type PredefinedMetricRecord =
  | { readonly predefined: (typeof serviceMetrics)[number] }
  | {
      readonly predefined: 'ALBRequestCountPerTarget';
      /** `app/<name>/<id>` */
      readonly loadBalancer: string;
      /** `targetgroup/<name>/<id>` */
      readonly targetGroup: string;
    };

export const metricStatistics = ['Average', 'Minimum', 'Maximum', 'SampleCount', 'Sum'] as const;

export interface CustomizedMetricRecord {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly { readonly name: string; readonly value: string }[];
  readonly statistic: (typeof metricStatistics)[number];
  readonly unit?: string;
}

export interface ScheduledActionRecord extends TargetName {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  /** When it was last put: times before then are none of its. */
  readonly configuredAt: number;
  /** `at(…)`, `rate(…)` or `cron(…)`. */
  readonly schedule: string;
  /** An IANA name. Absent: UTC. */
  readonly timezone?: string;
  readonly startsAt?: number;
  readonly endsAt?: number;
  /** What it makes of its target's bounds; one of them at least. */
  readonly action: { readonly minCapacity?: number; readonly maxCapacity?: number };
}

/** How far the scaling of a target has come; written by its reconciler alone. */
export interface ScalingProgressRecord {
  readonly boundsVersion: number;
  readonly cooldown?: CooldownRecord;
  /** By the ids of scheduled actions: their times up to then have passed. */
  readonly passed?: Readonly<Record<string, number>>;
  /** By the names of alarms that call policies: the call that was answered last. */
  readonly answered?: Readonly<Record<string, AnsweredRecord>>;
}

/** After a policy has scaled. */
export interface CooldownRecord {
  readonly direction: 'out' | 'in';
  /** The desired count before it began. */
  readonly base: number;
  readonly endsAt: number;
}

/** An alarm calls when its state changes, and each minute for as long as it stays in that state. */
export interface AnsweredRecord {
  readonly transitionedAt: number;
  /** Epoch milliseconds. */
  readonly minute: number;
}

/** Something that was done, or decided not to be done, to a target's capacity. */
export interface ScalingActivityRecord extends TargetName {
  readonly id: string;
  readonly description: string;
  readonly cause: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly status: 'InProgress' | 'Successful' | 'Overridden' | 'Unfulfilled' | 'Failed';
  readonly statusMessage?: string;
  /** Of one that sets the desired count. */
  readonly change?: CapacityChange;
  /** Of one that sets nothing, and why. */
  readonly notScaled?: NotScaledRecord;
}

export interface CapacityChange {
  readonly from: number;
  readonly to: number;
  readonly minCapacity: number;
  readonly maxCapacity: number;
}

export type NotScaledRecord =
  | { readonly code: 'AlreadyAtMaxCapacity'; readonly maxCapacity: number }
  | { readonly code: 'AlreadyAtMinCapacity'; readonly minCapacity: number }
  | { readonly code: 'AlreadyAtDesiredCapacity'; readonly currentCapacity: number }
  | { readonly code: 'TargetServicePutResourceAsUnscalable' };

const service = 'application-autoscaling';

/** `target/<cluster>/<service>` */
export const targets: Collection<ScalableTargetRecord, 'id'> = {
  service,
  noun: 'target',
  indexes: { id: ({ id }) => id },
};

/** `policy/<cluster>/<service>/<encoded name>` */
export const policies: Collection<ScalingPolicyRecord> = { service, noun: 'policy', indexes: {} };

/** `scheduled-action/<cluster>/<service>/<encoded name>` */
export const scheduledActions: Collection<ScheduledActionRecord> = {
  service,
  noun: 'scheduled-action',
  indexes: {},
};

/** `progress/<cluster>/<service>` */
export const progress: Collection<ScalingProgressRecord> = { service, noun: 'progress', indexes: {} };

/** `activity/<cluster>/<service>/<time and id>`, in the order in which they began. */
export const activities: Collection<ScalingActivityRecord, 'underWay'> = {
  service,
  noun: 'activity',
  indexes: {
    underWay: (activity, key) =>
      activity.status === 'InProgress' ? targetKey(scopeOfKey(key), activity) : undefined,
  },
};

export const targetKey = (scope: Scope, { cluster, service: name }: TargetName): RecordKey =>
  recordKey(targets, scope.accountId, scope.region, cluster, name);
export const policyKey = (scope: Scope, { cluster, service: of }: TargetName, name: string): RecordKey =>
  recordKey(policies, scope.accountId, scope.region, cluster, of, encodeURIComponent(name));
export const scheduledActionKey = (
  scope: Scope,
  { cluster, service: of }: TargetName,
  name: string,
): RecordKey =>
  recordKey(scheduledActions, scope.accountId, scope.region, cluster, of, encodeURIComponent(name));
export const progressKey = (scope: Scope, { cluster, service: name }: TargetName): RecordKey =>
  recordKey(progress, scope.accountId, scope.region, cluster, name);
export const activityKey = (
  scope: Scope,
  { cluster, service: name, startedAt, id }: ScalingActivityRecord,
): RecordKey =>
  recordKey(
    activities,
    scope.accountId,
    scope.region,
    cluster,
    name,
    `${String(startedAt).padStart(15, '0')}-${id}`,
  );

/** The keys of what is of one target, or of all of an account and region. */
export function prefixOf<T extends object>(
  collection: Collection<T, string>,
  { accountId, region }: Scope,
  target?: TargetName,
): string {
  const of = target === undefined ? '' : `${target.cluster}/${target.service}/`;
  return `/${service}/${accountId}/${region}/${collection.noun}/${of}`;
}

/** The service of a target, from its key. */
export function targetOfKey(key: RecordKey): TargetName {
  const [, , , , , cluster = '', name = ''] = key.split('/');
  return { cluster, service: name };
}

/** The account and region of a record, from its key. */
export function scopeOfKey(key: string): Scope {
  const [, , accountId = '', region = ''] = key.split('/');
  return { accountId, region };
}
