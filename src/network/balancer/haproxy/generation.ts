import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../../../clock/index.ts';
import type { Namespace } from '../../linux/namespace.ts';
import { BalancerError } from '../balancer.ts';
import { writeWhole } from '../write-whole.ts';
import { structureOf, type WrittenConfiguration, writeConfiguration } from './configuration/configuration.ts';
import type { NodeConfiguration } from './configuration/parts.ts';
import {
  alertsOf,
  type GenerationPaths,
  isRunning,
  type ProxyProcess,
  processesBelow,
  signalProcess,
  startProcess,
} from './process.ts';

const run = promisify(execFile);
const checkTimeoutMs = 20_000;

/** Everything about a node's configuration but where this or that generation has its socket. */
export type NodeDescription = Omit<NodeConfiguration, 'directory' | 'socketPath' | 'rootDirectory'>;

export interface GenerationsOptions {
  readonly program: string;
  /** Of the node's own. */
  readonly directory: string;
  /** For sockets, whose paths have to be short. */
  readonly runDirectory: string;
  /** Of sockets. */
  readonly name: string;
  readonly clock: Clock;
}

/** A process with what it was given. */
export interface Generation {
  readonly process: ProxyProcess;
  readonly paths: GenerationPaths;
  readonly structure: string | undefined;
}

/** The configurations of a node on disk, each with a number, and the processes that work by them. */
export class Generations {
  readonly #options: GenerationsOptions;

  constructor(options: GenerationsOptions) {
    this.#options = options;
  }

  /** The processes that are there, the youngest last. */
  running(): Generation[] {
    return processesBelow(this.#options.directory).map((process) => {
      const paths = this.#pathsOf(process.generation);
      return { process, paths, structure: structureOf(read(paths.configuration)) };
    });
  }

  isRunning({ process, paths }: Generation): boolean {
    return isRunning(process, paths.configuration);
  }

  signal({ process, paths }: Generation, signal: 'SIGUSR1' | 'SIGKILL'): void {
    signalProcess(process, paths.configuration, signal);
  }

  /** Of a file that the configuration refers to. */
  pathOf(name: string): string {
    return join(this.#options.directory, name);
  }

  structureFor(description: NodeDescription): string {
    return this.#write(description, 0).structure;
  }

  /** Brings what changes without a new process up to date on disk. */
  keep({ process }: Generation, description: NodeDescription): void {
    this.#save(process.generation, this.#write(description, process.generation));
  }

  /**
   * Begins a process of the next generation; the one before goes on until then, and finishes what it has.
   * @throws {BalancerError} HAProxy refuses the configuration, or doesn't begin.
   */
  async begin(
    description: NodeDescription,
    namespace: Namespace,
    predecessor?: Generation,
  ): Promise<Generation> {
    const { program, clock } = this.#options;
    const generation = this.#lastNumber() + 1;
    const configuration = this.#write(description, generation);
    this.#save(generation, configuration);
    const paths = this.#pathsOf(generation);
    try {
      await this.#check(paths.configuration);
      const process = await startProcess({
        ...{ program, namespace, paths, generation, clock },
        ...(predecessor && {
          predecessor: { pid: predecessor.process.pid, socket: predecessor.paths.socket },
        }),
      });
      this.#tidy(configuration, process.generation);
      return { process, paths, structure: configuration.structure };
    } catch (error) {
      rmSync(paths.configuration, { force: true });
      throw error;
    }
  }

  removeFiles(): void {
    const { directory, runDirectory, name } = this.#options;
    rmSync(directory, { recursive: true, force: true });
    for (const file of list(runDirectory)) {
      if (file.startsWith(`${name}-`)) rmSync(join(runDirectory, file), { force: true });
    }
  }

  async #check(configuration: string): Promise<void> {
    try {
      await run(this.#options.program, ['-c', '-f', configuration], { timeout: checkTimeoutMs });
    } catch (cause) {
      const { stderr = '' } = cause as { stderr?: string };
      throw new BalancerError(`HAProxy refuses the configuration: ${alertsOf(stderr)}`, { cause });
    }
  }

  #write(description: NodeDescription, generation: number): WrittenConfiguration {
    const { directory, runDirectory } = this.#options;
    return writeConfiguration({
      ...description,
      directory,
      socketPath: this.#pathsOf(generation).socket,
      rootDirectory: join(runDirectory, 'empty'),
    });
  }

  #save(generation: number, { text, files }: WrittenConfiguration): void {
    const { directory, runDirectory } = this.#options;
    for (const made of [directory, join(runDirectory, 'empty')]) {
      mkdirSync(made, { recursive: true, mode: 0o700 });
    }
    for (const [name, content] of files) writeWhole(join(directory, name), content);
    writeWhole(this.#pathsOf(generation).configuration, text);
  }

  /** What earlier generations alone had. Those that still work have read it. */
  #tidy({ files }: WrittenConfiguration, generation: number): void {
    const { directory, runDirectory, name } = this.#options;
    for (const file of list(directory)) {
      const number = /^(\d+)\.(cfg|log|read)$/.exec(file)?.[1];
      const isOld = number === undefined ? !files.has(file) : Number(number) < generation;
      if (isOld) rmSync(join(directory, file), { force: true });
    }
    for (const file of list(runDirectory)) {
      const number = file.startsWith(`${name}-`) ? /-(\d+)\.sock$/.exec(file)?.[1] : undefined;
      if (number !== undefined && Number(number) < generation - 1) rmSync(join(runDirectory, file));
    }
  }

  #lastNumber(): number {
    const { directory } = this.#options;
    const onDisk = list(directory).map((file) => Number(/^(\d+)\.cfg$/.exec(file)?.[1] ?? 0));
    return Math.max(0, ...onDisk, ...processesBelow(directory).map(({ generation }) => generation));
  }

  #pathsOf(generation: number): GenerationPaths {
    const { directory, runDirectory, name } = this.#options;
    return {
      configuration: join(directory, `${generation}.cfg`),
      socket: join(runDirectory, `${name}-${generation}.sock`),
      log: join(directory, `${generation}.log`),
      read: join(directory, `${generation}.read`),
    };
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
