import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock, systemRandom } from '../../src/clock/index.ts';
import { silentLog } from '../../src/log.ts';
import {
  busyboxLayer,
  type DockerRuntime,
  findEngine,
  imageArchive,
  openDockerRuntime,
} from '../../src/runtime/index.ts';
import { askEngine } from './footprint.ts';
import { waitFor } from './installation.ts';

const run = promisify(execFile);
const command = (file: string, ...args: string[]) => run(file, args, { timeout: 100_000 });

/**
 * A Docker Engine of a test's own, to be killed and stopped: own network namespace, own folder for everything, so
 * that the machine's Engine and its bridge are not touched.
 */
export class PrivateEngine implements AsyncDisposable {
  readonly host: string;
  /** The name of its network namespace. */
  readonly namespace: string;
  readonly #directory: string;
  #child: ChildProcess | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
    this.namespace = `catamaran-e2e-${randomBytes(4).toString('hex')}`;
    this.host = `unix://${this.socket}`;
  }

  static async start(options: { readonly liveRestore: boolean }): Promise<PrivateEngine> {
    const engine = new PrivateEngine(await mkdtemp(join(tmpdir(), 'catamaran-engine-')));
    try {
      await command('ip', 'netns', 'add', engine.namespace);
      await command('ip', '-n', engine.namespace, 'link', 'set', 'lo', 'up');
      await engine.up(options);
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
    return engine;
  }

  get socket(): string {
    return join(this.#directory, 'engine.sock');
  }

  /** Starts it (again) and waits until it answers. `ip netns exec` won't do: it hides the cgroups. */
  async up({ liveRestore }: { readonly liveRestore: boolean }): Promise<void> {
    const at = (name: string): string => join(this.#directory, name);
    // A containerd that ended with its Engine and that nobody has reaped yet would be taken for alive.
    const containerdPid = join(at('exec'), 'containerd', 'containerd.pid');
    if (existsSync(containerdPid) && !isAlive(Number(readFileSync(containerdPid, 'utf8')))) {
      await rm(containerdPid);
    }
    const log = createWriteStream(at('log'), { flags: 'a' });
    const child = spawn(
      'nsenter',
      [
        `--net=/run/netns/${this.namespace}`,
        'dockerd',
        ...['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid')],
        ...['-H', this.host, ...(liveRestore ? ['--live-restore'] : [])],
      ],
      // A session of its own: a signal to the tests' group is not for it.
      { detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#child = child;
    child.stdout?.pipe(log);
    child.stderr?.pipe(log);
    await waitFor(
      'the private Engine to answer',
      async () => {
        if (child.exitCode !== null) throw new Error(`dockerd ended with ${child.exitCode}: ${this.#log()}`);
        const version = await askEngine('GET', '/version', this.socket).catch(() => undefined);
        return version === undefined ? undefined : true;
      },
      () => this.#log(),
      90_000,
    );
  }

  /** As the machine's own Engine, see `testEngine`. */
  async runtime(): Promise<DockerRuntime> {
    const clock = systemClock();
    const engine = await findEngine(clock, { env: { DOCKER_HOST: this.host } });
    if (engine === undefined) throw new Error('The private Engine does not answer');
    return openDockerRuntime({ clock, engine, random: systemRandom(), log: silentLog });
  }

  /** Puts the tests' image there. */
  async loadImage(reference: string): Promise<void> {
    await using runtime = await this.runtime();
    const layers = [await busyboxLayer()];
    await runtime.loadImage(await imageArchive({ reference, layers, config: {} }));
  }

  /** SIGTERM: in order; without live-restore its containers end with it. SIGKILL: they never do. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    child.kill(signal);
    await ended;
  }

  /** Containers, containerd, mounts, namespace and folder go, also when it never came up. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined) {
      const all = (await askEngine('GET', '/containers/json?all=1', this.socket).catch(() => [])) as {
        readonly Id: string;
      }[];
      for (const { Id } of all) await askEngine('DELETE', `/containers/${Id}?force=1&v=1`, this.socket);
    }
    await this.stop('SIGTERM');
    await this.#endRest();
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((path) => path.startsWith(this.#directory))
      .reverse();
    for (const path of mounts) await command('umount', '-l', path);
    if (existsSync(`/run/netns/${this.namespace}`)) await command('ip', 'netns', 'delete', this.namespace);
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** What a killed Engine leaves: its containerd, shims and containers, all known by the folder. */
  async #endRest(): Promise<void> {
    const rest = await run('pgrep', ['-f', this.#directory]).then(
      ({ stdout }) => stdout.trim().split('\n').map(Number),
      () => [],
    );
    for (const pid of rest) {
      for (const each of [...(await childrenOf(pid)), pid]) {
        try {
          process.kill(each, 'SIGKILL');
        } catch {
          // Ended by itself.
        }
      }
    }
    await waitFor('the rest of the private Engine to end', async () =>
      rest.every((pid) => !isAlive(pid)) ? true : undefined,
    );
  }

  #log(): string {
    return readFileSync(join(this.#directory, 'log'), 'utf8').split('\n').slice(-15).join('\n');
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  return run('pgrep', ['-P', String(pid)]).then(
    ({ stdout }) => stdout.trim().split('\n').map(Number),
    () => [],
  );
}

export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
