import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../clock/index.ts';
import type { Namespace } from '../../linux/namespace.ts';
import { begun, commandLineOf, processIds, signalPid } from '../processes.ts';
import { statusOf } from './control.ts';

const program = fileURLToPath(new URL('proxy-program.ts', import.meta.url));

/** Whether a process may do what all do, or has to reach targets on the machine itself. */
export type ProxyReach = 'vpc' | 'machine';

/** A process of a node. It is known by its command line, which has the node's directory. */
export interface ProxyProcess {
  readonly pid: number;
  readonly generation: number;
  readonly directory: string;
  readonly socketPath: string;
  /** Of the program that it runs. */
  readonly version: string;
  readonly reach: ProxyReach;
}

/** The same for two processes exactly when they run the same program. */
export function programVersion(): string {
  const hash = createHash('sha256');
  for (const place of ['./', '../guard/', '../../../balancing/']) {
    const directory = fileURLToPath(new URL(place, import.meta.url));
    for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
      if (name.endsWith('.ts')) hash.update(readFileSync(join(directory, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * Begins a process in a network namespace, in a session of its own, so that it stays when this process ends.
 * @throws {BalancerError} It doesn't begin; with what it said.
 */
export async function startProxy({
  namespace,
  process: wanted,
  user,
  hostNamespacePath,
  clock,
}: {
  readonly namespace: Namespace;
  readonly process: Omit<ProxyProcess, 'pid'>;
  readonly user: string;
  readonly hostNamespacePath: string;
  readonly clock: Clock;
}): Promise<ProxyProcess> {
  const { directory, generation, socketPath, version, reach } = wanted;
  const logPath = join(directory, `${generation}.log`);
  const log = openSync(logPath, 'w', 0o600);
  rmSync(socketPath, { force: true });
  const [who, host] = reach === 'machine' ? ['', hostNamespacePath] : [user, ''];
  const child = namespace.run(() =>
    spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        program,
        directory,
        String(generation),
        socketPath,
        version,
        who,
        host,
      ],
      { detached: true, stdio: ['ignore', log, log], env: {}, cwd: '/' },
    ),
  );
  closeSync(log);
  child.unref();
  const pid = await begun({
    child,
    what: 'The proxy',
    ask: () => statusOf(socketPath, clock),
    lastWords: () => readFileSync(logPath, 'utf8').trim().split('\n').slice(-5).join(' | '),
    clock,
  });
  return { ...wanted, pid };
}

/** Those of nodes whose directory is that one or below it, the youngest last. */
export function proxiesBelow(directory: string): ProxyProcess[] {
  return processIds()
    .flatMap((pid) => proxyOf(pid) ?? [])
    .filter((each) => `${each.directory}/`.startsWith(`${directory}/`))
    .sort((one, other) => one.generation - other.generation);
}

function proxyOf(pid: number): ProxyProcess | undefined {
  const [, , path, directory = '', generation, socketPath = '', version = '', user] =
    commandLineOf(pid) ?? [];
  if (path === undefined || !path.endsWith('/nodejs/proxy-program.ts')) return undefined;
  return {
    ...{ pid, generation: Number(generation), directory, socketPath, version },
    reach: user === '' ? 'machine' : 'vpc',
  };
}

/** Whether that process is there, and still the same one. */
export function isThere({ pid, socketPath }: ProxyProcess): boolean {
  return proxyOf(pid)?.socketPath === socketPath;
}

/** SIGTERM: takes nothing new, and ends with its last connection. */
export function signalProxy(proxy: ProxyProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (isThere(proxy)) signalPid(proxy.pid, signal);
}
