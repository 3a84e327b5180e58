import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { release } from 'node:os';
import { Fields } from '../fields.ts';
import type { RuntimeLimit } from '../runtime.ts';
import type { EngineApi } from './engine-api.ts';
import type { FoundEngine } from './engine-socket.ts';
import { isStatus } from './failures.ts';

/** What the Engine says of itself and its machine. */
export interface EngineFacts {
  readonly engine: string;
  readonly version: string;
  readonly apiVersion: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly architecture: string;
  readonly kernel: string;
  readonly cgroupVersion: 1 | 2;
  readonly cgroupDriver: string;
  readonly logDrivers: readonly string[];
  readonly runtimes: readonly string[];
  readonly networkDrivers: readonly string[];
  readonly isRootless: boolean;
  readonly limitsMemory: boolean;
  readonly limitsCpu: boolean;
  readonly limitsPids: boolean;
  /** The device of the default bridge; undefined when the Engine has no such network. */
  readonly defaultBridge: string | undefined;
  /** It runs under this very kernel, so that its processes and cgroups are ours to see. */
  readonly isLocal: boolean;
}

/** What the Engine's own process may do; known only on the same machine. */
export interface Daemon {
  readonly pid: number;
  readonly capabilities: bigint;
  readonly sharesOurNetwork: boolean;
  /** Hard limits by ulimit name, where they are not unlimited. */
  readonly hardLimits: ReadonlyMap<string, number>;
  /** Its own `oom_score_adj`. */
  readonly oomScore: number;
}

export async function readFacts(api: EngineApi, found: FoundEngine): Promise<EngineFacts> {
  const [info, bridge] = await Promise.all([
    api.json('GET', '/info').then((answer) => new Fields(answer)),
    defaultBridge(api),
  ]);
  const architecture = info.text('Architecture') ?? '';
  const plugins = info.object('Plugins');
  const kernel = info.text('KernelVersion') ?? '';
  return {
    engine: found.name,
    version: info.word('ServerVersion') ?? found.version,
    apiVersion: found.apiVersion,
    cpus: info.number('NCPU') ?? 0,
    memoryBytes: info.number('MemTotal') ?? 0,
    architecture: architecture === 'aarch64' ? 'arm64' : architecture === 'amd64' ? 'x86_64' : architecture,
    kernel,
    cgroupVersion: info.text('CgroupVersion') === '2' ? 2 : 1,
    cgroupDriver: info.text('CgroupDriver') ?? 'none',
    logDrivers: plugins.texts('Log'),
    runtimes: info.object('Runtimes').keys(),
    networkDrivers: plugins.texts('Network'),
    isRootless: info.texts('SecurityOptions').some((option) => option.includes('name=rootless')),
    limitsMemory: info.flag('MemoryLimit'),
    limitsCpu: info.flag('CpuCfsQuota'),
    limitsPids: info.flag('PidsLimit'),
    defaultBridge: bridge,
    isLocal: found.address.connect.socketPath !== undefined && kernel === release(),
  };
}

async function defaultBridge(api: EngineApi): Promise<string | undefined> {
  for (const name of ['bridge', 'podman']) {
    try {
      const network = new Fields(await api.json('GET', `/networks/${name}`));
      const options = network.object('Options');
      return options.word('com.docker.network.bridge.name') ?? options.word('network_interface') ?? name;
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
    }
  }
  return undefined;
}

/** The process behind a local socket: the one of the Engine's name that holds the socket open. */
export function findDaemon(found: FoundEngine, proc = '/proc'): Daemon | undefined {
  const path = found.address.connect.socketPath;
  if (path === undefined) return undefined;
  const program = found.name === 'podman' ? 'podman' : 'dockerd';
  try {
    const inodes = new Set(
      readFileSync(`${proc}/net/unix`, 'utf8')
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        // A socket is known by the path it was bound to, and /var/run is /run.
        .filter(([, , , , , , , bound]) => bound !== undefined && sameRun(bound) === sameRun(path))
        .map(([, , , , , , inode]) => `socket:[${inode}]`),
    );
    for (const entry of readdirSync(proc)) {
      if (!/^\d+$/.test(entry) || textOf(`${proc}/${entry}/comm`).trim() !== program) continue;
      if (holdsAny(`${proc}/${entry}/fd`, inodes)) return readDaemon(proc, Number(entry));
    }
  } catch {
    // Not Linux, or not ours to read: then nothing is known.
  }
  return undefined;
}

const sameRun = (path: string): string => path.replace(/^\/var\/run\//, '/run/');

function holdsAny(directory: string, inodes: ReadonlySet<string>): boolean {
  return readdirSync(directory).some((fd) => inodes.has(linkOf(`${directory}/${fd}`)));
}

function readDaemon(proc: string, pid: number): Daemon {
  const status = textOf(`${proc}/${pid}/status`);
  return {
    pid,
    capabilities: BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? 'ffffffffffffffff'}`),
    sharesOurNetwork: linkOf(`${proc}/${pid}/ns/net`) === linkOf(`${proc}/self/ns/net`),
    hardLimits: hardLimits(textOf(`${proc}/${pid}/limits`)),
    oomScore: Number(textOf(`${proc}/${pid}/oom_score_adj`)),
  };
}

/** /proc/PID/limits names limits in words, ulimits by the names of setrlimit(2). */
const limitNames: Readonly<Record<string, string>> = {
  'Max cpu time': 'cpu',
  'Max file size': 'fsize',
  'Max data size': 'data',
  'Max stack size': 'stack',
  'Max core file size': 'core',
  'Max resident set': 'rss',
  'Max processes': 'nproc',
  'Max open files': 'nofile',
  'Max locked memory': 'memlock',
  'Max address space': 'as',
  'Max file locks': 'locks',
  'Max pending signals': 'sigpending',
  'Max msgqueue size': 'msgqueue',
  'Max nice priority': 'nice',
  'Max realtime priority': 'rtprio',
  'Max realtime timeout': 'rttime',
};

export function hardLimits(procLimits: string): ReadonlyMap<string, number> {
  const limits = new Map<string, number>();
  for (const line of procLimits.split('\n')) {
    const [, words = '', hard = ''] = /^(Max [a-z ]+?)\s{2,}\S+\s+(\S+)/.exec(line) ?? [];
    const name = limitNames[words];
    if (name !== undefined && /^\d+$/.test(hard)) limits.set(name, Number(hard));
  }
  return limits;
}

const CAP_SYS_RESOURCE = 24n;

/** Undefined when nothing is known of the daemon, who is then taken to be able. */
export function lacksSysResource(daemon: Daemon | undefined): boolean {
  return daemon !== undefined && ((daemon.capabilities >> CAP_SYS_RESOURCE) & 1n) === 0n;
}

/** Who may not raise resources can't make a process safer from the kernel's killing than itself. */
export function leastOomScore(daemon: Daemon | undefined): number {
  return daemon !== undefined && lacksSysResource(daemon) ? daemon.oomScore : -1_000;
}

/** `privileged` gives every capability that the kernel knows, and runc fails on the first it may not give. */
function lacksAny(daemon: Daemon | undefined): boolean {
  const last = Number(textOf('/proc/sys/kernel/cap_last_cap').trim());
  if (daemon === undefined || Number.isNaN(last)) return false;
  const all = (1n << BigInt(last + 1)) - 1n;
  return (daemon.capabilities & all) !== all;
}

/** Hard limits that containers' ulimits must keep to; empty where the Engine may raise them. */
export function ulimitBounds(daemon: Daemon | undefined): ReadonlyMap<string, number> {
  if (daemon === undefined) return new Map();
  if (lacksSysResource(daemon)) return daemon.hardLimits;
  const most = Number(textOf('/proc/sys/fs/nr_open').trim());
  return most > 0 ? new Map([['nofile', most]]) : new Map();
}

export function canBePrivileged(facts: EngineFacts, daemon: Daemon | undefined): boolean {
  return facts.isRootless || !lacksAny(daemon);
}

/** What can't be had here, and what to do about it. */
export function limitsOf(
  facts: EngineFacts,
  daemon: Daemon | undefined,
  cgroupsMissing: string | undefined,
): readonly RuntimeLimit[] {
  const limits: RuntimeLimit[] = [];
  const say = (feature: RuntimeLimit['feature'], message: string): void => {
    limits.push({ feature, message });
  };
  if (!canBePrivileged(facts, daemon)) {
    say(
      'privileged',
      'The engine itself runs without some capabilities (as in a container), so it can give no container all of them: run the engine with full capabilities to have privileged containers',
    );
  }
  if (lacksSysResource(daemon)) {
    const files = daemon?.hardLimits.get('nofile');
    say(
      'ulimit-raise',
      `The engine runs without CAP_SYS_RESOURCE and cannot raise limits${files === undefined ? '' : `: containers get at most ${files} open files`}; higher ulimits are lowered to that. Raise the engine's own hard limits (ulimit -H) to have more`,
    );
  }
  if (cgroupsMissing !== undefined) say('sandbox-cgroup', cgroupsMissing);
  if (!facts.networkDrivers.includes('bridge')) {
    say('private-network', 'The engine has no bridge networks: private networks can not be made');
  } else if (facts.isRootless) {
    say(
      'private-network',
      'The engine is rootless: addresses on private networks are reached from containers only, not from this machine',
    );
  }
  const bridge = facts.defaultBridge;
  if (bridge === undefined) {
    say(
      'port-publishing',
      'The engine runs without its default bridge, so no port can be published: start it without --bridge=none',
    );
  } else if (daemon?.sharesOurNetwork && facts.engine === 'docker' && !deviceExists(bridge)) {
    say(
      'port-publishing',
      `The engine's bridge device ${bridge} is gone (another engine with --bridge=none deletes it): restart the engine, or "ip link add ${bridge} type bridge; ip addr add 172.17.0.1/16 dev ${bridge}; ip link set ${bridge} up"`,
    );
  }
  if (!facts.limitsMemory) say('memory-limit', `${cannotLimit('memory')} memory limits have no effect`);
  if (!facts.limitsCpu) say('cpu-limit', `${cannotLimit('cpu')} CPU limits have no effect`);
  if (!facts.limitsPids) say('pids-limit', `${cannotLimit('pids')} limits of processes have no effect`);
  return limits;
}

const cannotLimit = (controller: string): string =>
  `The engine has no cgroup controller "${controller}" (mount it, or delegate it to a rootless engine):`;

const deviceExists = (name: string): boolean => textOf('/proc/net/dev').includes(`${name}:`);

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
