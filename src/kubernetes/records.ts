import type { Collection, RecordKey } from '../reconcile/index.ts';
import { recordKey } from '../reconcile/index.ts';
import type { ClusterPlace } from './objects/object-records.ts';

/** A cluster's control plane: where it answers, and what proves that it does. Written when it first answers. */
export interface ControlPlaneRecord {
  /** Of its listener; kept, so that a cluster is where it was after a restart. */
  readonly port: number;
  /** `https://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** Of Kubernetes, that it serves; absent: it was made before clusters were updated, and serves the cluster's. */
  readonly version?: string;
  /** PEM. */
  readonly certificateAuthority: string;
  /** Sealed for `authorityPurpose`; PKCS #8. */
  readonly sealedKey: string;
  /** Of the tokens of its ServiceAccounts; kept, for trust policies name it. Absent: it was made before it had any. */
  readonly tokens?: {
    readonly issuer: string;
    /** Sealed for `tokenKeyPurpose`; PKCS #8. */
    readonly sealedKey: string;
  };
  /** Whose certificates the servers of aggregated APIs believe; absent: it was made before there were any. */
  readonly frontProxy?: {
    /** PEM. */
    readonly certificateAuthority: string;
    /** Sealed for `frontProxyPurpose`; PKCS #8. */
    readonly sealedKey: string;
  };
  /** Its StorageClasses were made: who deletes one does not find it again. Absent: it was made before there were any. */
  readonly hasStorageClasses?: true;
}

/** `control-plane/<cluster's id>` */
export const controlPlanes: Collection<ControlPlaneRecord> = {
  service: 'kubernetes',
  noun: 'control-plane',
  indexes: {},
};

export const controlPlaneKey = ({ accountId, region, id }: ClusterPlace): RecordKey =>
  recordKey(controlPlanes, accountId, region, id);

export function placeOfControlPlane(key: string): ClusterPlace {
  const [, , accountId = '', region = '', , id = ''] = key.split('/');
  return { accountId, region, id };
}

/**
 * Where the pods of a cluster reach its API server, by addresses that they have a way to: what the Endpoints of the Service
 * `kubernetes` say. Written by whoever carries the network of its VPC. Absent: pods don't reach it.
 */
export interface ApiEndpointRecord {
  /** IPv4, none of loopback. */
  readonly addresses: readonly string[];
  readonly port: number;
}

/** `api-endpoint/<cluster's id>` */
export const apiEndpoints: Collection<ApiEndpointRecord> = {
  service: 'kubernetes',
  noun: 'api-endpoint',
  indexes: {},
};

export const apiEndpointKey = ({ accountId, region, id }: ClusterPlace): RecordKey =>
  recordKey(apiEndpoints, accountId, region, id);

/** What the key that a cluster signs tokens with is sealed for. */
export const tokenKeyPurpose = (id: string): string => `kubernetes-tokens/${id}`;

/** What the key of the authority of a cluster's front proxy is sealed for. */
export const frontProxyPurpose = (id: string): string => `kubernetes-front-proxy/${id}`;

/** What the key of a cluster's authority is sealed for. */
export const authorityPurpose = (id: string): string => `kubernetes-authority/${id}`;
