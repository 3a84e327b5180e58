import { createHash } from 'node:crypto';
import {
  cidrBlock,
  holdsBlock,
  type InterfaceTopology,
  ipv4Text,
  type NatGatewayTopology,
  type RouteTableTopology,
  type RouteTarget,
  type VpcTopology,
} from '../../topology/index.ts';
import { linkName, natLinkName, tunnelName, uplinkName } from './link-name.ts';
import { mainTable } from './netlink/route.ts';
import type { Part, Way } from './parts.ts';

type LinkWay = Extract<Way, { type: 'link' }>;

/**
 * How the kernel is to route within a VPC. First the main table counts, which has what is attached: each interface's
 * addresses by its link. Then the route table of the subnet that a packet comes from; one of an interface that forwards
 * (whose packets come from anywhere) is told by its link. What is of the VPC and not attached is nowhere.
 */
const priorities = { attached: 100, forwarding: 200, subnets: 300 } as const;

/** Both ends of a link to the host have these, whatever the VPC: a link has no other neighbour. */
export const hostAddress = '169.254.172.1';
export const routerAddress = '169.254.172.2';

/** Addresses that every VPC's router answers on: the resolver, instances' and tasks' metadata. */
const linkLocalAddresses = ['169.254.169.253', '169.254.169.254', '169.254.170.2'] as const;

/** What only this machine knows of a VPC. */
export interface RouterView {
  /** Whether the interface's link is in the kernel. */
  hasLink(interfaceId: string): boolean;
  /** Other machines that have a part of the VPC; empty when there is but one. */
  readonly peers: ReadonlyMap<string, Peer>;
}

/** Another machine, seen through the tunnel. */
export interface Peer {
  readonly id: string;
  /** Where it is reached, outside of any VPC. */
  readonly underlayAddress: string;
  /** Of its end of every VPC's tunnel. */
  readonly mac: string;
}

/** All of a VPC's router, its links left out. */
export function routerParts(vpc: VpcTopology, view: RouterView): Part[] {
  const parts: Part[] = [
    { type: 'rule', priority: priorities.attached, table: mainTable, suppressedPrefixLength: 0 },
    ...routerAddresses(vpc).map(
      (address): Part => ({ type: 'address', link: 'lo', address, prefixLength: 32 }),
    ),
  ];
  for (const { cidr, routeTableId } of vpc.subnets) {
    const { first, prefixLength } = cidrBlock(cidr);
    parts.push({
      type: 'rule',
      priority: priorities.subnets,
      table: tableNumber(routeTableId),
      source: { address: ipv4Text(first), prefixLength },
    });
  }
  const router = new Ways(vpc, view);
  for (const { id, routes } of vpc.routeTables) {
    for (const { destination, target } of routes) {
      parts.push({ type: 'route', table: tableNumber(id), destination, way: router.to(target, destination) });
    }
  }
  for (const link of hostLinks(vpc)) parts.push(...hostLinkParts(link));
  for (const peer of view.peers.values()) parts.push(...peerParts(peer));
  for (const each of vpc.interfaces) parts.push(...interfaceParts(vpc, each, view));
  return parts;
}

/** What an interface adds: ways to its addresses. None while it isn't attached. */
export function interfaceParts(vpc: VpcTopology, each: InterfaceTopology, view: RouterView): Part[] {
  const way = wayTo(each, view);
  const [primary, ...secondary] = each.addresses;
  if (way === undefined || primary === undefined) return [];
  // Everything goes to the interface's MAC, whether or not what is behind it would answer for an address.
  const others = [...secondary.map((address) => `${address}/32`), ...each.prefixes];
  const parts: Part[] = [
    { type: 'route', table: mainTable, destination: `${primary}/32`, way },
    ...others.map((destination): Part => {
      return { type: 'route', table: mainTable, destination, way: { gateway: primary, ...way } };
    }),
  ];
  if (!view.hasLink(each.id)) return parts;
  // Known for good, neighbours count for nothing in the machine's table of them, which is small.
  const macAddress = each.macAddress;
  parts.push({ type: 'neighbour', of: 'arp', link: linkName(each.id), address: primary, macAddress });
  const subnet = vpc.subnets.find(({ id }) => id === each.subnetId);
  if (!each.checksSourceAndDestination && subnet !== undefined) {
    parts.push({
      type: 'rule',
      priority: priorities.forwarding,
      table: tableNumber(subnet.routeTableId),
      inLink: linkName(each.id),
    });
  }
  return parts;
}

/** A link between a VPC's router and the host: its name in the VPC, and whose it is. */
export interface HostLink {
  readonly name: string;
  /** The VPC's or the NAT gateway's. */
  readonly ownerId: string;
  /** Reached by it from outside. */
  readonly publicAddresses: readonly string[];
}

/** The internet gateway's, and one of each NAT gateway that has a public address: by its link the firewall knows it. */
export function hostLinks(vpc: VpcTopology): HostLink[] {
  if (!vpc.hasInternetGateway) return [];
  const uplink = {
    name: uplinkName,
    ownerId: vpc.id,
    publicAddresses: vpc.interfaces.flatMap(({ publicAddresses }) =>
      publicAddresses.map(({ publicIpv4 }) => publicIpv4),
    ),
  };
  const nats = vpc.natGateways.flatMap(({ id, publicIpv4 }) =>
    publicIpv4 === undefined ? [] : [{ name: natLinkName(id), ownerId: id, publicAddresses: [publicIpv4] }],
  );
  return [uplink, ...nats];
}

/** The number of a route table in the kernel: follows from its id, so that it is the same after a restart. */
export function tableNumber(routeTableId: string): number {
  const hash = createHash('sha256').update(routeTableId).digest().readUInt32BE(0);
  return 1_000 + (hash % 2_000_000_000);
}

/** A locally administered MAC that follows from a name. */
export function macOf(name: string): string {
  const digits = createHash('sha256').update(name).digest('hex').slice(0, 10);
  return `02:${digits.match(/../g)?.join(':')}`;
}

/** The MACs of both ends of a link to the host. */
export function hostLinkMacs(ownerId: string): { readonly router: string; readonly host: string } {
  return { router: macOf(`${ownerId}/router`), host: macOf(`${ownerId}/host`) };
}

function routerAddresses(vpc: VpcTopology): string[] {
  const [primary] = vpc.cidrs;
  const resolver = vpc.hasResolver && primary !== undefined ? [ipv4Text(cidrBlock(primary).first + 2)] : [];
  return [...vpc.subnets.map(({ cidr }) => routerOf(cidr)), ...resolver, ...linkLocalAddresses];
}

/** A subnet's router: its base plus one. */
export function routerOf(subnetCidr: string): string {
  return ipv4Text(cidrBlock(subnetCidr).first + 1);
}

function hostLinkParts({ name, ownerId }: HostLink): Part[] {
  return [
    { type: 'address', link: name, address: routerAddress, prefixLength: 32 },
    {
      type: 'neighbour',
      of: 'arp',
      link: name,
      address: hostAddress,
      macAddress: hostLinkMacs(ownerId).host,
    },
  ];
}

function peerParts({ underlayAddress: address, mac: macAddress }: Peer): Part[] {
  return [
    { type: 'neighbour', of: 'arp', link: tunnelName, address, macAddress },
    { type: 'neighbour', of: 'tunnel', link: tunnelName, address, macAddress },
  ];
}

/** To an interface that is here or, by the tunnel, on another machine. */
function wayTo({ id, machineId }: InterfaceTopology, view: RouterView): LinkWay | undefined {
  if (view.hasLink(id)) return { type: 'link', link: linkName(id) };
  const peer = machineId === undefined ? undefined : view.peers.get(machineId);
  return peer === undefined ? undefined : { type: 'link', link: tunnelName, gateway: peer.underlayAddress };
}

/** Where the targets of routes are. */
class Ways {
  readonly #view: RouterView;
  readonly #hasInternetGateway: boolean;
  readonly #interfaces: ReadonlyMap<string, InterfaceTopology>;
  readonly #natGateways: ReadonlyMap<string, NatGatewayTopology>;
  readonly #tableOfSubnet: ReadonlyMap<string, RouteTableTopology>;

  constructor(vpc: VpcTopology, view: RouterView) {
    const tables = new Map(vpc.routeTables.map((table) => [table.id, table]));
    this.#view = view;
    this.#hasInternetGateway = vpc.hasInternetGateway;
    this.#interfaces = new Map(vpc.interfaces.map((each) => [each.id, each]));
    this.#natGateways = new Map(vpc.natGateways.map((each) => [each.id, each]));
    this.#tableOfSubnet = new Map(
      vpc.subnets.flatMap(({ id, routeTableId }) => {
        const table = tables.get(routeTableId);
        return table === undefined ? [] : [[id, table] as const];
      }),
    );
  }

  to(target: RouteTarget, destination: string): Way {
    return this.#live(target, destination) ?? { type: 'blackhole' };
  }

  #live(target: RouteTarget, destination: string): Way | undefined {
    switch (target.type) {
      case 'local':
      case 'blackhole':
        return undefined;
      case 'internet-gateway':
        return this.#hasInternetGateway
          ? { type: 'link', link: uplinkName, gateway: hostAddress }
          : undefined;
      case 'nat-gateway':
        return this.#throughNat(this.#natGateways.get(target.id), destination);
      case 'network-interface':
        return this.#through(this.#interfaces.get(target.id));
    }
  }

  /**
   * A NAT gateway's own packets go where its subnet's routes say. A private one has no public address to go by an
   * internet gateway with, and there is no other way out of a VPC.
   */
  #throughNat(nat: NatGatewayTopology | undefined, destination: string): Way | undefined {
    if (nat?.publicIpv4 === undefined || !this.#hasInternetGateway) return undefined;
    const block = cidrBlock(destination);
    const next = this.#tableOfSubnet
      .get(nat.subnetId)
      ?.routes.filter((route) => holdsBlock(cidrBlock(route.destination), block))
      .sort(
        (one, other) => cidrBlock(other.destination).prefixLength - cidrBlock(one.destination).prefixLength,
      )[0];
    if (next?.target.type !== 'internet-gateway') return undefined;
    return { type: 'link', link: natLinkName(nat.id), gateway: hostAddress };
  }

  #through(each: InterfaceTopology | undefined): Way | undefined {
    const [gateway] = each?.addresses ?? [];
    if (each === undefined || each.checksSourceAndDestination || gateway === undefined) return undefined;
    const way = wayTo(each, this.#view);
    return way === undefined ? undefined : { gateway, ...way };
  }
}
