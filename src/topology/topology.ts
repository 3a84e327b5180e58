/**
 * What a VPC is like at one moment: plain data between those who decide and those who carry packets. EC2 makes it of
 * its records, the network of a machine makes the kernel so, and `reachability.ts` says what follows from it. Its parts
 * are frozen, and a part that has not changed is the same object in the next topology: so differences are found by
 * identity.
 *
 * Addresses are IPv4 in dotted form, blocks in CIDR form without host bits.
 */
export interface VpcTopology {
  /** `vpc-…`. */
  readonly id: string;
  /** Unique within the installation, from 1 on: names tunnels between machines (a VXLAN network identifier, 24 bits). */
  readonly number: number;
  /** The primary one first. */
  readonly cidrs: readonly string[];
  /** `enableDnsSupport`: whether there is a resolver at the primary block's base plus two. */
  readonly hasResolver: boolean;
  /** Whether an internet gateway is attached. */
  readonly hasInternetGateway: boolean;
  readonly subnets: readonly SubnetTopology[];
  readonly routeTables: readonly RouteTableTopology[];
  readonly securityGroups: readonly SecurityGroupTopology[];
  readonly interfaces: readonly InterfaceTopology[];
  /** The available ones. */
  readonly natGateways: readonly NatGatewayTopology[];
}

export interface SubnetTopology {
  readonly id: string;
  readonly cidr: string;
  /** The one associated, else the VPC's main one. */
  readonly routeTableId: string;
}

export interface RouteTableTopology {
  readonly id: string;
  /** The longest prefix that holds a destination counts. The local routes are among them. */
  readonly routes: readonly RouteTopology[];
}

export interface RouteTopology {
  readonly destination: string;
  readonly target: RouteTarget;
}

export type RouteTarget =
  /** Within the VPC. */
  | { readonly type: 'local' }
  /** To the world, for interfaces with a public address. */
  | { readonly type: 'internet-gateway' }
  /** Id in `natGateways`. */
  | { readonly type: 'nat-gateway'; readonly id: string }
  /** Id in `interfaces`, which forwards (its source/destination check is off). */
  | { readonly type: 'network-interface'; readonly id: string }
  /** What it named is gone: packets are dropped. */
  | { readonly type: 'blackhole' };

export interface SecurityGroupTopology {
  readonly id: string;
  readonly ingress: readonly RuleTopology[];
  readonly egress: readonly RuleTopology[];
}

/** A rule allows; nothing denies. */
export interface RuleTopology {
  /** `sgr-…`. */
  readonly id: string;
  readonly traffic: Traffic;
  readonly peer: RulePeer;
}

export type Traffic =
  | { readonly protocol: 'all' }
  | { readonly protocol: 'tcp' | 'udp'; readonly fromPort: number; readonly toPort: number }
  /** Absent: any. */
  | { readonly protocol: 'icmp'; readonly type?: number; readonly code?: number }
  /** By IANA number, other than the above. */
  | { readonly protocol: number };

export type RulePeer =
  /** One block, or a prefix list's. */
  | { readonly type: 'cidrs'; readonly cidrs: readonly string[] }
  /** The private addresses of the interfaces that carry the group. */
  | { readonly type: 'group'; readonly id: string };

export interface InterfaceTopology {
  /** `eni-…`. */
  readonly id: string;
  readonly subnetId: string;
  /** Lower case, colons. */
  readonly macAddress: string;
  /** The primary one first. */
  readonly addresses: readonly string[];
  /** Delegated /28 blocks. */
  readonly prefixes: readonly string[];
  readonly securityGroupIds: readonly string[];
  /** Off: it may send and get packets of other addresses than its own. */
  readonly checksSourceAndDestination: boolean;
  /** Public addresses, translated at the internet gateway. */
  readonly publicAddresses: readonly PublicAddress[];
  /** The machine on which it is; absent: not attached, or on the only one. */
  readonly machineId?: string;
  /** It is the machine's own, in the network that the machine has anyway: attached to an instance. */
  readonly isOfMachine?: true;
}

export interface PublicAddress {
  readonly privateIpv4: string;
  readonly publicIpv4: string;
}

export interface NatGatewayTopology {
  /** `nat-…`. */
  readonly id: string;
  readonly subnetId: string;
  /** Of its own interface, in its subnet. */
  readonly privateIpv4: string;
  /** Absent: a private NAT gateway, which translates to its private address. */
  readonly publicIpv4?: string;
}
