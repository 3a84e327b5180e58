import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../../clock/index.ts';
import type { CgroupLimits } from '../runtime.ts';
import { RuntimeError } from '../runtime-error.ts';
import type { Daemon, EngineFacts } from './probe.ts';

/**
 * A sandbox's own cgroup, under which the Engine puts the sandbox's containers (`CgroupParent`): the limits on it hold
 * for all of them together. The Engine neither makes nor removes it, so this does.
 *
 * With the `cgroupfs` driver it is a path, `/<parent>/<sandbox>`: on version 1 one directory in each controller's
 * hierarchy, on version 2 a single one. With the `systemd` driver it is a slice, for systemd wants no one else to make
 * directories in its tree.
 */
export interface Cgroups {
  /** Why sandboxes can have no cgroup here, with what to do; undefined when they can. */
  readonly missing: string | undefined;
  /**
   * Where a sandbox's cgroup is, as the Engine's `CgroupParent` spells it; undefined when there can be none.
   * @param parent One level, or several with `/` between them.
   */
  locate(parent: string, sandboxId: string): string | undefined;
  /** Makes it with these limits. What is already so is success. */
  make(location: string, limits: CgroupLimits): Promise<void>;
  /**
   * Limits a parent, and so everything under it. One that is not there is success. A limit below what is in use now is
   * not taken by the kernel: the one before holds until the next try.
   */
  limitParent(parent: string, limits: CgroupLimits): Promise<void>;
  /** Removes it, and of its parents those that are empty. Absent is success. */
  remove(location: string): Promise<void>;
}

export interface CgroupOptions {
  readonly clock: Clock;
  /** Default `/sys/fs/cgroup`. */
  readonly root?: string;
  readonly isRoot?: boolean;
  readonly hasSystemd?: boolean;
  /** Runs `systemctl` with these arguments. */
  readonly systemctl?: (args: readonly string[]) => Promise<void>;
}

export function cgroupsOf(facts: EngineFacts, daemon: Daemon | undefined, options: CgroupOptions): Cgroups {
  const {
    clock,
    root = '/sys/fs/cgroup',
    isRoot = process.getuid?.() === 0,
    hasSystemd = existsSync('/run/systemd/system'),
    systemctl = async (args) => {
      await promisify(execFile)('systemctl', args, { timeout: 10_000 });
    },
  } = options;
  if (!facts.isLocal) return noCgroups('the engine runs on another machine');
  if (!isRoot || facts.isRootless)
    return noCgroups('only root may make them: run Catamaran and the engine as root');
  // From within a container the tree that we see is not the one that the engine means.
  if (daemon === undefined)
    return noCgroups('the engine is not a process of this machine that can be seen from here');
  if (facts.cgroupDriver === 'systemd') {
    return hasSystemd
      ? new Slices(systemctl)
      : noCgroups('the engine leaves cgroups to systemd, which does not run');
  }
  if (facts.cgroupDriver !== 'cgroupfs')
    return noCgroups(`the engine's cgroup driver is "${facts.cgroupDriver}"`);
  if (!existsSync(root)) return noCgroups(`${root} is not mounted (Debian's package cgroupfs-mount does it)`);
  return facts.cgroupVersion === 2 ? new UnifiedTree(root, clock) : new ControllerTrees(root, clock);
}

function noCgroups(because: string): Cgroups {
  const missing = `Sandboxes can have no cgroup of their own, so no CPU and memory limits over all their containers: ${because}`;
  return {
    missing,
    locate: () => undefined,
    make: async () => {},
    limitParent: async () => {},
    remove: async () => {},
  };
}

const removeAttempts = 50;
const removeRetryMs = 20;
/** The kernel's own default, and the Engine's. */
const cpuPeriodMicros = 100_000;
const leastQuotaMicros = 1_000;

const quotaMicros = (cpuMillis: number): number =>
  Math.max(leastQuotaMicros, Math.round((cpuMillis * cpuPeriodMicros) / 1000));
const bytesOf = (memoryMiB: number): string => String(memoryMiB * 1_048_576);

/** Version 1: a tree for each controller. */
class ControllerTrees implements Cgroups {
  readonly missing = undefined;
  readonly #root: string;
  readonly #clock: Clock;

  constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
  }

  locate(parent: string, sandboxId: string): string {
    return `${pathOf(parent)}/${nameOf(sandboxId)}`;
  }

  async make(location: string, limits: CgroupLimits): Promise<void> {
    for (const tree of ['memory', 'cpu', ...(limits.pids === undefined ? [] : ['pids'])])
      await makeDirectory(join(this.#root, tree, location));
    await this.#limit(location, limits);
  }

  async limitParent(parent: string, { pids, ...limits }: CgroupLimits): Promise<void> {
    const location = pathOf(parent);
    if (!existsSync(join(this.#root, 'memory', location))) return;
    await unlessInUse(this.#limit(location, { ...limits, ...(pids !== undefined && { pids }) })).catch(
      // Its last sandbox went meanwhile.
      ifThere(join(this.#root, 'memory', location)),
    );
  }

  async #limit(location: string, { cpuMillis, memoryMiB, cpuShares, pids }: CgroupLimits): Promise<void> {
    const [memory, cpu] = [join(this.#root, 'memory', location), join(this.#root, 'cpu', location)];
    if (pids !== undefined) await limit(join(this.#root, 'pids', location, 'pids.max'), String(pids));
    if (cpuShares !== undefined) await limit(join(cpu, 'cpu.shares'), String(cpuShares));
    if (memoryMiB !== undefined) {
      // Kernels before 5.11 count children only when told to; newer ones always do and may have no such file.
      await writeFile(join(memory, 'memory.use_hierarchy'), '1').catch(() => {});
      await limit(join(memory, 'memory.limit_in_bytes'), bytesOf(memoryMiB));
    }
    if (cpuMillis !== undefined) {
      await limit(join(cpu, 'cpu.cfs_period_us'), String(cpuPeriodMicros));
      await limit(join(cpu, 'cpu.cfs_quota_us'), String(quotaMicros(cpuMillis)));
    }
  }

  /** The Engine has made the same path in every other controller's tree. */
  async remove(location: string): Promise<void> {
    const trees = await readdir(this.#root, { withFileTypes: true });
    await Promise.all(
      trees
        .filter((tree) => tree.isDirectory())
        .map((tree) => removeTree(join(this.#root, tree.name), location, this.#clock)),
    );
  }
}

/** Version 2: one tree, whose every level must hand its controllers down. */
class UnifiedTree implements Cgroups {
  readonly missing = undefined;
  readonly #root: string;
  readonly #clock: Clock;

  constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
  }

  locate(parent: string, sandboxId: string): string {
    return `${pathOf(parent)}/${nameOf(sandboxId)}`;
  }

  async make(location: string, limits: CgroupLimits): Promise<void> {
    const directory = join(this.#root, location);
    await makeDirectory(directory);
    let level = this.#root;
    for (const name of location.split('/').slice(1)) {
      for (const controller of ['cpu', 'memory', 'pids']) {
        // One that the level above does not have is refused here; a limit that needs it says so below.
        await writeFile(join(level, 'cgroup.subtree_control'), `+${controller}`).catch(() => {});
      }
      level = join(level, name);
    }
    await this.#limit(directory, limits);
  }

  async limitParent(parent: string, limits: CgroupLimits): Promise<void> {
    const directory = join(this.#root, pathOf(parent));
    if (!existsSync(directory)) return;
    await unlessInUse(this.#limit(directory, limits)).catch(ifThere(directory));
  }

  async #limit(directory: string, { cpuMillis, memoryMiB, cpuShares, pids }: CgroupLimits): Promise<void> {
    if (pids !== undefined) await limit(join(directory, 'pids.max'), String(pids));
    if (cpuShares !== undefined) await limit(join(directory, 'cpu.weight'), String(weightOf(cpuShares)));
    if (memoryMiB !== undefined) await limit(join(directory, 'memory.max'), bytesOf(memoryMiB));
    if (cpuMillis !== undefined) {
      await limit(join(directory, 'cpu.max'), `${quotaMicros(cpuMillis)} ${cpuPeriodMicros}`);
    }
  }

  async remove(location: string): Promise<void> {
    await removeTree(this.#root, location, this.#clock);
  }
}

/** The systemd driver, with either version: a slice that exists as long as it has properties or members. */
class Slices implements Cgroups {
  readonly missing = undefined;
  readonly #systemctl: (args: readonly string[]) => Promise<void>;

  constructor(systemctl: (args: readonly string[]) => Promise<void>) {
    this.#systemctl = systemctl;
  }

  /** A dash in a slice's name means "child of": only those between the levels may stay. */
  locate(parent: string, sandboxId: string): string {
    return `${sliceOf(parent)}-${nameOf(sandboxId).replaceAll('-', '_')}.slice`;
  }

  async make(location: string, { cpuMillis, memoryMiB, cpuShares, pids }: CgroupLimits): Promise<void> {
    const properties = [
      ...(cpuShares === undefined ? [] : [`CPUWeight=${weightOf(cpuShares)}`]),
      ...(pids === undefined ? [] : [`TasksMax=${pids}`]),
      ...(memoryMiB === undefined ? [] : [`MemoryMax=${bytesOf(memoryMiB)}`]),
      ...(cpuMillis === undefined ? [] : [`CPUQuota=${cpuMillis / 10}%`]),
    ];
    if (properties.length === 0) return;
    try {
      await this.#systemctl(['set-property', '--runtime', location, ...properties]);
      await this.#systemctl(['start', location]);
    } catch (cause) {
      throw refused(location, cause);
    }
  }

  async limitParent(parent: string, limits: CgroupLimits): Promise<void> {
    await this.make(`${sliceOf(parent)}.slice`, limits);
  }

  async remove(location: string): Promise<void> {
    // Neither is there when the slice never had limits.
    await this.#systemctl(['stop', location]).catch(() => {});
    await this.#systemctl(['revert', location]).catch(() => {});
  }
}

const pathOf = (parent: string): string =>
  parent
    .split('/')
    .map((name) => `/${nameOf(name)}`)
    .join('');

const sliceOf = (parent: string): string =>
  parent
    .split('/')
    .map((name) => nameOf(name).replaceAll('-', '_'))
    .join('-');

/**
 * Version 2 weighs from 1 to 10,000 what version 1 weighs from 2 to 262,144, and 100 what has 1,024, each the kernel's
 * default: as runc since 1.3.2 and crun since 1.23 convert it, so that one CPU weighs as much as a neighbour of whom nobody said anything.
 */
function weightOf(cpuShares: number): number {
  const doublings = Math.log2(Math.min(Math.max(cpuShares, 2), 262_144));
  return Math.ceil(10 ** ((doublings ** 2 + 125 * doublings) / 612 - 7 / 34));
}

/** @throws {TypeError} a name that would leave its place in the tree. */
function nameOf(part: string): string {
  if (!/^[\w.-]*\w[\w.-]*$/.test(part))
    throw new TypeError(
      `Cannot name a cgroup "${part}": only letters, digits, "_", "." and "-" may be in it`,
    );
  return part;
}

/** Another sandbox's removal may take the empty parent away between its making and the child's. */
async function makeDirectory(path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await mkdir(path, { recursive: true });
      return;
    } catch (cause) {
      if (codeOf(cause) !== 'ENOENT' || attempt === 5) throw refused(path, cause);
    }
  }
}

async function limit(path: string, value: string): Promise<void> {
  try {
    // Opening with O_CREAT would report a missing controller as a permission.
    await access(path);
    await writeFile(path, value, { flag: 'r+' });
  } catch (cause) {
    throw refused(path, cause);
  }
}

const ifThere =
  (directory: string) =>
  (error: unknown): void => {
    if (existsSync(directory)) throw error;
  };

/** EBUSY: more memory is in use than that. EINVAL: a child was promised more CPU. */
async function unlessInUse(limiting: Promise<void>): Promise<void> {
  try {
    await limiting;
  } catch (error) {
    const why = error instanceof Error ? codeOf(error.cause) : undefined;
    if (why !== 'EBUSY' && why !== 'EINVAL') throw error;
  }
}

function refused(path: string, cause: unknown): RuntimeError {
  const words = cause instanceof Error ? cause.message : String(cause);
  return new RuntimeError(
    'Unsupported',
    `Cannot limit a sandbox by its cgroup (${path}): ${words}. Is the controller mounted and delegated?`,
    words,
    { cause },
  );
}

/** Removes `location` and what is left below it, then its parents up to the first that has others. */
async function removeTree(root: string, location: string, clock: Clock): Promise<void> {
  const path = join(root, location);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await removeDirectories(path);
      break;
    } catch (cause) {
      // The last processes of a killed container leave a moment after their exit was reported.
      if (codeOf(cause) !== 'EBUSY' && codeOf(cause) !== 'ENOTEMPTY') throw cause;
      if (attempt === removeAttempts) {
        const message = `Cannot remove cgroup ${path}: processes are still in it`;
        throw new RuntimeError('CannotRemoveContainer', message, message, { cause });
      }
      await clock.sleep(removeRetryMs);
    }
  }
  for (let parent = dirname(location); parent !== '/'; parent = dirname(parent)) {
    const isRemoved = await rmdir(join(root, parent)).then(
      () => true,
      (error: unknown) => codeOf(error) === 'ENOENT',
    );
    if (!isRemoved) return;
  }
}

/** A cgroup's files go with its directory; only directories are removed, the deepest first. The Engine removes some meanwhile. */
async function removeDirectories(path: string): Promise<void> {
  const ifThere = (error: unknown): [] => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  };
  try {
    await rmdir(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    const children = await readdir(path, { withFileTypes: true }).catch(ifThere);
    for (const child of children) if (child.isDirectory()) await removeDirectories(join(path, child.name));
    await rmdir(path).catch(ifThere);
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
