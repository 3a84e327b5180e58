import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import type { Log } from '../../log.ts';
import { NetworkError } from '../network.ts';
import { tunnelName } from './link-name.ts';
import { LinkRemoval } from './link-removal.ts';
import { Namespace } from './namespace.ts';
import { type Address, readAddresses } from './netlink/address.ts';
import { addVeth, addVxlan, type Link, readLinks, setLinkUp, settleLink } from './netlink/link.ts';
import { readNeighbours } from './netlink/neighbour.ts';
import { mainTable, readRoutes } from './netlink/route.ts';
import { NetlinkSocket } from './netlink/socket.ts';
import { Nftables } from './nftables.ts';
import { type Part, partChanges, partsOf, partsRead, requestsFor } from './parts.ts';
import {
  type HostLink,
  hostAddress,
  hostLinkMacs,
  type Machine,
  routerAddress,
  tunnelMac,
  tunnelPort,
} from './router-parts.ts';
import { Turns } from './turns.ts';

const run = promisify(execFile);

/** Names of links at the host's side begin with this. */
const prefix = 'ctm';

export interface HostOptions {
  readonly installationId: string;
  /** Path of the namespace that has the way to the world. */
  readonly namespacePath: string;
  /** The installation's public addresses: to the world they are the machine's. */
  readonly publicCidr: string;
  readonly mtu: number;
  readonly log: Log;
}

/**
 * The machine's own side of VPCs: a link for each internet and NAT gateway, a route for each public address, source
 * translation where the public block ends, and leave to pass where Docker would drop what isn't its own. Nothing else
 * of the machine's is touched.
 */
export class HostSide implements Disposable {
  readonly #namespace: Namespace;
  readonly #socket: NetlinkSocket;
  readonly #options: HostOptions;
  readonly #nftables: Nftables;
  readonly #removal: LinkRemoval;
  /** Of the links of this installation alone. */
  readonly #group: number;
  readonly #table: string;
  /** As nftables tells it when it is right. */
  #tableListing: string | undefined;
  #generation: number | undefined;
  /** By VPC. */
  readonly #wanted = new Map<string, readonly HostLink[]>();
  readonly #turns = new Turns();
  #checksUntilPassage = 0;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#group = groupOf(options.installationId);
    this.#table = `catamaran_${options.installationId.replaceAll(/\W/g, '_')}`;
    this.#namespace = new Namespace(options.namespacePath);
    this.#socket = new NetlinkSocket(this.#namespace);
    this.#nftables = new Nftables(this.#namespace);
    this.#removal = new LinkRemoval(this.#namespace);
  }

  /** How many times anything was written to the kernel. */
  get writes(): number {
    return this.#socket.requests + this.#nftables.transactions;
  }

  /** Whether a namespace is the machine's own. */
  isHost(namespace: Namespace): boolean {
    return namespace.identity === this.#namespace.identity;
  }

  /** What a VPC needs here from now on: `converge` makes it so. @returns whether that is something new. */
  want(vpcId: string, links: readonly HostLink[]): boolean {
    if (JSON.stringify(this.#wanted.get(vpcId) ?? []) === JSON.stringify(links)) return false;
    if (links.length === 0) this.#wanted.delete(vpcId);
    else this.#wanted.set(vpcId, links);
    return true;
  }

  /** A pair of links between a VPC's router and here. What is left of an earlier one is taken away first. */
  addLink(router: NetlinkSocket, { name, ownerId }: HostLink): Promise<void> {
    return this.#turns.take(async () => {
      const hostName = hostLinkName(ownerId);
      if (readLinks(this.#socket).some((link) => link.name === hostName))
        await this.#removal.remove(hostName);
      const { mtu } = this.#options;
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

  /** A VPC's tunnel to its parts on other machines: its packets travel here, in packets of this machine's. */
  addTunnel(router: Namespace, number: number, { id, underlayAddress }: Machine): void {
    const tunnel = {
      name: tunnelName,
      macAddress: tunnelMac(id),
      mtu: this.#options.mtu,
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
      const wanted = [...this.#wanted.values()].flat();
      if (wanted.length === 0) return false;
      const before = this.writes;
      this.#forward();
      this.#convergeLinks(wanted);
      await this.#convergeRules();
      return this.writes > before;
    });
  }

  /** Takes away everything of this installation. */
  purge(): Promise<void> {
    return this.#turns.take(async () => {
      this.#wanted.clear();
      const own = readLinks(this.#socket).filter(({ group }) => group === this.#group);
      await Promise.all(own.map(({ name }) => this.#removal.remove(name)));
      this.#nftables.run(`add table ip ${this.#table}\ndelete table ip ${this.#table}\n`);
      for (const passage of this.#passages()) {
        while (await this.#iptables('-D', 'DOCKER-USER', ...passage));
      }
    });
  }

  [Symbol.dispose](): void {
    this.#removal[Symbol.dispose]();
    this.#nftables[Symbol.dispose]();
    this.#socket[Symbol.dispose]();
    this.#namespace[Symbol.dispose]();
  }

  #forward(): void {
    if (this.#namespace.sysctl('ipv4/ip_forward') !== '1') {
      this.#namespace.setSysctls({ 'ipv4/ip_forward': '1' });
    }
  }

  #convergeLinks(wanted: readonly HostLink[]): void {
    const names = new Set(wanted.map(({ ownerId }) => hostLinkName(ownerId)));
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
        rules: [],
      },
      (index) => nameOf.get(index),
    );
    const source = machineAddress(links, addresses);
    const changes = partChanges(partsOf(there), partsOf(wanted.flatMap((link) => partsOfLink(link, source))));
    this.#socket.batch(requestsFor(changes, (name) => indexOf.get(name)));
  }

  #setUp(links: readonly Link[]): void {
    for (const { name } of links) this.#namespace.setSysctls({ [`ipv6/conf/${name}/disable_ipv6`]: '1' });
    this.#socket.batch(links.map(({ index, name }) => setLinkUp(index, name)));
  }

  async #convergeRules(): Promise<void> {
    const generation = this.#nftables.generation();
    if (generation !== this.#generation || this.#tableListing === undefined) {
      const listing = this.#list();
      if (listing === undefined || listing !== this.#tableListing) {
        this.#nftables.run(hostTable(this.#table, this.#options.publicCidr));
        this.#tableListing = this.#list();
      }
      this.#checksUntilPassage = 0;
    }
    if (this.#checksUntilPassage <= 0) {
      await this.#pass();
      this.#checksUntilPassage = checksBetweenPassages;
    }
    this.#checksUntilPassage -= 1;
    this.#generation = this.#nftables.generation();
  }

  #list(): string | undefined {
    try {
      return this.#nftables.run(`list table ip ${this.#table}\n`);
    } catch {
      return undefined;
    }
  }

  /** Docker drops what it doesn't forward itself, and asks this chain first. Where there is none, nothing is needed. */
  async #pass(): Promise<void> {
    if (!(await this.#iptables('-n', '-L', 'DOCKER-USER'))) return;
    for (const passage of this.#passages()) {
      if (await this.#iptables('-C', 'DOCKER-USER', ...passage)) continue;
      if (await this.#iptables('-I', 'DOCKER-USER', ...passage)) continue;
      this.#options.log.warn('Docker cannot be told to let the packets of VPCs pass', {
        rule: passage.join(' '),
      });
    }
  }

  #passages(): readonly (readonly string[])[] {
    const comment = [
      '-m',
      'comment',
      '--comment',
      `catamaran ${this.#options.installationId}`,
      '-j',
      'ACCEPT',
    ];
    return [
      ['-i', `${prefix}+`, ...comment],
      ['-o', `${prefix}+`, ...comment],
    ];
  }

  /** @returns whether it succeeded; not, where there is no such command either. */
  async #iptables(...args: readonly string[]): Promise<boolean> {
    try {
      // A process begins in the namespace of whoever starts it.
      await this.#namespace.run(() => run('iptables', ['-w', '2', ...args], { timeout: iptablesTimeoutMs }));
      return true;
    } catch (cause) {
      const { code } = cause as { code?: unknown };
      if (typeof code === 'number' || code === 'ENOENT') return false;
      throw new NetworkError(`Cannot run iptables ${args.join(' ')}`, { cause });
    }
  }
}

const iptablesTimeoutMs = 10_000;

/** The rules may be of a kind that does not tell when it changes; so they are looked at now and then. */
const checksBetweenPassages = 6;

/** The link that belongs to a VPC or a NAT gateway: 15 characters at most. */
export function hostLinkName(ownerId: string): string {
  return `${prefix}${ownerId.slice(ownerId.indexOf('-') + 1).slice(0, 12)}`;
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

/** Replaces the whole table in one transaction. Networks of the Engine stay apart, as they do from one another. */
function hostTable(table: string, publicCidr: string): string {
  return `add table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${publicCidr} oifname != "${prefix}*" masquerade
  }
  chain forward {
    type filter hook forward priority filter - 1; policy accept;
    iifname "${prefix}*" oifname "docker*" ct state new ct status ! dnat drop
    iifname "${prefix}*" oifname "br-*" ct state new ct status ! dnat drop
  }
}
`;
}

function groupOf(installationId: string): number {
  return 1 + (createHash('sha256').update(installationId).digest().readUInt32BE(0) % 2_000_000_000);
}
