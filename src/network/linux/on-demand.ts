import type { VpcTopology } from '../../topology/index.ts';
import { type Attachment, NetworkError, type VpcNetwork, type VpcSocket } from '../network.ts';
import type { InterfacePlace } from './interface-place.ts';
import type { LinuxNetwork, LinuxNetworkOptions } from './linux-network.ts';
import { namesOfNamespaces, placePrefixOf, prefixOf } from './namespace-names.ts';
import type { NodeNetwork } from './node/node-network.ts';
import type { NodePlace } from './node/node-place.ts';
import { openLinuxNetwork } from './open.ts';
import type { Machines } from './router-parts.ts';

/**
 * VPCs in the kernel of this machine, opened with the first of them: the libraries that speak to the kernel take memory,
 * and guarding takes time, and where no interface ever comes to be, neither is needed.
 */
export class LinuxNetworkOnDemand implements VpcNetwork {
  readonly #options: LinuxNetworkOptions;
  #machines: Machines | undefined;
  #opening: Promise<LinuxNetwork> | undefined;
  #network: LinuxNetwork | undefined;
  #isClosed = false;

  constructor(options: LinuxNetworkOptions) {
    this.#options = options;
    this.#machines = options.machines;
  }

  async apply(vpc: VpcTopology): Promise<void> {
    await (await this.#open()).apply(vpc);
  }

  async remove(vpcId: string): Promise<void> {
    await (await this.#opened())?.remove(vpcId);
  }

  /** See `LinuxNetwork.removeOthers`. */
  async removeOthers(vpcIds: readonly string[]): Promise<void> {
    if (namesOfNamespaces(prefixOf(this.#options.installationId)).length === 0) return;
    await (await this.#open()).removeOthers(vpcIds);
  }

  async attach(attachment: Attachment): Promise<void> {
    await (await this.#open()).attach(attachment);
  }

  async detach(interfaceId: string): Promise<void> {
    await (await this.#opened())?.detach(interfaceId);
  }

  attached(): readonly string[] {
    return this.#network?.attached() ?? [];
  }

  /** See `LinuxNetwork.untilCarried`. @throws {NetworkError} */
  async untilCarried(interfaceId: string, address: string, signal: AbortSignal): Promise<void> {
    await (await this.#open()).untilCarried(interfaceId, address, signal);
  }

  /** See `LinuxNetwork.nodeNamespace`. @throws {NetworkError} */
  async nodeNamespace(instanceId: string): Promise<string> {
    return (await this.#open()).nodeNamespace(instanceId);
  }

  /** See `LinuxNetwork.removeNode`. @throws {NetworkError} */
  async removeNode(instanceId: string): Promise<void> {
    (await this.#opened())?.removeNode(instanceId);
  }

  /** See `LinuxNetwork.openNode`. @throws {NetworkError} */
  async openNode(place: NodePlace): Promise<NodeNetwork> {
    return (await this.#open()).openNode(place);
  }

  /** See `LinuxNetwork.openPlace`. @throws {NetworkError} */
  async openPlace(interfaceId: string, signal: AbortSignal): Promise<InterfacePlace> {
    return (await this.#open()).openPlace(interfaceId, signal);
  }

  /** See `LinuxNetwork.removePlace`. @throws {NetworkError} */
  async removePlace(interfaceId: string): Promise<void> {
    await (await this.#opened())?.removePlace(interfaceId);
  }

  /** See `LinuxNetwork.removeOtherPlaces`. @throws {NetworkError} */
  async removeOtherPlaces(interfaceIds: readonly string[]): Promise<void> {
    if (namesOfNamespaces(placePrefixOf(this.#options.installationId)).length === 0) return;
    await (await this.#open()).removeOtherPlaces(interfaceIds);
  }

  openSocket(vpcId: string, socket: VpcSocket): number {
    if (this.#network === undefined)
      throw new NetworkError(`Cannot listen in ${vpcId}: no VPC is on this machine`);
    return this.#network.openSocket(vpcId, socket);
  }

  interfaceAt(vpcId: string, address: string): string | undefined {
    return this.#network?.interfaceAt(vpcId, address);
  }

  /** See `LinuxNetwork.setMachines`. */
  async setMachines(machines: Machines | undefined): Promise<void> {
    this.#machines = machines;
    await (await this.#opened())?.setMachines(machines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await (await this.#opened())?.[Symbol.asyncDispose]();
  }

  /** Undefined: nobody has asked for it, or it can't be opened. */
  async #opened(): Promise<LinuxNetwork | undefined> {
    return this.#opening?.catch(() => undefined);
  }

  #open(): Promise<LinuxNetwork> {
    if (this.#isClosed) return Promise.reject(new NetworkError('The network of this machine is closed'));
    this.#opening ??= openLinuxNetwork({ ...this.#options, machines: this.#machines }).then(
      (network) => {
        this.#network = network;
        return network;
      },
      (error: unknown) => {
        this.#opening = undefined;
        throw error;
      },
    );
    return this.#opening;
  }
}
