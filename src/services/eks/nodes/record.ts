import { type Collection, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import type { LaunchedInstance } from '../../ec2/index.ts';
import type { Scope } from '../arn.ts';
import { clusterText, scopeOfKey, scopeText } from '../records.ts';

/** Keeps pods away from a node that do not tolerate it; the same key and effect is the same taint. */
export interface NodeTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: 'NO_EXECUTE' | 'NO_SCHEDULE' | 'PREFER_NO_SCHEDULE';
}

/** As Kubernetes spells the effects of taints. */
export const kubernetesEffects = {
  NO_EXECUTE: 'NoExecute',
  NO_SCHEDULE: 'NoSchedule',
  PREFER_NO_SCHEDULE: 'PreferNoSchedule',
} as const;

/**
 * An instance that is a node of a cluster, or is to become one, as it is wanted. What becomes of it is told by others:
 * its machine (`NodeReportRecord`) and the control plane of its cluster (`NodeSightingRecord`).
 */
export interface NodeInstanceRecord {
  /** `i-…` */
  readonly instanceId: string;
  readonly clusterName: string;
  readonly clusterId: string;
  readonly nodegroupName: string;
  /** As whose session its kubelet signs in: its ARN. */
  readonly nodeRole: string;
  readonly instanceType: string;
  readonly isSpot: boolean;
  /** In CPU units of 1/1024 core and MiB: what its machine gives to it. */
  readonly share: { readonly cpu: number; readonly memoryMiB: number };
  readonly capacity: {
    readonly cpuMillis: number;
    readonly memoryMiB: number;
    readonly pods: number;
    readonly diskGiB: number;
  };
  /** Of Kubernetes that its kubelet is of: `1.36`. */
  readonly version: string;
  readonly releaseVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly NodeTaint[];
  readonly createdAt: number;
  /** Where EC2 has launched it; absent: its machine has not said yet that it has room. */
  readonly launched?: LaunchedInstance & { readonly at: number };
  /** Its pods are to leave it; from then on it takes no others. Epoch milliseconds. */
  readonly drainSince?: number;
  /** It is to end. */
  readonly isEnding?: true;
}

/** What an instance's machine says of it. */
export interface NodeReportRecord {
  readonly nodegroupKey: string;
  readonly status: 'ended' | 'no-room' | 'reserved' | 'running';
  /** For people. */
  readonly message?: string;
  readonly at: number;
}

/** What the control plane of its cluster sees of a node. */
export interface NodeSightingRecord {
  readonly nodegroupKey: string;
  readonly isReady: boolean;
  /** Labels and taints that it has of its record's, as they were given to it last. */
  readonly given?: Pick<NodeInstanceRecord, 'labels' | 'taints'>;
  /** No pods are on it that have to leave it. */
  readonly isDrained?: true;
  /** Of pods that would not leave: `namespace/name`. */
  readonly stuckPods?: readonly string[];
  /** It ended, and the cluster knows it no more. */
  readonly isForgotten?: true;
}

/** `node-instance/<instance id>` */
export const nodeInstances: Collection<NodeInstanceRecord, 'cluster' | 'nodegroup'> = {
  service: 'eks',
  noun: 'node-instance',
  indexes: {
    cluster: ({ clusterName }, key) => clusterText(scopeOfKey(key), clusterName),
    nodegroup: ({ clusterName, nodegroupName }, key) =>
      `${clusterText(scopeOfKey(key), clusterName)}/${nodegroupName}`,
  },
};
/** `node-report/<instance id>` */
export const nodeReports: Collection<NodeReportRecord> = {
  ...{ service: 'eks', noun: 'node-report', indexes: {} },
};
/** `node-sighting/<instance id>` */
export const nodeSightings: Collection<NodeSightingRecord> = {
  ...{ service: 'eks', noun: 'node-sighting', indexes: {} },
};

const keyIn =
  (collection: Collection<never, string>) =>
  ({ accountId, region }: Scope, instanceId: string): RecordKey =>
    recordKey(collection, accountId, region, instanceId);

export const nodeInstanceKey = keyIn(nodeInstances as unknown as Collection<never, string>);
export const nodeReportKey = keyIn(nodeReports as unknown as Collection<never, string>);
export const nodeSightingKey = keyIn(nodeSightings as unknown as Collection<never, string>);

/** The instance that a record of any of these is of. */
export const instanceIdOfKey = (key: RecordKey): string => key.split('/').at(-1) ?? '';

/** The key of the record of its node group. */
export const nodegroupKeyOf = (
  { accountId, region }: Scope,
  { clusterName, nodegroupName }: Pick<NodeInstanceRecord, 'clusterName' | 'nodegroupName'>,
): RecordKey =>
  recordKey(
    { service: 'eks', noun: 'nodegroup', indexes: {} },
    accountId,
    region,
    clusterName,
    nodegroupName,
  );

/** What the index by node group finds its instances by. */
export const nodegroupText = (scope: Scope, clusterName: string, nodegroupName: string): string =>
  `${scopeText(scope)}/${clusterName}/${nodegroupName}`;
