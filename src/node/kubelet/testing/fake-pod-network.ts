import type { HostPort } from '../../../network/index.ts';
import type { PrivateNetwork, SandboxNetwork } from '../../../runtime/index.ts';
import type { PodIdentity, PodNetwork } from '../kubelet-options.ts';

/**
 * Pods on a plain private network of the machine, for tests without VPCs. Addresses are given in order and again when
 * they are free; `joined` says whose interface was asked for, where.
 */
export class FakePodNetwork implements PodNetwork {
  readonly joined = new Map<string, string>();
  readonly addresses = new Map<string, string>();
  /** Of pods that have any, by uid. */
  readonly hostPorts = new Map<string, readonly HostPort[]>();
  readonly #network: PrivateNetwork;
  readonly #most: number;

  /** @param most How many addresses there are. */
  constructor({ most = 100, name = 'pods-test' }: { readonly most?: number; readonly name?: string } = {}) {
    this.#network = { name, cidr: '10.251.0.0/16', gateway: '10.251.0.1' };
    this.#most = most;
  }

  async assign(pod: PodIdentity, signal: AbortSignal): Promise<{ readonly network: SandboxNetwork }> {
    signal.throwIfAborted();
    const ipv4 = this.addresses.get(pod.uid) ?? this.#free();
    if (ipv4 === undefined) throw new Error('failed to assign an IP address to container');
    this.addresses.set(pod.uid, ipv4);
    if (pod.hostPorts.length > 0) this.hostPorts.set(pod.uid, pod.hostPorts);
    const last = Number(ipv4.split('.')[3]).toString(16).padStart(2, '0');
    const macAddress = `02:42:0a:fb:00:${last}`;
    return { network: { mode: 'private', network: this.#network, ipv4, macAddress } };
  }

  /** The machine's own: the node is nowhere else. */
  async nodeNamespace(): Promise<string> {
    return `/proc/${process.pid}/ns/net`;
  }

  async join(pod: PodIdentity, netnsPath: string): Promise<void> {
    this.joined.set(pod.uid, netnsPath);
  }

  async release(podUid: string): Promise<void> {
    this.addresses.delete(podUid);
    this.hostPorts.delete(podUid);
    this.joined.delete(podUid);
  }

  #free(): string | undefined {
    const taken = new Set(this.addresses.values());
    for (let last = 10; last < 10 + this.#most; last++)
      if (!taken.has(`10.251.0.${last}`)) return `10.251.0.${last}`;
    return undefined;
  }
}
