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
export type NodeInstanceRecord = FargateInstance | NodegroupInstance;

/** One of a node group, which EC2 shows. */
export interface NodegroupInstance extends NodeInstance {
  readonly nodegroupName: string;
  readonly instanceType: string;
  readonly isSpot: boolean;
  readonly releaseVersion: string;
  readonly fargate?: undefined;
}

/** One that Fargate has for a single pod. It is none of EC2's: EC2 shows its interface. */
export interface FargateInstance extends NodeInstance {
  readonly fargate: FargatePod;
  /** Of its interface. */
  readonly macAddress?: string;
  /** Why it never becomes a node, for people. */
  readonly problem?: string;
  readonly nodegroupName?: undefined;
}

/** The pod that a node of Fargate is for, and the profile by which it runs. */
export interface FargatePod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly profileName: string;
  readonly profileArn: string;
  /** Of SecurityGroupPolicies; absent: it is in the cluster's own. */
  readonly securityGroupIds?: readonly string[];
}

interface NodeInstance {
  /** `i-…`; of Fargate's: 10 and 32 hexadecimal digits. */
  readonly instanceId: string;
  readonly clusterName: string;
  readonly clusterId: string;
  /** As whose session its kubelet signs in: its ARN. */
  readonly nodeRole: string;
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
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly NodeTaint[];
  readonly createdAt: number;
  /** The machine that it is on; absent: the control plane's. */
  readonly machineId?: string;
  /** Machines that had no room for it: see `askAnother`. */
  readonly refusedBy?: readonly string[];
  /** Where it is in the VPC; absent: its machine has not said yet that it has room. */
  readonly launched?: LaunchedInstance & { readonly at: number };
  /** Its pods are to leave it; from then on it takes no others. Epoch milliseconds. */
  readonly drainSince?: number;
  /** It is to end. */
  readonly isEnding?: true;
}

/** What an instance's machine says of it. */
export interface NodeReportRecord {
  /** Absent: of a node of Fargate. */
  readonly nodegroupKey?: string;
  readonly status: 'ended' | 'no-room' | 'reserved' | 'running';
  /** For people. */
  readonly message?: string;
  readonly at: number;
}

/** What the control plane of its cluster sees of a node. */
export interface NodeSightingRecord {
  /** Absent: of a node of Fargate. */
  readonly nodegroupKey?: string;
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
export const nodeInstances: Collection<NodeInstanceRecord, 'cluster' | 'nodegroup' | 'pod' | 'profile'> = {
  service: 'eks',
  noun: 'node-instance',
  indexes: {
    cluster: ({ clusterName }, key) => clusterText(scopeOfKey(key), clusterName),
    nodegroup: ({ clusterName, nodegroupName }, key) =>
      nodegroupName === undefined ? undefined : nodegroupText(scopeOfKey(key), clusterName, nodegroupName),
    pod: ({ clusterId, fargate }, key) => fargate && podText(scopeOfKey(key), clusterId, fargate),
    profile: ({ clusterName, fargate }, key) =>
      fargate && profileText(scopeOfKey(key), clusterName, fargate.profileName),
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

/** By which node group's record a report or a sighting is found to be of it; nothing: of none's. */
export function ofNodegroup(
  { accountId, region }: Scope,
  { clusterName, nodegroupName }: Pick<NodeInstanceRecord, 'clusterName' | 'nodegroupName'>,
): { readonly nodegroupKey?: RecordKey } {
  if (nodegroupName === undefined) return {};
  const nodegroups = { service: 'eks', noun: 'nodegroup', indexes: {} };
  return { nodegroupKey: recordKey(nodegroups, accountId, region, clusterName, nodegroupName) };
}

/** What the index by node group finds its instances by. */
export const nodegroupText = (scope: Scope, clusterName: string, nodegroupName: string): string =>
  `${scopeText(scope)}/${clusterName}/${nodegroupName}`;

/** What the index by profile finds its instances by. */
export const profileText = (scope: Scope, clusterName: string, profileName: string): string =>
  `${scopeText(scope)}/${clusterName}/${profileName}`;

/** What the index by pod finds the instances by that are for the pods of a name. */
export const podText = (
  scope: Scope,
  clusterId: string,
  { namespace, name }: Pick<FargatePod, 'name' | 'namespace'>,
): string => `${scopeText(scope)}/${clusterId}/${namespace}/${name}`;

/** How the cluster calls a node; undefined: it has no place yet. */
export const nodeNameOf = ({ launched, fargate }: NodeInstanceRecord): string | undefined =>
  launched && `${fargate === undefined ? '' : 'fargate-'}${launched.privateDnsName}`;

/**
 * As nodes say which instance they are: `aws:///<availability zone>/<instance id>`, and those of Fargate their name besides.
 * Undefined: it has no place yet.
 */
export const providerIdOf = (instance: NodeInstanceRecord): string | undefined =>
  instance.launched &&
  `aws:///${instance.launched.availabilityZone}/${instance.instanceId}${instance.fargate === undefined ? '' : `/${nodeNameOf(instance)}`}`;

/** The instance that a node says it is; undefined: none. */
export const instanceIdOfProvider = (providerId: string): string | undefined =>
  /^aws:\/\/\/[^/]+\/([0-9a-f-]+|i-[0-9a-f]+)(?:\/|$)/.exec(providerId)?.[1];
