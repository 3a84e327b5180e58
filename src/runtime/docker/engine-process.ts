import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { RuntimeError } from '../runtime-error.ts';
import { defaultSocket, type EngineAddress, type FoundEngine, ping, unixAddress } from './engine-socket.ts';

export interface StartEngineOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal;
  /** What the Engine says goes there. Default `/var/log/dockerd.log`. */
  readonly logFile?: string;
  /** How long it may take until it answers. Default 30 s. */
  readonly deadlineMs?: number;
}

const pidFile = '/var/run/docker.pid';
/** By these it is known later as started by us. */
export const daemonArguments: readonly string[] = [
  ...['--live-restore', '--pidfile', pidFile],
  ...['-H', `unix://${defaultSocket}`],
];
const pollMs = 20;
/** After it ended: another one may just be starting, which is what it ended for. */
const graceAfterExitMs = 3_000;

/**
 * Starts the installed Docker Engine by hand, for machines where no service manager does, and waits until it
 * answers at the default socket. It outlives this process. One that answers already is success.
 *
 * Its containers outlive it in turn (`live-restore`). It keeps its default bridge: `--bridge=none` would delete the
 * `docker0` of any other Engine on the machine.
 * @throws {RuntimeError} `Unsupported` with the exact commands when it is not installed or this is not root;
 * `EngineUnavailable` with the end of its log when it does not come up.
 */
export async function startEngine(options: StartEngineOptions): Promise<FoundEngine> {
  const { clock, log, signal, deadlineMs = 30_000, logFile = '/var/log/dockerd.log' } = options;
  const address = unixAddress(defaultSocket);
  const running = await ping(address, clock, signal);
  if (running) return running;

  const program = findDockerd();
  const beganMs = clock.monotonic();
  for (let attempt = 1; ; attempt += 1) {
    using daemon = startDaemon(program, logFile);
    log.info('Starting the Docker Engine', { program, pid: daemon.pid, logFile });
    const outcome = await awaited(daemon, address, beganMs + deadlineMs, clock, signal);
    if (typeof outcome !== 'string') return outcome;
    const tail = await tailOf(logFile);
    // Started too soon after a crash, it waits for the helper of the one before, who is dying: once more.
    if (attempt === 1 && /timeout waiting for containerd/.test(tail)) continue;
    throw new RuntimeError(
      'EngineUnavailable',
      `The Docker Engine (${program}) ${outcome}. The end of its log ${logFile}:\n${tail}`,
      tail,
    );
  }
}

interface StartedDaemon extends Disposable {
  readonly pid: number | undefined;
  /** How it ended; undefined while it runs. */
  exit(): string | undefined;
}

/** @returns what answers, or in words why nothing does. */
async function awaited(
  daemon: StartedDaemon,
  address: EngineAddress,
  deadline: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<FoundEngine | string> {
  let exitedAt: number | undefined;
  for (;;) {
    const found = await ping(address, clock, signal);
    if (found) return found;
    const now = clock.monotonic();
    if (daemon.exit() !== undefined) exitedAt ??= now;
    if (exitedAt !== undefined && now - exitedAt > graceAfterExitMs) return `ended with ${daemon.exit()}`;
    if (now > deadline) return 'does not answer in time';
    await clock.sleep(pollMs, signal);
  }
}

/** @throws {RuntimeError} with the commands that a person types instead. */
function findDockerd(): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/usr/bin'];
  const program = folders.map((folder) => join(folder, 'dockerd')).find(isExecutable);
  if (program === undefined) {
    const commands =
      'apt-get update && apt-get install -y --no-install-recommends docker.io containerd runc iptables';
    throw new RuntimeError(
      'Unsupported',
      `The Docker Engine is not installed: no dockerd on this machine. As root:\n  ${commands}`,
      'dockerd was not found',
    );
  }
  if (process.getuid?.() !== 0) {
    throw new RuntimeError(
      'Unsupported',
      `Only root can start the Docker Engine:\n  sudo setsid ${program} --live-restore >/tmp/dockerd.log 2>&1 </dev/null &\n  sudo chgrp "$(id -g)" ${defaultSocket}`,
      'not root',
    );
  }
  return program;
}

function startDaemon(program: string, logFile: string): StartedDaemon {
  const output = openSync(logFile, 'a', 0o600);
  let ended: string | undefined;
  const child = spawn(program, daemonArguments, {
    // A session of its own: neither the terminal's nor this process's end is its end.
    detached: true,
    cwd: '/',
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  child.on('error', (error) => {
    ended = error.message;
  });
  child.on('exit', (code, signal) => {
    ended = signal === null ? `exit code ${code}` : `signal ${signal}`;
  });
  return { pid: child.pid, exit: () => ended, [Symbol.dispose]: () => child.unref() };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function tailOf(path: string): Promise<string> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const length = Math.min(size, 4_096);
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.toString().trimEnd().split('\n').slice(-15).join('\n');
}
