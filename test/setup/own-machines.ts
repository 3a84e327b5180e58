import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { PoolOptions, PoolWorker, WorkerRequest } from 'vitest/node';
import { OwnMachine } from './own-machine.ts';

const stopDeadlineMs = 5000;

/**
 * A pool for Vitest. A file of end-to-end tests wants a machine for itself: its Engine, network, ports and processes.
 * Each worker gets one of its own, so that several files can run at once.
 */
export function ownMachines() {
  const machines = new Machines();
  let isClosedInTheEnd = false;
  return {
    name: 'own-machines',
    createPoolWorker(options: PoolOptions): PoolWorker {
      if (!isClosedInTheEnd) options.project.vitest.onClose(() => machines[Symbol.asyncDispose]());
      isClosedInTheEnd = true;
      return new WorkerOnMachine(options, machines);
    },
  };
}

/** They outlive their workers: a file's worker is followed by another's. */
class Machines implements AsyncDisposable {
  readonly #all: Promise<OwnMachine>[] = [];
  readonly #free: OwnMachine[] = [];

  async take(): Promise<OwnMachine> {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const started = OwnMachine.start();
    this.#all.push(started);
    return started;
  }

  giveBack(machine: OwnMachine): void {
    this.#free.push(machine);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const settled = await Promise.allSettled(this.#all);
    await Promise.all(
      settled.map(async (each) => each.status === 'fulfilled' && each.value[Symbol.asyncDispose]()),
    );
  }
}

/** Vitest's worker process, as its own pool of forks starts it, inside a machine. */
class WorkerOnMachine implements PoolWorker {
  readonly name = 'own-machines';
  readonly cacheFs = true;
  readonly #options: PoolOptions;
  readonly #machines: Machines;
  #running: { readonly machine: OwnMachine; readonly child: ChildProcess } | undefined;

  constructor(options: PoolOptions, machines: Machines) {
    this.#options = options;
    this.#machines = machines;
  }

  async start(): Promise<void> {
    const machine = await this.#machines.take();
    const { distPath, execArgv, env, project } = this.#options;
    const [file, ...args] = machine.entrance;
    const child = fork(resolve(distPath, 'workers/forks.js'), [], {
      execPath: file,
      execArgv: [...args, process.execPath, ...execArgv],
      env,
      stdio: 'pipe',
      serialization: 'advanced',
    });
    child.stdout?.on('data', (chunk) => project.vitest.logger.outputStream.write(chunk));
    child.stderr?.on('data', (chunk) => project.vitest.logger.errorStream.write(chunk));
    this.#running = { machine, child };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    const { child, machine } = running;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill();
      const timer = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs);
      await exited;
      clearTimeout(timer);
    }
    this.#machines.giveBack(machine);
  }

  on(event: string, callback: (...args: unknown[]) => void): void {
    this.#child.on(event, callback);
  }

  off(event: string, callback: (...args: unknown[]) => void): void {
    this.#child.off(event, callback);
  }

  send(message: WorkerRequest): void {
    this.#child.send(message);
  }

  deserialize(data: unknown): unknown {
    return data;
  }

  get #child(): ChildProcess {
    if (this.#running === undefined) throw new Error('The worker has not started or has stopped already');
    return this.#running.child;
  }
}
