import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askEngine } from '../e2e/footprint.ts';
import { makeMachineFolder, sweepMachineFolders } from './machine-folders.ts';

const namespaces = ['--net', '--mount', '--pid'];
const deadlineMs = 30_000;
const pollMs = 100;

/**
 * What the first process does: a `/run` of its own, for sockets and names of network namespaces; a way out that leads
 * nowhere (RFC 5737's addresses), since programs look for the machine's own address by its default route; the Engine,
 * which SIGTERM ends in order. Meanwhile it reaps whoever loses its parent.
 */
const boot = `
  set -e
  mount -t tmpfs none /run && mkdir /run/netns
  ip link set lo up
  ip link add uplink type veth peer name beyond
  ip link set uplink up && ip link set beyond up
  ip address add 192.0.2.2/24 dev uplink
  ip route add default via 192.0.2.1
  exec >"$1/log" 2>&1
  dockerd --data-root "$1/data" --exec-root /run/docker-exec --pidfile /run/docker.pid &
  engine=$!
  trap 'kill $engine' TERM
  wait $engine || wait $engine
`;

/** Whether this user and this kernel may make one. */
export function canHaveOwnMachine(): boolean {
  return spawnSync('unshare', [...namespaces, '--fork', 'true'], { stdio: 'ignore' }).status === 0;
}

/**
 * What looks like a machine of its own to the tests that run in it: namespaces for network, mounts and processes, and
 * an Engine at the usual socket. Files, cgroups and the kernel are the real machine's.
 */
export class OwnMachine implements AsyncDisposable {
  readonly #holder: ChildProcess;
  readonly #directory: string;
  #pid = 0;

  private constructor(holder: ChildProcess, directory: string) {
    this.#holder = holder;
    this.#directory = directory;
  }

  /** @throws Error with the end of the Engine's log when it doesn't answer within half a minute. */
  static async start(): Promise<OwnMachine> {
    await sweepMachineFolders(tmpdir());
    const directory = await makeMachineFolder(tmpdir());
    const holder = spawn(
      // Whoever kills the run ends its machines, too.
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', 'unshare', ...namespaces, '--fork', '--kill-child', '--mount-proc'],
        ...['--propagation', 'private', 'sh', '-c', boot, 'sh', directory],
      ],
      // An interrupt is for the tests, which need the Engine to clean up.
      { detached: true, stdio: 'ignore' },
    );
    const machine = new OwnMachine(holder, directory);
    try {
      await machine.#answers();
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The command that runs another one in it, to which `args` are appended; both end together. */
  get entrance(): readonly [file: string, ...args: string[]] {
    return [
      'nsenter',
      '--target',
      `${this.#pid}`,
      ...namespaces,
      '--',
      'setpriv',
      '--pdeathsig',
      'KILL',
      '--',
    ];
  }

  /** The Engine stops in order, so that nothing of its containers stays; then everything in it ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) resolve();
      else this.#holder.once('exit', () => resolve());
    });
    const isEnding = this.#pid !== 0 && process.kill(this.#pid, 'SIGTERM');
    if (isEnding) await Promise.race([ended, sleep(deadlineMs, undefined, { ref: false })]);
    this.#holder.kill('SIGKILL');
    await ended;
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    for (let waitedMs = 0; waitedMs < deadlineMs; waitedMs += pollMs) {
      if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) break;
      this.#pid ||= await firstProcess(this.#holder.pid);
      const socket = `/proc/${this.#pid}/root/run/docker.sock`;
      if (this.#pid !== 0 && (await askEngine('GET', '/version', socket).catch(() => undefined))) return;
      await sleep(pollMs);
    }
    throw new Error(`A machine for end-to-end tests does not start: ${this.#log()}`);
  }

  #log(): string {
    const path = join(this.#directory, 'log');
    return existsSync(path)
      ? readFileSync(path, 'utf8').split('\n').slice(-15).join('\n')
      : 'its Engine never began';
  }
}

/** The child of `unshare`, as this machine numbers it; 0 while there is none. */
async function firstProcess(parent: number | undefined): Promise<number> {
  const threads = await readdir(`/proc/${parent}/task`).catch(() => []);
  const children = threads.map((thread) => readFileSync(`/proc/${parent}/task/${thread}/children`, 'utf8'));
  return Number(children.join(' ').trim().split(/\s+/)[0] ?? 0);
}
