import { type Collection, type Reader, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { clusterText, idText, type MadeBy, scopeOfKey, type Tags } from '../records.ts';

/** As which role of IAM the pods of a ServiceAccount act. Neither it nor its namespace has to be there. */
export interface PodIdentityRecord {
  /** `a-` and 17 digits and lower-case letters. */
  readonly id: string;
  readonly clusterName: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly roleArn: string;
  readonly disableSessionTags: boolean;
  /** The ARN of the add-on that it came with and goes with; absent: it was made for itself. */
  readonly ownerArn?: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly tags: Tags;
  readonly request?: MadeBy;
}

/** `pod-identity-association/<cluster>/<namespace>/<ServiceAccount>` */
export const podIdentities: Collection<PodIdentityRecord, 'cluster' | 'id'> = {
  service: 'eks',
  noun: 'pod-identity-association',
  indexes: {
    cluster: ({ clusterName }, key) => clusterText(scopeOfKey(key), clusterName),
    id: ({ id }, key) => idText(scopeOfKey(key), id),
  },
};

export const podIdentityKey = (
  { accountId, region }: Scope,
  clusterName: string,
  namespace: string,
  serviceAccount: string,
): RecordKey => recordKey(podIdentities, accountId, region, clusterName, namespace, serviceAccount);

/** That of the pods of a ServiceAccount; undefined: they have no identity of this kind. */
export const podIdentityOf = (
  reader: Pick<Reader, 'get'>,
  scope: Scope,
  clusterName: string,
  { namespace, serviceAccount }: Pick<PodIdentityRecord, 'namespace' | 'serviceAccount'>,
): PodIdentityRecord | undefined =>
  reader.get(podIdentities, podIdentityKey(scope, clusterName, namespace, serviceAccount));

/** Those of an add-on's, in the order of their ServiceAccounts. */
export const ownedAssociations = (
  reader: Reader,
  scope: Scope,
  clusterName: string,
  ownerArn: string,
): readonly PodIdentityRecord[] =>
  reader
    .byIndex(podIdentities, 'cluster', clusterText(scope, clusterName))
    .map(({ value }) => value)
    .filter((it) => it.ownerArn === ownerArn)
    .toSorted((one, other) => (one.serviceAccount < other.serviceAccount ? -1 : 1));
