import type { Clock } from '../../clock/index.ts';
import { type InterfaceTopology, resolversOf, routerOf, type VpcTopology } from '../../topology/index.ts';
import { Announcements } from '../announcements.ts';
import { NetworkError } from '../network.ts';
import { obstacleOf } from './obstacle.ts';

export interface EngineNetworksOptions {
  /** Absent is success; so is one that somebody is still on. */
  readonly removeNetwork: (name: string) => Promise<void>;
  readonly clock: Clock;
  /** How long `place` waits for a topology that has the interface. Default 30 s. */
  readonly knownWithinMs?: number;
}

export interface Placing {
  /** `eni-…`. */
  readonly interfaceId: string;
  readonly signal: AbortSignal;
  /** The VPC was changed, and the interface may not be there any more, for this reason. Called once at most. */
  readonly onLoss: (reason: string) => void;
}

/** Where an interface is, in the Engine's words. */
export interface EnginePlace {
  readonly network: { readonly name: string; readonly cidr: string; readonly gateway: string };
  /** Name servers of the VPC's that nobody answers as. */
  readonly absentNameServers: readonly string[];
}

/**
 * What a machine has instead of VPCs where it can't carry any: a network of the Engine's for each subnet. Nothing there
 * holds routes or security groups, so only those interfaces are let onto them of which that asks nothing, and only as long
 * as that is so. docs/decisions/0031-engine-networks.md says why.
 */
export class EngineNetworks {
  readonly #options: EngineNetworksOptions;
  readonly #vpcs = new Map<string, VpcTopology>();
  readonly #placed = new Map<string, Placing>();
  readonly #known = new Announcements();

  constructor(options: EngineNetworksOptions) {
    this.#options = options;
  }

  /** Takes note of a VPC as it is now. Interfaces that may not be where they are any more are lost. */
  async apply(vpc: VpcTopology): Promise<void> {
    const before = this.#vpcs.get(vpc.id);
    this.#vpcs.set(vpc.id, vpc);
    for (const networkInterface of vpc.interfaces) this.#look(vpc, networkInterface);
    this.#known.announce();
    await this.#removeNetworks(before, vpc);
  }

  /** Removes the networks of a VPC that is gone. Absent is success. */
  async remove(vpcId: string): Promise<void> {
    const before = this.#vpcs.get(vpcId);
    this.#vpcs.delete(vpcId);
    await this.#removeNetworks(before, undefined);
  }

  /**
   * Where an interface is to be. Waits until it is in a topology that was applied.
   * @throws {NetworkError} it can't be on a network of the Engine's.
   */
  async place(placing: Placing): Promise<EnginePlace> {
    const { interfaceId, signal } = placing;
    const { clock, knownWithinMs: withinMs = 30_000 } = this.#options;
    const late = `Cannot place ${interfaceId}: no VPC that was applied has it`;
    const found = await this.#known.until(() => this.#find(interfaceId), { clock, withinMs, late, signal });
    const { vpc, networkInterface } = found;
    const obstacle = obstacleOf(vpc, networkInterface);
    if (obstacle !== undefined) throw new NetworkError(obstacle);
    this.#placed.set(interfaceId, placing);
    return placeOf(vpc, networkInterface);
  }

  /** Forgets an interface. Absent is success. */
  leave(interfaceId: string): void {
    this.#placed.delete(interfaceId);
  }

  /** The interfaces that are on networks of the Engine's. */
  attached(): readonly string[] {
    return [...this.#placed.keys()];
  }

  #look(vpc: VpcTopology, networkInterface: InterfaceTopology): void {
    const placing = this.#placed.get(networkInterface.id);
    const obstacle = placing && obstacleOf(vpc, networkInterface);
    if (placing === undefined || obstacle === undefined) return;
    this.#placed.delete(networkInterface.id);
    placing.onLoss(obstacle);
  }

  #find(
    interfaceId: string,
  ): { readonly vpc: VpcTopology; readonly networkInterface: InterfaceTopology } | undefined {
    for (const vpc of this.#vpcs.values()) {
      const networkInterface = vpc.interfaces.find(({ id }) => id === interfaceId);
      if (networkInterface !== undefined) return { vpc, networkInterface };
    }
    return undefined;
  }

  async #removeNetworks(before: VpcTopology | undefined, after: VpcTopology | undefined): Promise<void> {
    const kept = new Set(after?.subnets.map(({ id }) => id));
    for (const { id } of before?.subnets ?? [])
      if (!kept.has(id)) await this.#options.removeNetwork(nameOf(id));
  }
}

const nameOf = (subnetId: string): string => `catamaran-${subnetId}`;

function placeOf(vpc: VpcTopology, { subnetId }: InterfaceTopology): EnginePlace {
  const cidr = vpc.subnets.find(({ id }) => id === subnetId)?.cidr ?? '';
  return {
    network: { name: nameOf(subnetId), cidr, gateway: routerOf(cidr) },
    absentNameServers: resolversOf(vpc),
  };
}
