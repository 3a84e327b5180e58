import type { AMITypes, NodegroupIssueCode } from '@aws-sdk/client-eks';
import { type Collection, type Reader, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import type { NodeTaint } from '../nodes/record.ts';
import { clusterText, idText, type MadeBy, scopeOfKey, type Tags } from '../records.ts';

/** A node group as it is wanted, and how far its reconciler has come. */
export interface NodegroupRecord {
  /** UUID. */
  readonly id: string;
  readonly name: string;
  readonly clusterName: string;
  readonly nodeRole: string;
  /** IAM's own id of that role. */
  readonly nodeRoleId: string;
  readonly subnetIds: readonly string[];
  readonly instanceTypes: readonly string[];
  readonly amiType: AMITypes;
  readonly capacityType: 'ON_DEMAND' | 'SPOT';
  readonly diskGiB: number;
  readonly scaling: Scaling;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly NodeTaint[];
  readonly updateConfig: UpdateConfig;
  /** Of Kubernetes: `1.36`. */
  readonly version: string;
  readonly releaseVersion: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly tags: Tags;
  readonly request?: MadeBy;
  /** The update that its nodes have yet to follow. */
  readonly updateId?: string;
  /** That update goes on where pods do not leave a node. */
  readonly isForced?: true;
  readonly isDeleting?: true;
  /** The reconciler's own. */
  readonly phase: 'ACTIVE' | 'CREATE_FAILED' | 'CREATING';
  /** The reconciler's own. */
  readonly issues: readonly NodegroupIssue[];
  /** The reconciler's own: the last instance that could not be launched. */
  readonly launchFailure?: { readonly at: number; readonly instanceType: string };
}

export interface Scaling {
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredSize: number;
}

export interface UpdateConfig {
  readonly maxUnavailable?: number;
  readonly maxUnavailablePercentage?: number;
  readonly updateStrategy: 'DEFAULT' | 'MINIMAL';
}

export interface NodegroupIssue {
  readonly code: NodegroupIssueCode;
  readonly message: string;
  readonly resourceIds: readonly string[];
}

/** `nodegroup/<cluster>/<name>` */
export const nodegroups: Collection<NodegroupRecord, 'cluster' | 'id'> = {
  service: 'eks',
  noun: 'nodegroup',
  indexes: {
    cluster: ({ clusterName }, key) => clusterText(scopeOfKey(key), clusterName),
    id: ({ id }, key) => idText(scopeOfKey(key), id),
  },
};

export const nodegroupKey = ({ accountId, region }: Scope, clusterName: string, name: string): RecordKey =>
  recordKey(nodegroups, accountId, region, clusterName, name);

/** Of a cluster, in no order. */
export const nodegroupsOf = (reader: Reader, scope: Scope, clusterName: string): readonly NodegroupRecord[] =>
  reader.byIndex(nodegroups, 'cluster', clusterText(scope, clusterName)).map(({ value }) => value);

/** By what AWS calls the Auto Scaling group that a node group's instances are in. */
export const scalingGroupName = ({ name, id }: Pick<NodegroupRecord, 'id' | 'name'>): string =>
  `eks-${name}-${id}`;
