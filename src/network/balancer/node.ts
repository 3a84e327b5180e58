import type { LoadBalancerPlan, TargetGroupPlan, TargetPlan } from '../../balancing/index.ts';
import { backoffMs, type Clock, type Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { keepName, type Namespace, namedNamespace, removeName } from '../linux/namespace.ts';
import { Turns } from '../linux/turns.ts';
import type { VpcNetwork } from '../network.ts';
import { Datagrams } from './datagrams.ts';
import { GuardEndpoint } from './guard/endpoint.ts';
import type { MachineWays } from './machine-ways.ts';
import type { NodePlace, NodeProxy, WantedNode } from './node-proxy.ts';
import type { Observation } from './targets.ts';

const lookEveryMs = 1_000;
/** While targets are asked for the first time. */
const lookSoonMs = 200;
/** So often in a row it may not answer before it is taken for hung. */
const mostSilences = 3;
const restartBounds = { leastMs: 500, mostMs: 15_000 };

export interface NodeOptions extends Omit<NodePlace, 'directory'> {
  /** Disposed of with it. */
  readonly proxy: NodeProxy;
  /** Of its namespace, below /run/netns. */
  readonly namespaceName: string;
  readonly network: Pick<VpcNetwork, 'attach' | 'detach'>;
  readonly machineWays: MachineWays;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * A node of a load balancer: an interface of the VPC in a namespace of its own, and a proxy in it. It is looked after
 * from the first `apply` on: each second what the proxy says is compared with what is wanted.
 */
export class BalancerNode implements AsyncDisposable {
  readonly #options: NodeOptions;
  readonly #turns = new Turns();
  readonly #closing = new AbortController();
  #namespace: Namespace | undefined;
  #datagrams: Datagrams | undefined;
  #guard: GuardEndpoint | undefined;
  #wanted: WantedNode | undefined;
  /** What the proxy was told last. */
  #told: LoadBalancerPlan | undefined;
  #countedUnder: LoadBalancerPlan | undefined;
  #failures = 0;
  #retryAt = 0;
  #why: string | undefined = 'it has not begun yet';
  #looking: Promise<void> | undefined;

  constructor(options: NodeOptions) {
    this.#options = options;
  }

  /** What keeps it from carrying traffic; undefined when nothing does. */
  get why(): string | undefined {
    return this.#why;
  }

  /** Undefined: it has not seen the target, or sends nothing to it. */
  observation(group: TargetGroupPlan, target: TargetPlan): Observation | undefined {
    return this.#options.proxy.observation(group, target);
  }

  /** The plan that the proxy had been told before it counted what `observation` says. Undefined: it has counted under none since. */
  get countedUnder(): LoadBalancerPlan | undefined {
    return this.#countedUnder;
  }

  /** @throws {BalancerError | NetworkError} it stays as it was. */
  apply(wanted: WantedNode, signal?: AbortSignal): Promise<void> {
    return this.#turns.take(async () => {
      const { network, interfaceId, proxy } = this.#options;
      const namespace = this.#enter();
      const ends = [this.#closing.signal, ...(signal === undefined ? [] : [signal])];
      await network.attach({ interfaceId, netnsPath: namespace.path, signal: AbortSignal.any(ends) });
      this.#guard ??= new GuardEndpoint({ ...this.#options, namespace });
      const before = this.#wanted;
      if (before === undefined) proxy.adopt();
      this.#wanted = wanted;
      this.#countedUnder = undefined;
      try {
        await proxy.settle(wanted, namespace);
        this.#told = wanted.plan;
        await this.#carries(wanted);
      } catch (error) {
        this.#wanted = before ?? wanted;
        if (!proxy.isRunning) this.#why = (error as Error).message;
        throw error;
      } finally {
        this.#looking ??= this.#lookRegularly();
      }
    });
  }

  /** Ends it with its connections, and takes away all that it has. */
  async remove(): Promise<void> {
    await this[Symbol.asyncDispose]();
    const { network, interfaceId, namespaceName, proxy } = this.#options;
    proxy.kill();
    await network.detach(interfaceId);
    removeName(namespaceName);
    // As long as there are some, the node is known to be there.
    proxy.removeFiles();
  }

  /** What runs goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('The load balancer’s node is not looked after any more'));
    await this.#looking;
    await this.#options.proxy[Symbol.asyncDispose]();
    await this.#turns.take(() => {
      this.#datagrams?.[Symbol.dispose]();
      this.#guard?.[Symbol.dispose]();
      this.#namespace?.[Symbol.dispose]();
    });
  }

  #enter(): Namespace {
    const { namespaceName, proxy } = this.#options;
    this.#namespace ??= namedNamespace(namespaceName);
    keepName(namespaceName, this.#namespace);
    this.#namespace.setSysctls(proxy.sysctls);
    return this.#namespace;
  }

  /** The proxy is as wanted. */
  async #carries(wanted: WantedNode): Promise<void> {
    const { interfaceId, machineWays, proxy, observed } = this.#options;
    this.#datagrams ??= new Datagrams({ namespace: this.#enter(), interfaceId }, machineWays);
    await this.#datagrams.lead(wanted.plan, wanted.node, (group) => proxy.takersOf(wanted, group));
    this.#why = undefined;
    this.#failures = 0;
    observed();
  }

  async #lookRegularly(): Promise<void> {
    const { clock, proxy } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await clock.sleep(proxy.hasNewTargets ? lookSoonMs : lookEveryMs, signal);
      } catch {
        return;
      }
      await this.#turns.take(() => this.#wanted && this.#look(this.#wanted));
    }
  }

  async #look(wanted: WantedNode): Promise<void> {
    const { clock, log, proxy, interfaceId, observed } = this.#options;
    try {
      // It is asked first, and told then.
      const told = this.#told;
      if (await proxy.look(wanted)) {
        this.#countedUnder = told;
        this.#told = wanted.plan;
        return await this.#carries(wanted);
      }
      if (proxy.isRunning && proxy.silences < mostSilences) return;
      if (clock.monotonic() < this.#retryAt) return;
      this.#why = `${proxy.name} ${proxy.isRunning ? 'does not answer' : 'has ended'}`;
      log.warn('A load balancer’s proxy is begun again', { interfaceId, why: this.#why });
      observed();
      this.#countedUnder = undefined;
      await proxy.replace(wanted, this.#enter());
      this.#told = wanted.plan;
      await this.#carries(wanted);
    } catch (error) {
      this.#failures += 1;
      this.#retryAt = clock.monotonic() + backoffMs(this.#failures, this.#options.random, restartBounds);
      this.#why = (error as Error).message;
      observed();
      log.error('A load balancer’s node is not as it shall be; it is tried again', { interfaceId, error });
    }
  }
}
