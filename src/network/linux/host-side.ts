import { createHash } from 'node:crypto';
import type { InterfaceTopology } from '../../topology/index.ts';
import { HostRules, type HostRulesOptions } from './host-rules.ts';
import { hostLinkName, linkName, machineLinkName, tunnelName } from './link-name.ts';
import { LinkRemoval } from './link-removal.ts';
import {
  type MachineInterface,
  partsOfMachineInterface,
  rulePriority,
  tableOf,
} from './machine-interface.ts';
import { Namespace } from './namespace.ts';
import { type Address, readAddresses } from './netlink/address.ts';
import { addVeth, addVxlan, type Link, readLinks, setLinkUp, settleLink } from './netlink/link.ts';
import { readNeighbours } from './netlink/neighbour.ts';
import { mainTable, readRoutes } from './netlink/route.ts';
import { type Rule, readRules, removeRule } from './netlink/rule.ts';
import { NetlinkSocket } from './netlink/socket.ts';
import { type Part, partChanges, partsOf, partsRead, requestsFor } from './parts.ts';
import {
  type HostLink,
  hostAddress,
  hostLinkMacs,
  type Machine,
  type Machines,
  routerAddress,
  tunnelMac,
  tunnelPort,
} from './router-parts.ts';
import { leadsTo, routerMac } from './sandbox-link.ts';
import { Turns } from './turns.ts';

export interface HostOptions extends HostRulesOptions {
  /** Path of the namespace that has the way to the world. */
  readonly namespacePath: string;
  /** Of links that are made. */
  readonly mtu: () => number;
}

/** What a VPC needs of the machine. */
export interface HostParts {
  readonly links: readonly HostLink[];
  readonly interfaces: readonly MachineInterface[];
}

export const nothing: HostParts = { links: [], interfaces: [] };

/**
 * The machine's own side of VPCs: a link for each internet and NAT gateway, a route for each public address, source
 * translation where the public block ends, interfaces that are the machine's own, and leave to pass where Docker would drop what isn't its own. Nothing else
 * of the machine's is touched.
 */
export class HostSide implements Disposable {
  readonly #namespace: Namespace;
  readonly #socket: NetlinkSocket;
  readonly #options: HostOptions;
  readonly #rules: HostRules;
  readonly #removal: LinkRemoval;
  /** Of the links of this installation alone. */
  readonly #group: number;
  /** By VPC. */
  readonly #wanted = new Map<string, HostParts>();
  readonly #rulePriority: number;
  /** Ids of interfaces that can't be had, which the log has heard of. */
  readonly #refused = new Set<string>();
  readonly #turns = new Turns();
  /** There may be rules of interfaces; undefined: nobody has looked yet. */
  #hasRules: boolean | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#group = groupOf(options.installationId);
    this.#rulePriority = rulePriority(options.installationId);
    this.#namespace = new Namespace(options.namespacePath);
    this.#socket = new NetlinkSocket(this.#namespace);
    this.#rules = new HostRules(this.#namespace, options);
    this.#removal = new LinkRemoval(this.#namespace);
  }

  /** How many times anything was written to the kernel. */
  get writes(): number {
    return this.#socket.requests + this.#rules.writes;
  }

  /** Whether a namespace is the machine's own. */
  isHost(namespace: Namespace): boolean {
    return namespace.identity === this.#namespace.identity;
  }

  /** What a VPC needs here from now on: `converge` makes it so. @returns whether that is something new. */
  want(vpcId: string, parts: HostParts): boolean {
    if (JSON.stringify(this.#wanted.get(vpcId) ?? nothing) === JSON.stringify(parts))
      return this.#hasRules === undefined;
    if (parts.links.length + parts.interfaces.length === 0) this.#wanted.delete(vpcId);
    else this.#wanted.set(vpcId, parts);
    return true;
  }

  /**
   * A pair of links between a VPC's router and here, of an interface that is the machine's own. `converge` gives it its
   * addresses. @returns whether it was made: not where the machine has one of the addresses already, which the log is told.
   */
  addMachineLink(router: NetlinkSocket, each: InterfaceTopology, linkIndex: number): boolean {
    const links = readLinks(this.#socket);
    const name = machineLinkName(each.id);
    const nameOf = new Map(links.map((link) => [link.index, link.name]));
    const taken = readAddresses(this.#socket).find(
      ({ address, linkIndex: on }) => each.addresses.includes(address) && nameOf.get(on) !== name,
    );
    if (taken !== undefined) {
      if (!this.#refused.has(each.id)) {
        this.#options.log.error('An interface cannot be attached: the machine has its address already', {
          ...{ interfaceId: each.id, address: taken.address, link: nameOf.get(taken.linkIndex) },
        });
      }
      this.#refused.add(each.id);
      return false;
    }
    this.#refused.delete(each.id);
    const mtu = this.#options.mtu();
    router.batch([
      addVeth(
        { name: linkName(each.id), index: linkIndex, macAddress: routerMac(each), mtu },
        { name, macAddress: each.macAddress, mtu, group: this.#group },
        this.#namespace.fd,
      ),
    ]);
    const far = readLinks(this.#socket).filter((link) => link.name === name);
    this.#setUp(far);
    for (const { index } of far) settleLink(this.#socket, index);
    return true;
  }

  /** Whether a router's link ends here. */
  isEndOf(router: NetlinkSocket, link: Link): boolean {
    return leadsTo(router, link, this.#namespace);
  }

  /** A pair of links between a VPC's router and here. What is left of an earlier one is taken away first. */
  addLink(router: NetlinkSocket, { name, ownerId }: HostLink): Promise<void> {
    return this.#turns.take(async () => {
      const hostName = hostLinkName(ownerId);
      const isLeft = readLinks(this.#socket).some((link) => link.name === hostName);
      if (isLeft) await this.#removal.remove(hostName);
      const mtu = this.#options.mtu();
      const macs = hostLinkMacs(ownerId);
      router.batch([
        addVeth(
          { name, macAddress: macs.router, mtu },
          { name: hostName, macAddress: macs.host, mtu, group: this.#group },
          this.#namespace.fd,
        ),
      ]);
      const far = readLinks(this.#socket).filter((link) => link.name === hostName);
      this.#setUp(far);
      const near = readLinks(router).filter((link) => link.name === name);
      for (const { index } of near) settleLink(router, index);
      for (const { index } of far) settleLink(this.#socket, index);
    });
  }

  /**
   * Who may send through the tunnels of these VPCs: machines of the installation. Whoever else does is not heard.
   * @returns whether that is something new, and `converge` has to make it so.
   */
  guardTunnels(machines: Machines | undefined, numbers: readonly number[]): boolean {
    const peers = machines?.peers.map(({ underlayAddress }) => underlayAddress) ?? [];
    return this.#rules.guardTunnels(machines === undefined ? [] : tunnelGuard(peers, numbers));
  }

  /** A VPC's tunnel to its parts on other machines: its packets travel here, in packets of this machine's. */
  addTunnel(router: Namespace, number: number, { id, underlayAddress }: Machine): void {
    const tunnel = {
      name: tunnelName,
      macAddress: tunnelMac(id),
      mtu: this.#options.mtu(),
      number,
      localAddress: underlayAddress,
      port: tunnelPort,
    };
    this.#socket.batch([addVxlan(tunnel, router.fd)]);
  }

  /**
   * Makes everything here as it is wanted, whatever it was. Links of VPCs that nobody has spoken of yet are left alone.
   * @returns whether anything had to be written. @throws {NetworkError}
   */
  converge(): Promise<boolean> {
    return this.#turns.take(async () => {
      const wanted = [...this.#wanted.values()];
      const isNeeded = wanted.length > 0 || this.#rules.guardsTunnels;
      if (!isNeeded && this.#hasRules === false) return false;
      const before = this.writes;
      if (isNeeded) this.#forward();
      this.#convergeLinks(wanted);
      if (isNeeded) await this.#rules.converge();
      return this.writes > before;
    });
  }

  /** Takes away everything of this installation. */
  purge(): Promise<void> {
    return this.#turns.take(async () => {
      this.#wanted.clear();
      const own = readLinks(this.#socket).filter(({ group }) => group === this.#group);
      await Promise.all(own.map(({ name }) => this.#removal.remove(name)));
      this.#socket.batch(this.#ownRules().map(removeRule));
      await this.#rules.purge();
    });
  }

  [Symbol.dispose](): void {
    this.#removal[Symbol.dispose]();
    this.#rules[Symbol.dispose]();
    this.#socket[Symbol.dispose]();
    this.#namespace[Symbol.dispose]();
  }

  #forward(): void {
    if (this.#namespace.sysctl('ipv4/ip_forward') !== '1') {
      this.#namespace.setSysctls({ 'ipv4/ip_forward': '1' });
    }
  }

  /** Those of the installation's interfaces of the machine's own. */
  #ownRules(): readonly Rule[] {
    return readRules(this.#socket).filter(({ priority }) => priority === this.#rulePriority);
  }

  /** Of them those of interfaces of which somebody has spoken, or whose links are gone. */
  #knownRules(links: readonly Link[], names: ReadonlySet<string>): readonly Rule[] {
    const unknown = links.filter(({ name, group }) => group === this.#group && !names.has(name));
    const tables = new Set(unknown.map(({ name }) => tableOf(name)));
    return this.#ownRules().filter(({ table }) => !tables.has(table));
  }

  #convergeLinks(wanted: readonly HostParts[]): void {
    const hostLinks = wanted.flatMap(({ links }) => links);
    const interfaces = wanted.flatMap(({ interfaces }) => interfaces);
    const mayHaveRules = this.#hasRules !== false || interfaces.length > 0;
    const names = new Set([
      ...hostLinks.map(({ ownerId }) => hostLinkName(ownerId)),
      ...interfaces.map(({ id }) => machineLinkName(id)),
    ]);
    const links = readLinks(this.#socket);
    const own = links.filter(({ name }) => names.has(name));
    this.#setUp(own.filter(({ isUp }) => !isUp));
    const nameOf = new Map(own.map(({ index, name }) => [index, name]));
    const indexOf = new Map(own.map(({ index, name }) => [name, index]));
    const addresses = readAddresses(this.#socket);
    const there = partsRead(
      {
        addresses,
        neighbours: readNeighbours(this.#socket),
        routes: readRoutes(this.#socket).routes.filter(({ linkIndex }) => linkIndex !== undefined),
        rules: mayHaveRules ? this.#knownRules(links, names) : [],
      },
      (index) => nameOf.get(index),
    );
    const source = machineAddress(links, addresses);
    const parts = [
      ...hostLinks.flatMap((link) => partsOfLink(link, source)),
      ...interfaces
        // What could not be made has no addresses that anything could come from.
        .filter(({ id }) => indexOf.has(machineLinkName(id)))
        .flatMap((each) => partsOfMachineInterface(each, this.#rulePriority)),
    ];
    const changes = partChanges(partsOf(there), partsOf(parts));
    this.#socket.batch(requestsFor(changes, (name) => indexOf.get(name)));
    this.#hasRules = mayHaveRules && this.#ownRules().length > 0;
  }

  #setUp(links: readonly Link[]): void {
    for (const { name } of links) this.#namespace.setSysctls({ [`ipv6/conf/${name}/disable_ipv6`]: '1' });
    this.#socket.batch(links.map(({ index, name }) => setLinkUp(index, name)));
  }
}

/** What others see of this machine: its own packets to a public address come from there, and so find back. */
function machineAddress(links: readonly Link[], addresses: readonly Address[]): string {
  const virtual = new Set(
    links.filter(({ kind }) => kind === 'bridge' || kind === 'veth').map(({ index }) => index),
  );
  const isOfMachine = ({ isGlobal, linkIndex }: Address): boolean => isGlobal && !virtual.has(linkIndex);
  return (addresses.find(isOfMachine) ?? addresses.find(({ isGlobal }) => isGlobal))?.address ?? hostAddress;
}

function partsOfLink({ ownerId, publicAddresses }: HostLink, source: string): Part[] {
  const link = hostLinkName(ownerId);
  return [
    { type: 'address', link, address: hostAddress, prefixLength: 32 },
    { type: 'neighbour', of: 'arp', link, address: routerAddress, macAddress: hostLinkMacs(ownerId).router },
    ...publicAddresses.map(
      (address): Part => ({
        type: 'route',
        table: mainTable,
        destination: `${address}/32`,
        way: { type: 'link', link, gateway: routerAddress, source },
      }),
    ),
  ];
}

/** A VXLAN's header begins behind that of UDP, and has its network's number from its fifth byte on (RFC 7348). */
function tunnelGuard(peers: readonly string[], numbers: readonly number[]): string[] {
  const strangers = peers.length === 0 ? '' : `ip saddr != { ${[...peers].sort().join(', ')} } `;
  return [...new Set(numbers)]
    .sort((one, other) => one - other)
    .map((number) => `${strangers}udp dport ${tunnelPort} @th,96,24 ${number} drop`);
}

function groupOf(installationId: string): number {
  return 1 + (createHash('sha256').update(installationId).digest().readUInt32BE(0) % 2_000_000_000);
}
