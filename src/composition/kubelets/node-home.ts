import type { AwsCredentialIdentity } from '@smithy/types';
import type { Clock, Random } from '../../clock/index.ts';
import {
  controlPlaneOf,
  type LocalVolumeReport,
  localVolumeName,
  localVolumeReportKey,
  localVolumeReports,
  localVolumes,
} from '../../kubernetes/index.ts';
import type { RecordKey, State } from '../../reconcile/index.ts';
import {
  type ControlPlane,
  isCarriedBy,
  type NodeReportRecord,
  nodeInstances,
  nodeReportKey,
  nodeReports,
  ofNodegroup,
  scopeOfKey,
} from '../../services/eks/index.ts';
import type { Iam } from '../../services/iam/index.ts';
import { networkCredentials } from './network-credentials.ts';
import { identityOf, type NodeIdentity, nodeCredentials } from './node-identity.ts';

/**
 * What a machine needs of the control plane for its nodes and their volumes, wherever that is. They are named by the keys of
 * their records, which the machine follows.
 */
export interface NodeHome {
  /** Where the API server of the node's cluster answers; undefined: it does not yet. */
  controlPlaneOf(
    key: RecordKey,
  ): Promise<Pick<ControlPlane, 'certificateAuthority' | 'endpoint'> | undefined>;
  /** Of the node's role, as its instance has them. @throws {Error} there are none. */
  credentials(key: RecordKey): Promise<AwsCredentialIdentity>;
  /** With which its pods' addresses are asked for. @throws {Error} there are none. */
  networkCredentials(key: RecordKey): Promise<AwsCredentialIdentity>;
  /** Says how far the node has come; again is success. Nothing is said of a node that is another machine's by now, or nobody's. */
  report(key: RecordKey, said: NodeReport): Promise<void>;
  /** Says what the machine has of a volume, in answer to its record; again is success. Undefined: nothing any more. */
  reportVolume(key: RecordKey, said: VolumeReport | undefined): Promise<void>;
}

export type VolumeReport = Omit<LocalVolumeReport, 'machineId'>;
export type NodeReport = Pick<NodeReportRecord, 'message' | 'status'>;

export interface NodeHomeParts {
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  readonly iam: Pick<Iam, 'assumeRoleForService'>;
  /** That these are of. */
  readonly machineId: string;
  /** The control plane is on it: see `isCarriedBy`. */
  readonly isHome: boolean;
}

/** Of the nodes of one machine, in the process of the control plane. */
export function nodeHome({ state, clock, random, iam, machineId, isHome }: NodeHomeParts): NodeHome {
  const carrier = isHome ? undefined : machineId;
  const identity = (key: RecordKey): NodeIdentity => {
    const instance = state.get(nodeInstances, key);
    if (!isCarriedBy(instance, carrier)) throw new Error(`${key} is no node of this machine`);
    return identityOf(scopeOfKey(key), instance);
  };
  return {
    controlPlaneOf: async (key) => {
      const instance = state.get(nodeInstances, key);
      if (!isCarriedBy(instance, carrier)) return undefined;
      return controlPlaneOf(state, scopeOfKey(key), instance.clusterId);
    },
    credentials: async (key) => nodeCredentials(iam, identity(key)),
    networkCredentials: async (key) => networkCredentials({ state, iam, random }, identity(key)),
    report: (key, { status, message }) =>
      state.transact((tx) => {
        const instance = tx.get(nodeInstances, key);
        if (!isCarriedBy(instance, carrier)) return;
        const scope = scopeOfKey(key);
        const reportKey = nodeReportKey(scope, instance.instanceId);
        const before = tx.get(nodeReports, reportKey);
        if (before?.status === status && before.message === message) return;
        tx.put(nodeReports, reportKey, {
          ...{ ...ofNodegroup(scope, instance), status, at: clock.now() },
          ...(message !== undefined && { message }),
        });
      }),
    reportVolume: (key, said) =>
      state.transact((tx) => {
        const reportKey = localVolumeReportKey(key, localVolumeName(key));
        const before = tx.get(localVolumeReports, reportKey);
        if (before !== undefined && before.machineId !== machineId) return;
        if (said === undefined) tx.delete(localVolumeReports, reportKey);
        else if (tx.get(localVolumes, key)?.machineId === machineId)
          tx.put(localVolumeReports, reportKey, { ...said, machineId });
      }),
  };
}
