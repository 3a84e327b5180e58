import type { Clock, Random } from '../../clock/index.ts';
import type { Reader, State, Transaction } from '../../reconcile/index.ts';
import type { AskedDataKey, GrantedDataKey } from '../kms/index.ts';
import type { Call } from '../service.ts';
import type { Scope } from './arn.ts';
import { clusterNotFound } from './errors.ts';
import { type ClusterRecord, clusterKey, clusters } from './records.ts';

/** What the EKS room is given by the composition root. */
export interface EksContext {
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  /** See `Ec2Context.publicCidr`. */
  readonly publicCidr: string;
  /** The control plane of a cluster, by its id; undefined: it does not answer yet. */
  readonly controlPlaneOf: (reader: Reader, scope: Scope, clusterId: string) => ControlPlane | undefined;
  /** Why the service can't act with a role; undefined: it can. */
  readonly whyNotAssumed: (scope: Scope, asked: AskedRole) => string | undefined;
  /** Of the machines that nodes are on, as EC2 calls it. */
  readonly machineArchitecture: () => 'arm64' | 'x86_64';
  /** See `grantDataKey` of KMS's. */
  readonly grantDataKey: (reader: Reader | Transaction, call: Call, asked: AskedDataKey) => GrantedDataKey;
  /** The machines that have joined, and can carry nodes now. */
  readonly otherMachines: () => readonly string[];
}

/** A role that EKS is to act with. */
export interface AskedRole {
  readonly roleArn: string;
  /** As trust policies name it. */
  readonly service:
    | 'ec2.amazonaws.com'
    | 'eks-fargate-pods.amazonaws.com'
    | 'eks.amazonaws.com'
    | 'pods.eks.amazonaws.com';
  /** On whose behalf: the ARN of the cluster, or of its Fargate profile. */
  readonly sourceArn: string;
  /** Of the session, as far as they are known before there is one. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** What a cluster's control plane tells of itself. */
export interface ControlPlane {
  readonly endpoint: string;
  /** PEM. */
  readonly certificateAuthority: string;
  /** Of the tokens of its ServiceAccounts: an HTTPS URL. */
  readonly issuer?: string;
  /** That it serves; absent: the one that the cluster was made with. */
  readonly version?: string;
}

/** @throws ResourceNotFoundException */
export function requireCluster(reader: Reader, scope: Scope, name: string): ClusterRecord {
  const found = name === '' || name.includes('/') ? undefined : reader.get(clusters, clusterKey(scope, name));
  if (found === undefined) throw clusterNotFound(name);
  return found;
}
