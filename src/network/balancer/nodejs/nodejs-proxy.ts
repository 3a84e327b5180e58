import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type {
  LoadBalancerPlan,
  ObservedHealth,
  TargetGroupPlan,
  TargetPlan,
} from '../../../balancing/index.ts';
import type { Clock } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import type { Namespace } from '../../linux/namespace.ts';
import type { NodePlace, NodeProxy, WantedNode } from '../node-proxy.ts';
import { nodeDigits } from '../places.ts';
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

export interface NodejsProxyOptions extends Pick<NodePlace, 'interfaceId' | 'directory' | 'carried'> {
  /** Of the program of its processes. */
  readonly version: string;
  readonly user: string;
  readonly hostNamespacePath: string;
  readonly runDirectory: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A process with what it has told of what it carried. */
interface Known {
  readonly process: ProxyProcess;
  readonly meter: CarriedMeter;
}

/** A proxy of Node's in a node: a process, which is told of each change through its socket. */
export class NodejsProxy implements NodeProxy {
  readonly name = 'the proxy';
  readonly sysctls = {
    // Its process is not root.
    'ipv4/ip_unprivileged_port_start': '0',
    // Connections that wait for a process that finishes are the next one's.
    'ipv4/tcp_migrate_req': '1',
  };
  readonly #options: NodejsProxyOptions;
  #current: Known | undefined;
  /** Those that only finish what they have. */
  #retired: readonly Known[] = [];
  #observations: ReadonlyMap<string, Observation> = new Map();
  #silences = 0;

  constructor(options: NodejsProxyOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#current !== undefined && isThere(this.#current.process);
  }

  get silences(): number {
    return this.#silences;
  }

  get hasNewTargets(): boolean {
    return this.#observations.values().some(({ health }) => health.state === 'initial');
  }

  observation(group: TargetGroupPlan, target: TargetPlan): Observation | undefined {
    return this.#observations.get(targetName(group, target));
  }

  takersOf({ plan, node }: WantedNode, group: TargetGroupPlan): readonly TargetPlan[] {
    const all = group.targets.filter((target) => usesTarget(plan, node, group, target) && !target.isDraining);
    const healthy = all.filter((target) => this.observation(group, target)?.health.state === 'healthy');
    return healthy.length > 0 ? healthy : all;
  }

  adopt(): void {
    const running = proxiesBelow(this.#options.directory).map((process) => ({
      process,
      meter: new CarriedMeter('adopted'),
    }));
    this.#current = running.pop();
    this.#retired = running;
  }

  async settle(wanted: WantedNode, namespace: Namespace): Promise<void> {
    const { clock, version } = this.#options;
    const status = await this.#read(wanted);
    const process = this.#current?.process;
    const isFit = process?.version === version && process.reach === reachOf(wanted.plan);
    if (!isFit || status === undefined) return this.replace(wanted, namespace);
    const configuration = this.#configuration(wanted);
    if (status.fingerprint === configuration.fingerprint) return;
    await configure(process.socketPath, configuration, clock);
    await this.#read(wanted);
  }

  async look(wanted: WantedNode): Promise<boolean> {
    return (await this.#read(wanted)) !== undefined;
  }

  async replace(wanted: WantedNode, namespace: Namespace): Promise<void> {
    const { directory, runDirectory, interfaceId, version, user, hostNamespacePath, clock } = this.#options;
    const before = this.#current;
    const generation = Math.max(0, ...proxiesBelow(directory).map((each) => each.generation)) + 1;
    const reach = reachOf(wanted.plan);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const process = await startProxy({
      ...{ namespace, user, hostNamespacePath, clock },
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
    await this.#read(wanted);
  }

  kill(): void {
    for (const process of proxiesBelow(this.#options.directory)) {
      signalProxy(process, 'SIGKILL');
      rmSync(process.socketPath, { force: true });
    }
  }

  removeFiles(): void {
    rmSync(this.#options.directory, { recursive: true, force: true });
  }

  /** It holds nothing but processes, which go on. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #configuration({ plan, node, cookieKey, certificates }: WantedNode): ProxyConfiguration {
    const told = { plan, node, cookieKey, certificates: [...certificates] };
    const fingerprint = createHash('sha256').update(JSON.stringify(told)).digest('hex');
    const known = [...this.#observations].map(([name, { health }]): [string, ObservedHealth] => [
      name,
      health,
    ]);
    return { ...told, known, fingerprint };
  }

  /** What the current process says; undefined: it doesn't answer. */
  async #read(wanted: WantedNode): Promise<ProxyStatus | undefined> {
    this.#retired = this.#retired.filter(({ process }) => isThere(process));
    const retired = await Promise.all(this.#retired.map((each) => this.#ask(each, wanted)));
    const status = this.#current === undefined ? undefined : await this.#ask(this.#current, wanted);
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

  async #ask({ process, meter }: Known, { node }: WantedNode): Promise<ProxyStatus | undefined> {
    const { clock, carried, log } = this.#options;
    try {
      const status = await statusOf(process.socketPath, clock);
      carried({ availabilityZone: node.availabilityZone, ...meter.read(status) });
      return status;
    } catch (error) {
      log.debug('A load balancer’s proxy does not answer', { error });
      return undefined;
    }
  }
}

/** Targets of the type `instance` are the machine's own addresses. */
function reachOf({ targetGroups }: LoadBalancerPlan): ProxyReach {
  return targetGroups.some(({ targetType }) => targetType === 'instance') ? 'machine' : 'vpc';
}
