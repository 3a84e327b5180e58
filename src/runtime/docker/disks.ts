import { existsSync } from 'node:fs';
import { mkdir, readdir, realpath, rename, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checkExt4, makeExt4 } from '../ext4.ts';
import { type MountEntry, mountTable } from '../mount-table.ts';
import { runCommand } from '../run-command.ts';
import type { SandboxDisk, SandboxDiskSpace } from '../runtime.ts';
import { RuntimeError } from '../runtime-error.ts';

const MiB = 1_048_576;
const copyMs = 120_000;
const unmountMs = 20_000;
/** What ext4 keeps for itself, most of all its tables of inodes: 1.57% with one inode for 16 KiB. */
const ownShare = 0.0165;

/** How large a file must be for its file system to have so much room for files. */
export const imageBytes = (roomBytes: number): number =>
  Math.ceil(roomBytes / (1 - ownShare) / MiB + 1) * MiB;

/**
 * File systems of a limited size, each in a sparse file of its own: what sandboxes write is held together by them.
 *
 * overlay2 keeps what a container writes in one directory (`<data root>/overlay2/<id>`, with `diff` and `work`). Before a
 * container starts, that directory is copied onto the disk and the copy is mounted over it, so the Engine mounts its
 * overlay with upper and work directories there and the kernel says ENOSPC when the disk is full. When the Engine removes
 * the container it unmounts and removes what is there (its `EnsureRemoveAll`).
 *
 * What is mounted is what the kernel says; nothing is written down. Every method is idempotent.
 */
export class Disks {
  readonly #directory: string;
  /** One thing at a time is done to a disk. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /** @param directory Their own. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes a disk unless it is there, and mounts it. @throws {RuntimeError} `DiskFull`, `CannotCreateVolume` */
  make({ name, sizeBytes }: SandboxDisk): Promise<void> {
    return this.#alone(name, 'make', async () => {
      const { directory, image } = this.#places(name);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const isNew = !existsSync(image);
      if (isNew) {
        const unfinished = `${image}.new`;
        await writeFile(unfinished, '', { mode: 0o600 });
        await truncate(unfinished, imageBytes(sizeBytes));
        // It does not outlive its tasks, so there is nothing to journal, and it never grows.
        await makeExt4(unfinished, {
          features: ['^has_journal', '^resize_inode'],
          extended: ['lazy_itable_init=1', 'nodiscard'],
        });
        await rename(unfinished, image);
      }
      await this.#mounted(name, isNew);
    });
  }

  /**
   * Has a container, which does not run, write on a disk. Again after the machine or the Engine was restarted, which
   * unmounts what is mounted below its data root.
   * @param layer The container's directory of overlay2's.
   * @throws {RuntimeError} `DiskFull`: with what other containers have written it is full.
   */
  hold(name: string, layer: string): Promise<void> {
    return this.#alone(name, 'use', async () => {
      const { directory, device } = await this.#mounted(name);
      if ((await mountAt(await realpath(layer)))?.device === device) return;
      const own = join(directory, 'layers', basename(layer));
      if (!existsSync(own)) {
        const unfinished = `${own}.new`;
        await rm(unfinished, { recursive: true, force: true });
        await mkdir(dirname(own), { recursive: true, mode: 0o710 });
        // Whiteouts and opaque directories are devices and extended attributes.
        await runCommand('cp', ['-a', layer, unfinished], { timeoutMs: copyMs });
        await rename(unfinished, own);
      }
      await runCommand('mount', ['--bind', own, layer]);
    });
  }

  /** What a container that is gone has written goes, too. */
  async release(name: string, layer: string): Promise<void> {
    await this.#removeOn(name, 'layers', basename(layer));
  }

  async removeVolume(name: string, volume: string): Promise<void> {
    await this.#removeOn(name, 'volumes', volume);
  }

  /** A directory on a disk for a volume of the sandbox's. */
  async volumeDirectory(name: string, volume: string): Promise<string> {
    let path = '';
    await this.#alone(name, 'use', async () => {
      const { directory } = await this.#mounted(name);
      path = join(directory, 'volumes', volume);
      // As the Engine makes its volumes'.
      await mkdir(path, { recursive: true, mode: 0o755 });
    });
    return path;
  }

  /** Undefined: there is none, or it is not mounted. */
  async space(name: string): Promise<SandboxDiskSpace | undefined> {
    const mount = await this.#mountOf(name);
    if (mount === undefined) return undefined;
    const { blocks, bfree, bsize } = await statfs(mount.path);
    return { usedBytes: (blocks - bfree) * bsize, sizeBytes: blocks * bsize };
  }

  /** Takes a disk away with all that is on it, unless `isWanted` says that somebody still uses it. Is gone: success. */
  remove(name: string, isWanted: () => Promise<boolean> = async () => false): Promise<void> {
    return this.#alone(name, 'remove', async () => {
      if (await isWanted()) return;
      const { directory } = this.#places(name);
      const mount = await this.#mountOf(name);
      if (mount !== undefined) {
        const all = (await mountTable()).filter(({ device }) => device === mount.device);
        // What was mounted last lies over what was mounted first.
        for (const { path } of all.toReversed()) await runCommand('umount', [path], { timeoutMs: unmountMs });
      }
      await rm(directory, { recursive: true, force: true });
    });
  }

  /** All that there are, also such as were not finished. */
  async names(): Promise<readonly string[]> {
    return existsSync(this.#directory) ? await readdir(this.#directory) : [];
  }

  async #mounted(
    name: string,
    isNew = false,
  ): Promise<{ readonly directory: string; readonly device: string }> {
    const { image, mounted } = this.#places(name);
    await mkdir(mounted, { recursive: true, mode: 0o700 });
    const there = await mountAt(await realpath(mounted));
    if (there !== undefined) return { directory: there.path, device: there.device };
    // Where a machine lost power its file system was not unmounted, and it has no journal.
    if (!isNew) await checkExt4(image);
    // What tasks delete is given back to the machine.
    await runCommand('mount', ['-t', 'ext4', '-o', 'loop,noinit_itable,discard', image, mounted]);
    const mount = await mountAt(await realpath(mounted));
    if (mount === undefined) throw new Error(`${image} was mounted and is not to be found`);
    return { directory: mount.path, device: mount.device };
  }

  async #removeOn(name: string, kind: 'layers' | 'volumes', entry: string): Promise<void> {
    const mount = await this.#mountOf(name);
    if (mount !== undefined) await rm(join(mount.path, kind, entry), { recursive: true, force: true });
  }

  async #mountOf(name: string): Promise<MountEntry | undefined> {
    const real = await realpath(this.#places(name).mounted).catch(() => undefined);
    return real === undefined ? undefined : mountAt(real);
  }

  async #alone(name: string, verb: string, work: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#turns.set(name, turn);
    try {
      await turn;
    } catch (error) {
      throw failureOf(`Cannot ${verb} the disk '${name}'`, error);
    } finally {
      if (this.#turns.get(name) === turn) this.#turns.delete(name);
    }
  }

  #places(name: string) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(name))
      throw new TypeError(`${JSON.stringify(name)} is no name of a disk`);
    const directory = join(this.#directory, name);
    return { directory, image: join(directory, 'image'), mounted: join(directory, 'mounted') };
  }
}

/** What lies over everything else at a path. */
const mountAt = async (path: string): Promise<MountEntry | undefined> =>
  (await mountTable()).findLast((entry) => entry.path === path);

function failureOf(attempt: string, error: unknown): unknown {
  if (error instanceof TypeError) return error;
  const words = error instanceof Error ? error.message : String(error);
  const code = /no space left on device/i.test(words) ? 'DiskFull' : 'CannotCreateVolume';
  return new RuntimeError(code, `${attempt}: ${words}`, words, { cause: error });
}
