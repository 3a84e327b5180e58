import { cidrBlock, holds, ipv4Number } from './ipv4.ts';
import type { InterfaceTopology, Traffic, VpcTopology } from './topology.ts';

/** The first packet of a flow. */
export interface Packet {
  /** `eni-…`, an address of one, or an address outside of the VPC. */
  readonly from: string;
  /** Likewise, or one of the VPC's endpoints, e.g. the resolver's address. */
  readonly to: string;
  /** The source that it bears, where that isn't the sender's own: what an interface sends that forwards for others. */
  readonly sourceAddress?: string;
  readonly traffic: PacketTraffic;
}

export type PacketTraffic =
  /** The destination's port. */
  | { readonly protocol: 'tcp' | 'udp'; readonly port: number }
  | { readonly protocol: 'icmp'; readonly type: number; readonly code: number }
  /** By IANA number, other than the above. */
  | { readonly protocol: number };

/** Whether what a rule, or an endpoint, is open for includes a packet. */
export function includesTraffic(traffic: Traffic, packet: PacketTraffic): boolean {
  if (traffic.protocol === 'all') return true;
  if (traffic.protocol === 'icmp') {
    if (packet.protocol !== 'icmp') return false;
    const { type = packet.type, code = packet.code } = traffic;
    return type === packet.type && code === packet.code;
  }
  if (traffic.protocol === 'tcp' || traffic.protocol === 'udp') {
    if (packet.protocol !== traffic.protocol || !('port' in packet)) return false;
    return traffic.fromPort <= packet.port && packet.port <= traffic.toPort;
  }
  return traffic.protocol === packet.protocol;
}

/** Whether a private address is one of an interface's: its own, or of a block delegated to it. */
export function hasAddress(networkInterface: InterfaceTopology, address: string): boolean {
  if (networkInterface.addresses.includes(address)) return true;
  if (networkInterface.prefixes.length === 0) return false;
  const number = ipv4Number(address);
  return networkInterface.prefixes.some((prefix) => holds(cidrBlock(prefix), number));
}

/** Whether an address is of the VPC's own blocks. */
export function isOfVpc(vpc: VpcTopology, address: string): boolean {
  const number = ipv4Number(address);
  return vpc.cidrs.some((cidr) => holds(cidrBlock(cidr), number));
}
