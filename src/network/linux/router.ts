import { type InterfaceTopology, interruptedFlows, type VpcTopology } from '../../topology/index.ts';
import { NetworkError } from '../network.ts';
import { type Firewall, firewallChanges, firewallOf } from './firewall/index.ts';
import type { HostSide } from './host-side.ts';
import { linkName, tunnelName } from './link-name.ts';
import type { Namespace } from './namespace.ts';
import { partsOf } from './parts.ts';
import { RouterKernel } from './router-kernel.ts';
import {
  hostLinks,
  interfaceParts,
  type Machines,
  machineInterfaces,
  type RouterView,
  routerParts,
} from './router-parts.ts';
import { addSandboxLink, configureSandbox, leadsTo } from './sandbox-link.ts';
import { Turns } from './turns.ts';

export interface RouterOptions {
  /** Of the namespace. */
  readonly name: string;
  readonly host: HostSide;
  readonly mtu: () => number;
  /** Undefined: this machine is the only one. */
  readonly machines: () => Machines | undefined;
}

/** Where an interface shall be. */
interface Sandbox {
  readonly namespace: Namespace;
  readonly deviceIndex: number;
  /** See `Attachment`. */
  readonly isForwarded: boolean;
}

/**
 * A VPC's router on this machine: a namespace with a link for each interface that is attached here. A new one takes
 * over what an earlier process left: links stay, and nothing is cut that stays as it is.
 */
export class Router implements AsyncDisposable {
  readonly #options: RouterOptions;
  readonly #kernel: RouterKernel;
  readonly #turns = new Turns();
  /** By the interface that shall be in them. */
  readonly #sandboxes = new Map<string, Sandbox>();
  /** Ids of interfaces that are the machine's own, as far as this process made or found them. */
  readonly #ofMachine = new Set<string>();
  readonly #view: RouterView;
  #topology: VpcTopology | undefined;
  #firewall: Firewall | undefined;
  #interfaces: ReadonlyMap<string, InterfaceTopology> = new Map();
  #idOfAddress: ReadonlyMap<string, string> = new Map();

  /** @throws {NetworkError} */
  constructor(options: RouterOptions) {
    this.#options = options;
    this.#kernel = new RouterKernel(options.name);
    this.#view = { hasLink: (id) => this.#hasLink(id), machines: options.machines };
  }

  get namespace(): Namespace {
    return this.#kernel.namespace;
  }

  /** How many times anything was written to the kernel. */
  get writes(): number {
    return this.#kernel.writes;
  }

  /** As it was last applied. */
  get topology(): VpcTopology | undefined {
    return this.#topology;
  }

  knows(interfaceId: string): boolean {
    return this.#interfaces.has(interfaceId);
  }

  /** Ids of the interfaces whose links are in the kernel. */
  attached(): string[] {
    return [...this.#interfaces.keys()].filter((id) => this.#hasLink(id));
  }

  interfaceAt(address: string): string | undefined {
    const id = this.#idOfAddress.get(address);
    return id !== undefined && this.#hasLink(id) ? id : undefined;
  }

  apply(topology: VpcTopology): Promise<void> {
    return this.#turns.take(() => this.#converge(topology, this.#firewall));
  }

  /** The machines are others now. */
  refresh(): Promise<void> {
    return this.#turns.take(async () => {
      if (this.#topology !== undefined) await this.#converge(this.#topology, this.#firewall);
    });
  }

  /** Looks at what is there and puts right what isn't as it shall be. @returns whether anything had to be. */
  verify(): Promise<boolean> {
    return this.#turns.take(async () => {
      const topology = this.#topology;
      if (topology === undefined) return false;
      const { writes } = this.#kernel;
      const lostName = this.#kernel.keepName();
      this.#kernel.read();
      await this.#converge(topology, this.#kernel.hasOwnRules ? this.#firewall : undefined);
      return lostName || this.#kernel.writes > writes;
    });
  }

  /** Keeps the sandbox open until it is detached. @throws {NetworkError} */
  attach(interfaceId: string, wanted: Sandbox): Promise<void> {
    const { namespace: sandbox } = wanted;
    return this.#turns.take(async () => {
      const topology = this.#topology;
      if (topology === undefined || !this.#interfaces.has(interfaceId)) throw notInVpc(interfaceId);
      const name = linkName(interfaceId);
      const earlier = this.#sandboxes.get(interfaceId);
      const link = this.#kernel.links.get(name);
      const isThere =
        link !== undefined &&
        (earlier === undefined
          ? leadsTo(this.#kernel.socket, link, sandbox)
          : earlier.namespace.identity === sandbox.identity);
      if (!isThere) await this.#kernel.removeLink(name);
      await this.#kernel.left(name);
      const each = this.#interfaces.get(interfaceId);
      if (each === undefined) throw notInVpc(interfaceId);
      try {
        this.#connect(topology, each, wanted);
      } catch (error) {
        // Half a connection is none.
        if (!isThere) this.#kernel.removeLink(name).catch(() => {});
        throw error;
      }
      this.#sandboxes.set(interfaceId, wanted);
      earlier?.namespace[Symbol.dispose]();
    });
  }

  /** Resolves when its link is gone. @throws {NetworkError} */
  async detach(interfaceId: string): Promise<void> {
    const { removed } = await this.#turns.take(() => {
      this.#sandboxes.get(interfaceId)?.namespace[Symbol.dispose]();
      this.#sandboxes.delete(interfaceId);
      const removed = this.#kernel.removeLink(linkName(interfaceId));
      removed.catch(() => {});
      const each = this.#interfaces.get(interfaceId);
      if (this.#topology !== undefined && each !== undefined && isWay(this.#topology, each)) {
        this.#convergeParts(this.#topology);
      }
      return { removed };
    });
    await removed;
  }

  /** Takes the namespace away, with all that is in it, and closes this. @throws {NetworkError} */
  remove(): Promise<void> {
    return this.#turns.take(async () => {
      this.#close();
      await this.#kernel.remove();
    });
  }

  /** What is in the kernel stays. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#turns.take(() => {
      this.#close();
      this.#kernel[Symbol.dispose]();
    });
  }

  /** @param known The rules that the kernel has; undefined: nobody knows, and all are replaced. */
  async #converge(topology: VpcTopology, known: Firewall | undefined): Promise<void> {
    // The rules first: nothing is ever routed that they don't know.
    const isSame = known !== undefined && topology === this.#topology;
    const firewall = isSame ? known : firewallOf(topology);
    const commands = isSame ? '' : firewallChanges(known, firewall);
    if (commands !== '') this.#kernel.runRules(commands, { replacesAll: known === undefined });
    const isInterrupted = this.#topology && interruptedFlows(this.#topology, topology);
    if (isInterrupted !== undefined) this.#kernel.interrupt(isInterrupted);
    this.#firewall = firewall;
    this.#topology = topology;
    this.#interfaces = new Map(topology.interfaces.map((each) => [each.id, each]));
    this.#idOfAddress = new Map(
      topology.interfaces.flatMap(({ id, addresses }) => addresses.map((address) => [address, id] as const)),
    );
    await this.#convergeHostLinks(topology);
    await this.#convergeMachineLinks(topology);
    await this.#convergeTunnel(topology);
    const failures = await this.#convergeSandboxLinks(topology);
    this.#kernel.setLinksUp();
    this.#convergeParts(topology);
    if (failures.length > 0) throw failures[0];
  }

  async #convergeHostLinks(topology: VpcTopology): Promise<void> {
    const { host, machines } = this.#options;
    const wanted = hostLinks(topology, machines()?.own.id);
    const missing = wanted.filter(({ name }) => !this.#kernel.links.has(name));
    for (const link of missing) {
      await this.#kernel.left(link.name);
      await host.addLink(this.#kernel.socket, link);
    }
    if (missing.length > 0) this.#kernel.readLinks();
    const names = new Set([
      ...wanted.map(({ name }) => name),
      ...topology.interfaces.map(({ id }) => linkName(id)),
    ]);
    for (const { name, kind } of this.#kernel.links.values()) {
      // What the kernel refuses now, the next look finds again.
      if (kind === 'veth' && !names.has(name)) this.#kernel.removeLink(name).catch(() => {});
    }
  }

  /** Links of interfaces that are the machine's own, and of none that is so no longer. */
  async #convergeMachineLinks(topology: VpcTopology): Promise<void> {
    const { host, machines } = this.#options;
    const wanted = new Map(machineInterfaces(topology, machines()?.own.id).map((each) => [each.id, each]));
    for (const { id } of topology.interfaces) {
      const link = this.#kernel.links.get(linkName(id));
      if (link === undefined || wanted.has(id) || this.#sandboxes.has(id)) continue;
      if (this.#ofMachine.delete(id) || host.isEndOf(this.#kernel.socket, link))
        await this.#kernel.removeLink(link.name);
    }
    for (const [id, each] of wanted) {
      const name = linkName(id);
      await this.#kernel.left(name);
      this.#ofMachine.add(id);
      if (this.#kernel.links.has(name)) continue;
      const add = (index: number): boolean => host.addMachineLink(this.#kernel.socket, each, index);
      if (this.#kernel.addLink(name, add)) this.#kernel.settleLink(name);
    }
  }

  async #convergeTunnel(topology: VpcTopology): Promise<void> {
    const { host } = this.#options;
    const machines = this.#options.machines();
    const tunnel = this.#kernel.links.get(tunnelName);
    if (tunnel?.tunnelAddress === machines?.own.underlayAddress) return;
    // The machine may have got another address since, or be alone now.
    await this.#kernel.removeLink(tunnelName);
    if (machines === undefined) return;
    host.addTunnel(this.#kernel.namespace, topology.number, machines.own);
    this.#kernel.readLinks();
  }

  /** @returns what went wrong: one sandbox that can't be reached is no reason to leave the others alone. */
  async #convergeSandboxLinks(topology: VpcTopology): Promise<readonly unknown[]> {
    const failures: unknown[] = [];
    for (const each of topology.interfaces) {
      const sandbox = this.#sandboxes.get(each.id);
      if (sandbox === undefined || this.#hasLink(each.id)) continue;
      await this.#kernel.left(linkName(each.id));
      try {
        this.#connect(topology, each, sandbox);
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }

  #convergeParts(topology: VpcTopology): void {
    this.#kernel.setParts(partsOf(routerParts(topology, this.#view)));
  }

  /** Makes sure of an interface's link, of both its ends and of the ways to it. */
  #connect(topology: VpcTopology, each: InterfaceTopology, { namespace: sandbox, ...device }: Sandbox): void {
    const name = linkName(each.id);
    const subnet = topology.subnets.find(({ id }) => id === each.subnetId);
    if (subnet === undefined) {
      throw new NetworkError(`Cannot attach ${each.id}: its subnet ${each.subnetId} is not in the VPC`);
    }
    if (!this.#kernel.links.has(name)) {
      const mtu = this.#options.mtu();
      this.#kernel.addLink(name, (linkIndex) => {
        addSandboxLink(this.#kernel.socket, each, sandbox, {
          linkIndex,
          deviceIndex: device.deviceIndex,
          mtu,
        });
        return true;
      });
    }
    configureSandbox(each, subnet, sandbox, device);
    this.#kernel.settleLink(name);
    if (isWay(topology, each)) this.#convergeParts(topology);
    else this.#kernel.addParts(partsOf(interfaceParts(topology, each, this.#view)));
  }

  #hasLink(interfaceId: string): boolean {
    return this.#kernel.links.has(linkName(interfaceId));
  }

  /** Whatever comes later finds no VPC. */
  #close(): void {
    for (const { namespace } of this.#sandboxes.values()) namespace[Symbol.dispose]();
    this.#sandboxes.clear();
    this.#topology = undefined;
    this.#interfaces = new Map();
  }
}

function notInVpc(interfaceId: string): NetworkError {
  return new NetworkError(`Cannot attach ${interfaceId}: it is not in the VPC any more`);
}

/** Whether more than its own addresses may be behind an interface: rules and routes of others then name it. */
function isWay({ routeTables }: VpcTopology, { id, checksSourceAndDestination }: InterfaceTopology): boolean {
  if (!checksSourceAndDestination) return true;
  return routeTables.some(({ routes }) =>
    routes.some(({ target }) => target.type === 'network-interface' && target.id === id),
  );
}
