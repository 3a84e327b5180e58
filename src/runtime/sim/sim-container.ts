import type { Clock } from '../../clock/index.ts';
import type {
  Container,
  ContainerHealth,
  ContainerLimits,
  ContainerSpec,
  ContainerStatus,
  PortMapping,
} from '../runtime.ts';
import type { ContainerDiskUse, ContainerStats } from '../usage.ts';
import type { SimInput, SimOutput, SimProgram } from './model.ts';
import { SimLog } from './sim-log.ts';

const killedExitCode = 137;

/** One simulated container: its program's life, driven by the clock. At rest it holds no timer. */
export class SimContainer {
  #spec: ContainerSpec;
  readonly runtimeId: string;
  readonly log: SimLog;
  readonly #imageId: string;
  readonly #createdAtMs: number;
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #timers = new Set<Disposable>();
  readonly #listeners = new Set<Listener>();
  #status: ContainerStatus = { state: 'created' };
  #health: ContainerHealth | undefined;
  #program: SimProgram = {};
  #ports: readonly PortMapping[] = [];
  #runs = 0;
  #exited = Promise.withResolvers<void>();
  #isRemoved = false;
  #input: SimInput | undefined;

  /** @param changed Told after every change that the engine would tell of. */
  constructor(spec: ContainerSpec, { runtimeId, imageId, clock, changed }: SimContainerParts) {
    this.#spec = spec;
    this.runtimeId = runtimeId;
    this.log = new SimLog(spec.pseudoTerminal ?? false);
    this.#imageId = imageId;
    this.#clock = clock;
    this.#createdAtMs = clock.now();
    this.#changed = changed;
  }

  get spec(): ContainerSpec {
    return this.#spec;
  }

  /** It runs, and uses more than that. */
  uses(moreThanMiB: number | undefined): boolean {
    const { memoryMiB = 16 } = this.#program;
    return this.isRunning && moreThanMiB !== undefined && memoryMiB > moreThanMiB;
  }

  limit(limits: ContainerLimits): void {
    this.#spec = { ...this.#spec, ...limits };
  }

  get isRunning(): boolean {
    return this.#status.state === 'running';
  }

  get program(): SimProgram {
    return this.#program;
  }

  /** How often it was started. */
  get runs(): number {
    return this.#runs;
  }

  /** Resolves at the end of the run that is under way. */
  get exited(): Promise<void> {
    return this.#exited.promise;
  }

  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  /** How its first process hears; undefined: it does not, or no longer. */
  get input(): SimInput | undefined {
    return this.isRunning ? this.#input : undefined;
  }

  endInput(): void {
    this.input?.ended?.();
    this.#input = undefined;
  }

  /** Told what its first process says, from now on. */
  listen(listener: Listener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  view(): Container {
    return {
      name: this.spec.name,
      runtimeId: this.runtimeId,
      labels: { ...this.spec.labels },
      imageId: this.#imageId,
      status: this.#status,
      ports: this.isRunning ? this.#ports : [],
      ipv4Addresses: [],
      createdAtMs: this.#createdAtMs,
      limits: limitsOf(this.#spec),
      restartCount: 0,
      ...(this.#health === undefined ? {} : { health: this.#health }),
    };
  }

  start(program: SimProgram, pid: number, ports: readonly PortMapping[]): void {
    const nowMs = this.#clock.now();
    this.#program = program;
    this.#ports = ports;
    this.#runs += 1;
    this.#exited = Promise.withResolvers();
    this.#status = { state: 'running', startedAtMs: nowMs, pid };
    if (this.spec.healthCheck) {
      this.#health = { status: 'STARTING' };
      this.#probe(0, 0);
    }
    this.#changed();
    this.#input = program.main?.({
      say: (text, stream = 'stdout') => this.#say(stream, text),
      exit: (exitCode) => this.#exit(exitCode, false),
    });
    if (program.output) this.#write(program.output[Symbol.iterator]());
    if (program.runForMs !== undefined) {
      const exitCode = program.isOutOfMemory ? killedExitCode : (program.exitCode ?? 0);
      this.#later(program.runForMs, () => this.#exit(exitCode, program.isOutOfMemory ?? false));
    }
  }

  /** It could not be started. */
  fail(error: string): void {
    const finishedAtMs = this.#clock.now();
    this.#status = { state: 'exited', exitCode: 127, finishedAtMs, wasOutOfMemory: false, error };
  }

  async stop(timeoutMs: number): Promise<void> {
    if (!this.isRunning) return;
    const { obeysStop = true, stopAfterMs = 0, exitCodeOnStop = 143 } = this.#program;
    if (obeysStop && stopAfterMs <= timeoutMs)
      this.#later(stopAfterMs, () => this.#exit(exitCodeOnStop, false));
    else this.#later(timeoutMs, () => this.kill());
    await this.#exited.promise;
  }

  kill(): void {
    this.#exit(killedExitCode, false);
  }

  remove(): void {
    this.kill();
    this.#isRemoved = true;
    this.log.wake();
    this.#changed();
  }

  /** Over its network comes a kilobyte a second, and half of it goes. */
  stats(withIo: boolean): ContainerStats | undefined {
    if (this.#status.state !== 'running') return undefined;
    const { cpuMillis = 10, memoryMiB = 16 } = this.#program;
    const limitMiB = this.spec.memoryMiB;
    const ageMs = this.#clock.now() - this.#status.startedAtMs;
    const { mode } = this.spec.network;
    const hasOwnNetwork = mode === 'bridge' || mode === 'sandbox';
    return {
      cpuUsageNanos: ageMs * cpuMillis * 1000,
      memoryBytes: memoryMiB * 1_048_576,
      ...(limitMiB === undefined ? {} : { memoryLimitBytes: limitMiB * 1_048_576 }),
      ...(withIo && hasOwnNetwork
        ? {
            networks: {
              eth0: {
                ...{ rxBytes: ageMs, rxPackets: ageMs / 1000, rxErrors: 0, rxDropped: 0 },
                ...{ txBytes: ageMs / 2, txPackets: ageMs / 1000, txErrors: 0, txDropped: 0 },
              },
            },
          }
        : {}),
    };
  }

  diskUse(): ContainerDiskUse {
    const { diskMiB = 0 } = this.#program;
    return { written: { bytes: diskMiB * 1_048_576, inodes: diskMiB === 0 ? 0 : 1 }, logBytes: 0 };
  }

  #write(rest: Iterator<SimOutput>): void {
    for (let next = rest.next(); !next.done; next = rest.next()) {
      const { afterMs = 0, stream = 'stdout', text } = next.value;
      const say = (): void => this.#say(stream, text);
      if (afterMs > 0) {
        this.#later(afterMs, () => {
          say();
          this.#write(rest);
        });
        return;
      }
      say();
    }
    if (this.#program.endsAfterOutput) this.#exit(this.#program.exitCode ?? 0, false);
  }

  #say(stream: 'stdout' | 'stderr', text: string): void {
    if (!this.isRunning) return;
    this.log.write(stream, text, this.#clock.now());
    for (const listener of this.#listeners) listener(stream, text);
  }

  /** Docker's rules: the first success is HEALTHY, `retries` failures in a row outside the start period UNHEALTHY. */
  #probe(count: number, failures: number): void {
    const check = this.spec.healthCheck;
    if (!check) return;
    this.#later(check.intervalSeconds * 1000, () => {
      if (this.#status.state !== 'running') return;
      const nowMs = this.#clock.now();
      const { exitCode, output } = this.#program.health?.(count) ?? { exitCode: 0, output: '' };
      const before = this.#health?.status ?? 'STARTING';
      const isStarting =
        before === 'STARTING' && nowMs - this.#status.startedAtMs < check.startPeriodSeconds * 1000;
      const failuresNow = exitCode === 0 ? 0 : isStarting ? failures : failures + 1;
      const status = exitCode === 0 ? 'HEALTHY' : failuresNow >= check.retries ? 'UNHEALTHY' : before;
      const sinceMs = status === before && this.#health?.sinceMs !== undefined ? this.#health.sinceMs : nowMs;
      this.#health = { status, output, exitCode, sinceMs };
      if (status !== before) this.#changed();
      this.#probe(count + 1, failuresNow);
    });
  }

  #exit(exitCode: number, wasOutOfMemory: boolean): void {
    if (this.#status.state !== 'running') return;
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#timers.clear();
    const { startedAtMs } = this.#status;
    const finishedAtMs = this.#clock.now();
    this.#status = { state: 'exited', exitCode, startedAtMs, finishedAtMs, wasOutOfMemory };
    this.log.endRun(finishedAtMs);
    this.#exited.resolve();
    this.#changed();
  }

  #later(delayMs: number, task: () => void): void {
    const timer = this.#clock.after(delayMs, () => {
      this.#timers.delete(timer);
      task();
    });
    this.#timers.add(timer);
  }
}

function limitsOf({ cpuShares, cpuMillis, memoryMiB, memorySwapMiB }: ContainerSpec): ContainerLimits {
  return {
    cpuShares,
    ...(cpuMillis !== undefined && { cpuMillis }),
    ...(memoryMiB !== undefined && { memoryMiB }),
    ...(memorySwapMiB !== undefined && { memorySwapMiB }),
  };
}

type Listener = (stream: 'stdout' | 'stderr', text: string) => void;

export interface SimContainerParts {
  readonly runtimeId: string;
  readonly imageId: string;
  readonly clock: Clock;
  readonly changed: () => void;
}
