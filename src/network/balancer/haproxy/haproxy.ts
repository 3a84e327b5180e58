import type { TargetGroupPlan, TargetPlan } from '../../../balancing/index.ts';
import type { Clock } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import type { Namespace } from '../../linux/namespace.ts';
import type { DatagramTarget } from '../datagrams.ts';
import type { NodePlace, NodeProxy, WantedNode } from '../node-proxy.ts';
import { type Observation, targetName } from '../targets.ts';
import type { Generation, Generations } from './generation.ts';
import { NodeLog } from './logs/node-log.ts';
import { NodeTargets, type ProcessDescription } from './node-targets.ts';
import { ask, commandLines, openSession, type RuntimeSession } from './runtime-socket.ts';
import { readStatistics, type ServerStatistics, statisticsCommand } from './statistics.ts';
import { mapCommands } from './sticky-map.ts';
import { TrafficMeter } from './traffic.ts';

export interface HaproxyOptions extends Pick<NodePlace, 'carried' | 'logged'> {
  readonly generations: Generations;
  readonly process: ProcessDescription;
  readonly clock: Clock;
  readonly log: Log;
}

/** HAProxy in a node: a process for each structure of configurations, which is told of all else through its socket. */
export class Haproxy implements NodeProxy {
  readonly name = 'HAProxy';
  readonly sysctls = {};
  readonly #options: HaproxyOptions;
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

  constructor(options: HaproxyOptions) {
    this.#options = options;
    this.#log = new NodeLog(options);
  }

  get isRunning(): boolean {
    return this.#current !== undefined && this.#options.generations.isRunning(this.#current);
  }

  get silences(): number {
    return this.#silences;
  }

  get hasNewTargets(): boolean {
    return this.#targets?.hasCandidates ?? false;
  }

  observation(group: TargetGroupPlan, target: TargetPlan): Observation | undefined {
    return this.#targets?.uses(group, target) ? this.#observations.get(targetName(group, target)) : undefined;
  }

  takersOf(wanted: WantedNode, group: TargetGroupPlan): readonly DatagramTarget[] {
    return this.#targetsOf(wanted).healthyOrAll(group);
  }

  adopt(): void {
    const running = this.#options.generations.running();
    this.#current = running.pop();
    for (const generation of running) this.#retire(generation, 'all');
  }

  async settle(wanted: WantedNode, namespace: Namespace): Promise<void> {
    const { generations } = this.#options;
    const targets = this.#targetsOf(wanted);
    if (this.#current !== undefined && this.isRunning && (await this.#read(targets))) {
      targets.admitKnown();
      if (generations.structureFor(targets.description()) === this.#current.structure) {
        generations.keep(this.#current, targets.description());
        return this.#tell(targets);
      }
    }
    await this.replace(wanted, namespace);
  }

  async look(wanted: WantedNode): Promise<boolean> {
    const targets = this.#targetsOf(wanted);
    if (!(await this.#read(targets))) return false;
    await this.#tell(targets);
    return true;
  }

  async replace(wanted: WantedNode, namespace: Namespace): Promise<void> {
    const { generations } = this.#options;
    const targets = this.#targetsOf(wanted);
    const before = this.#current;
    const isAlive = before !== undefined && generations.isRunning(before);
    const isWell = isAlive && this.#silences === 0;
    targets.beginAnew();
    const description = targets.description();
    // Who takes nothing new any more answers those whom it has heard before.
    using session = isWell ? await this.#converse(before) : undefined;
    this.#current = await generations.begin(description, namespace, isWell ? before : undefined);
    const last = session && (await this.#ask(targets, (command) => session.ask(command)));
    if (last !== undefined) targets.hear(last);
    this.#meter.beginAnew();
    this.#maps.clear();
    for (const { id, arn } of targets.groups) {
      this.#maps.set(id, description.slots.get(arn)?.stickyMap() ?? '');
    }
    this.#silences = 0;
    if (isWell) this.#retire(before, last === undefined ? 'all' : targets.busy());
    else if (isAlive) generations.signal(before, 'SIGKILL');
    await this.#read(targets);
    await this.#tell(targets);
  }

  kill(): void {
    const { generations } = this.#options;
    for (const generation of generations.running()) generations.signal(generation, 'SIGKILL');
  }

  removeFiles(): void {
    this.#options.generations.removeFiles();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log[Symbol.asyncDispose]();
  }

  #targetsOf(wanted: WantedNode): NodeTargets {
    if (this.#targets?.wanted !== wanted)
      this.#targets = new NodeTargets(wanted, this.#options.process, this.#targets);
    return this.#targets;
  }

  /** Its successor has told it so already, unless an earlier process of ours began that. */
  #retire(generation: Generation, busy: ReadonlySet<string> | 'all'): void {
    this.#options.generations.signal(generation, 'SIGUSR1');
    this.#log.retire(generation);
    this.#retired.push({ generation, busy });
  }

  /** @returns whether it answered. */
  async #read(targets: NodeTargets): Promise<boolean> {
    if (this.#current === undefined) return false;
    const { socket } = this.#current.paths;
    const rows = await this.#ask(targets, (command) => ask(socket, command, this.#options.clock));
    if (rows === undefined) {
      this.#silences += 1;
      return false;
    }
    targets.hear(rows);
    this.#silences = 0;
    return true;
  }

  /** What it says, and tells what it carried. Undefined: it doesn't answer. */
  async #ask(
    { wanted }: NodeTargets,
    asking: (command: string) => Promise<string>,
  ): Promise<ServerStatistics[] | undefined> {
    const { carried, log } = this.#options;
    let rows: ServerStatistics[];
    try {
      rows = readStatistics(await asking(statisticsCommand));
    } catch (error) {
      log.debug('A load balancer’s HAProxy does not answer', { error });
      return undefined;
    }
    carried({ availabilityZone: wanted.node.availabilityZone, ...this.#meter.read(rows) });
    return rows;
  }

  /** Undefined: it doesn't answer. */
  async #converse({ paths }: Generation): Promise<RuntimeSession | undefined> {
    try {
      return await openSession(paths.socket, this.#options.clock);
    } catch (error) {
      this.#options.log.debug('A load balancer’s HAProxy does not answer', { error });
      return undefined;
    }
  }

  /** Compares what HAProxy said with what is wanted, and tells it the difference. */
  async #tell(targets: NodeTargets): Promise<void> {
    const { clock, generations } = this.#options;
    if (this.#current === undefined) return;
    const { socket } = this.#current.paths;
    this.#log.follow(this.#current, targets.wanted);
    for (const line of commandLines(targets.commands(clock.monotonic()))) await ask(socket, line, clock);
    for (const group of targets.groups) await this.#tellMap(group, targets.slots(group).stickyMap(), socket);
    this.#retired = this.#retired.filter(({ generation }) => generations.isRunning(generation));
    this.#observations = targets.observations((name) =>
      this.#retired.some(({ busy }) => busy === 'all' || busy.has(name)),
    );
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
}
