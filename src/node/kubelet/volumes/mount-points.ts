import { execFile } from 'node:child_process';
import { realpath, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { isWithin, mountTable } from '../../../runtime/index.ts';

const run = promisify(execFile);
const timeout = 20_000;

/** What is mounted on this machine. */
export interface MountPoints {
  /** Whether this process may mount; where not, volumes of memory are on disk, and subPaths are not bound. */
  readonly canMount: boolean;
  /** A file system in memory. Is there already: success. @param sizeBytes Undefined: half of the machine's. */
  mountMemory(directory: string, sizeBytes?: number): Promise<void>;
  /** Shows `source` at `target`, which is of its kind, once more. @param source E.g. `/proc/1/fd/7`. */
  bind(source: string, target: string): Promise<void>;
  isMounted(path: string): Promise<boolean>;
  unmount(path: string): Promise<void>;
  /** Removes a directory with everything in it, after all that is mounted in it: nothing of that is touched. */
  remove(directory: string): Promise<void>;
}

/** Linux, as root. Everything goes through `mount` and `umount`, which every Linux has. */
const linuxMountPoints: MountPoints = {
  canMount: true,
  mountMemory: async (directory, sizeBytes) => {
    if (await linuxMountPoints.isMounted(directory)) return;
    const size = sizeBytes === undefined ? [] : ['-o', `size=${sizeBytes}`];
    await run('mount', ['-t', 'tmpfs', ...size, 'tmpfs', directory], { timeout });
  },
  bind: async (source, target) => {
    await run('mount', ['--no-canonicalize', '--bind', source, target], { timeout });
  },
  isMounted: async (path) => {
    const real = await realPathOf(path);
    return (await mountedUnder(real)).includes(real);
  },
  unmount: async (path) => {
    await run('umount', [path], { timeout });
  },
  remove: async (directory) => {
    const real = await realPathOf(directory);
    // What was mounted last lies over what was mounted first.
    for (const path of (await mountedUnder(real)).toReversed()) await linuxMountPoints.unmount(path);
    const left = await mountedUnder(real);
    if (left.length > 0) throw new Error(`${left.join(', ')} can't be unmounted: something still uses it`);
    await rm(directory, { recursive: true, force: true });
  },
};

/** Whoever may not mount. */
export const noMountPoints: MountPoints = {
  canMount: false,
  mountMemory: async () => {},
  bind: async (source) => {
    throw new Error(`${source} can't be mounted: that takes root on Linux`);
  },
  isMounted: async () => false,
  unmount: async () => {},
  remove: (directory) => rm(directory, { recursive: true, force: true }),
};

/** Of this process, as far as it may. */
export function ownMountPoints(): MountPoints {
  return process.platform === 'linux' && process.getuid?.() === 0 ? linuxMountPoints : noMountPoints;
}

/**
 * Removes a directory of the node's, with everything in it but what is only mounted there: that is the user's.
 * @throws {Error} something in it can't be unmounted: nothing is removed.
 */
export async function removeWithMounts(directory: string): Promise<void> {
  await ownMountPoints().remove(directory);
}

/** As the kernel names it: a link may lead there. What is not there has its own name. */
const realPathOf = (path: string): Promise<string> => realpath(path).catch(() => path);

/** In the order in which they were mounted. */
async function mountedUnder(directory: string): Promise<readonly string[]> {
  const all = await mountTable();
  return all.map(({ path }) => path).filter((path) => isWithin(path, directory));
}
