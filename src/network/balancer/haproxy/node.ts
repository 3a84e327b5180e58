import type { ObservedHealth, TargetGroupPlan, TargetPlan } from '../../../balancing/index.ts';
import { backoffMs, type Clock, type Random } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import { keepName, type Namespace, namedNamespace, removeName } from '../../linux/namespace.ts';
import { Turns } from '../../linux/turns.ts';
import type { VpcNetwork } from '../../network.ts';
import { Admissions } from './admissions.ts';
import { Datagrams, type DatagramTarget } from './datagrams.ts';
import type { Generation, Generations, NodeDescription } from './generation.ts';
import { ask, commandLines } from './runtime-socket.ts';
import { serverCommands } from './server-commands.ts';
import { type Assignment, type Slots, slotsOf, targetKey } from './slots.ts';
import { healthOf, isInMaintenance, readStatistics, type ServerStatistics } from './statistics.ts';
import { mapCommands } from './sticky-map.ts';

const lookEveryMs = 1_000;
/** While targets are asked for the first time. */
const lookSoonMs = 200;
/** So often in a row it may not answer before it is taken for hung. */
const mostSilences = 3;
const restartBounds = { leastMs: 500, mostMs: 15_000 };

export interface NodeOptions {
  readonly generations: Generations;
  /** Of its namespace, below /run/netns. */
  readonly namespaceName: string;
  readonly interfaceId: string;
  readonly network: Pick<VpcNetwork, 'attach' | 'detach'>;
  /** Told after every look. */
  readonly observed: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What a node shall be. */
export type WantedNode = Omit<NodeDescription, 'slots'> & {
  /** Of each target group, by its ARN. */
  readonly assignments: ReadonlyMap<string, Assignment>;
};

export interface Observation {
  readonly health: ObservedHealth;
  readonly outstanding: number;
}

/**
 * A node of a load balancer: an interface of the VPC in a namespace of its own, and a HAProxy in it. It is looked after
 * from the first `apply` on: each second everything that HAProxy says is compared with what is wanted.
 */
export class BalancerNode implements AsyncDisposable {
  readonly #options: NodeOptions;
  readonly #turns = new Turns();
  readonly #closing = new AbortController();
  readonly #admissions = new Map<string, Admissions>();
  #namespace: Namespace | undefined;
  #datagrams: Datagrams | undefined;
  #wanted: WantedNode | undefined;
  #current: Generation | undefined;
  /** Those that only finish what they have, with the targets that they may still have something for. */
  #retired: { readonly generation: Generation; readonly busy: ReadonlySet<string> | 'all' }[] = [];
  #statistics: ReadonlyMap<string, ServerStatistics> = new Map();
  /** What the current process's maps contain, by group. */
  readonly #maps = new Map<string, string>();
  #observations = new Map<string, Observation>();
  #silences = 0;
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

  /** By the group's ARN and the target's key. */
  observation(groupArn: string, target: TargetPlan): Observation | undefined {
    return this.#observations.get(`${groupArn} ${targetKey(target)}`);
  }

  /** Whether it ever sends something to a target. */
  uses(group: TargetGroupPlan, target: TargetPlan): boolean {
    const wanted = this.#wanted;
    return wanted !== undefined && isUsed(wanted, group, target);
  }

  /** @throws {BalancerError | NetworkError} it stays as it was. */
  apply(wanted: WantedNode): Promise<void> {
    return this.#turns.take(async () => {
      const { network, interfaceId } = this.#options;
      const namespace = this.#enter();
      await network.attach({ interfaceId, netnsPath: namespace.path, signal: this.#closing.signal });
      if (this.#wanted === undefined) this.#adopt();
      const before = this.#wanted;
      this.#follow(wanted);
      try {
        await this.#settle(namespace);
      } catch (error) {
        if (before !== undefined) this.#follow(before);
        this.#why = this.#current === undefined ? String((error as Error).message) : this.#why;
        throw error;
      } finally {
        if (this.#wanted !== undefined) this.#looking ??= this.#lookRegularly();
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
    await this.#turns.take(() => {
      this.#datagrams?.[Symbol.dispose]();
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

  #follow(wanted: WantedNode): void {
    this.#wanted = wanted;
    const arns = new Set(wanted.plan.targetGroups.map(({ arn }) => arn));
    for (const arn of this.#admissions.keys()) if (!arns.has(arn)) this.#admissions.delete(arn);
    for (const group of wanted.plan.targetGroups) {
      const targets = group.targets.filter((target) => isUsed(wanted, group, target) && !target.isDraining);
      this.#admissionsOf(group).follow(targets);
    }
  }

  /** Makes the process what is wanted: by a new one where it must be, else by telling it. */
  async #settle(namespace: Namespace): Promise<void> {
    const { generations } = this.#options;
    if (this.#current !== undefined && generations.isRunning(this.#current)) {
      if (await this.#read()) {
        this.#admitKnown();
        if (generations.structureFor(this.#description()) === this.#current.structure) {
          generations.keep(this.#current, this.#description());
          return this.#tell();
        }
      }
    }
    await this.#replace(namespace);
    await this.#read();
    await this.#tell();
  }

  async #replace(namespace: Namespace): Promise<void> {
    const { generations } = this.#options;
    const before = this.#current;
    const isAlive = before !== undefined && generations.isRunning(before);
    const isWell = isAlive && this.#silences === 0;
    this.#dismissUnhealthy();
    const begun = await generations.begin(this.#description(), namespace, isWell ? before : undefined);
    this.#current = begun;
    for (const admissions of this.#admissions.values()) admissions.forgetProbes();
    this.#maps.clear();
    for (const group of this.#wantedGroups()) this.#maps.set(group.id, this.#slotsOf(group).stickyMap());
    this.#silences = 0;
    if (before === undefined || !isAlive) return;
    if (isWell) this.#retire(before, this.#busyTargets());
    else generations.signal(before, 'SIGKILL');
  }

  #retire(generation: Generation, busy: ReadonlySet<string> | 'all'): void {
    this.#options.generations.signal(generation, 'SIGUSR1');
    this.#retired.push({ generation, busy });
  }

  /** @returns whether it answered. */
  async #read(): Promise<boolean> {
    const { clock } = this.#options;
    if (this.#current === undefined) return false;
    try {
      const text = await ask(this.#current.paths.socket, 'show stat -1 4 -1', clock);
      this.#statistics = new Map(readStatistics(text).map((row) => [`${row.backend}/${row.name}`, row]));
      this.#silences = 0;
      return true;
    } catch (error) {
      this.#silences += 1;
      this.#options.log.debug('A load balancer’s HAProxy does not answer', { error });
      return false;
    }
  }

  /** Targets that HAProxy sends traffic to already: of a process that was adopted. */
  #admitKnown(): void {
    for (const group of this.#wantedGroups()) {
      const admissions = this.#admissionsOf(group);
      this.#slotsOf(group).servers.forEach(({ target, spare }, index) => {
        const known = this.#statistics.get(`t-${group.id}/s${index + 1}`);
        if (target === undefined || known === undefined || !spare.isReady) return;
        const isThere = known.place === `${target.address}:${target.port}`;
        if (isThere && !isInMaintenance(known)) admissions.admit(targetKey(target));
      });
    }
  }

  /** A new process would take them for healthy. */
  #dismissUnhealthy(): void {
    for (const group of this.#wantedGroups()) {
      const admissions = this.#admissionsOf(group);
      this.#slotsOf(group).servers.forEach(({ target, main }, index) => {
        const known = this.#statistics.get(`t-${group.id}/s${index + 1}`);
        if (target === undefined || known === undefined || !main.isReady) return;
        const health = healthOf(known);
        if (health.state === 'unhealthy') {
          admissions.dismiss(targetKey(target), health, group.healthCheck.unhealthyThreshold);
        }
      });
    }
  }

  /** Compares what HAProxy said with what is wanted, and tells it the difference. */
  async #tell(): Promise<void> {
    const { clock } = this.#options;
    const socket = this.#current?.paths.socket;
    if (socket === undefined) return;
    const commands = this.#wantedGroups().flatMap((group) => [
      ...this.#admissionsOf(group).step(group, this.#statistics, clock.monotonic()),
      ...serverCommands(group, this.#slotsOf(group), this.#statistics),
    ]);
    for (const line of commandLines(commands)) await ask(socket, line, clock);
    for (const group of this.#wantedGroups()) await this.#tellMap(group, socket);
    this.#leadDatagrams();
    this.#observe();
    this.#why = undefined;
    this.#failures = 0;
    this.#options.observed();
  }

  #leadDatagrams(): void {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    this.#datagrams ??= new Datagrams(this.#enter());
    this.#datagrams.lead(wanted.plan, wanted.node, ({ rules: [rule] }) => {
      const { action } = rule ?? {};
      const arn = action?.type === 'forward' ? action.targetGroups[0]?.arn : undefined;
      const group = this.#wantedGroups().find((each) => each.arn === arn);
      return group === undefined ? [] : this.#healthyOrAll(group);
    });
  }

  #healthyOrAll(group: TargetGroupPlan): readonly DatagramTarget[] {
    const { servers } = this.#slotsOf(group);
    const healthy = servers.filter(({ main }, index) => {
      const known = this.#statistics.get(`t-${group.id}/s${index + 1}`);
      return main.isReady && known !== undefined && healthOf(known).state === 'healthy';
    });
    const all = servers.filter(({ spare }) => spare.isReady);
    return (healthy.length > 0 ? healthy : all).map(({ main }) => main);
  }

  async #tellMap(group: TargetGroupPlan, socket: string): Promise<void> {
    const { type } = group.stickiness;
    if (type !== 'lb_cookie' && type !== 'app_cookie') return;
    const wanted = this.#slotsOf(group).stickyMap();
    if (this.#maps.get(group.id) === wanted) return;
    const path = this.#options.generations.pathOf(`sticky-${group.id}.map`);
    const actual = await ask(socket, `show map ${path}`, this.#options.clock);
    const lines = commandLines(mapCommands(path, actual, wanted));
    for (const line of lines) await ask(socket, line, this.#options.clock);
    this.#maps.set(group.id, wanted);
  }

  #observe(): void {
    const { generations } = this.#options;
    this.#retired = this.#retired.filter(({ generation }) => generations.isRunning(generation));
    this.#observations = new Map(
      this.#wantedGroups().flatMap((group) => {
        const admissions = this.#admissionsOf(group);
        return this.#slotsOf(group).servers.flatMap(({ target }, index) => {
          if (target === undefined) return [];
          const key = targetKey(target);
          const main = this.#statistics.get(`t-${group.id}/s${index + 1}`);
          const spare = this.#statistics.get(`t-${group.id}/o${index + 1}`);
          const name = `${group.arn} ${key}`;
          const isFinishing = this.#retired.some(({ busy }) => busy === 'all' || busy.has(name));
          const outstanding = (main?.current ?? 0) + (spare?.current ?? 0) + (isFinishing ? 1 : 0);
          const isAdmitted = admissions.isAdmitted(key) && main !== undefined;
          const health = isAdmitted ? healthOf(main) : admissions.healthOf(key, group);
          return [[name, { health, outstanding }] as const];
        });
      }),
    );
  }

  #busyTargets(): ReadonlySet<string> {
    return new Set(
      [...this.#observations].filter(([, { outstanding }]) => outstanding > 0).map(([name]) => name),
    );
  }

  async #lookRegularly(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const isSoon = this.#admissions.values().some(({ hasCandidates }) => hasCandidates);
      try {
        await clock.sleep(isSoon ? lookSoonMs : lookEveryMs, signal);
      } catch {
        return;
      }
      await this.#turns.take(() => this.#look());
    }
  }

  async #look(): Promise<void> {
    const { clock, log, generations, interfaceId } = this.#options;
    try {
      if (await this.#read()) return await this.#tell();
      const isThere = this.#current !== undefined && generations.isRunning(this.#current);
      if (isThere && this.#silences < mostSilences) return;
      if (clock.monotonic() < this.#retryAt) return;
      this.#why = isThere ? 'HAProxy does not answer' : 'HAProxy has ended';
      log.warn('A load balancer’s HAProxy is begun again', { interfaceId, why: this.#why });
      this.#options.observed();
      await this.#replace(this.#enter());
      await this.#read();
      await this.#tell();
    } catch (error) {
      this.#failures += 1;
      this.#retryAt = clock.monotonic() + backoffMs(this.#failures, this.#options.random, restartBounds);
      this.#why = (error as Error).message;
      this.#options.observed();
      log.error('A load balancer’s node is not as it shall be; it is tried again', { interfaceId, error });
    }
  }

  #description(): NodeDescription {
    if (this.#wanted === undefined) throw new Error('Nothing is wanted of the node yet');
    const { assignments: _, ...wanted } = this.#wanted;
    return {
      ...wanted,
      slots: new Map(this.#wantedGroups().map((group) => [group.arn, this.#slotsOf(group)])),
    };
  }

  #wantedGroups(): readonly TargetGroupPlan[] {
    return this.#wanted?.plan.targetGroups ?? [];
  }

  #admissionsOf({ arn }: TargetGroupPlan): Admissions {
    const known = this.#admissions.get(arn) ?? new Admissions();
    this.#admissions.set(arn, known);
    return known;
  }

  #slotsOf(group: TargetGroupPlan): Slots {
    const wanted = this.#wanted;
    const assignment = wanted?.assignments.get(group.arn);
    if (wanted === undefined || assignment === undefined) throw new Error(`No servers for ${group.arn}`);
    const admissions = this.#admissionsOf(group);
    return slotsOf({
      ...{ group, assignment, cookieKey: wanted.cookieKey },
      isUsed: (target) => isUsed(wanted, group, target),
      isAdmitted: (key) => admissions.isAdmitted(key),
    });
  }
}

/** Without cross-zone load balancing a node sends only to targets of its own zone. */
function isUsed({ plan, node }: WantedNode, group: TargetGroupPlan, target: TargetPlan): boolean {
  return (
    (group.crossZone ?? plan.attributes.crossZone) ||
    target.availabilityZone === 'all' ||
    target.availabilityZone === node.availabilityZone
  );
}
