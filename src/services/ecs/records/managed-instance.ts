import { type Collection, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import { scopeOf } from './scope.ts';

/**
 * An instance that ECS wants or has wanted of a machine, for a capacity provider of Managed Instances. ECS alone writes it;
 * the machine answers by a report. `managed-instance/<instance id>`
 */
export interface ManagedInstanceRecord {
  /** EC2's: `i-…`. */
  readonly instanceId: string;
  readonly cluster: string;
  readonly capacityProvider: string;
  readonly instanceType: string;
  readonly isSpot: boolean;
  /** The share of the machine that the type comes to, which is all that its tasks get. */
  readonly share: { readonly cpu: number; readonly memoryMiB: number };
  /** Of the volume that its tasks write on; absent: as much as its machine has. */
  readonly storageSizeGiB?: number;
  /** Where it is to be. */
  readonly availabilityZone: string;
  readonly createdAt: number;
  /** When EC2 launched it, which is once its machine has room. */
  readonly launchedAt?: number;
  readonly subnetId?: string;
  readonly vpcId?: string;
  /** Since when no task needs it. Absent: one does, or it was not there yet. */
  readonly idleSince?: number;
  /** The revisions of daemons that were started there, by the daemons' names. Absent: it takes no tasks yet. */
  readonly daemons?: Readonly<Record<string, string>>;
  /** Its machine is to end it. */
  readonly isEnding?: true;
}

/** How far an instance's machine has come with it: written by the machine alone. `managed-instance-report/<instance id>` */
export interface ManagedInstanceReportRecord {
  readonly capacityProvider: string;
  readonly status: 'no-room' | 'reserved' | 'running' | 'ended';
  /** Why there is no room, for people. */
  readonly message?: string;
  /** The loopback address at which the ports of its tasks are reached on the machine. */
  readonly address?: string;
  readonly at: number;
}

export const managedInstances: Collection<ManagedInstanceRecord, 'byProvider'> = {
  service: 'ecs',
  noun: 'managed-instance',
  indexes: { byProvider: ({ capacityProvider }, key) => `${scopeOf(key)}/${capacityProvider}` },
};

export const managedInstanceReports: Collection<ManagedInstanceReportRecord> = {
  service: 'ecs',
  noun: 'managed-instance-report',
  indexes: {},
};

interface Scope {
  readonly accountId: string;
  readonly region: string;
}

export const managedInstanceKey = ({ accountId, region }: Scope, id: string): RecordKey =>
  recordKey(managedInstances, accountId, region, id);

export const managedInstanceReportKey = ({ accountId, region }: Scope, id: string): RecordKey =>
  recordKey(managedInstanceReports, accountId, region, id);

export const managedInstanceIdOf = (key: RecordKey): string => key.split('/').at(-1) ?? '';

/** Where the report about the instance of a record's key is. */
export const managedInstanceReportOf = (key: RecordKey): RecordKey => {
  const [, , accountId = '', region = ''] = key.split('/', 4);
  return managedInstanceReportKey({ accountId, region }, managedInstanceIdOf(key));
};

/** Under which `byProvider` finds a provider's instances. */
export const providerText = ({ accountId, region }: Scope, provider: string): string =>
  `${accountId}/${region}/${provider}`;
