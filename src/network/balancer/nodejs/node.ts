import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type {
  LoadBalancerPlan,
  ObservedHealth,
  TargetGroupPlan,
  TargetPlan,
} from '../../../balancing/index.ts';
import { backoffMs, type Clock, type Random } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import { keepName, type Namespace, namedNamespace, removeName } from '../../linux/namespace.ts';
import { Turns } from '../../linux/turns.ts';
import type { VpcNetwork } from '../../network.ts';
import type { BalancerNode, NodePlace, WantedNode } from '../balancer-of-nodes.ts';
import { nodeDigits } from '../balancer-of-nodes.ts';
import { Datagrams } from '../datagrams.ts';
import { GuardEndpoint } from '../guard/endpoint.ts';
import type { MachineWays } from '../machine-ways.ts';
import { type Observation, targetName, usesTarget } from '../targets.ts';
import { CarriedMeter } from './carried-meter.ts';
import { configure, finish, type ProxyConfiguration, type ProxyStatus, statusOf } from './control.ts';
import {
  isThere,
  type ProxyProcess,
  type ProxyReach,
  proxiesBelow,
  signalProxy,
  startProxy,
} from './proxy-process.ts';

const lookEveryMs = 1_000;
/** While targets are asked for the first time. */
const lookSoonMs = 200;
/** So often in a row it may not answer before it is taken for hung. */
const mostSilences = 3;
const restartBounds = { leastMs: 500, mostMs: 15_000 };

export interface NodejsNodeOptions extends NodePlace {
  /** Of its namespace, below /run/netns. */
  readonly namespaceName: string;
  readonly network: Pick<VpcNetwork, 'attach' | 'detach'>;
  readonly machineWays: MachineWays;
  /** Of the program of its processes. */
  readonly version: string;
  readonly user: string;
  readonly hostNamespacePath: string;
  readonly runDirectory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A process with what it has told of what it carried. */
interface Known {
  readonly process: ProxyProcess;
  readonly meter: CarriedMeter;
}

/**
 * A node of a load balancer: an interface of the VPC in a namespace of its own, and a proxy in it. It is looked after
 * from the first `apply` on: each second what the proxy says is compared with what is wanted.
 */
export class NodejsNode implements BalancerNode {
  readonly #options: NodejsNodeOptions;
  readonly #turns = new Turns();
  readonly #closing = new AbortController();
  #namespace: Namespace | undefined;
  #datagrams: Datagrams | undefined;
  #guard: GuardEndpoint | undefined;
  #wanted: WantedNode | undefined;
  #current: Known | undefined;
  /** Those that only finish what they have. */
  #retired: readonly Known[] = [];
  #observations: ReadonlyMap<string, Observation> = new Map();
  #silences = 0;
  #failures = 0;
  #retryAt = 0;
  #why: string | undefined = 'it has not begun yet';
  #looking: Promise<void> | undefined;

  constructor(options: NodejsNodeOptions) {
    this.#options = options;
  }

  get why(): string | undefined {
    return this.#why;
  }

  observation(group: TargetGroupPlan, target: TargetPlan): Observation | undefined {
    return this.#observations.get(targetName(group, target));
  }

  apply(wanted: WantedNode, signal?: AbortSignal): Promise<void> {
    return this.#turns.take(async () => {
      const { network, interfaceId } = this.#options;
      const namespace = this.#enter();
      const ends = [this.#closing.signal, ...(signal === undefined ? [] : [signal])];
      await network.attach({ interfaceId, netnsPath: namespace.path, signal: AbortSignal.any(ends) });
      this.#guard ??= new GuardEndpoint({ ...this.#options, namespace });
      if (this.#wanted === undefined) this.#adopt();
      try {
        await this.#settle(wanted);
        this.#wanted = wanted;
      } catch (error) {
        if (this.#current === undefined) this.#why = (error as Error).message;
        throw error;
      } finally {
        this.#looking ??= this.#lookRegularly();
      }
    });
  }

  async remove(): Promise<void> {
    await this[Symbol.asyncDispose]();
    const { network, interfaceId, namespaceName, directory } = this.#options;
    for (const process of proxiesBelow(directory)) {
      signalProxy(process, 'SIGKILL');
      rmSync(process.socketPath, { force: true });
    }
    await network.detach(interfaceId);
    removeName(namespaceName);
    rmSync(directory, { recursive: true, force: true });
  }

  /** What runs goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('The load balancer’s node is not looked after any more'));
    await this.#looking;
    await this.#turns.take(() => {
      this.#datagrams?.[Symbol.dispose]();
      this.#guard?.[Symbol.dispose]();
      this.#namespace?.[Symbol.dispose]();
    });
  }

  #enter(): Namespace {
    const { namespaceName } = this.#options;
    this.#namespace ??= namedNamespace(namespaceName);
    keepName(namespaceName, this.#namespace);
    this.#namespace.setSysctls({
      // Its process is not root.
      'ipv4/ip_unprivileged_port_start': '0',
      // Connections that wait for a process that finishes are the next one's.
      'ipv4/tcp_migrate_req': '1',
    });
    return this.#namespace;
  }

  /** Takes over what an earlier process left running. */
  #adopt(): void {
    const running = proxiesBelow(this.#options.directory).map((process) => ({
      process,
      meter: new CarriedMeter('adopted'),
    }));
    this.#current = running.pop();
    this.#retired = running;
  }

  /** Makes the process what is wanted: by telling it, or by another one where it must be. */
  async #settle(wanted: WantedNode): Promise<void> {
    const { clock, version } = this.#options;
    const status = await this.#read();
    const { process } = this.#current ?? {};
    if (process === undefined || status === undefined) return this.#replace(wanted);
    if (process.version !== version || process.reach !== reachOf(wanted.plan)) return this.#replace(wanted);
    const configuration = this.#configuration(wanted);
    if (status.fingerprint !== configuration.fingerprint) {
      await configure(process.socketPath, configuration, clock);
      await this.#read();
    }
    await this.#see(wanted);
  }

  #configuration({ plan, node, cookieKey, certificates }: WantedNode): ProxyConfiguration {
    const told = { plan, node, cookieKey, certificates: [...certificates] };
    const fingerprint = createHash('sha256').update(JSON.stringify(told)).digest('hex');
    const known = [...this.#observations].map(([name, { health }]): [string, ObservedHealth] => [
      name,
      health,
    ]);
    return { ...told, known, fingerprint };
  }

  async #replace(wanted: WantedNode): Promise<void> {
    const { directory, runDirectory, interfaceId, version, user, hostNamespacePath, clock } = this.#options;
    const before = this.#current;
    const generation = Math.max(0, ...proxiesBelow(directory).map((each) => each.generation)) + 1;
    const reach = reachOf(wanted.plan);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const process = await startProxy({
      ...{ namespace: this.#enter(), user, hostNamespacePath, clock },
      process: {
        ...{ generation, directory, version, reach },
        socketPath: join(runDirectory, `${nodeDigits(interfaceId)}-${generation}.sock`),
      },
    });
    const isWell = before !== undefined && isThere(before.process) && this.#silences === 0;
    try {
      // Only two of the same user may have the same port.
      if (isWell && before.process.reach !== reach) await finish(before.process.socketPath, clock);
      await configure(process.socketPath, this.#configuration(wanted), clock);
    } catch (error) {
      signalProxy(process, 'SIGKILL');
      throw error;
    }
    if (isWell) {
      await finish(before.process.socketPath, clock);
      this.#retired = [...this.#retired, before];
    } else if (before !== undefined) signalProxy(before.process, 'SIGKILL');
    // What the one before the last said when it ended is of no use any more.
    rmSync(join(directory, `${generation - 2}.log`), { force: true });
    this.#current = { process, meter: new CarriedMeter('begun') };
    this.#silences = 0;
    await this.#read();
    await this.#see(wanted);
  }

  /** What the current process says; undefined: it doesn't answer. */
  async #read(): Promise<ProxyStatus | undefined> {
    this.#retired = this.#retired.filter(({ process }) => isThere(process));
    const retired = await Promise.all(this.#retired.map((each) => this.#ask(each)));
    const status = this.#current === undefined ? undefined : await this.#ask(this.#current);
    if (status === undefined) {
      if (this.#current !== undefined) this.#silences += 1;
      return undefined;
    }
    this.#silences = 0;
    const busy = retired.flatMap((each) => each?.targets ?? []);
    this.#observations = new Map(
      status.targets.map(([name, { health, outstanding }]) => {
        const others = busy.filter(([other]) => other === name).map(([, other]) => other.outstanding);
        return [name, { health, outstanding: others.reduce((sum, each) => sum + each, outstanding) }];
      }),
    );
    return status;
  }

  async #ask({ process, meter }: Known): Promise<ProxyStatus | undefined> {
    const { clock, carried, log } = this.#options;
    try {
      const status = await statusOf(process.socketPath, clock);
      const traffic = meter.read(status);
      const { availabilityZone } = this.#wanted?.node ?? {};
      // Before anything is wanted, one that is adopted has nothing new to tell.
      if (availabilityZone !== undefined) carried({ availabilityZone, ...traffic });
      return status;
    } catch (error) {
      log.debug('A load balancer’s proxy does not answer', { error });
      return undefined;
    }
  }

  /** All is as wanted. */
  async #see({ plan, node }: WantedNode): Promise<void> {
    const { interfaceId, machineWays } = this.#options;
    this.#datagrams ??= new Datagrams({ namespace: this.#enter(), interfaceId }, machineWays);
    await this.#datagrams.lead(plan, node, (group) => {
      const all = group.targets.filter(
        (target) => usesTarget(plan, node, group, target) && !target.isDraining,
      );
      const healthy = all.filter((target) => this.observation(group, target)?.health.state === 'healthy');
      return healthy.length > 0 ? healthy : all;
    });
    this.#why = undefined;
    this.#failures = 0;
    this.#options.observed();
  }

  async #lookRegularly(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const isSoon = this.#observations.values().some(({ health }) => health.state === 'initial');
      try {
        await clock.sleep(isSoon ? lookSoonMs : lookEveryMs, signal);
      } catch {
        return;
      }
      await this.#turns.take(() => this.#wanted && this.#look(this.#wanted));
    }
  }

  async #look(wanted: WantedNode): Promise<void> {
    const { clock, log, interfaceId } = this.#options;
    try {
      const status = await this.#read();
      if (status !== undefined) return await this.#see(wanted);
      const isRunning = this.#current !== undefined && isThere(this.#current.process);
      if (isRunning && this.#silences < mostSilences) return;
      if (clock.monotonic() < this.#retryAt) return;
      this.#why = isRunning ? 'the proxy does not answer' : 'the proxy has ended';
      log.warn('A load balancer’s proxy is begun again', { interfaceId, why: this.#why });
      this.#options.observed();
      await this.#replace(wanted);
    } catch (error) {
      this.#failures += 1;
      this.#retryAt = clock.monotonic() + backoffMs(this.#failures, this.#options.random, restartBounds);
      this.#why = (error as Error).message;
      this.#options.observed();
      log.error('A load balancer’s node is not as it shall be; it is tried again', { interfaceId, error });
    }
  }
}

/** Targets of the type `instance` are the machine's own addresses. */
function reachOf({ targetGroups }: LoadBalancerPlan): ProxyReach {
  return targetGroups.some(({ targetType }) => targetType === 'instance') ? 'machine' : 'vpc';
}
