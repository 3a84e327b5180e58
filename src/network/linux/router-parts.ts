import { createHash } from 'node:crypto';
import {
  cidrBlock,
  type InterfaceTopology,
  ipv4Text,
  type RouteTarget,
  routerOf,
  type VpcTopology,
} from '../../topology/index.ts';
import { linkName, natLinkName, tunnelName, uplinkName } from './link-name.ts';
import { mainTable } from './netlink/route.ts';
import type { Part, Way } from './parts.ts';
import { forwarderRules, routeTableParts, routingRules } from './routing-rules.ts';

type LinkWay = Extract<Way, { type: 'link' }>;

/** Both ends of a link to the host have these, whatever the VPC: a link has no other neighbour. */
export const hostAddress = '169.254.172.1';
export const routerAddress = '169.254.172.2';

/** Addresses that every VPC's router answers on: the resolver, instances' and tasks' metadata. */
const linkLocalAddresses = ['169.254.169.253', '169.254.169.254', '169.254.170.2'] as const;

/** What only this machine knows of a VPC. */
export interface RouterView {
  /** Whether the interface's link is in the kernel. */
  hasLink(interfaceId: string): boolean;
  /** This machine and those with which it shares VPCs; undefined: it is the only one. */
  machines(): Machines | undefined;
}

export interface Machines {
  readonly own: Machine;
  readonly peers: readonly Machine[];
}

export interface Machine {
  /** As `machineId` of interfaces has it. */
  readonly id: string;
  /** Where it is reached by the others, outside of any VPC. */
  readonly underlayAddress: string;
}

/** The MAC of a machine's ends of tunnels: follows from its id, so that nobody has to ask. */
export function tunnelMac(machineId: string): string {
  return macOf(`${machineId}/tunnel`);
}

/** A VXLAN for each VPC, on the port that IANA gave to it. */
export const tunnelPort = 4_789;

/** All of a VPC's router, its links left out. */
export function routerParts(vpc: VpcTopology, view: RouterView): Part[] {
  const parts: Part[] = [
    ...routingRules(vpc),
    ...routerAddresses(vpc).map(
      (address): Part => ({ type: 'address', link: 'lo', address, prefixLength: 32 }),
    ),
  ];
  const ways = new Ways(vpc, view);
  parts.push(...routeTableParts(vpc, (target) => ways.to(target)));
  const machines = view.machines();
  for (const link of hostLinks(vpc, machines?.own.id)) parts.push(...hostLinkParts(link));
  for (const peer of machines?.peers ?? []) parts.push(...peerParts(peer));
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
  return [...parts, ...forwarderRules(vpc, each)];
}

/** A link between a VPC's router and the host: its name in the VPC, and whose it is. */
export interface HostLink {
  readonly name: string;
  /** The VPC's or the NAT gateway's. */
  readonly ownerId: string;
  /** Reached by it from outside. */
  readonly publicAddresses: readonly string[];
}

/**
 * The internet gateway's, and one of each NAT gateway that has a public address: by its link the firewall knows it.
 * Every machine has them; public addresses are where their interfaces are.
 */
export function hostLinks(vpc: VpcTopology, machineId: string | undefined): HostLink[] {
  if (!vpc.hasInternetGateway) return [];
  const isHere = (each: InterfaceTopology): boolean =>
    machineId === undefined || each.machineId === undefined || each.machineId === machineId;
  const uplink = {
    name: uplinkName,
    ownerId: vpc.id,
    publicAddresses: vpc.interfaces
      .filter(isHere)
      .flatMap(({ publicAddresses }) => publicAddresses.map(({ publicIpv4 }) => publicIpv4)),
  };
  const nats = vpc.natGateways.flatMap(({ id, publicIpv4 }) =>
    publicIpv4 === undefined ? [] : [{ name: natLinkName(id), ownerId: id, publicAddresses: [publicIpv4] }],
  );
  return [uplink, ...nats];
}

/** The interfaces that are this machine's own. */
export function machineInterfaces(vpc: VpcTopology, machineId: string | undefined): InterfaceTopology[] {
  return vpc.interfaces.filter(
    (each) => each.isOfMachine && (machineId === undefined || each.machineId === machineId),
  );
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

function peerParts({ id, underlayAddress: address }: Machine): Part[] {
  const macAddress = tunnelMac(id);
  return [
    { type: 'neighbour', of: 'arp', link: tunnelName, address, macAddress },
    { type: 'neighbour', of: 'tunnel', link: tunnelName, address, macAddress },
  ];
}

/** To an interface that is here or, by the tunnel, on another machine. */
function wayTo({ id, machineId }: InterfaceTopology, view: RouterView): LinkWay | undefined {
  if (view.hasLink(id)) return { type: 'link', link: linkName(id) };
  const peer = view.machines()?.peers.find((each) => each.id === machineId);
  return peer === undefined ? undefined : { type: 'link', link: tunnelName, gateway: peer.underlayAddress };
}

function toHost(link: string): LinkWay {
  return { type: 'link', link, gateway: hostAddress };
}

/** Where the targets of routes are. */
class Ways {
  readonly #view: RouterView;
  readonly #hostLinks: ReadonlySet<string>;
  readonly #interfaces: ReadonlyMap<string, InterfaceTopology>;

  constructor(vpc: VpcTopology, view: RouterView) {
    this.#view = view;
    this.#hostLinks = new Set(hostLinks(vpc, view.machines()?.own.id).map(({ name }) => name));
    this.#interfaces = new Map(vpc.interfaces.map((each) => [each.id, each]));
  }

  to(target: RouteTarget): Way {
    return this.#live(target) ?? { type: 'blackhole' };
  }

  #live(target: RouteTarget): Way | undefined {
    switch (target.type) {
      case 'local':
      case 'blackhole':
        return undefined;
      case 'internet-gateway':
        return this.#hostLinks.has(uplinkName) ? toHost(uplinkName) : undefined;
      case 'nat-gateway':
        // A private one has nowhere to lead: there is no other way out of a VPC than an internet gateway.
        return this.#hostLinks.has(natLinkName(target.id)) ? toHost(natLinkName(target.id)) : undefined;
      case 'network-interface':
        return this.#through(this.#interfaces.get(target.id));
    }
  }

  #through(each: InterfaceTopology | undefined): Way | undefined {
    const [gateway] = each?.addresses ?? [];
    if (each === undefined || gateway === undefined) return undefined;
    const way = wayTo(each, this.#view);
    return way === undefined ? undefined : { gateway, ...way };
  }
}
