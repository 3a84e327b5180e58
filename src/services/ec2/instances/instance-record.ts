import type { Collection } from '../../../reconcile/index.ts';
import type { Deletable, Tags } from '../records.ts';

/**
 * A machine of the installation, or a slice of one, that ECS has as a container instance or EKS as a node. ECS or EKS writes it and ends it; nobody makes or stops one by EC2's operations, which write its tags alone.
 * `instance/<id>`
 */
export interface InstanceRecord extends Deletable {
  /** `i-…` */
  readonly id: string;
  /** `r-…`, of its own: each came alone. */
  readonly reservationId: string;
  /** At which its ports are reached: on its machine, 127.0.0.1, 127.0.0.2 and so on; of a node, in its VPC. */
  readonly address: string;
  readonly availabilityZone: string;
  /** As EC2 calls it, e.g. `x86_64`. */
  readonly architecture?: string;
  /** The machine that it is on; absent: the control plane's. */
  readonly machineId?: string;
  /** TCP ports that are the machine's own: no target of a load balancer has them. */
  readonly ownTcpPorts: readonly number[];
  /** The same of UDP. Absent: none. */
  readonly ownUdpPorts?: readonly number[];
  readonly launchedAt: number;
  /** Of a node, or a Managed Instance: what it was launched as. Absent: it is its machine's, without a type or a place in a VPC. */
  readonly node?: LaunchedNode;
  /** Present: it is no more. */
  readonly terminatedAt?: number;
  readonly tags: Tags;
}

export const instances: Collection<InstanceRecord> = {
  service: 'ec2',
  noun: 'instance',
  indexes: {},
};

export interface LaunchedNode {
  /** E.g. `t3.medium`. */
  readonly instanceType: string;
  readonly imageId: string;
  /** Its primary interface. */
  readonly networkInterfaceId: string;
  readonly isSpot: boolean;
  /** Of a Managed Instance: where on its machine the ports of its tasks are reached. */
  readonly portsAddress?: string;
}
