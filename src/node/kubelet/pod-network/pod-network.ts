import type { Socket } from 'node:net';
import type { Clock } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import type { NodeNetwork, NodePlace, VpcNetwork } from '../../../network/index.ts';
import type { SandboxNetwork } from '../../../runtime/index.ts';
import type { PodGuard } from '../../network-policy/policy-agent.ts';
import type { OwnInterface, PodDialer, PodIdentity, PodNetwork } from '../kubelet-options.ts';
import { type LedgerFile, openLedgerFile } from './ledger-file.ts';
import type { NodeInterfaces } from './node-interfaces.ts';
import {
  type InterfaceLimits,
  type More,
  type NodeInterface,
  nextStep,
  type OwnPlace,
  podAddressesOf,
  withOwn,
  withoutPods,
  withPod,
} from './plan.ts';

/** What is needed of the machine's network. */
export interface NodeNetworks extends Pick<VpcNetwork, 'attach' | 'detach'> {
  openNode(place: NodePlace): Promise<NodeNetwork>;
  /** The path of the network namespace that a node has of its own, made when it is not there. */
  nodeNamespace(instanceId: string): Promise<string>;
  removeNode(instanceId: string): Promise<void>;
  /** Resolves when the VPC leads an address to the interface. */
  untilCarried(interfaceId: string, address: string, signal: AbortSignal): Promise<void>;
}

export interface VpcPodNetworkOptions {
  readonly instanceId: string;
  readonly network: NodeNetworks;
  /** See `NodePlace`. */
  readonly localAddresses: readonly string[];
  readonly interfaces: NodeInterfaces;
  readonly limits: InterfaceLimits;
  /** A node of Fargate has one pod, which has the node's own address and is in its network namespace. */
  readonly isFargate?: boolean;
  /** Whether pods with interfaces for themselves that come now are apart: see `NodePod`. Default: they are. */
  readonly isApart?: () => boolean;
  /** Whether the node is to ask for prefixes now. Default: it is not. */
  readonly hasPrefixes?: () => boolean;
  /** Its own, of this node alone. */
  readonly directory: string;
  readonly guard: PodGuard;
  /**
   * The node's network is there from now on; told again when it is another one. @returns resolves when what pods need of it is
   * there: until then none begins.
   */
  readonly opened: (node: NodeNetwork) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The kubelet tries again after that. */
const servedWithinMs = 10_000;

/** What the kubelet's event FailedCreatePodSandBox says, in the plugin's own words. */
const noAddress =
  'plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container';

/** Interfaces of pods are numbered after those of their node, of which there are never so many. */
const ownDeviceIndex = ({ vlanId }: OwnInterface): number => 100 + vlanId;

/**
 * Pods with addresses of the VPC, as the Amazon VPC CNI plugin gives them: secondary private IPv4 addresses of their
 * node's interfaces, which are in a network namespace of the node's own. The links of pods lead there.
 */
export class VpcPodNetwork implements PodDialer, PodNetwork, AsyncDisposable {
  readonly #options: VpcPodNetworkOptions;
  readonly #ledger: LedgerFile;
  /** By address: of secondary ones, as last seen in EC2. */
  #interfaces: readonly NodeInterface[] = [];
  #node: NodeNetwork | undefined;
  #nodePath: string | undefined;
  #served: Promise<void> = Promise.resolve();
  /** Paths of namespaces by pod, of those that have joined. */
  readonly #joined = new Map<string, string>();
  /** Of interfaces of the node. */
  readonly #attached = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();

  /** @throws {Error} its list of addresses can't be read. */
  constructor(options: VpcPodNetworkOptions) {
    this.#options = options;
    this.#ledger = openLedgerFile(options.directory);
  }

  /**
   * Gives the pod its address; the same again for the same pod.
   * @throws {Error} with `failed to assign an IP address to container` when there is none.
   */
  assign(pod: PodIdentity, signal: AbortSignal): Promise<{ readonly network: SandboxNetwork }> {
    return this.#inTurn(async () => {
      if (this.#options.isFargate) return networkOf(await this.#primary(signal));
      if (pod.ownInterface !== undefined) return this.#assignOwn(pod, pod.ownInterface);
      const known = this.#ledger.now().pods[pod.uid];
      const address = known ?? (await this.#newAddress(pod, signal));
      if (known !== undefined) await this.#look(signal);
      const found = this.#interfaceOf(address);
      if (found !== undefined) return this.#assigned(pod, found, address);
      // Somebody took the address away from the interface.
      if (known === undefined) throw new Error(noAddress);
      this.#ledger.write(withoutPods(this.#ledger.now(), [pod.uid], this.#options.clock.now()));
      const another = await this.#newAddress(pod, signal);
      const other = this.#interfaceOf(another);
      if (other === undefined) throw new Error(noAddress);
      return this.#assigned(pod, other, another);
    });
  }

  /**
   * Puts the pod's interface into its namespace, and before the first one the node's into the node's; idempotent. The policies
   * that select the pod are carried out before, and when it resolves the node has names and Services for it.
   * @throws {Error} among others: they are not there within ten seconds.
   */
  async join(pod: PodIdentity, netnsPath: string, signal: AbortSignal): Promise<void> {
    if (!this.#options.isFargate) await this.#options.guard.ready(pod.uid, signal);
    await this.#inTurn(async () => {
      if (this.#options.isFargate) {
        await this.#joinNode(netnsPath, signal);
        return;
      }
      const own = this.#ledger.now().own[pod.uid];
      if (own !== undefined) return this.#joinOwn(pod, own, netnsPath, signal);
      const address = this.#ledger.now().pods[pod.uid];
      if (address === undefined)
        throw new Error(`${pod.namespace}/${pod.name} has no address to join the network with`);
      const node = this.#node ?? (await this.#openOwn(signal));
      if (this.#interfaceOf(address) === undefined) await this.#look(signal);
      const found = this.#interfaceOf(address);
      if (found === undefined) throw new Error(`${address} is no address of this node any more`);
      // It may have been attached by somebody else.
      if (!this.#attached.has(found.id)) await this.#attachAll(signal);
      await this.#options.network.untilCarried(found.id, address, signal);
      const { uid, hostPorts } = pod;
      await node.join({ uid, address, deviceIndex: found.deviceIndex, hostPorts }, netnsPath);
      this.#joined.set(pod.uid, netnsPath);
    });
    await this.#untilServed(signal);
  }

  async nodeNamespace(signal: AbortSignal): Promise<string> {
    const path = await this.#inTurn(async () => {
      if (this.#options.isFargate)
        throw new Error('a pod on Fargate is alone on its node, and has no hostNetwork');
      if (this.#node === undefined) await this.#openOwn(signal);
      return this.#options.network.nodeNamespace(this.#options.instanceId);
    });
    await this.#untilServed(signal);
    return path;
  }

  /** The uid of the pod whose address it is; no pod sends with another's. Undefined: it is nobody's. */
  podAt(address: string): string | undefined {
    const { pods, own } = this.#ledger.now();
    return (
      Object.entries(pods).find(([, its]) => its === address)?.[0] ??
      Object.entries(own).find(([, its]) => its.address === address)?.[0]
    );
  }

  /** A connection as the node itself makes it. @throws {Error} with the kernel's word for it as `code`. */
  async connect(
    { address, port }: { readonly address: string; readonly port: number },
    signal: AbortSignal,
  ): Promise<Socket> {
    if (this.#node === undefined)
      throw new Error(`Cannot connect to ${address}: the node has no network yet`);
    return this.#node.connect(address, port, signal);
  }

  /** Takes the address back, which rests for a while. Of a pod that has none: success. */
  release(podUid: string): Promise<void> {
    return this.#release([podUid]);
  }

  /** Takes back what pods have that are not there any more: those that ended while nobody was here. */
  retain(podUids: ReadonlySet<string>): Promise<void> {
    const { pods, own } = this.#ledger.now();
    const known = [...Object.keys(pods), ...Object.keys(own)];
    return this.#release(known.filter((uid) => !podUids.has(uid)));
  }

  /**
   * What a node needs of its network before it has pods: so that what answers on the node is there from the beginning, and
   * pods that are there already are guarded.
   * @throws {Error}
   */
  open(signal: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#node === undefined && !this.#options.isFargate) await this.#openOwn(signal);
    });
  }

  /** The node is no more: takes away what it has in the kernel. Whoever ended it deletes its interfaces. */
  remove(): Promise<void> {
    return this.#inTurn(async () => {
      const { network, instanceId } = this.#options;
      await this.#node?.[Symbol.asyncDispose]();
      this.#node = undefined;
      const own = Object.values(this.#ledger.now().own);
      for (const { id } of [...own, ...this.#interfaces]) await network.detach(id);
      await network.removeNode(instanceId);
    });
  }

  /** What is in the kernel stays. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#inTurn(async () => {
      await this.#node?.[Symbol.asyncDispose]();
      this.#node = undefined;
    });
  }

  /** Written down before anybody hears of it, as everywhere. */
  #assignOwn(pod: PodIdentity, told: OwnInterface | 'awaited'): { readonly network: SandboxNetwork } {
    if (told === 'awaited') throw new Error(noAddress);
    const ledger = this.#ledger.now();
    const known = ledger.own[pod.uid];
    const { id, macAddress, address, vlanId } = told;
    const isApart = known?.isApart ?? this.#options.isApart?.() ?? true;
    if (isApart && pod.hostPorts.length > 0)
      throw new Error(
        'a pod with security groups of its own has no hostPort where POD_SECURITY_GROUP_ENFORCING_MODE is strict',
      );
    if (known?.id !== id)
      this.#ledger.write(withOwn(ledger, pod, { id, macAddress, address, vlanId, isApart }));
    this.#options.guard.expect(pod.uid, address);
    return { network: { mode: 'interface', interfaceId: id, ipv4: address, macAddress } };
  }

  async #joinOwn(pod: PodIdentity, own: OwnPlace, netnsPath: string, signal: AbortSignal): Promise<void> {
    const node = this.#node ?? (await this.#openOwn(signal));
    await this.#attachOwn(own, signal);
    await node.join(placeOf(pod.uid, own, pod.hostPorts), netnsPath);
    this.#joined.set(pod.uid, netnsPath);
  }

  async #attachOwn(own: OwnPlace, signal: AbortSignal): Promise<void> {
    if (this.#nodePath === undefined) return;
    await this.#options.network.attach({
      ...{ interfaceId: own.id, netnsPath: this.#nodePath, deviceIndex: ownDeviceIndex(own) },
      ...{ isForwarded: true, signal },
    });
  }

  #assigned({ uid }: PodIdentity, found: NodeInterface, address: string) {
    this.#options.guard.expect(uid, address);
    return networkOf(found, address);
  }

  #release(uids: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      for (const uid of uids) {
        this.#joined.delete(uid);
        await this.#node?.leave(uid);
        const own = this.#ledger.now().own[uid];
        if (own !== undefined) await this.#options.network.detach(own.id);
        this.#options.guard.forget(uid);
      }
      const before = this.#ledger.now();
      if (uids.some((uid) => before.pods[uid] !== undefined || before.own[uid] !== undefined))
        this.#ledger.write(withoutPods(before, uids, this.#options.clock.now()));
    });
  }

  async #openOwn(signal: AbortSignal): Promise<NodeNetwork> {
    const { network, instanceId } = this.#options;
    return this.#joinNode(await network.nodeNamespace(instanceId), signal);
  }

  async #joinNode(netnsPath: string, signal: AbortSignal): Promise<NodeNetwork> {
    const primary = await this.#primary(signal);
    this.#nodePath = netnsPath;
    await this.#attachAll(signal);
    if (this.#node?.isAt(netnsPath)) return this.#node;
    await this.#node?.[Symbol.asyncDispose]();
    const ledger = this.#ledger.now();
    for (const [uid, own] of Object.entries(ledger.own))
      await this.#attachOwn(own, signal).catch((error) => this.#logFailure(uid, error));
    const ownPods = Object.entries(ledger.own).map(([uid, own]) =>
      placeOf(uid, own, ledger.hostPorts[uid] ?? []),
    );
    const plainPods = Object.entries(ledger.pods).flatMap(([uid, address]) => {
      const found = this.#interfaceOf(address);
      if (found === undefined) return [];
      return [{ uid, address, deviceIndex: found.deviceIndex, hostPorts: ledger.hostPorts[uid] ?? [] }];
    });
    const pods = [...plainPods, ...ownPods];
    const { id: interfaceId, primaryAddress } = primary;
    const { localAddresses, network } = this.#options;
    const place = { netnsPath, interfaceId, primaryAddress, localAddresses, pods };
    const node = await network.openNode(place);
    this.#node = node;
    this.#served = this.#options.opened(node);
    // Told to those who wait for it.
    this.#served.catch(() => {});
    // Links of pods went with the node's earlier namespace.
    for (const pod of pods) {
      const path = this.#joined.get(pod.uid);
      if (path !== undefined) await node.join(pod, path).catch((error) => this.#logFailure(pod.uid, error));
    }
    return node;
  }

  /** A pod that begins before would be told that there are no such names, and reach no Services. */
  async #untilServed(signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const late = this.#options.clock
      .sleep(servedWithinMs, AbortSignal.any([signal, done.signal]))
      .then(() => {
        throw new Error('the node has no names and Services of the cluster for its pods within 10 s');
      });
    try {
      await Promise.race([this.#served, late]);
    } finally {
      done.abort();
    }
  }

  #logFailure(podUid: string, error: unknown): void {
    this.#options.log.warn('A pod cannot be reached: it is tried again', { podUid, error });
  }

  async #attachAll(signal: AbortSignal): Promise<void> {
    const { network } = this.#options;
    if (this.#nodePath === undefined) return;
    for (const { id: interfaceId, deviceIndex } of this.#interfaces) {
      await network.attach({ interfaceId, netnsPath: this.#nodePath, deviceIndex, signal });
      this.#attached.add(interfaceId);
    }
  }

  async #primary(signal: AbortSignal): Promise<NodeInterface> {
    await this.#look(signal);
    const primary = this.#interfaces.find(({ deviceIndex }) => deviceIndex === 0);
    if (primary === undefined) throw new Error('The node has no primary network interface any more');
    return primary;
  }

  async #look(signal: AbortSignal): Promise<void> {
    this.#interfaces = await this.#options.interfaces.list(signal);
  }

  #interfaceOf(address: string): NodeInterface | undefined {
    return this.#interfaces.find((each) => podAddressesOf(each).includes(address));
  }

  /** Written down before anybody hears of it. */
  async #newAddress(pod: PodIdentity, signal: AbortSignal): Promise<string> {
    const { interfaces, limits, clock, hasPrefixes } = this.#options;
    await this.#look(signal);
    // Each step but the last changes what there is: one more for each interface that can be.
    for (let steps = 0; steps <= 2 * limits.maxInterfaces; steps += 1) {
      const step = nextStep(this.#interfaces, this.#ledger.now(), limits, clock.now(), hasPrefixes?.());
      if (step.type === 'none') break;
      if (step.type === 'take') {
        this.#ledger.write(withPod(this.#ledger.now(), pod, step.address));
        return step.address;
      }
      try {
        if (step.type === 'assign') await this.#assignUpTo(step.interfaceId, step.more, signal);
        else {
          const [like] = this.#interfaces;
          if (like === undefined) break;
          await interfaces.add({ ...step, like }, signal);
        }
      } catch (cause) {
        signal.throwIfAborted();
        throw new Error(noAddress, { cause });
      }
      await this.#look(signal);
      if (step.type === 'add-interface') await this.#attachAll(signal);
    }
    throw new Error(noAddress);
  }

  /** A subnet that is nearly full has one more, perhaps. */
  async #assignUpTo(interfaceId: string, more: More, signal: AbortSignal): Promise<void> {
    const { interfaces } = this.#options;
    try {
      await interfaces.assign(interfaceId, more, signal);
    } catch (error) {
      const isOne = more.type === 'prefix' || more.count === 1;
      if (isOne || (error as Error).name !== 'InsufficientFreeAddressesInSubnet') throw error;
      await interfaces.assign(interfaceId, { type: 'addresses', count: 1 }, signal);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work, work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

const placeOf = (uid: string, own: OwnPlace, hostPorts: PodIdentity['hostPorts']) => ({
  ...{ uid, address: own.address, deviceIndex: ownDeviceIndex(own), isApart: own.isApart, hostPorts },
});

function networkOf(
  { id: interfaceId, macAddress, primaryAddress }: NodeInterface,
  ipv4 = primaryAddress,
): { readonly network: SandboxNetwork } {
  return { network: { mode: 'interface', interfaceId, ipv4, macAddress } };
}
