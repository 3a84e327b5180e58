import { type Clock, seededRandom } from '../../clock/index.ts';
import type { ContainerSpec } from '../../runtime/index.ts';
import {
  noLatency,
  SimEngine,
  type SimFailures,
  type SimLatency,
  type SimOutput,
  type SimProgram,
  SimRuntime,
} from '../../runtime/sim/index.ts';

/**
 * A simulated machine for tests of the agent. What a container does is its command:
 * `exit CODE [AFTER_MS]`, `end-when-told`, `oom`, `use MEMORY_MIB [DISK_MIB]`, `fail WORDS...` to start,
 * `healthy-when-told`, `print LINE... [+MS LINE...]` and run on, or `ignore-stop`; anything else runs until it is stopped.
 */
export class SimulatedMachine {
  readonly engine: SimEngine;
  readonly runtime: SimRuntime;
  /** Of containers that are when they are told. */
  isHealthy = false;
  readonly #ends: (() => void)[] = [];

  constructor(clock: Clock, latency: Partial<SimLatency> = {}, failures: Partial<SimFailures> = {}) {
    this.engine = new SimEngine({
      clock,
      random: seededRandom(1),
      latency: { ...noLatency, ...latency },
      failures,
      programs: (spec) => this.#programOf(spec),
      registry: (reference) =>
        /^nowhere(:|$)/.test(reference)
          ? undefined
          : { id: `sha256:${reference}`, exposedPorts: [], env: {} },
    });
    this.runtime = new SimRuntime(this.engine);
  }

  /** All containers of the agent under test, by ECS name. */
  ofTask(taskArn: string) {
    const containers = this.engine.containers({ 'com.amazonaws.ecs.task-arn': taskArn });
    return new Map(
      containers.map((each) => [each.spec.labels['com.amazonaws.ecs.container-name'] ?? '', each]),
    );
  }

  container(taskArn: string, name: string) {
    const container = this.ofTask(taskArn).get(name);
    if (!container) throw new Error(`Task '${taskArn}' has no container '${name}'`);
    return container;
  }

  runningNames(taskArn: string): readonly string[] {
    return [...this.ofTask(taskArn)].flatMap(([name, { isRunning }]) => (isRunning ? [name] : [])).sort();
  }

  /** The names of everything that is there. */
  get containers(): readonly string[] {
    return this.engine.containers({}).map(({ spec }) => spec.name);
  }

  /** Something happens that the agent does not see: the engine is away meanwhile. */
  unseen(happen: () => void): void {
    this.engine.stop();
    happen();
    this.engine.start();
  }

  /** Those that run and end when they are told do, with exit code 0. */
  tellToEnd(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  #programOf({ command = [] }: ContainerSpec): SimProgram {
    const [verb, ...words] = command;
    switch (verb) {
      case 'exit':
        return { exitCode: Number(words[0]), runForMs: Number(words[1] ?? 0) };
      case 'end-when-told':
        return {
          main: ({ exit }) => {
            this.#ends.push(() => exit(0));
            return {};
          },
        };
      case 'ignore-stop':
        return { obeysStop: false };
      case 'oom':
        return { isOutOfMemory: true, runForMs: 5 };
      case 'use':
        return { memoryMiB: Number(words[0]), diskMiB: Number(words[1] ?? 0) };
      case 'fail':
        return { startError: words.join(' ') };
      case 'print':
        return { output: outputOf(words) };
      case 'healthy-when-told':
        return { health: () => ({ exitCode: this.isHealthy ? 0 : 1, output: '' }) };
      default:
        return {};
    }
  }
}

function outputOf(words: readonly string[]): readonly SimOutput[] {
  let afterMs = 0;
  return words.flatMap((word) => {
    if (word.startsWith('+')) {
      afterMs += Number(word);
      return [];
    }
    const output = { text: `${word}\n`, afterMs };
    afterMs = 0;
    return [output];
  });
}
