import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../clock/index.ts';
import type { Namespace } from '../../linux/namespace.ts';
import { begun, commandLineOf, processIds, signalPid } from '../processes.ts';
import { ask } from './runtime-socket.ts';

/** A HAProxy process of a node. It is known by its configuration's path, which nobody else's command line has. */
export interface ProxyProcess {
  readonly pid: number;
  readonly generation: number;
}

/** Where a generation's files are. */
export interface GenerationPaths {
  readonly configuration: string;
  readonly socket: string;
  readonly log: string;
  /** How far its log of what has ended was read. */
  readonly read: string;
}

/**
 * HAProxy keeps half a megabyte of freed buffers and returns the rest; one here has room for all header fields that AWS
 * allows, so six are kept. The C library would give each of the others back to the kernel and ask for it anew within
 * microseconds, which costs a busy node a fifth of its processor time.
 */
const allocatorWords = { MALLOC_TRIM_THRESHOLD_: String(16 << 20), MALLOC_TOP_PAD_: String(1 << 20) };

/**
 * Begins a process in a network namespace. It is in a session of its own, so it stays when this process ends.
 * @param predecessor Whose listening sockets it takes over, so that no connection is refused meanwhile. Just before it takes
 * the first one itself, it tells that one to take none any more, so that nobody who has seen the new process gets to the old one.
 * @throws {BalancerError} It doesn't begin; with what it said.
 */
export async function startProcess({
  program,
  namespace,
  paths,
  generation,
  predecessor,
  clock,
}: {
  readonly program: string;
  readonly namespace: Namespace;
  readonly paths: GenerationPaths;
  readonly generation: number;
  readonly predecessor?: { readonly pid: number; readonly socket: string };
  readonly clock: Clock;
}): Promise<ProxyProcess> {
  const takeOver =
    predecessor === undefined ? [] : ['-x', predecessor.socket, '-sf', String(predecessor.pid)];
  const log = openSync(paths.log, 'w', 0o600);
  const child = namespace.run(() =>
    spawn(program, ['-f', paths.configuration, '-db', ...takeOver], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...allocatorWords },
    }),
  );
  closeSync(log);
  child.unref();
  const pid = await begun({
    child,
    what: 'HAProxy',
    ask: () => ask(paths.socket, 'show info', clock),
    lastWords: () => lastWords(paths.log),
    clock,
  });
  return { pid, generation };
}

/** The end of what a process or a check said. */
function lastWords(path: string): string {
  return alertsOf(readFileSync(path, 'utf8'));
}

export function alertsOf(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const alerts = lines.filter((line) => line.includes('[ALERT]'));
  return (alerts.length > 0 ? alerts : lines).slice(0, 5).join(' | ');
}

/** Processes whose configuration is in a directory or below it, the youngest last. */
export function processesBelow(directory: string): (ProxyProcess & { readonly configuration: string })[] {
  const found = processIds().flatMap((pid) => {
    const configuration = configurationOf(pid);
    if (!configuration?.startsWith(join(directory, '/'))) return [];
    const generation = Number(/(\d+)\.cfg$/.exec(configuration)?.[1] ?? 0);
    return [{ pid, generation, configuration }];
  });
  return found.sort((one, other) => one.generation - other.generation);
}

function configurationOf(pid: number): string | undefined {
  const [program, flag, path] = commandLineOf(pid) ?? [];
  return program?.endsWith('haproxy') && flag === '-f' ? path : undefined;
}

/** Whether that process is there, and still the same one. */
export function isRunning({ pid }: ProxyProcess, configuration: string): boolean {
  return configurationOf(pid) === configuration;
}

/**
 * SIGUSR1: takes nothing new, and ends when its last connection does. SIGTERM, SIGKILL: ends.
 * @param configuration Another process may have its id by now: that one is left alone.
 */
export function signalProcess(
  process_: ProxyProcess,
  configuration: string,
  signal: 'SIGUSR1' | 'SIGTERM' | 'SIGKILL',
): void {
  if (isRunning(process_, configuration)) signalPid(process_.pid, signal);
}
