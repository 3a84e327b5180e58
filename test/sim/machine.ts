import { type Clock, seededRandom } from '../../src/clock/index.ts';
import type { Log } from '../../src/log.ts';
import { UpgradeRefusedError } from '../../src/node/connection/signed-socket.ts';
import { type Agent, type AgentOptions, type AgentSeams, startAgent } from '../../src/node/index.ts';
import type { StateFile } from '../../src/node/state/state-file.ts';
import { Refusal } from '../../src/protocols/index.ts';
import type { ContainerSpec, Image, Runtime, SandboxSpec } from '../../src/runtime/index.ts';
import { SimEngine, type SimLatency, type SimProgram, SimRuntime } from '../../src/runtime/sim/index.ts';
import { fargateHosts } from '../../src/services/ecs/index.ts';
import { AgentDisk } from './agent-disk.ts';
import type { Network } from './network.ts';
import type { Plane } from './plane.ts';
import type { PlantedBug } from './planted-bugs.ts';
import { type AgentSide, MachineClock, SimProcess } from './sim-process.ts';
import type { Trace } from './trace.ts';

export interface MachineOptions {
  readonly name: string;
  readonly seed: string;
  readonly time: Clock;
  readonly log: Log;
  readonly trace: Trace;
  readonly network: Network;
  readonly plane: Plane;
  readonly size: { readonly cpuUnits: number; readonly memoryMiB: number };
  readonly attributes: Readonly<Record<string, string>>;
  readonly hostsFargate: boolean;
  readonly latency: Partial<SimLatency>;
  readonly mayDie: (point: string) => boolean;
  readonly onDeath: (machine: SimMachine) => void;
  readonly programs: (machine: SimMachine, spec: ContainerSpec) => SimProgram;
  readonly onSandbox: (spec: SandboxSpec) => void;
  readonly registry: (reference: string) => Image | undefined;
  readonly bug: PlantedBug | undefined;
}

/**
 * A simulated computer: an engine and disks that stay, and processes that come and go. A process has the agent of the
 * machine's container instance and, where the machine hosts Fargate tasks, that of its host.
 */
export class SimMachine {
  readonly name: string;
  readonly clock: MachineClock;
  readonly engine: SimEngine;
  readonly #options: MachineOptions;
  readonly #disks = { own: new AgentDisk(), host: new AgentDisk() };
  #process: SimProcess | undefined;
  #agent: Agent | undefined;
  #host: Agent | undefined;
  #lives = 0;
  /** It is never coming back. */
  isGone = false;
  /** Its instance was deregistered: no agent of it is admitted any more. */
  isRetired = false;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.name = options.name;
    this.clock = new MachineClock(options.time);
    this.engine = new SimEngine({
      clock: this.clock,
      random: seededRandom(`${options.seed}/${this.name}/engine`),
      latency: options.latency,
      programs: (spec) => options.programs(this, spec),
      registry: options.registry,
    });
  }

  get process(): SimProcess | undefined {
    return this.#process;
  }

  /** Of the agent that is registered. */
  get instanceArn(): string | undefined {
    return this.#agent?.containerInstanceArn;
  }

  /** Of its Fargate host, while that is registered; undefined also where there is none. */
  get hostArn(): string | undefined {
    return this.#host?.containerInstanceArn;
  }

  get hostsFargate(): boolean {
    return this.#options.hostsFargate;
  }

  /** Starts the agents on what earlier ones left, if there were any. */
  start(): void {
    if (this.#process !== undefined || this.isGone) return;
    const { name, trace, bug } = this.#options;
    this.#lives += 1;
    const process = new SimProcess({
      name,
      clock: this.clock,
      mayDie: this.#options.mayDie,
      onDeath: (point) => this.#died(`agent dies ${point}`),
    });
    this.#process = process;
    trace.say(name, 'agent starts');
    const runtime = new SimRuntime(this.engine);
    process.onEnd(() => void runtime[Symbol.asyncDispose]());
    const seen = bug?.runtime?.(runtime, this.#lives) ?? runtime;
    const engine = guarded(seen, process, this.#options.onSandbox);
    this.#startAgents(process, engine).catch((error: unknown) => {
      if (process.isDead) return;
      process.kill();
      this.#died(`agent gives up: ${error instanceof Error ? error.message : error}`);
    });
  }

  /** The host after the machine's own instance, whose ARN it tells: see node/machine/machine.ts. */
  async #startAgents(process: SimProcess, runtime: Runtime): Promise<void> {
    const { name, hostsFargate, attributes } = this.#options;
    const own = await this.#startAgent(process, runtime, 'own', {
      cluster: 'default',
      instance: { id: name, attributes },
    });
    if (this.#process === process) this.#agent = own;
    if (!hostsFargate) return;
    const host = await this.#startAgent(process, runtime, 'host', {
      cluster: fargateHosts,
      instance: {
        id: `${name}-fargate`,
        attributes: { machine: name, 'catamaran.lender': own.containerInstanceArn },
        fargate: { isolation: 'strongest' },
      },
    });
    if (this.#process === process) this.#host = host;
  }

  #startAgent(
    process: SimProcess,
    runtime: Runtime,
    place: 'own' | 'host',
    what: {
      readonly cluster: string;
      readonly instance: Pick<AgentOptions['instance'], 'id' | 'attributes' | 'fargate'>;
    },
  ): Promise<Agent> {
    const { seed, plane, log, size } = this.#options;
    const { id } = what.instance;
    return startAgent({
      endpoint: 'http://plane',
      region: 'eu-west-1',
      credentials: { accessKeyId: 'AKIDSIMULATION', secretAccessKey: 'none' },
      cluster: what.cluster,
      instance: {
        ...what.instance,
        resources: { ...size, reservedTcpPorts: [22], reservedUdpPorts: [] },
        address: '127.0.0.1',
      },
      stateDirectory: `/${id}`,
      runtime,
      clock: process.clock,
      random: seededRandom(`${seed}/${id}/agent/${this.#lives}`),
      log,
      // What containers would ask is not simulated: that the agent could answer is.
      linkLocal: { add: () => ({ [Symbol.dispose]: () => {} }) },
      settings: { taskCleanupWaitMs: 10 * 60_000 },
      seams: this.#seams(process, plane, this.#disks[place].open(process)),
    });
  }

  /** Ends the agent as an operator does; the next one adopts what runs. */
  async close(): Promise<void> {
    const { trace } = this.#options;
    const [process, agent, host] = [this.#process, this.#agent, this.#host];
    if (process === undefined || agent === undefined) return;
    trace.say(this.name, 'agent is asked to end');
    await Promise.all([agent.close(), host?.close()]);
    if (process.isDead) return;
    process.kill();
    this.#died('agent has ended');
  }

  killAgent(): void {
    if (this.#process === undefined) return;
    this.#process.kill();
    this.#died('agent is killed');
  }

  /** Every process of the machine ends, and what no disk had is lost. */
  losePower(keep: (unsynced: number) => number): void {
    this.#process?.kill();
    this.engine.crash();
    const lost = this.#disks.own.losePower(keep) + this.#disks.host.losePower(keep);
    this.#died(`loses power, and ${lost} writes`);
    this.engine.start();
  }

  vanish(): void {
    this.isGone = true;
    this.#process?.kill();
    this.engine.crash();
    this.#died('vanishes for ever');
  }

  runningContainers(): ContainerSpec[] {
    return this.engine.containers({}).flatMap((container) => (container.isRunning ? [container.spec] : []));
  }

  /** ARNs of the tasks that have a running container, one for each. */
  runningTasks(): string[] {
    return this.runningContainers().map(taskOf);
  }

  #died(how: string): void {
    this.#options.trace.say(this.name, how);
    this.#process = undefined;
    this.#agent = undefined;
    this.#host = undefined;
    this.#options.onDeath(this);
  }

  #seams(process: SimProcess, plane: Plane, disk: StateFile): AgentSeams {
    const { network } = this.#options;
    const side: AgentSide = { host: this.name, process };
    const ecsClient = {
      send: async (command: { readonly input: object }, options?: { readonly abortSignal?: AbortSignal }) => {
        const operation = command.constructor.name.replace(/Command$/, '');
        const { abortSignal: signal } = options ?? {};
        try {
          return await process.across(operation, () =>
            network.request(
              signal ? { ...side, signal } : side,
              () => plane.listening,
              () => plane.serve(operation, command.input),
              operation !== 'RegisterContainerInstance',
            ),
          );
        } catch (error) {
          throw asSdkError(error);
        }
      },
      destroy: () => {},
    };
    return {
      // The SDK's overloads for each command are one function of the command's name here.
      ecsClient: ecsClient as unknown as NonNullable<AgentSeams['ecsClient']>,
      openStateFile: () => disk,
      openSocket: async (url, { signal, onMessage }) => {
        const socket = await process
          .across('connecting', () =>
            network.request(
              { ...side, signal },
              () => plane.listening,
              async () => plane.accept(url, side),
              false,
            ),
          )
          .catch((error: unknown) => {
            throw error instanceof Refusal ? new UpgradeRefusedError(error.code, error.message) : error;
          });
        if (signal.aborted) {
          socket.terminate();
          throw signal.reason;
        }
        socket.on('message', (text: string) => onMessage?.(text));
        return socket as unknown as Awaited<ReturnType<NonNullable<AgentSeams['openSocket']>>>;
      },
    };
  }
}

export function taskOf(spec: Pick<ContainerSpec, 'labels'>): string {
  return spec.labels['com.amazonaws.ecs.task-arn'] ?? 'of no task';
}

/** As the SDK's client throws what the server answered. */
function asSdkError(error: unknown): unknown {
  if (!(error instanceof Refusal)) return error;
  return Object.assign(new Error(error.message), { name: error.code, $fault: 'client' });
}

/** The engine, as a process sees it that may be killed at each call. */
function guarded(runtime: Runtime, process: SimProcess, onSandbox: (spec: SandboxSpec) => void): Runtime {
  return new Proxy(runtime, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== 'function') return member;
      // Streams end when the runtime is closed.
      if (property === 'events' || property === 'output' || property === Symbol.asyncDispose)
        return member.bind(target);
      if (property === 'createSandbox')
        return (spec: SandboxSpec) => {
          onSandbox(spec);
          return process.across(property, () => target.createSandbox(spec));
        };
      return (...input: unknown[]) =>
        process.across(String(property), async () => Reflect.apply(member, target, input));
    },
  });
}
