import { type Collection, type RecordKey, recordKey } from '../../reconcile/index.ts';
import type { ClusterPlace } from '../objects/object-records.ts';

/** An interface that a pod has for itself, behind the trunk interface of its node. */
export interface PodInterfaceRecord {
  /** The key of the pod's object. */
  readonly podKey: string;
  /** Of the pod. */
  readonly uid: string;
  readonly instanceId: string;
  /** As the pod is told of it. */
  readonly told: BranchInterface;
  /** When its pod had gone or ended; it rests before it goes. Epoch milliseconds. */
  readonly releasedAt?: number;
}

/** What stands in a pod's annotation, in the words of the Amazon VPC resource controller. */
export interface BranchInterface {
  readonly eniId: string;
  /** Its MAC address. */
  readonly ifAddress: string;
  readonly privateIp: string;
  /** Of its trunk, which no other interface has. */
  readonly vlanId: number;
  readonly subnetCidr: string;
}

/** `pod-interface/<cluster's id>/<pod's uid>` */
export const podInterfaces: Collection<PodInterfaceRecord, 'instance' | 'pod'> = {
  service: 'kubernetes',
  noun: 'pod-interface',
  indexes: { instance: ({ instanceId }) => instanceId, pod: ({ podKey }) => podKey },
};

export const podInterfaceKey = ({ accountId, region, id }: ClusterPlace, uid: string): RecordKey =>
  recordKey(podInterfaces, accountId, region, id, uid);
