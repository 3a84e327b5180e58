import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { hasAddress, type VpcTopology } from '../../topology/index.ts';
import { Announcements } from '../announcements.ts';
import { type Attachment, NetworkError, type VpcNetwork, type VpcSocket } from '../network.ts';
import { HostSide, nothing } from './host-side.ts';
import { InterfacePlace } from './interface-place.ts';
import { machineInterfacesOf } from './machine-interface.ts';
import { Namespace, namedNamespace, removeName } from './namespace.ts';
import { namesOfNamespaces, nodePrefixOf, placePrefixOf, prefixOf } from './namespace-names.ts';
import { NodeNetwork } from './node/node-network.ts';
import type { NodePlace } from './node/node-place.ts';
import { Router } from './router.ts';
import { hostLinks, type Machines } from './router-parts.ts';
import { listenIn } from './sockets.ts';
import { Turns } from './turns.ts';

export interface LinuxNetworkOptions {
  /** Its namespaces, links and tables carry it in their names: installations on one machine don't meet. */
  readonly installationId: string;
  /** Where the installation's public addresses are from. */
  readonly publicCidr: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Of interfaces that are made, in bytes. Default 1500; with other machines 1450, for tunnels take 50. */
  readonly mtu?: number;
  /** Path of the namespace that has the way to the world. Default: this process's. */
  readonly hostNamespacePath?: string;
  /** Those with which it begins to share VPCs: see `setMachines`. */
  readonly machines?: Machines | undefined;
  /** How often everything is looked at. Default 5 s. */
  readonly verifyEveryMs?: number;
  /** How long `attach` waits for a topology that has the interface. Default 30 s. */
  readonly knownWithinMs?: number;
}

/** VPCs in the kernel of this machine. docs/decisions/0025-vpc-in-the-kernel.md says why it is made like this. */
export class LinuxNetwork implements VpcNetwork {
  readonly #options: LinuxNetworkOptions;
  readonly #host: HostSide;
  readonly #prefix: string;
  readonly #routers = new Map<string, Router>();
  readonly #applied = new Announcements();
  /** Of EKS, whose namespaces are looked after. */
  readonly #nodes = new Set<NodeNetwork>();
  /** Routers come and go, and are looked at, one thing after the other; attachments wait for none of it. */
  readonly #turns = new Turns();
  readonly #closing = new AbortController();
  readonly #guard: Promise<void>;
  #machines: Machines | undefined;

  /** @throws {NetworkError} this machine can't, or not for this user. */
  constructor(options: LinuxNetworkOptions) {
    this.#options = options;
    this.#machines = options.machines;
    this.#prefix = prefixOf(options.installationId);
    this.#host = new HostSide({
      installationId: options.installationId,
      namespacePath: options.hostNamespacePath ?? '/proc/thread-self/ns/net',
      publicCidr: options.publicCidr,
      mtu: () => this.#mtu(),
      log: options.log,
    });
    this.#guard = this.#verifyRegularly();
  }

  /** How many times anything was written to the kernel. */
  get writes(): number {
    return this.#routers.values().reduce((sum, { writes }) => sum + writes, this.#host.writes);
  }

  apply(vpc: VpcTopology): Promise<void> {
    return this.#turns.take(() => this.#apply(vpc));
  }

  async #apply(vpc: VpcTopology): Promise<void> {
    const router = this.#routers.get(vpc.id) ?? this.#open(vpc.id);
    // Before there is a tunnel.
    if (this.#host.guardTunnels(this.#machines, [...this.#numbers(), vpc.number]))
      await this.#host.converge();
    await router.apply(vpc);
    if (this.#wantHostParts(vpc)) await this.#host.converge();
    this.#applied.announce();
  }

  /**
   * From now on these are the machines with which this one shares VPCs; undefined: it is the only one. Interfaces that
   * are there keep their MTU.
   * @throws {NetworkError}
   */
  setMachines(machines: Machines | undefined): Promise<void> {
    return this.#turns.take(async () => {
      this.#machines = machines;
      if (this.#host.guardTunnels(machines, this.#numbers())) await this.#host.converge();
      for (const router of this.#routers.values()) {
        await router.refresh();
        if (router.topology !== undefined) this.#wantHostParts(router.topology);
      }
      await this.#host.converge();
    });
  }

  #wantHostParts(vpc: VpcTopology): boolean {
    const machineId = this.#machines?.own.id;
    const interfaces = machineInterfacesOf(vpc, machineId);
    return this.#host.want(vpc.id, { links: hostLinks(vpc, machineId), interfaces });
  }

  #numbers(): number[] {
    return [...this.#routers.values()].flatMap(({ topology }) => topology?.number ?? []);
  }

  remove(vpcId: string): Promise<void> {
    return this.#turns.take(() => this.#removeNamed(this.#nameOf(vpcId)));
  }

  /**
   * Takes away every VPC of this installation but these: those that went while no process was there to remove them.
   * @throws {NetworkError}
   */
  removeOthers(vpcIds: readonly string[]): Promise<void> {
    return this.#turns.take(async () => {
      const kept = new Set(vpcIds.map((vpcId) => this.#nameOf(vpcId)));
      for (const name of namesOfNamespaces(this.#prefix)) if (!kept.has(name)) await this.#removeNamed(name);
    });
  }

  async attach({ interfaceId, netnsPath, signal, ...place }: Attachment): Promise<void> {
    const sandbox = new Namespace(netnsPath);
    try {
      if (this.#host.isHost(sandbox)) {
        throw new NetworkError(
          `Cannot attach ${interfaceId} to ${netnsPath}: it is the machine’s own namespace`,
        );
      }
      const router = await this.#routerOf(interfaceId, signal);
      const { deviceIndex = 0, isForwarded = false } = place;
      await router.attach(interfaceId, { namespace: sandbox, deviceIndex, isForwarded });
    } catch (error) {
      sandbox[Symbol.dispose]();
      throw error;
    }
  }

  async detach(interfaceId: string): Promise<void> {
    await Promise.all(this.#routers.values().map((router) => router.detach(interfaceId)));
  }

  attached(): readonly string[] {
    return [...this.#routers.values()].flatMap((router) => router.attached());
  }

  /**
   * Resolves when the VPC leads that address to the interface. @throws {NetworkError} it doesn't within the time that
   * `attach` waits for an interface.
   */
  async untilCarried(interfaceId: string, address: string, signal: AbortSignal): Promise<void> {
    const { clock, knownWithinMs: withinMs = 30_000 } = this.#options;
    const carries = ({ topology }: Router): boolean =>
      topology?.interfaces.some((each) => each.id === interfaceId && hasAddress(each, address)) === true;
    await this.#applied.until(() => this.#routers.values().find(carries), {
      ...{ clock, withinMs, signal: AbortSignal.any([signal, this.#closing.signal]) },
      late: `Cannot use ${address}: no VPC that was applied has it on ${interfaceId}`,
    });
  }

  /**
   * The path of a node's network namespace, which is made when it is not there: it stays until `removeNode`.
   * @param instanceId `i-…` @throws {NetworkError}
   */
  nodeNamespace(instanceId: string): string {
    using namespace = namedNamespace(nodePrefixOf(this.#options.installationId) + instanceId);
    return namespace.path;
  }

  /** Takes a node's network namespace away; its interfaces are to be detached before. Absent is success. @throws {NetworkError} */
  removeNode(instanceId: string): void {
    removeName(nodePrefixOf(this.#options.installationId) + instanceId);
  }

  /**
   * The network namespace of a node, which has its primary interface already. It is guarded until it is disposed of.
   * @throws {NetworkError}
   */
  openNode({ interfaceId, ...place }: NodePlace): NodeNetwork {
    const cidrs = (): readonly string[] =>
      this.#routers.values().find((router) => router.knows(interfaceId))?.topology?.cidrs ?? [];
    const node = new NodeNetwork({
      ...place,
      ...{ cidrs, mtu: () => this.#mtu(), clock: this.#options.clock },
      closed: () => this.#nodes.delete(node),
    });
    this.#nodes.add(node);
    return node;
  }

  /**
   * A place in a VPC by an interface that is attached to nothing else: made when it is not there, and kept until `removePlace`.
   * @throws {NetworkError} see `attach`.
   */
  async openPlace(interfaceId: string, signal: AbortSignal): Promise<InterfacePlace> {
    using namespace = namedNamespace(this.#placePrefix + interfaceId);
    await this.attach({ interfaceId, netnsPath: namespace.path, signal });
    return new InterfacePlace(namespace.path, this.#options.clock);
  }

  /** Takes a place away, its connections with it. Absent is success. @throws {NetworkError} */
  async removePlace(interfaceId: string): Promise<void> {
    await this.detach(interfaceId);
    removeName(this.#placePrefix + interfaceId);
  }

  /** Takes away every place of this installation but these. @throws {NetworkError} */
  async removeOtherPlaces(interfaceIds: readonly string[]): Promise<void> {
    for (const name of namesOfNamespaces(this.#placePrefix)) {
      const interfaceId = name.slice(this.#placePrefix.length);
      if (!interfaceIds.includes(interfaceId)) await this.removePlace(interfaceId);
    }
  }

  get #placePrefix(): string {
    return placePrefixOf(this.#options.installationId);
  }

  openSocket(vpcId: string, socket: VpcSocket): number {
    const router = this.#routers.get(vpcId);
    if (router === undefined) {
      throw new NetworkError(
        `Cannot listen in ${vpcId}: it is not on this machine; apply its topology first`,
      );
    }
    return listenIn(router.namespace, socket);
  }

  interfaceAt(vpcId: string, address: string): string | undefined {
    return this.#routers.get(vpcId)?.interfaceAt(address);
  }

  /** Looks at everything once and puts right what isn't as it shall be. Failures are logged. */
  verify(): Promise<void> {
    return this.#turns.take(() => this.#verify());
  }

  async #verify(): Promise<void> {
    for (const [vpcId, router] of this.#routers) {
      await this.#putRight({ vpcId }, () => router.verify());
    }
    for (const node of this.#nodes) {
      await this.#putRight({}, async () => {
        await node.verify();
        return false;
      });
    }
    await this.#putRight({}, () => this.#host.converge());
  }

  /** Takes away everything that this installation ever made in the kernel, also what nothing is known of. */
  purge(): Promise<void> {
    return this.#turns.take(() => this.#purge());
  }

  async #purge(): Promise<void> {
    for (const name of namesOfNamespaces(this.#prefix)) await this.#removeNamed(name);
    for (const prefix of [nodePrefixOf(this.#options.installationId), this.#placePrefix])
      for (const name of namesOfNamespaces(prefix)) removeName(name);
    await this.#host.purge();
  }

  /** What is in the kernel stays, for whoever comes next. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new NetworkError('The network of this machine is closing'));
    await this.#guard;
    await this.#turns.take(() =>
      Promise.all(this.#routers.values().map((router) => router[Symbol.asyncDispose]())),
    );
    this.#routers.clear();
    this.#host[Symbol.dispose]();
  }

  async #removeNamed(name: string): Promise<void> {
    const [vpcId, router] = this.#routers.entries().find(([vpcId]) => this.#nameOf(vpcId) === name) ?? [];
    if (router === undefined && !namesOfNamespaces(this.#prefix).includes(name)) return;
    await (router ?? this.#openNamed(name)).remove();
    if (vpcId === undefined) return;
    this.#routers.delete(vpcId);
    if (this.#host.want(vpcId, nothing)) await this.#host.converge();
  }

  #open(vpcId: string): Router {
    const router = this.#openNamed(this.#nameOf(vpcId));
    this.#routers.set(vpcId, router);
    return router;
  }

  #openNamed(name: string): Router {
    const options = { name, host: this.#host, mtu: () => this.#mtu(), machines: () => this.#machines };
    return new Router(options);
  }

  #nameOf(vpcId: string): string {
    return `${this.#prefix}${vpcId.slice(vpcId.indexOf('-') + 1).slice(0, 12)}`;
  }

  #routerOf(interfaceId: string, signal: AbortSignal): Promise<Router> {
    const { clock, knownWithinMs: withinMs = 30_000 } = this.#options;
    return this.#applied.until(() => this.#routers.values().find((router) => router.knows(interfaceId)), {
      ...{ clock, withinMs, signal: AbortSignal.any([signal, this.#closing.signal]) },
      late: `Cannot attach ${interfaceId}: no VPC that was applied has it`,
    });
  }

  #mtu(): number {
    return this.#options.mtu ?? (this.#machines === undefined ? 1500 : 1450);
  }

  async #verifyRegularly(): Promise<void> {
    const { clock, verifyEveryMs = 5_000 } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await clock.sleep(verifyEveryMs, signal);
      } catch {
        return;
      }
      await this.verify();
    }
  }

  async #putRight(what: { readonly vpcId?: string }, look: () => Promise<boolean>): Promise<void> {
    const { log } = this.#options;
    try {
      if (await look()) log.warn('The network in the kernel was not as it shall be, and was put right', what);
    } catch (error) {
      log.error('The network in the kernel cannot be put right; it is tried again', { ...what, error });
    }
  }
}
