import { hex, type Random } from '../../../clock/index.ts';
import type { RecordKey, Transaction } from '../../../reconcile/index.ts';
import type { FargateSize } from '../../fargate-sizes.ts';
import { fargateProfileArn, type Scope } from '../arn.ts';
import { allNodes, machineFor } from '../nodes/placement.ts';
import { type FargatePod, nodeInstanceKey, nodeInstances } from '../nodes/record.ts';
import type { ClusterRecord } from '../records.ts';
import type { FargateProfileRecord } from './record.ts';

/** What a pod is to have for itself. */
export interface FargateNodeRequest {
  readonly cluster: Pick<ClusterRecord, 'id' | 'name' | 'version'>;
  readonly profile: FargateProfileRecord;
  readonly pod: Pick<FargatePod, 'name' | 'namespace' | 'securityGroupIds' | 'uid'>;
  readonly size: FargateSize;
  readonly diskGiB: number;
  /** See `EksContext.otherMachines`. */
  readonly otherMachines: readonly string[];
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The label and the taint that tell nodes of Fargate from others. */
export const computeType = { key: 'eks.amazonaws.com/compute-type', value: 'fargate' } as const;

/** A record: a machine says whether it has room for it. The caller has seen that the pod has none yet, in this transaction. */
export function requestFargateNode(
  tx: Transaction,
  random: Random,
  scope: Scope,
  { cluster, profile, pod, size, diskGiB, otherMachines, now }: FargateNodeRequest,
): void {
  const instanceId = `${hex(random, 10)}-${hex(random, 32)}`;
  const { key, value } = computeType;
  const all = allNodes(tx);
  tx.put(nodeInstances, nodeInstanceKey(scope, instanceId), {
    ...{ instanceId, clusterName: cluster.name, clusterId: cluster.id },
    fargate: { ...pod, profileName: profile.name, profileArn: fargateProfileArn(scope, profile) },
    ...{ nodeRole: profile.podExecutionRole, share: size, version: cluster.version, createdAt: now },
    capacity: { cpuMillis: (size.cpu * 1_000) / 1_024, memoryMiB: size.memoryMiB, pods: 1, diskGiB },
    ...{ labels: { [key]: value }, taints: [{ key, value, effect: 'NO_SCHEDULE' }] },
    ...machineFor({ others: otherMachines, alike: all, all }),
  });
}

/** Its pod is no more, or it is of no use to it. */
export function endFargateNode(tx: Transaction, key: RecordKey): void {
  const instance = tx.get(nodeInstances, key);
  if (instance?.fargate !== undefined && !instance.isEnding)
    tx.put(nodeInstances, key, { ...instance, isEnding: true });
}
