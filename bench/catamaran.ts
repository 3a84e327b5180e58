import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { exitCodeOfSignal } from '../src/cli/child.ts';
import type { StatusResponse } from '../src/cli/index.ts';

const toolchain = fileURLToPath(new URL('../.toolchain', import.meta.url));
/** What the launcher wrote of src/ and would run. */
const main = join(
  ...[toolchain, 'program', readFileSync(join(toolchain, 'program/current'), 'utf8').trim(), 'main.js'],
);
/** As the launcher sets it: people start Catamaran with the cache of the start before. */
const compileCache = join(toolchain, 'compile-cache');
const environment = { NODE_COMPILE_CACHE: compileCache, ...process.env };

/** State directories of those that run: whoever interrupts a bench is left with nothing of it. */
const running = new Set<string>();
const interruptions = ['SIGINT', 'SIGTERM'] as const;

function onInterruption(signal: NodeJS.Signals): void {
  for (const directory of running) {
    spawnSync(process.execPath, purge(directory), { stdio: 'ignore', env: environment });
    rmSync(directory, { recursive: true, force: true });
  }
  process.exit(exitCodeOfSignal(signal));
}

const purge = (directory: string): readonly string[] => [main, 'down', '--state', directory, '--purge'];

interface Credentials {
  readonly accountId: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A Catamaran process of its own for a measurement; disposed with everything it made. */
export class MeasuredCatamaran implements AsyncDisposable {
  readonly stateDirectory: string;
  readonly process: ChildProcess;
  readonly port: number;
  readonly credentials: Credentials;
  /** From spawning the process until its listener answered. */
  readonly answeredAfterMs: number;

  private constructor(
    parts: Pick<MeasuredCatamaran, 'stateDirectory' | 'process' | 'port' | 'credentials' | 'answeredAfterMs'>,
  ) {
    this.stateDirectory = parts.stateDirectory;
    this.process = parts.process;
    this.port = parts.port;
    this.credentials = parts.credentials;
    this.answeredAfterMs = parts.answeredAfterMs;
  }

  /**
   * `stateDirectory`: an existing one, to measure a restart. `options`: more of `up`.
   * @param profile A folder for the process's CPU profile; the figures then are no measurement.
   */
  static async start(
    port: number,
    stateDirectory?: string,
    options: readonly string[] = [],
    profile?: string,
  ): Promise<MeasuredCatamaran> {
    const directory = stateDirectory ?? (await mkdtemp(join(tmpdir(), 'catamaran-bench-')));
    if (running.size === 0) for (const signal of interruptions) process.on(signal, onInterruption);
    running.add(directory);
    const began = performance.now();
    const args = [main, 'up', '--state', directory, '--port', String(port), ...options];
    const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
    const child = spawn(process.execPath, [...profiling, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: environment,
    });
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-8000);
    });
    await untilAnswered(port, () => (child.exitCode === null ? undefined : `catamaran up ended: ${errors}`));
    const answeredAfterMs = performance.now() - began;
    const file = join(directory, 'credentials.json');
    while (!existsSync(file)) await sleep(5);
    const credentials = JSON.parse(readFileSync(file, 'utf8')) as Credentials;
    return new MeasuredCatamaran({
      stateDirectory: directory,
      process: child,
      port,
      credentials,
      answeredAfterMs,
    });
  }

  /** As `./catamaran status --json` prints it, once everything is started. */
  async status(): Promise<StatusResponse> {
    while (!existsSync(join(this.stateDirectory, 'server.json'))) await sleep(20);
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...[main, 'status', '--json', '--state', this.stateDirectory],
    ]);
    return JSON.parse(stdout) as StatusResponse;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await ended(spawn(process.execPath, purge(this.stateDirectory), { stdio: 'ignore', env: environment }));
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const gone = ended(this.process);
      this.process.kill('SIGKILL');
      await gone;
    }
    await rm(this.stateDirectory, { recursive: true, force: true });
    running.delete(this.stateDirectory);
    if (running.size === 0) for (const signal of interruptions) process.off(signal, onInterruption);
  }
}

/** Resolves when something on the port answers HTTP; asks every 5 ms, by a bare socket: the asker shares the processor. */
export async function untilAnswered(port: number, failure: () => string | undefined): Promise<void> {
  while (!(await answers(port))) {
    const failed = failure();
    if (failed !== undefined) throw new Error(failed);
    await sleep(5);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'),
    );
    const end = (isAnswered: boolean): void => {
      socket.destroy();
      resolve(isAnswered);
    };
    socket.on('data', () => end(true));
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
  });
}

export function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
}

/** Resident memory of a process in MiB (Linux). */
export function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Processor time that a process has taken, all its threads together (Linux). */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may hold anything; in the kernel's hundredths of a second.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
