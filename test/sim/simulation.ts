import { type Random, seededRandom, VirtualClock } from '../../src/clock/index.ts';
import type { Log } from '../../src/log.ts';
import type { ContainerSpec } from '../../src/runtime/index.ts';
import { noLatency, type SimLatency, type SimProgram } from '../../src/runtime/sim/index.ts';
import { measuredLatency } from '../../src/runtime/sim/model.ts';
import { fargateHosts } from '../../src/services/ecs/index.ts';
import { Balancer } from './balancer.ts';
import { InvariantError } from './broken-rule.ts';
import { checkLimits } from './capacity-rules.ts';
import { DurableLog } from './durable-log.ts';
import { Facts } from './facts.ts';
import { Invariants } from './invariants.ts';
import { SimMachine, taskOf } from './machine.ts';
import { Network } from './network.ts';
import type { FaultStep, MachinePlan, Plan, PlannedStep, UserStep } from './plan.ts';
import { Plane } from './plane.ts';
import type { PlantedBug } from './planted-bugs.ts';
import { Records } from './records.ts';
import { pick } from './requests.ts';
import { comeToRest } from './rest.ts';
import { StoreHistory } from './store-history.ts';
import { Trace } from './trace.ts';
import { Users } from './users.ts';

export interface SimulationOptions {
  readonly plan: Plan;
  readonly bug?: PlantedBug;
  /** Gets each line of the trace as it happens. */
  readonly print?: (line: string) => void;
}

export interface Outcome {
  /** The same for the same plan, always. */
  readonly hash: string;
  readonly virtualMs: number;
  readonly commits: number;
  readonly failure?: SimulationFailure;
}

export interface SimulationFailure {
  readonly rule: string;
  readonly message: string;
  readonly atMs: number;
  /** The end of the trace. */
  readonly trace: readonly string[];
}

/** Runs the plan to its end, and until everything has come to rest or a rule is broken. Never rejects. */
export function simulate(options: SimulationOptions): Promise<Outcome> {
  return new Simulation(options).run();
}

/** Load balancers look at their targets as often. */
const lookEveryMs = 4_000;

const startOfTime = Date.UTC(2026, 0, 1);
/** One world: a control plane, its machines, its users, and what goes wrong between them, all on one clock. */
class Simulation {
  readonly clock = new VirtualClock(startOfTime);
  readonly trace: Trace;
  readonly network: Network;
  readonly records = new Records();
  readonly facts = new Facts();
  readonly machines: SimMachine[] = [];
  readonly plane: Plane;
  readonly users: Users;
  readonly #balancer: Balancer;
  readonly #plan: Plan;
  readonly #bug: PlantedBug | undefined;
  readonly #chance: Random;
  readonly #invariants: Invariants;
  readonly #disk: DurableLog;
  readonly #history = new StoreHistory();
  readonly #log: Log;
  isCalm = false;
  #failure: SimulationFailure | undefined;

  constructor({ plan, bug, print }: SimulationOptions) {
    this.#plan = plan;
    this.#bug = bug;
    this.trace = new Trace(this.clock, print);
    this.#log = print ? tracingLog(this.trace) : quietLog;
    this.#chance = seededRandom(`${plan.seed}/chance`);
    this.network = new Network(this.clock, seededRandom(`${plan.seed}/network`));
    this.network.faults = plan.faults.network;
    this.#invariants = new Invariants(this.records, this.facts, () => this.plane.clock.now());
    this.#disk = new DurableLog({
      random: seededRandom(`${plan.seed}/disk`),
      mostWriteMs: () => (bug?.storeAnswersEarly ? 2_000 : plan.faults.mostWriteMs),
      onCommit: (commit) => this.#committed(commit),
      ...(bug?.storeAnswersEarly && { answersEarly: true }),
    });
    this.plane = new Plane({
      time: this.clock,
      seed: String(plan.seed),
      log: this.#log,
      trace: this.trace,
      network: this.network,
      disk: this.#disk,
      history: this.#history,
      mayDie: () => this.#happens(plan.faults.planeDeaths),
      onDeath: () => this.#later(20_000, () => void this.#guard(this.plane.start())),
      bug,
      onBroken: (error) => this.#fail(error),
      onInternalError: (operation, error) =>
        this.#fail(
          new InvariantError('no operation fails from within', `${operation}: ${describeError(error)}`),
        ),
    });
    this.#balancer = new Balancer({
      random: seededRandom(`${plan.seed}/balancer`),
      records: this.records,
      plane: this.plane,
      machines: () => this.machines,
      errs: () => this.#happens(plan.faults.balancerErrors),
    });
    this.users = new Users({
      time: this.clock,
      trace: this.trace,
      network: this.network,
      plane: this.plane,
      capacity: plan.capacity,
      records: this.records,
      facts: this.facts,
      machines: () => this.machines,
      addMachine: (random) => {
        const like = pick(random, plan.machines);
        if (like && this.machines.length < 2 * plan.machines.length + 2) this.#addMachine(like).start();
      },
    });
  }

  async run(): Promise<Outcome> {
    const { steps, durationMs, machines } = this.#plan;
    try {
      void this.#guard(this.plane.start());
      void this.#guard(this.users.setUp());
      for (const machine of machines) {
        const added = this.#addMachine(machine);
        this.#later(2_000, () => added.start());
      }
      this.#balanceLater();
      for (const step of steps) this.clock.after(step.atMs, () => this.#take(step));
      await this.#advance(durationMs);
      await this.#calmDown();
      await comeToRest(
        {
          ...{ records: this.records, machines: this.machines, users: this.users },
          ...{ plane: this.plane, clock: this.clock },
          advance: (ms) => this.#advance(ms),
          begin: (work) => void this.#guard(work),
        },
        this.#plan.capacity.endsEmpty,
      );
    } catch (error) {
      this.#fail(error);
    }
    const failure = this.#failure;
    return {
      hash: this.trace.digest(),
      virtualMs: this.clock.monotonic(),
      commits: this.#disk.revision,
      ...(failure && { failure }),
    };
  }

  #balanceLater(): void {
    this.clock.after(lookEveryMs, () => {
      void this.#guard(this.#balancer.look());
      this.#balanceLater();
    });
  }

  async #advance(ms: number): Promise<void> {
    const untilMs = this.clock.monotonic() + ms;
    const timer = this.clock.after(ms, () => {});
    await this.clock.runUntil(() => this.#failure !== undefined || this.clock.monotonic() >= untilMs, {
      deadlineMs: ms + 1,
    });
    timer[Symbol.dispose]();
    if (this.#failure) throw new InvariantError(this.#failure.rule, this.#failure.message);
  }

  /** Nothing goes wrong any more; what can be mended is mended. */
  async #calmDown(): Promise<void> {
    this.trace.say('world', 'calms down');
    this.isCalm = true;
    this.network.heal();
    for (const machine of this.machines) {
      machine.engine.start();
      machine.start();
    }
    void this.#guard(this.plane.start());
    await this.#advance(60_000);
    // What will never come back is given up, as its owner would.
    for (const machine of this.machines) if (machine.isGone) void this.#guard(this.#giveUp(machine.name));
    await this.#advance(10_000);
    void this.#guard(this.users.activateAll());
  }

  async #giveUp(machineName: string): Promise<void> {
    for (const [key, { status, attributes, cluster: where }] of this.records.instances) {
      const isItsOwn = attributes.some(({ name, value }) => name === 'machine' && value === machineName);
      // Of a Fargate host nobody knows: to give it up is Catamaran's own to do.
      if (isItsOwn && status !== 'INACTIVE' && where !== fargateHosts) {
        const [, , accountId, region, noun, cluster, id] = key.split('/');
        await this.users.forget(`arn:aws:ecs:${region}:${accountId}:${noun}/${cluster}/${id}`);
      }
    }
  }

  #addMachine(plan: MachinePlan): SimMachine {
    const { faults, seed } = this.#plan;
    const name = `m-${this.machines.length + 1}`;
    const machine = new SimMachine({
      name,
      seed: String(seed),
      time: this.clock,
      log: this.#log,
      trace: this.trace,
      network: this.network,
      plane: this.plane,
      size: { cpuUnits: plan.cpuUnits, memoryMiB: plan.memoryMiB },
      hostsFargate: plan.hostsFargate,
      attributes: {
        machine: name,
        rack: plan.rack,
        ...(plan.capacityProvider && { 'catamaran.capacity-provider': plan.capacityProvider }),
      },
      latency: slowed(faults.engineSlowness),
      mayDie: () => this.#happens(faults.agentDeaths),
      onDeath: (dead) => {
        if (!dead.isGone) this.#later(20_000, () => dead.start());
      },
      programs: (where, spec) => this.#program(where, spec),
      onSandbox: (spec) => this.#check(() => checkLimits(this.records, taskOf(spec), spec)),
      registry: (reference) => {
        if (!this.#happens(faults.failingPulls))
          return { id: `sha256:${reference}`, digest: `sha256:${reference}`, exposedPorts: [], env: {} };
        this.facts.becomesUnreliable(name);
        return undefined;
      },
      bug: this.#bug,
    });
    this.machines.push(machine);
    return machine;
  }

  /** What a container does that has been started. */
  #program(machine: SimMachine, spec: ContainerSpec): SimProgram {
    const { failingStarts, crashingContainers } = this.#plan.faults;
    const task = taskOf(spec);
    if (this.#happens(failingStarts)) {
      this.facts.ends(task);
      return { startError: 'simulated failure of the engine' };
    }
    const times = this.facts.started(spec);
    this.trace.say(machine.name, `starts ${spec.name}`);
    if (times > 1)
      this.#fail(
        new InvariantError('no doubled task', `${spec.name} of ${task} is started for the ${times}nd time`),
      );
    const isEssential = spec.labels['com.amazonaws.ecs.container-name'] === 'app';
    const [program, argument] = spec.command ?? [];
    if (program === 'init') return { runForMs: Number(argument), exitCode: 0 };
    if (program === 'job' && !this.isCalm) {
      this.facts.ends(task);
      return { runForMs: Number(argument), exitCode: 0 };
    }
    if (isEssential && this.#happens(crashingContainers)) {
      this.facts.ends(task);
      return { runForMs: 100 + this.#chance.float() * 60_000, exitCode: 1 };
    }
    if (program === 'stubborn') return { obeysStop: false };
    const soundProbes = this.#chance.integer(30);
    if (program === 'sick')
      return { health: (probe) => ({ exitCode: this.isCalm || probe < soundProbes ? 0 : 1, output: '' }) };
    return { stopAfterMs: this.#chance.integer(2_000) };
  }

  #take(step: PlannedStep): void {
    if (this.isCalm) return;
    this.trace.say('plan', `${step.number}: ${step.type}`);
    if (isFault(step)) this.#takeFault(step);
    else void this.#guard(this.users.take(step));
  }

  #takeFault(step: PlannedStep & FaultStep): void {
    const random = seededRandom(step.seed);
    const machine = pick(
      random,
      this.machines.filter(({ isGone }) => !isGone),
    );
    const forMs = 500 * 2 ** (random.float() * 9);
    switch (step.type) {
      case 'kill-plane':
        this.plane.kill();
        break;
      case 'end-plane':
        void this.#guard(this.plane.close());
        break;
      case 'stall-plane':
        this.plane.process?.stall(Math.min(forMs, 60_000));
        break;
      case 'kill-agent':
        machine?.killAgent();
        break;
      case 'end-agent':
        if (machine) void this.#guard(machine.close());
        break;
      case 'stall-agent':
        machine?.process?.stall(forMs);
        break;
      case 'lose-power':
        if (machine) this.#losePower(machine, random);
        break;
      case 'vanish':
        if (machine) this.#allEnds(machine);
        machine?.vanish();
        break;
      case 'cut-off':
        if (machine) this.network.cut(machine.name, forMs);
        break;
      case 'set-clock':
        // Minutes, and backwards too: what is due by the calendar comes early or late.
        (random.float() < 0.4 ? this.plane : machine)?.clock.set((random.float() - 0.4) * 600_000);
        break;
      case 'stop-engine':
        machine?.engine.stop();
        this.clock.after(forMs, () => machine?.engine.start());
        break;
      case 'crash-container': {
        const running = machine?.engine.containers({}).filter(({ isRunning }) => isRunning) ?? [];
        const container = pick(random, running);
        if (container) this.facts.ends(taskOf(container.spec));
        container?.kill();
        break;
      }
    }
  }

  #losePower(machine: SimMachine, random: Random): void {
    this.#allEnds(machine);
    machine.losePower((unsynced) => random.integer(unsynced + 1));
  }

  #allEnds(machine: SimMachine): void {
    this.facts.becomesUnreliable(machine.name);
    for (const { spec } of machine.engine.containers({})) this.facts.ends(taskOf(spec));
  }

  #committed(commit: Parameters<Invariants['afterCommit']>[0]): void {
    this.trace.note(JSON.stringify(commit.changes));
    try {
      this.#history.add(commit);
      const changes = this.#invariants.afterCommit(commit);
      for (const { key, before, after } of changes.tasks) {
        const isNews =
          before?.lastStatus !== after?.lastStatus || before?.desiredStatus !== after?.desiredStatus;
        if (isNews)
          this.trace.say(
            'store',
            `${commit.revision}: task ${key.split('/').at(-1)?.slice(0, 8)} of ${(after ?? before)?.group}: ${after?.lastStatus ?? 'forgotten'}${after?.desiredStatus === 'STOPPED' ? ', to stop' : ''}`,
          );
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #happens(probability: number): boolean {
    return !this.isCalm && probability > 0 && this.#chance.float() < probability;
  }

  #later(withinMs: number, task: () => void): void {
    this.clock.after(this.#chance.float() * withinMs, task);
  }

  async #guard(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#fail(error);
    }
  }

  #check(rule: () => void): void {
    try {
      rule();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The first failure counts. */
  #fail(error: unknown): void {
    this.#failure ??= {
      rule: error instanceof InvariantError ? error.rule : 'the simulation itself works',
      message: describeError(error),
      atMs: this.clock.monotonic(),
      trace: this.trace.recent,
    };
  }
}

function isFault(step: PlannedStep): step is PlannedStep & FaultStep {
  return !userSteps.has(step.type);
}

const userSteps: ReadonlySet<string> = new Set<UserStep['type']>([
  ...(['create-service', 'update-service', 'delete-service', 'run-task', 'start-task', 'stop-task'] as const),
  ...(['drain', 'activate', 'deregister', 'add-machine', 'describe'] as const),
  ...(['protect', 'change-rack', 'interrupt-spot'] as const),
]);

function slowed(by: number): Partial<SimLatency> {
  if (by === 0) return noLatency;
  return Object.fromEntries(
    Object.entries(measuredLatency).map(([step, { p50Ms, p99Ms }]) => [
      step,
      { p50Ms: p50Ms * by, p99Ms: p99Ms * by },
    ]),
  );
}

function describeError(error: unknown): string {
  if (error instanceof InvariantError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const quietLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** What the product logs, among what happens. Not in the hash: whoever looks must not change what is seen. */
function tracingLog(trace: Trace): Log {
  const at =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      trace.show(
        'log',
        `${level}: ${message} ${JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.message : value)).slice(0, 300)}`,
      );
  return { debug: () => {}, info: at('info'), warn: at('warn'), error: at('error') };
}
