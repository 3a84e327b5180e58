/** A port of a service, as one node leads it to its targets. Addresses are IPv4. */
export interface ServicePlan {
  /** `namespace/name:port`, unique with the protocol. */
  readonly name: string;
  readonly protocol: 'sctp' | 'tcp' | 'udp';
  readonly clusterIp: string;
  readonly port: number;
  /** Where it is reached as well: externalIPs, and a load balancer's addresses that are short-circuited. */
  readonly externalIps: readonly string[];
  /** Of the node's own address. */
  readonly nodePort?: number;
  /** Who is in the cluster and asks the service's own address is led to these. */
  readonly internal: Targets;
  /** Who asks from outside, by a node port or an external address. */
  readonly external: Targets;
  /** Who asks from outside is seen with the node's address: not where only pods of this node are targets. */
  readonly hidesClients: boolean;
  /** A client goes where it went before, for so long after its last connection. */
  readonly affinitySeconds?: number;
}

export type Targets =
  | readonly ServiceTarget[]
  /** None: connections are refused; or, where others have some and this node has none, dropped. */
  | 'reject'
  | 'drop';

export interface ServiceTarget {
  readonly address: string;
  readonly port: number;
  /** On this node. */
  readonly isLocal: boolean;
}
