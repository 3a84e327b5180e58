import type { Flow } from '../../topology/index.ts';
import { LinkRemoval } from './link-removal.ts';
import { keepName, type Namespace, namedNamespace, removeName } from './namespace.ts';
import { readAddresses, removeAddress } from './netlink/address.ts';
import { netfilter, readFlows } from './netlink/conntrack.ts';
import { type Link, readLinks, setLinkUp, settleLink } from './netlink/link.ts';
import { readNeighbours } from './netlink/neighbour.ts';
import { readRoutes } from './netlink/route.ts';
import { readRules } from './netlink/rule.ts';
import { NetlinkSocket } from './netlink/socket.ts';
import { Nftables } from './nftables.ts';
import { isOnLink, type Part, type Parts, partChanges, partsOf, partsRead, requestsFor } from './parts.ts';
import { firstLinkIndex } from './sandbox-link.ts';

/**
 * A router's namespace and what is known to be in it. Every change goes through here, so what is known stays true
 * without reading, until somebody else changes something: then `read` finds out.
 */
export class RouterKernel implements Disposable {
  readonly namespace: Namespace;
  readonly socket: NetlinkSocket;
  readonly #name: string;
  readonly #nftables: Nftables;
  readonly #removal: LinkRemoval;
  /** Links that are on their way out: a new one of the same name has to wait. */
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #links = new Map<string, Link>();
  #parts = new Map<string, Part>();
  /** Of nftables, at which it has the rules of our transactions and nothing else; undefined: they may be others. */
  #generation: number | undefined;
  #nextLinkIndex = firstLinkIndex;
  #sysctls = 0;

  /** Opens the namespace of that name, or makes it; what is in it already stays. @throws {NetworkError} */
  constructor(name: string) {
    this.#name = name;
    this.namespace = namedNamespace(name);
    this.socket = new NetlinkSocket(this.namespace);
    this.#nftables = new Nftables(this.namespace);
    this.#removal = new LinkRemoval(this.namespace);
    this.namespace.setSysctls(routerSysctls);
    this.read();
  }

  /** How many times anything was written to the kernel. */
  get writes(): number {
    return this.socket.requests + this.#nftables.transactions + this.#sysctls;
  }

  /** By name; those that are leaving left out. */
  get links(): ReadonlyMap<string, Link> {
    return this.#links;
  }

  /** Whether the firewall is as `runRules` left it. */
  get hasOwnRules(): boolean {
    return this.#generation !== undefined && this.#generation === this.#nftables.generation();
  }

  /** One transaction of nftables. @param replacesAll Whatever is there. @throws {NetworkError} */
  runRules(commands: string, { replacesAll }: { readonly replacesAll: boolean }): void {
    const since = replacesAll ? this.#nftables.generation() : this.#generation;
    this.#generation = this.#nftables.run(commands, since);
  }

  /** Ends flows that are tracked. The next packet of each begins anew, if it may. @throws {NetworkError} */
  interrupt(isInterrupted: (flow: Flow) => boolean): void {
    using socket = new NetlinkSocket(this.namespace, netfilter);
    const flows = readFlows(socket).filter(({ flow }) => isInterrupted(flow));
    socket.batch(flows.map(({ remove }) => remove));
  }

  /** Finds out what is there, and puts right what doesn't depend on the VPC. */
  read(): void {
    this.readLinks();
    const names = new Map(Array.from(this.#links.values(), ({ index, name }) => [index, name]));
    const { routes, localAddresses } = readRoutes(this.socket);
    const addresses = readAddresses(this.socket).filter(({ address }) => address !== '127.0.0.1');
    // An address that packets don't lead to any more is none, and has to go before it can be made again.
    const lost = addresses.filter(({ address }) => !localAddresses.has(address));
    this.socket.batch(lost.map((each) => removeAddress(each.linkIndex, each.address, each.prefixLength)));
    const parts = partsRead(
      {
        addresses: addresses.filter(({ address }) => localAddresses.has(address)),
        neighbours: readNeighbours(this.socket),
        routes,
        rules: readRules(this.socket),
      },
      (index) => names.get(index),
    );
    this.#parts = new Map(partsOf(parts));
    if (this.namespace.sysctl('ipv4/ip_forward') === '1') return;
    this.namespace.setSysctls(routerSysctls);
    this.#sysctls += 1;
  }

  readLinks(): void {
    const links = readLinks(this.socket).filter(({ name }) => !this.#leaving.has(name));
    this.#links.clear();
    for (const link of links) this.#links.set(link.name, link);
    this.#nextLinkIndex = Math.max(this.#nextLinkIndex, ...links.map(({ index }) => index + 1));
  }

  /** @param add Makes the link, with that index and up; or says that it can't be. @returns whether it was made. */
  addLink(name: string, add: (linkIndex: number) => boolean): boolean {
    const index = this.#nextLinkIndex++;
    if (!add(index)) return false;
    this.#links.set(name, { index, name, kind: 'veth', isUp: true, group: 0 });
    this.namespace.setSysctls({ [`ipv4/neigh/${name}/proxy_delay`]: '0' });
    return true;
  }

  setLinksUp(): void {
    const down = [...this.#links.values()].filter(({ isUp }) => !isUp);
    if (down.length === 0) return;
    this.socket.batch(down.map(({ index, name }) => setLinkUp(index, name)));
    for (const link of down) this.#links.set(link.name, { ...link, isUp: true });
  }

  /** Waits until the kernel sends by a link whose other end has just come up. */
  settleLink(name: string): void {
    const link = this.#links.get(name);
    if (link !== undefined) settleLink(this.socket, link.index);
  }

  /** Makes the parts these, all of them. @throws {NetworkError} */
  setParts(wanted: Parts): void {
    this.#carryOut(this.#parts, wanted);
    this.#parts = new Map(wanted);
  }

  /** Makes sure of these and leaves the others. @throws {NetworkError} */
  addParts(added: Parts): void {
    const known = new Map<string, Part>();
    for (const identity of added.keys()) {
      const part = this.#parts.get(identity);
      if (part !== undefined) known.set(identity, part);
    }
    this.#carryOut(known, added);
    for (const [identity, part] of added) this.#parts.set(identity, part);
  }

  /** Resolves when it is gone, with all that was on it. Absent is success. @throws {NetworkError} */
  removeLink(name: string): Promise<void> {
    const leaving = this.#leaving.get(name);
    if (leaving !== undefined) return leaving;
    if (!this.#links.delete(name)) return Promise.resolve();
    for (const [identity, part] of this.#parts) if (isOnLink(part, name)) this.#parts.delete(identity);
    const removed = this.#removal.remove(name).finally(() => this.#leaving.delete(name));
    this.#leaving.set(name, removed);
    return removed;
  }

  /** Resolves when a link that is leaving is gone, or stays after all. */
  async left(name: string): Promise<void> {
    await this.#leaving.get(name)?.catch(() => this.readLinks());
  }

  /** Gives the namespace its name back if somebody took it. */
  keepName(): boolean {
    return keepName(this.#name, this.namespace);
  }

  /** Takes the namespace away, with all that is in it, and closes this. */
  async remove(): Promise<void> {
    // Sandboxes may live on, so links don't go by themselves.
    const veths = [...this.#links.values()].filter(({ kind }) => kind === 'veth');
    await Promise.all([...veths.map(({ name }) => this.removeLink(name)), ...this.#leaving.values()]);
    removeName(this.#name);
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#removal[Symbol.dispose]();
    this.#nftables[Symbol.dispose]();
    this.socket[Symbol.dispose]();
    this.namespace[Symbol.dispose]();
  }

  #carryOut(before: Parts, after: Parts): void {
    this.socket.batch(requestsFor(partChanges(before, after), (link) => this.#links.get(link)?.index));
  }
}

/** Links take them over when they are made. What matters is set, whatever the machine's own values are. */
const routerSysctls = {
  'ipv4/ip_forward': '1',
  'ipv4/conf/all/rp_filter': '0',
  'ipv4/conf/default/rp_filter': '0',
  'ipv4/conf/all/arp_ignore': '0',
  'ipv4/conf/default/arp_ignore': '0',
  'ipv4/conf/default/proxy_arp': '1',
  'ipv4/conf/all/send_redirects': '0',
  'ipv4/conf/default/send_redirects': '0',
  'ipv6/conf/all/disable_ipv6': '1',
  'ipv6/conf/default/disable_ipv6': '1',
};
