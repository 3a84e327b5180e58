import type {
  Guard,
  LogEntry,
  TargetGroupPlan,
  TargetPlan,
  TrafficReport,
} from '../../../balancing/index.ts';
import { backoffMs, type Clock, type Random } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import { keepName, type Namespace, namedNamespace, removeName } from '../../linux/namespace.ts';
import { Turns } from '../../linux/turns.ts';
import type { VpcNetwork } from '../../network.ts';
import type { BalancerNode, WantedNode } from '../balancer-of-nodes.ts';
import { Datagrams } from '../datagrams.ts';
import { GuardEndpoint } from '../guard/endpoint.ts';
import type { MachineWays } from '../machine-ways.ts';
import { type Observation, targetName } from '../targets.ts';
import type { Generation, Generations } from './generation.ts';
import { NodeLog } from './logs/node-log.ts';
import { NodeTargets, type ProcessDescription } from './node-targets.ts';
import { ask, commandLines } from './runtime-socket.ts';
import { readStatistics, type ServerStatistics, statisticsCommand } from './statistics.ts';
import { mapCommands } from './sticky-map.ts';
import { TrafficMeter } from './traffic.ts';

const lookEveryMs = 1_000;
/** While targets are asked for the first time. */
const lookSoonMs = 200;
/** So often in a row it may not answer before it is taken for hung. */
const mostSilences = 3;
const restartBounds = { leastMs: 500, mostMs: 15_000 };

export interface NodeOptions {
  readonly generations: Generations;
  readonly process: ProcessDescription;
  /** Of its namespace, below /run/netns. */
  readonly namespaceName: string;
  readonly interfaceId: string;
  readonly network: Pick<VpcNetwork, 'attach' | 'detach'>;
  readonly machineWays: MachineWays;
  /** Told after every look. */
  readonly observed: () => void;
  readonly carried: (traffic: TrafficReport) => void;
  readonly logged: (entries: readonly LogEntry[]) => void;
  readonly guard: Guard;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * A node of a load balancer: an interface of the VPC in a namespace of its own, and a HAProxy in it. It is looked after
 * from the first `apply` on: each second everything that HAProxy says is compared with what is wanted.
 */
export class HaproxyNode implements BalancerNode {
  readonly #options: NodeOptions;
  readonly #turns = new Turns();
  readonly #closing = new AbortController();
  #namespace: Namespace | undefined;
  #datagrams: Datagrams | undefined;
  #guard: GuardEndpoint | undefined;
  #targets: NodeTargets | undefined;
  #current: Generation | undefined;
  /** Those that only finish what they have, with the targets that they may still have something for. */
  #retired: { readonly generation: Generation; readonly busy: ReadonlySet<string> | 'all' }[] = [];
  /** What the current process's maps contain, by group. */
  readonly #maps = new Map<string, string>();
  #observations: ReadonlyMap<string, Observation> = new Map();
  readonly #meter = new TrafficMeter();
  readonly #log: NodeLog;
  #silences = 0;
  #failures = 0;
  #retryAt = 0;
  #why: string | undefined = 'it has not begun yet';
  #looking: Promise<void> | undefined;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#log = new NodeLog(options);
  }

  /** What keeps it from carrying traffic; undefined when nothing does. */
  get why(): string | undefined {
    return this.#why;
  }

  /** Undefined: it has not seen the target, or sends nothing to it. */
  observation(group: TargetGroupPlan, target: TargetPlan): Observation | undefined {
    return this.#targets?.uses(group, target) ? this.#observations.get(targetName(group, target)) : undefined;
  }

  /** @throws {BalancerError | NetworkError} it stays as it was. */
  apply(wanted: WantedNode, signal?: AbortSignal): Promise<void> {
    return this.#turns.take(async () => {
      const { network, interfaceId, process } = this.#options;
      const namespace = this.#enter();
      const ends = [this.#closing.signal, ...(signal === undefined ? [] : [signal])];
      await network.attach({
        ...{ interfaceId, netnsPath: namespace.path, signal: AbortSignal.any(ends) },
      });
      this.#guard ??= new GuardEndpoint({ ...this.#options, namespace });
      const before = this.#targets;
      if (before === undefined) this.#adopt();
      const targets = new NodeTargets(wanted, process, before);
      this.#targets = targets;
      try {
        await this.#settle(namespace, targets);
      } catch (error) {
        if (before !== undefined) this.#targets = new NodeTargets(before.wanted, process, targets);
        this.#why = this.#current === undefined ? String((error as Error).message) : this.#why;
        throw error;
      } finally {
        this.#looking ??= this.#lookRegularly();
      }
    });
  }

  /** Ends it with its connections, and takes away all that it has. */
  async remove(): Promise<void> {
    await this[Symbol.asyncDispose]();
    const { network, interfaceId, namespaceName, generations } = this.#options;
    for (const generation of generations.running()) generations.signal(generation, 'SIGKILL');
    await network.detach(interfaceId);
    removeName(namespaceName);
    generations.removeFiles();
  }

  /** What runs goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('The load balancer’s node is not looked after any more'));
    await this.#looking;
    await this.#log[Symbol.asyncDispose]();
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
    return this.#namespace;
  }

  /** Takes over what an earlier process left running. */
  #adopt(): void {
    const { generations } = this.#options;
    const running = generations.running();
    this.#current = running.pop();
    for (const generation of running) this.#retire(generation, 'all');
  }

  /** Makes the process what is wanted: by a new one where it must be, else by telling it. */
  async #settle(namespace: Namespace, targets: NodeTargets): Promise<void> {
    const { generations } = this.#options;
    if (this.#current !== undefined && generations.isRunning(this.#current) && (await this.#read(targets))) {
      targets.admitKnown();
      if (generations.structureFor(targets.description()) === this.#current.structure) {
        generations.keep(this.#current, targets.description());
        return this.#tell(targets);
      }
    }
    await this.#replace(namespace, targets);
  }

  async #replace(namespace: Namespace, targets: NodeTargets): Promise<void> {
    const { generations } = this.#options;
    const before = this.#current;
    const isAlive = before !== undefined && generations.isRunning(before);
    const isWell = isAlive && this.#silences === 0;
    targets.beginAnew();
    const description = targets.description();
    this.#current = await generations.begin(description, namespace, isWell ? before : undefined);
    // For the last time: once it is told to finish what it has, it answers nobody.
    if (isWell) await this.#ask(before, targets);
    this.#meter.beginAnew();
    this.#maps.clear();
    for (const { id, arn } of targets.groups) {
      this.#maps.set(id, description.slots.get(arn)?.stickyMap() ?? '');
    }
    this.#silences = 0;
    if (isWell) {
      const busy = [...this.#observations].filter(([, { outstanding }]) => outstanding > 0);
      this.#retire(before, new Set(busy.map(([name]) => name)));
    } else if (isAlive) generations.signal(before, 'SIGKILL');
    await this.#read(targets);
    await this.#tell(targets);
  }

  #retire(generation: Generation, busy: ReadonlySet<string> | 'all'): void {
    this.#options.generations.signal(generation, 'SIGUSR1');
    this.#log.retire(generation);
    this.#retired.push({ generation, busy });
  }

  /** @returns whether it answered. */
  async #read(targets: NodeTargets): Promise<boolean> {
    if (this.#current === undefined) return false;
    const rows = await this.#ask(this.#current, targets);
    if (rows === undefined) {
      this.#silences += 1;
      return false;
    }
    targets.statistics = new Map(rows.map((row) => [`${row.backend}/${row.name}`, row]));
    this.#silences = 0;
    return true;
  }

  /** What it says, and tells what it carried. Undefined: it doesn't answer. */
  async #ask({ paths }: Generation, { wanted }: NodeTargets): Promise<ServerStatistics[] | undefined> {
    const { clock, carried, log } = this.#options;
    let rows: ServerStatistics[];
    try {
      rows = readStatistics(await ask(paths.socket, statisticsCommand, clock));
    } catch (error) {
      log.debug('A load balancer’s HAProxy does not answer', { error });
      return undefined;
    }
    carried({ availabilityZone: wanted.node.availabilityZone, ...this.#meter.read(rows) });
    return rows;
  }

  /** Compares what HAProxy said with what is wanted, and tells it the difference. */
  async #tell(targets: NodeTargets): Promise<void> {
    const { clock, generations } = this.#options;
    if (this.#current === undefined) return;
    const { socket } = this.#current.paths;
    this.#log.follow(this.#current, targets.wanted);
    for (const line of commandLines(targets.commands(clock.monotonic()))) await ask(socket, line, clock);
    for (const group of targets.groups) await this.#tellMap(group, targets.slots(group).stickyMap(), socket);
    await this.#leadDatagrams(targets);
    this.#retired = this.#retired.filter(({ generation }) => generations.isRunning(generation));
    this.#observations = targets.observations((name) =>
      this.#retired.some(({ busy }) => busy === 'all' || busy.has(name)),
    );
    this.#why = undefined;
    this.#failures = 0;
    this.#options.observed();
  }

  async #tellMap(group: TargetGroupPlan, wanted: string, socket: string): Promise<void> {
    const { type } = group.stickiness;
    if (type !== 'lb_cookie' && type !== 'app_cookie') return;
    if (this.#maps.get(group.id) === wanted) return;
    const path = this.#options.generations.pathOf(`sticky-${group.id}.map`);
    const actual = await ask(socket, `show map ${path}`, this.#options.clock);
    const lines = commandLines(mapCommands(path, actual, wanted));
    for (const line of lines) await ask(socket, line, this.#options.clock);
    this.#maps.set(group.id, wanted);
  }

  async #leadDatagrams(targets: NodeTargets): Promise<void> {
    const { interfaceId, machineWays } = this.#options;
    const { plan, node } = targets.wanted;
    this.#datagrams ??= new Datagrams({ namespace: this.#enter(), interfaceId }, machineWays);
    await this.#datagrams.lead(plan, node, (group) => targets.healthyOrAll(group));
  }

  async #lookRegularly(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const isSoon = this.#targets?.hasCandidates ?? false;
      try {
        await clock.sleep(isSoon ? lookSoonMs : lookEveryMs, signal);
      } catch {
        return;
      }
      await this.#turns.take(() => this.#targets && this.#look(this.#targets));
    }
  }

  async #look(targets: NodeTargets): Promise<void> {
    const { clock, log, generations, interfaceId } = this.#options;
    try {
      if (await this.#read(targets)) return await this.#tell(targets);
      const isThere = this.#current !== undefined && generations.isRunning(this.#current);
      if (isThere && this.#silences < mostSilences) return;
      if (clock.monotonic() < this.#retryAt) return;
      this.#why = isThere ? 'HAProxy does not answer' : 'HAProxy has ended';
      log.warn('A load balancer’s HAProxy is begun again', { interfaceId, why: this.#why });
      this.#options.observed();
      await this.#replace(this.#enter(), targets);
    } catch (error) {
      this.#failures += 1;
      this.#retryAt = clock.monotonic() + backoffMs(this.#failures, this.#options.random, restartBounds);
      this.#why = (error as Error).message;
      this.#options.observed();
      log.error('A load balancer’s node is not as it shall be; it is tried again', { interfaceId, error });
    }
  }
}
