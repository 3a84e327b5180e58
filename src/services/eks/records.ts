import type { Collection, Reader, RecordKey } from '../../reconcile/index.ts';
import { recordKey } from '../../reconcile/index.ts';
import type { PrincipalEntity } from '../iam/index.ts';
import type { KeptDataKey } from '../kms/index.ts';
import type { SwitchedFunction } from './addons/catalogue.ts';
import type { Scope } from './arn.ts';

export type Tags = Readonly<Record<string, string>>;

/** Who is let in: whom access entries name, whom the ConfigMap `aws-auth` does, or both. */
export type AuthenticationMode = 'API' | 'API_AND_CONFIG_MAP' | 'CONFIG_MAP';

/** Of the logs of a control plane, those that are written here. */
export type LoggedType = 'api' | 'audit' | 'authenticator';

/** The request that made something: again the same, it makes nothing. */
export interface MadeBy {
  readonly token: string;
  readonly hash: string;
}

/** A network interface by which a control plane is in the VPC of its cluster. */
export interface ClusterInterface {
  /** `eni-…` */
  readonly id: string;
  readonly subnetId: string;
  readonly privateIpv4: string;
}

/** What is wanted of a cluster. What its control plane is like is the control plane's own record. */
export interface ClusterRecord {
  /** 32 upper-case hexadecimal digits: of this cluster, and of none that is made later under its name. */
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly version: string;
  readonly roleArn: string;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  /** Of all its nodes; absent: it was made before there were any. */
  readonly clusterSecurityGroupId?: string;
  /** One in each of two zones; absent: it was made before control planes had any. */
  readonly networkInterfaces?: readonly ClusterInterface[];
  readonly serviceIpv4Cidr: string;
  readonly authenticationMode: AuthenticationMode;
  /** Who made it; absent: nobody is let in for having made it. */
  readonly creator?: PrincipalEntity;
  /** Who may connect; absent: everybody. */
  readonly publicAccessCidrs?: readonly string[];
  /** Whose logs its control plane writes; absent: none. */
  readonly logTypes?: readonly LoggedType[];
  /** What it could have and is without, until its add-on is made; absent: nothing. */
  readonly withoutFunctions?: readonly SwitchedFunction[];
  /** Of the last upgrade, which can be taken back for some days. */
  readonly upgradedFrom?: { readonly version: string; readonly at: number };
  /** The update that its control plane has yet to follow. */
  readonly updateId?: string;
  /** What its Secrets are sealed with; absent: they are kept as they are. Once there it stays. */
  readonly encryption?: KeptDataKey;
  readonly deletionProtection: boolean;
  readonly createdAt: number;
  readonly tags: Tags;
  readonly request?: MadeBy;
  /** Its control plane is being taken down; then the record goes. */
  readonly isDeleting?: true;
}

/** `cluster/<name>` */
export const clusters: Collection<ClusterRecord, 'scope'> = {
  service: 'eks',
  noun: 'cluster',
  indexes: { scope: (_cluster, key) => scopeText(scopeOfKey(key)) },
};

export const clusterKey = ({ accountId, region }: Scope, name: string): RecordKey =>
  recordKey(clusters, accountId, region, name);

/** The cluster of an id; undefined: it is no more. */
export function clusterByPlace(
  reader: Pick<Reader, 'byIndex'>,
  scope: Scope,
  id: string,
): ClusterRecord | undefined {
  return reader.byIndex(clusters, 'scope', scopeText(scope)).find(({ value }) => value.id === id)?.value;
}

/** Whether a cluster has a function that it can be without. */
export const hasFunction = (
  { withoutFunctions = [] }: Pick<ClusterRecord, 'withoutFunctions'>,
  name: SwitchedFunction,
): boolean => !withoutFunctions.includes(name);

/** The account and region of a record, from its key. */
export function scopeOfKey(key: RecordKey): Scope {
  const [, , accountId = '', region = ''] = key.split('/');
  return { accountId, region };
}

export const scopeText = ({ accountId, region }: Scope): string => `${accountId}/${region}`;

/** What an index by id finds something by. */
export const idText = (scope: Scope, id: string): string => `${scopeText(scope)}/${id}`;

/** What an index finds the things of a cluster by. */
export const clusterText = (scope: Scope, clusterName: string): string =>
  `${scopeText(scope)}/${clusterName}`;
