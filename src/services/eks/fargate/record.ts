import { type Collection, type Reader, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { clusterText, idText, type MadeBy, scopeOfKey, type Tags } from '../records.ts';

/** Which pods of a cluster run on Fargate, and as what: it is made and deleted, and never changed but for its tags. */
export interface FargateProfileRecord {
  /** UUID. */
  readonly id: string;
  readonly name: string;
  readonly clusterName: string;
  /** ARN: as its sessions the kubelets of its pods sign in. */
  readonly podExecutionRole: string;
  /** IAM's own id of that role. */
  readonly podExecutionRoleId: string;
  readonly subnetIds: readonly string[];
  readonly selectors: readonly PodSelector[];
  readonly createdAt: number;
  readonly tags: Tags;
  readonly request?: MadeBy;
  /** Its cluster's control plane knows it, and lets its nodes in. */
  readonly isActive?: true;
  /** Its pods go, then it goes itself. */
  readonly isDeleting?: true;
}

/** In all of these texts `*` stands for any run of characters, `?` for one. */
export interface PodSelector {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** `fargate-profile/<cluster>/<name>` */
export const fargateProfiles: Collection<FargateProfileRecord, 'cluster' | 'id'> = {
  service: 'eks',
  noun: 'fargate-profile',
  indexes: {
    cluster: ({ clusterName }, key) => clusterText(scopeOfKey(key), clusterName),
    id: ({ id }, key) => idText(scopeOfKey(key), id),
  },
};

export const fargateProfileKey = (
  { accountId, region }: Scope,
  clusterName: string,
  name: string,
): RecordKey => recordKey(fargateProfiles, accountId, region, clusterName, name);

/** Of a cluster, in the order of their names. */
export const fargateProfilesOf = (
  reader: Reader,
  scope: Scope,
  clusterName: string,
): readonly FargateProfileRecord[] =>
  reader
    .byIndex(fargateProfiles, 'cluster', clusterText(scope, clusterName))
    .map(({ value }) => value)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
