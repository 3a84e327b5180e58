import { mkdirSync } from 'node:fs';
import type { LoadBalancerPlan } from '../../balancing/index.ts';
import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { VpcNetwork } from '../network.ts';
import type { LoadBalancers } from './balancer.ts';
import { BalancerOfNodes, type BalancerOptions } from './balancer-of-nodes.ts';
import { directoriesIn } from './directories.ts';
import { MachineWays } from './machine-ways.ts';
import { BalancerNode } from './node.ts';
import type { NodePlace, NodeProxy } from './node-proxy.ts';
import { nodeNamespace, ownNamespacePath } from './places.ts';

/** What every driver is opened with. */
export interface BalancersOptions extends Omit<BalancerOptions, 'openNode' | 'refuse'> {
  readonly installationId: string;
  readonly network: Pick<VpcNetwork, 'attach' | 'detach'>;
  /** For sockets, whose paths have to be short. Default: below /run. */
  readonly runDirectory?: string;
  /** In which targets of the type `instance` are reached. Default: this process's. */
  readonly hostNamespacePath?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is needed to take away all that an installation's load balancers ever began. */
export type PurgeOptions = Pick<
  BalancersOptions,
  'installationId' | 'directory' | 'runDirectory' | 'hostNamespacePath'
>;

/** What makes load balancers of one kind. */
export interface BalancerDriver {
  openProxy(place: NodePlace): NodeProxy;
  /** Whether it can carry a plan out. @throws {BalancerError} it can't. */
  refuse?(plan: LoadBalancerPlan): void;
}

/** The load balancers of a machine, whose proxies a driver makes. */
export class BalancersOfNodes implements LoadBalancers {
  readonly #options: BalancerOptions;
  readonly #machineWays: MachineWays;
  readonly #balancers = new Map<string, BalancerOfNodes>();

  constructor(options: BalancersOptions, driver: BalancerDriver) {
    const { installationId, network, hostNamespacePath = ownNamespacePath, clock, random, log } = options;
    const machineWays = new MachineWays(hostNamespacePath, installationId);
    this.#machineWays = machineWays;
    this.#options = {
      ...options,
      refuse: (plan) => driver.refuse?.(plan),
      openNode: (place) =>
        new BalancerNode({
          ...{ ...place, proxy: driver.openProxy(place), network, machineWays, clock, random, log },
          namespaceName: nodeNamespace(installationId, place.interfaceId),
        }),
    };
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  }

  apply(plan: LoadBalancerPlan, signal?: AbortSignal): Promise<void> {
    return this.#balancer(plan.id).apply(plan, signal);
  }

  async remove(id: string): Promise<void> {
    await this.#balancer(id).remove();
    this.#balancers.delete(id);
  }

  async removeOthers(ids: readonly string[]): Promise<void> {
    const known = [...this.#balancers.keys(), ...directoriesIn(this.#options.directory)];
    for (const id of new Set(known)) if (!ids.includes(id)) await this.remove(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#balancers.values().map((balancer) => balancer[Symbol.asyncDispose]()));
    this.#machineWays[Symbol.dispose]();
  }

  #balancer(id: string): BalancerOfNodes {
    const known = this.#balancers.get(id) ?? new BalancerOfNodes(id, this.#options);
    this.#balancers.set(id, known);
    return known;
  }
}
