import type { Tag } from '@aws-sdk/client-ecs';
import { type Collection, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import { scopeOf } from './scope.ts';

/** One task on each instance of its capacity providers of Managed Instances. `daemon/<cluster>/<name>` */
export interface DaemonRecord {
  readonly name: string;
  readonly cluster: string;
  readonly status: 'ACTIVE' | 'DELETE_IN_PROGRESS';
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly clientToken?: string;
  /** sha256 over the creation parameters, for clientToken idempotency. */
  readonly parametersHash: string;
  /** Names of its capacity providers. */
  readonly capacityProviders: readonly string[];
  /** What instances are to have from now on. */
  readonly revisionId: string;
  /** The latest. */
  readonly deploymentId: string;
  readonly tags: readonly Tag[];
}

/** What a daemon was when a deployment began. `daemon-revision/<cluster>/<daemon>/<id>` */
export interface DaemonRevisionRecord {
  readonly id: string;
  readonly cluster: string;
  readonly daemon: string;
  /** The family as daemons' task definitions are kept. */
  readonly taskDefinition: { readonly family: string; readonly revision: number };
  readonly capacityProviders: readonly string[];
  readonly isCritical: boolean;
  readonly propagateTags: 'DAEMON' | 'NONE';
  readonly enableECSManagedTags: boolean;
  readonly enableExecuteCommand: boolean;
  readonly createdAt: number;
}

export type DaemonDeploymentStatus =
  | 'IN_PROGRESS'
  | 'SUCCESSFUL'
  | 'STOPPED'
  | 'ROLLBACK_IN_PROGRESS'
  | 'ROLLBACK_SUCCESSFUL'
  | 'ROLLBACK_FAILED';

/** How a revision comes to the instances. `daemon-deployment/<cluster>/<daemon>/<id>` */
export interface DaemonDeploymentRecord {
  readonly id: string;
  readonly cluster: string;
  readonly daemon: string;
  readonly status: DaemonDeploymentStatus;
  readonly statusReason?: string;
  /** Absent: the daemon is deleted. */
  readonly targetRevisionId?: string;
  /** What was there before; absent: nothing. */
  readonly sourceRevisionId?: string;
  readonly configuration: {
    readonly drainPercent: number;
    readonly alarmNames: readonly string[];
    readonly bakeTimeInMinutes: number;
  };
  readonly failureCount: number;
  readonly triggeredAlarmNames: readonly string[];
  readonly rollback?: { readonly reason: string; readonly startedAt: number };
  readonly createdAt: number;
  /** Since when all instances have what they are to have. */
  readonly settledAt?: number;
  readonly finishedAt?: number;
  readonly stoppedAt?: number;
}

export const daemons: Collection<DaemonRecord, 'byCluster' | 'byProvider'> = {
  service: 'ecs',
  noun: 'daemon',
  indexes: {
    byCluster: ({ cluster }, key) => `${scopeOf(key)}/${cluster}`,
    byProvider: ({ capacityProviders }, key) => capacityProviders.map((name) => `${scopeOf(key)}/${name}`),
  },
};

export const daemonRevisions: Collection<DaemonRevisionRecord> = {
  service: 'ecs',
  noun: 'daemon-revision',
  indexes: {},
};

export const daemonDeployments: Collection<DaemonDeploymentRecord, 'byDaemon'> = {
  service: 'ecs',
  noun: 'daemon-deployment',
  indexes: { byDaemon: ({ cluster, daemon }, key) => `${scopeOf(key)}/${cluster}/${daemon}` },
};

interface Scope {
  readonly accountId: string;
  readonly region: string;
}

export const daemonKey = ({ accountId, region }: Scope, cluster: string, name: string): RecordKey =>
  recordKey(daemons, accountId, region, cluster, name);

export const daemonRevisionKey = (
  { accountId, region }: Scope,
  cluster: string,
  daemon: string,
  id: string,
) => recordKey(daemonRevisions, accountId, region, cluster, daemon, id);

export const daemonDeploymentKey = (
  { accountId, region }: Scope,
  cluster: string,
  daemon: string,
  id: string,
): RecordKey => recordKey(daemonDeployments, accountId, region, cluster, daemon, id);
