import type { Clock, Random } from '../../clock/index.ts';
import type { ContainerSpec, Image } from '../runtime.ts';

export interface SimOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Default: 8 CPUs and 32 GiB. */
  readonly machine?: { readonly cpus: number; readonly memoryMiB: number };
  /** How long each step takes. Steps left out take `measuredLatency`'s time. */
  readonly latency?: Partial<SimLatency>;
  readonly failures?: Partial<SimFailures>;
  /** Container starts that make progress at the same time; further ones queue. Default: no limit. */
  readonly startConcurrency?: number;
  /** What a container does. Default: it runs until it is stopped. */
  readonly programs?: (spec: ContainerSpec) => SimProgram;
  /** What a reference is in the registry; undefined when there is none. Default: any reference is an image. */
  readonly registry?: (reference: string) => Image | undefined;
}

/** A duration that is log-normal around its median. */
export interface Distribution {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface SimLatency {
  readonly pullImage: Distribution;
  /** With a namespace of its own; other sandboxes take no time. */
  readonly createSandbox: Distribution;
  readonly createContainer: Distribution;
  /** In a sandbox's namespace, the host's or none. */
  readonly startContainer: Distribution;
  readonly startContainerOnBridge: Distribution;
  readonly removeContainer: Distribution;
  readonly exec: Distribution;
  /** Inspections and lists. */
  readonly look: Distribution;
}

/** Docker 20.10 on two cores, unloaded. */
export const measuredLatency: SimLatency = {
  pullImage: { p50Ms: 1_500, p99Ms: 6_000 },
  createSandbox: { p50Ms: 220, p99Ms: 400 },
  createContainer: { p50Ms: 8, p99Ms: 30 },
  startContainer: { p50Ms: 75, p99Ms: 160 },
  startContainerOnBridge: { p50Ms: 206, p99Ms: 400 },
  removeContainer: { p50Ms: 40, p99Ms: 120 },
  exec: { p50Ms: 39, p99Ms: 100 },
  look: { p50Ms: 0.6, p99Ms: 3 },
};

/** Everything at once: for tests that are not about time. */
export const noLatency: SimLatency = {
  pullImage: { p50Ms: 0, p99Ms: 0 },
  createSandbox: { p50Ms: 0, p99Ms: 0 },
  createContainer: { p50Ms: 0, p99Ms: 0 },
  startContainer: { p50Ms: 0, p99Ms: 0 },
  startContainerOnBridge: { p50Ms: 0, p99Ms: 0 },
  removeContainer: { p50Ms: 0, p99Ms: 0 },
  exec: { p50Ms: 0, p99Ms: 0 },
  look: { p50Ms: 0, p99Ms: 0 },
};

export interface SimFailures {
  /** Probabilities, each in [0, 1], that the step fails with the engine's refusal. */
  readonly pull: number;
  readonly createSandbox: number;
  readonly createContainer: number;
  readonly start: number;
  /** When the engine does not answer, in ms after its making. Containers run on. */
  readonly outages: readonly { readonly fromMs: number; readonly forMs: number }[];
}

/** What a container does once it is started. */
export interface SimProgram {
  /** It can't be started: the engine's words. */
  readonly startError?: string;
  /** How long it runs; absent: until it is stopped, or its output is written. */
  readonly runForMs?: number;
  /** It ends with the last of its output. */
  readonly endsAfterOutput?: boolean;
  /** Default 0. */
  readonly exitCode?: number;
  /** It ends by the kernel's hand, with code 137. */
  readonly isOutOfMemory?: boolean;
  /** Written in order; a program that ends has written everything due by then. */
  readonly output?: Iterable<SimOutput>;
  /** Default true: it ends when asked to. */
  readonly obeysStop?: boolean;
  /** How long it takes to end when asked to. Default 0. */
  readonly stopAfterMs?: number;
  /** Default 143. */
  readonly exitCodeOnStop?: number;
  /** The result of the n-th health probe (from 0). Default: healthy. */
  readonly health?: (probe: number) => { readonly exitCode: number; readonly output: string };
  /** The result of a command run in it. Default: exit code 0 without output. */
  readonly exec?: (command: readonly string[]) => {
    readonly exitCode: number;
    readonly output: string;
    readonly runForMs?: number;
  };
  /** What a command does on a terminal in it. Default: it says and returns what `exec` does. */
  readonly terminal?: (command: readonly string[], terminal: SimTerminal) => SimInput | undefined;
  /** What a command does with pipes in it. Default: it says and returns what `exec` does. */
  readonly command?: (command: readonly string[], pipes: SimCommandPipes) => SimInput | undefined;
  /** What its first process does besides, with what comes in. Default: nobody hears it. */
  readonly main?: (pipes: SimPipes) => SimInput;
  /** What it uses while it runs. Defaults 10 and 16. */
  readonly cpuMillis?: number;
  readonly memoryMiB?: number;
  /** What it has written beside its volumes. Default 0. */
  readonly diskMiB?: number;
}

/** A simulated terminal, as the command on it sees it. */
export interface SimTerminal {
  say(text: string): void;
  exit(exitCode: number): void;
  /** There is no such command: nothing was started. */
  refuse(why: string): void;
}

/** A simulated process' outputs, as the process sees them. */
export interface SimPipes {
  /** @param stream Default stdout. */
  say(text: string, stream?: 'stdout' | 'stderr'): void;
  exit(exitCode: number): void;
}

/** Those of a command. */
export interface SimCommandPipes extends SimPipes {
  /** As of a terminal. */
  refuse(why: string): void;
}

/** How a simulated process hears. */
export interface SimInput {
  typed?(text: string): void;
  /** Nothing more will be typed. */
  ended?(): void;
  resized?(size: { readonly columns: number; readonly rows: number }): void;
}

export interface SimOutput {
  /** After the output before it. Default 0. */
  readonly afterMs?: number;
  /** Default stdout. */
  readonly stream?: 'stdout' | 'stderr';
  /** As a process writes it, newlines included. */
  readonly text: string;
}

/** z of the 99th percentile. */
const z99 = 2.3263;

/** Draws a duration in ms. */
export function drawMs({ p50Ms, p99Ms }: Distribution, random: Random): number {
  if (p50Ms <= 0) return 0;
  const sigma = Math.max(0, Math.log(p99Ms / p50Ms) / z99);
  // Box and Muller's transform; 1 - float keeps the logarithm finite.
  const normal = Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
  return p50Ms * Math.exp(sigma * normal);
}
