import { type Collection, type Reader, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { clusterText, idText, type MadeBy, scopeOfKey, type Tags } from '../records.ts';
import type { AccessPolicyName } from './access-policies.ts';

/** Whom of IAM a cluster lets in, as whom of Kubernetes, and what he may do there besides what RBAC gives him. */
export interface AccessEntryRecord {
  /** UUID. */
  readonly id: string;
  readonly clusterName: string;
  /** With its path. */
  readonly principalArn: string;
  /** IAM's own id: who is made anew under the same ARN is somebody else. */
  readonly principalId: string;
  readonly type: AccessEntryType;
  /** May hold `{{SessionName}}`, `{{SessionNameRaw}}`, `{{EC2PrivateDNSName}}`, `{{AccountID}}` and `{{AccessKeyID}}`. */
  readonly username: string;
  readonly kubernetesGroups: readonly string[];
  readonly policies: readonly AssociatedPolicy[];
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly tags: Tags;
  readonly request?: MadeBy;
}

/** The others are those of nodes of Auto Mode and of Windows, of which there are none. */
export type AccessEntryType = 'EC2_LINUX' | 'FARGATE_LINUX' | 'HYBRID_LINUX' | 'HYPERPOD_LINUX' | 'STANDARD';

export interface AssociatedPolicy {
  readonly name: AccessPolicyName;
  readonly scope: AccessScope;
  readonly associatedAt: number;
  readonly modifiedAt: number;
}

export type AccessScope =
  | { readonly type: 'cluster' }
  /** Names, in which `*` is any run of characters; whether they exist does not matter. */
  | { readonly type: 'namespace'; readonly namespaces: readonly string[] };

/** `access-entry/<cluster>/<principal's ARN, encoded>` */
export const accessEntries: Collection<AccessEntryRecord, 'cluster' | 'id' | 'principal'> = {
  service: 'eks',
  noun: 'access-entry',
  indexes: {
    cluster: ({ clusterName }, key) => clusterText(scopeOfKey(key), clusterName),
    id: ({ id }, key) => idText(scopeOfKey(key), id),
    principal: ({ clusterName, principalId }, key) =>
      principalText(scopeOfKey(key), clusterName, principalId),
  },
};

export const accessEntryKey = ({ accountId, region }: Scope, clusterName: string, arn: string): RecordKey =>
  recordKey(accessEntries, accountId, region, clusterName, encodeURIComponent(arn));

const principalText = (scope: Scope, clusterName: string, principalId: string): string =>
  `${clusterText(scope, clusterName)}/${principalId}`;

/** The entry of whoever has this id of IAM's: of a role's session the role's. */
export function accessEntryOf(
  reader: Reader,
  scope: Scope,
  clusterName: string,
  principalId: string,
): AccessEntryRecord | undefined {
  return reader.byIndex(accessEntries, 'principal', principalText(scope, clusterName, principalId))[0]?.value;
}
