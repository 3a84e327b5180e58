import type { Socket } from 'node:net';
import type { Clock } from '../../../clock/index.ts';
import type { Flow } from '../../../topology/index.ts';
import { NetworkError, type VpcSocket } from '../../network.ts';
import { connectIn } from '../connect.ts';
import { firewallChanges } from '../firewall/index.ts';
import type { NftTable } from '../firewall/nft-table.ts';
import { LinkRemoval } from '../link-removal.ts';
import { Namespace } from '../namespace.ts';
import { readAddresses } from '../netlink/address.ts';
import { netfilter, readFlows } from '../netlink/conntrack.ts';
import { type Link, readLinks, settleLink } from '../netlink/link.ts';
import { readNeighbours } from '../netlink/neighbour.ts';
import { readRoutes } from '../netlink/route.ts';
import { readRules, removeFirstRule } from '../netlink/rule.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { Nftables } from '../nftables.ts';
import { partChanges, partsOf, partsRead, requestsFor } from '../parts.ts';
import { leadsTo } from '../sandbox-link.ts';
import { listenIn } from '../sockets.ts';
import { Turns } from '../turns.ts';
import { type NodePod, turnedFlows } from './host-ports.ts';
import { isNodePart, type NodeFacts, nodeParts, nodeTable } from './node-parts.ts';
import type { NodePlace } from './node-place.ts';
import { addPodLink, configurePod } from './pod-link.ts';
import { podLinkName, podLinkPrefix } from './pod-names.ts';

export interface NodeNetworkOptions extends Omit<NodePlace, 'interfaceId'> {
  /** The VPC's blocks as they are now. */
  readonly cidrs: () => readonly string[];
  /** Of links that are made, in bytes. */
  readonly mtu: () => number;
  readonly clock: Clock;
  /** Told once, when it is disposed of. */
  readonly closed?: () => void;
}

interface Converged {
  /** All of them, by name. */
  readonly links: ReadonlyMap<string, Link>;
  /** By pod. */
  readonly failures: ReadonlyMap<string, unknown>;
}

/** Links of pods are numbered from here on. */
const firstPodLink = 2_000;

/**
 * The network namespace of a node: the VPC's router leads to its interfaces, and it leads to its pods, each by a link of
 * its own. Whatever is only this node's is here: source translation, services, policies. What is there already stays.
 */
export class NodeNetwork implements AsyncDisposable {
  readonly #options: NodeNetworkOptions;
  readonly #namespace: Namespace;
  readonly #socket: NetlinkSocket;
  readonly #nftables: Nftables;
  readonly #removal: LinkRemoval;
  readonly #turns = new Turns();
  readonly #pods = new Map<string, NodePod>();
  /** By pod, as far as they have joined this process. */
  readonly #sandboxes = new Map<string, Namespace>();
  /** Those whose end is as it shall be, as far as nobody else changes it. */
  readonly #configured = new WeakSet<Namespace>();
  /** By name: as the kernel shall have them. */
  readonly #wanted = new Map<string, NftTable>();
  /** By name: as it has them. */
  readonly #tables = new Map<string, NftTable>();
  /** What this holds open. */
  readonly #opened: Disposable;
  #generation: number | undefined;
  #cidrs: readonly string[] = [];
  #isClosed = false;

  /** @throws {NetworkError} */
  constructor(options: NodeNetworkOptions) {
    this.#options = options;
    for (const pod of options.pods) this.#pods.set(pod.uid, pod);
    using opened = new DisposableStack();
    this.#namespace = opened.use(new Namespace(options.netnsPath));
    this.#socket = opened.use(new NetlinkSocket(this.#namespace));
    this.#nftables = opened.use(new Nftables(this.#namespace));
    this.#removal = opened.use(new LinkRemoval(this.#namespace));
    this.#namespace.setSysctls(nodeSysctls);
    this.#converge();
    this.#opened = opened.move();
  }

  /** Whether it is that namespace that this is about. */
  isAt(netnsPath: string): boolean {
    using other = new Namespace(netnsPath);
    return other.identity === this.#namespace.identity;
  }

  /** Puts a pod's link into its network namespace, and guards it from then on. Idempotent. @throws {NetworkError} */
  join(pod: NodePod, netnsPath: string): Promise<void> {
    return this.#turns.take(async () => {
      this.#requireOpen();
      const isKnown = this.#pods.has(pod.uid);
      const sandbox = new Namespace(netnsPath);
      try {
        const link = this.#links().get(podLinkName(pod.uid));
        if (link !== undefined && !leadsTo(this.#socket, link, sandbox))
          await this.#removal.remove(link.name);
        this.#pods.set(pod.uid, pod);
        this.#forgetSandbox(pod.uid);
        this.#sandboxes.set(pod.uid, sandbox);
      } catch (error) {
        sandbox[Symbol.dispose]();
        throw error;
      }
      const failure = this.#converge().get(pod.uid);
      if (!isKnown) this.#turn(pod);
      if (failure !== undefined) throw failure;
    });
  }

  /** Takes a pod's link away. Absent is success. @throws {NetworkError} */
  leave(uid: string): Promise<void> {
    return this.#turns.take(async () => {
      this.#forgetSandbox(uid);
      const pod = this.#pods.get(uid);
      if (pod === undefined || !this.#pods.delete(uid) || this.#isClosed) return;
      this.#converge();
      this.#turn(pod);
      await this.#removal.remove(podLinkName(uid));
    });
  }

  /**
   * From now on a table of rules is like this: what differs from before is written, in one transaction.
   * @throws {NetworkError}
   */
  setTable(table: NftTable): Promise<void> {
    return this.#turns.take(() => {
      this.#requireOpen();
      this.#wanted.set(table.name, table);
      this.#convergeTables();
    });
  }

  /** Ends flows that are tracked here: the next packet of each begins anew. @throws {NetworkError} */
  interrupt(isInterrupted: (flow: Flow) => boolean): Promise<void> {
    return this.#turns.take(() => {
      this.#requireOpen();
      this.#interrupt(isInterrupted);
    });
  }

  /** Looks at what is there and puts right what isn't as it shall be. @throws {NetworkError} */
  verify(): Promise<void> {
    return this.#turns.take(() => {
      if (this.#isClosed) return;
      const [failure] = this.#converge({ looksAtAll: true }).values();
      if (failure !== undefined) throw failure;
    });
  }

  /** A connection as the node itself makes it. @throws {NetworkError} */
  connect(address: string, port: number, signal: AbortSignal): Promise<Socket> {
    this.#requireOpen();
    return connectIn(this.#namespace, { address, port }, { clock: this.#options.clock, signal });
  }

  /** A socket that listens in the node's namespace, as a file descriptor. Whoever asks for it closes it. @throws {NetworkError} */
  openSocket(socket: VpcSocket): number {
    this.#requireOpen();
    return listenIn(this.#namespace, socket);
  }

  /** What is in the kernel stays. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#turns.take(() => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      this.#options.closed?.();
      for (const uid of [...this.#sandboxes.keys()]) this.#forgetSandbox(uid);
      this.#opened[Symbol.dispose]();
    });
  }

  /** The pod's ports are another's, or nobody's, from now on. */
  #turn(pod: NodePod): void {
    const isTurned = turnedFlows(pod);
    if (isTurned !== undefined) this.#interrupt(isTurned);
  }

  #interrupt(isInterrupted: (flow: Flow) => boolean): void {
    using socket = new NetlinkSocket(this.#namespace, netfilter);
    const flows = readFlows(socket).filter(({ flow }) => isInterrupted(flow));
    socket.batch(flows.map(({ remove }) => remove));
  }

  /** @returns what went wrong, by pod: one that can't be reached is no reason to leave the others alone. */
  #converge({ looksAtAll = false } = {}): ReadonlyMap<string, unknown> {
    const cidrs = this.#options.cidrs();
    // A VPC that is being taken away has none, but its nodes are what they were.
    if (cidrs.length > 0) this.#cidrs = cidrs;
    const { primaryAddress, localAddresses } = this.#options;
    const facts: NodeFacts = { primaryAddress, localAddresses, cidrs: this.#cidrs };
    const pods = [...this.#pods.values()];
    // The rules first: nothing is ever routed that they don't know.
    this.#wanted.set('node', nodeTable(pods, facts));
    this.#convergeTables();
    const { links, failures } = this.#convergeLinks(looksAtAll);
    const names = new Map(Array.from(links.values(), ({ index, name }) => [index, name]));
    const present = partsRead(
      {
        addresses: readAddresses(this.#socket).filter(({ address }) => address !== '127.0.0.1'),
        neighbours: readNeighbours(this.#socket),
        ...{ routes: readRoutes(this.#socket).routes, rules: readRules(this.#socket) },
      },
      (index) => names.get(index),
    );
    const wanted = nodeParts(
      pods.filter(({ uid }) => links.has(podLinkName(uid))),
      facts,
    );
    const changes = partChanges(partsOf(present.filter(isNodePart)), partsOf(wanted));
    const requests = requestsFor(changes, (name) => links.get(name)?.index);
    // Its place has been taken by one of the parts.
    if (pods.some(({ isApart }) => isApart)) requests.push(removeFirstRule());
    this.#socket.batch(requests);
    return failures;
  }

  #convergeLinks(looksAtAll: boolean): Converged {
    const links = this.#links();
    const failures = new Map<string, unknown>();
    let next = Math.max(firstPodLink, ...Array.from(links.values(), ({ index }) => index + 1));
    for (const [uid, sandbox] of this.#sandboxes) {
      const pod = this.#pods.get(uid);
      if (pod === undefined) continue;
      const name = podLinkName(uid);
      if (links.has(name) && !looksAtAll && this.#configured.has(sandbox)) continue;
      try {
        if (!links.has(name))
          addPodLink(this.#socket, uid, sandbox, { linkIndex: next++, mtu: this.#options.mtu() });
        configurePod(uid, pod.address, sandbox);
        this.#configured.add(sandbox);
      } catch (error) {
        failures.set(uid, error);
      }
    }
    const known = new Set(Array.from(this.#pods.keys(), podLinkName));
    for (const { name } of links.values()) {
      // What the kernel refuses now, the next look finds again.
      if (name.startsWith(podLinkPrefix) && !known.has(name)) this.#removal.remove(name).catch(() => {});
    }
    const after = this.#links();
    for (const { name, index } of after.values()) if (!links.has(name)) settleLink(this.#socket, index);
    return { links: after, failures };
  }

  #convergeTables(): void {
    let generation: number | undefined = this.#nftables.generation();
    if (this.#generation !== generation) this.#tables.clear();
    for (const [name, table] of this.#wanted) {
      const before = this.#tables.get(name);
      if (before === table) continue;
      const commands = firewallChanges(before && { tables: [before] }, { tables: [table] });
      if (commands !== '') generation = this.#nftables.run(commands, generation);
      this.#tables.set(name, table);
    }
    this.#generation = generation;
  }

  #links(): Map<string, Link> {
    return new Map(readLinks(this.#socket).map((link) => [link.name, link]));
  }

  #forgetSandbox(uid: string): void {
    this.#sandboxes.get(uid)?.[Symbol.dispose]();
    this.#sandboxes.delete(uid);
  }

  #requireOpen(): void {
    if (this.#isClosed)
      throw new NetworkError(`The network of the node at ${this.#options.netnsPath} is closed`);
  }
}

/** Links take them over when they are made. */
const nodeSysctls = {
  'ipv4/ip_forward': '1',
  'ipv4/conf/all/rp_filter': '0',
  'ipv4/conf/default/rp_filter': '0',
  // What a pod that is apart sends to its node passes it on its way out: it is no socket's before it has come back.
  'ipv4/tcp_early_demux': '0',
  'ipv4/udp_early_demux': '0',
  'ipv4/conf/all/arp_ignore': '0',
  'ipv4/conf/all/send_redirects': '0',
  'ipv4/conf/default/send_redirects': '0',
  // Who asks at the loopback may be led to a pod.
  'ipv4/conf/all/route_localnet': '1',
  'ipv6/conf/all/disable_ipv6': '1',
  'ipv6/conf/default/disable_ipv6': '1',
};
