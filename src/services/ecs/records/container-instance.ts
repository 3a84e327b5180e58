import type { Tag } from '@aws-sdk/client-ecs';
import type { Collection } from '../../../reconcile/index.ts';
import { scopeOf } from './scope.ts';

export interface ContainerInstanceRecord {
  readonly id: string;
  readonly cluster: string;
  /** REGISTERING: a Managed Instance whose daemons are to run before it takes other tasks. */
  readonly status: 'REGISTERING' | 'ACTIVE' | 'DRAINING' | 'INACTIVE';
  readonly statusReason?: string;
  /** +1 with each change that users see. */
  readonly version: number;
  readonly registeredAt: number;
  readonly deregisteredAt?: number;
  readonly ec2InstanceId?: string;
  readonly agentConnected: boolean;
  /** When its agent last became connected. */
  readonly connectedAt?: number;
  readonly versionInfo: {
    readonly agentVersion?: string;
    readonly agentHash?: string;
    readonly dockerVersion?: string;
  };
  readonly registeredResources: readonly InstanceResource[];
  readonly attributes: readonly { readonly name: string; readonly value?: string }[];
  /** The provider that it came with: of an Auto Scaling group, or that of Managed Instances which launched it. */
  readonly capacityProviderName?: string;
  /** It is a Managed Instance: tasks come here by its provider alone. */
  readonly isManaged?: true;
  /**
   * What its tasks that are not STOPPED have reserved, and what a Fargate host has borrowed from it for its own.
   * Written in the transaction that writes the task, so that two launches can't both take the last of it.
   */
  readonly used: TaskReservation;
  /** What of `used` a Fargate host has borrowed. Absent: nothing yet. */
  readonly lent?: Pick<TaskReservation, 'cpu' | 'memoryMiB'>;
  /** How many tasks `used` sums up. */
  readonly taskCount: number;
  /** The same tasks by their group, which is what spreading and distinctInstance go by. */
  readonly groups: readonly { readonly group: string; readonly tasks: number }[];
  /**
   * Sequence numbers up to this one may have been given to the agent (payloads and manifests share them; ACS
   * wants them to grow for ever). Sessions take them in blocks.
   */
  readonly seqNum: number;
  readonly tags: readonly Tag[];
}

export interface InstanceResource {
  readonly name: string;
  readonly type: 'INTEGER' | 'LONG' | 'DOUBLE' | 'STRINGSET';
  readonly integerValue?: number;
  readonly stringSetValue?: readonly string[];
}

/**
 * The cluster, in name only, of the machines' hosts for Fargate tasks: see `capacity/fargate-hosts.ts`. The dot keeps
 * every real cluster from having the name.
 */
export const fargateHosts = 'fargate.hosts';

/** `container-instance/<cluster>/<id>` */
export const containerInstances: Collection<
  ContainerInstanceRecord,
  'byCluster' | 'byManagedInstance' | 'registeredByCluster' | 'registeredByEc2Instance' | 'usableByZone'
> = {
  service: 'ecs',
  noun: 'container-instance',
  indexes: {
    byCluster: (record, key) => `${scopeOf(key)}/${record.cluster}`,
    registeredByCluster: (record, key) =>
      record.status === 'INACTIVE' ? undefined : `${scopeOf(key)}/${record.cluster}`,
    /** Managed Instances by their ids in EC2, also INACTIVE ones. */
    byManagedInstance: (record, key) =>
      record.isManaged ? `${scopeOf(key)}/${record.ec2InstanceId}` : undefined,
    registeredByEc2Instance: (record, key) =>
      record.status === 'INACTIVE' || record.ec2InstanceId === undefined
        ? undefined
        : `${scopeOf(key)}/${record.ec2InstanceId}`,
    /** By Availability Zone, where tasks can be started now. */
    usableByZone: (record, key) => {
      const zone = record.attributes.find(({ name }) => name === 'ecs.availability-zone')?.value;
      return record.status === 'ACTIVE' && record.agentConnected
        ? `${scopeOf(key)}/${record.cluster}/${zone}`
        : undefined;
    },
  },
};

export interface TaskReservation {
  /** CPU units. */
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly tcpPorts: readonly number[];
  readonly udpPorts: readonly number[];
  /** Absent: none. */
  readonly gpuIds?: readonly string[];
}

/** Custom attributes live on the instance's record; this type is their wire neighbour. */
export type InstanceAttribute = ContainerInstanceRecord['attributes'][number];
