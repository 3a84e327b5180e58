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

/** How far the scaling of a target has come; written by its reconciler alone. */
export interface ScalingProgressRecord {
  readonly boundsVersion: number;
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

/** The account and region of a record, from its key. */
export function scopeOfKey(key: string): Scope {
  const [, , accountId = '', region = ''] = key.split('/');
  return { accountId, region };
}
