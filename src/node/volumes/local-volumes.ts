import { existsSync } from 'node:fs';
import { mkdir, open, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isWithin, type MountEntry, mountTable, runCommand } from '../../runtime/index.ts';
import { codeOf } from '../error-code.ts';
import { Slots } from '../slots.ts';
import {
  checkImage,
  fillDevice,
  fillImage,
  growImage,
  imageBytes,
  isOutgrown,
  makeImage,
  sizeOfImage,
  VolumeRefusal,
} from './volume-image.ts';

/** A volume of this machine. */
export interface VolumeId {
  /** Of the cluster that it is a volume of: no other's pods get it. */
  readonly clusterId: string;
  /** As its PersistentVolume's handle has it. */
  readonly name: string;
}

/** How a volume is shown to a pod. */
export interface Publication {
  /** An empty directory. */
  readonly target: string;
  /** The directory of the node whose pod it is. */
  readonly nodeDirectory: string;
  /** Whether pods of several nodes may have it at a time. */
  readonly isShared: boolean;
  /** As `mount -o` takes them. */
  readonly options: readonly string[];
}

const unmountMs = 20_000;

/**
 * The volumes that this machine makes for pods: each is an ext4 file system in a file, all of whose blocks are set aside
 * when it is made, so that it holds what it says and never more. All nodes of the machine have them; a file system is
 * mounted once (`mounted`) and shown to pods from there. What is mounted is what the kernel says; nothing is written down.
 */
export class LocalVolumes {
  readonly #directory: string;
  readonly #canMount: boolean;
  /** One thing at a time is done to a volume. */
  readonly #turns = new Map<string, Slots>();
  readonly #listeners = new Set<(volume: VolumeId) => void>();

  /** @param directory Its own. @param canMount Whether this process may mount: root on Linux. */
  constructor(directory: string, canMount: boolean) {
    this.#directory = directory;
    this.#canMount = canMount;
  }

  /** All that there are, also such as were not finished. */
  async list(): Promise<readonly VolumeId[]> {
    const clusters = await namesIn(this.#directory);
    const found = clusters.map(async (clusterId) => {
      const names = await namesIn(join(this.#directory, clusterId));
      return names.map((name) => ({ clusterId, name }));
    });
    return (await Promise.all(found)).flat();
  }

  /**
   * Makes a volume unless it is there.
   * @returns bytes it has: what was asked for at least, where it is new.
   * @throws {VolumeRefusal}
   */
  async make(volume: VolumeId, askedBytes: number): Promise<number> {
    if (!this.#canMount)
      throw new VolumeRefusal('Unimplemented', 'volumes of this machine take root on Linux');
    using _ = await this.#turn(volume);
    const { directory, image } = this.#places(volume);
    const bytes = imageBytes(askedBytes);
    const present = await sizeOfImage(image);
    if (present !== undefined) return present;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await makeImage(image, bytes);
    return bytes;
  }

  /**
   * Has the file of a volume grow, unless it is as large; its file system grows when it is mounted, or by `growFileSystem`.
   * @returns bytes it has.
   * @throws {VolumeRefusal} There is no room; {Error} it is not there: it is not made anew, for its data would be missed.
   */
  async grow(volume: VolumeId, askedBytes: number): Promise<number> {
    using _ = await this.#turn(volume);
    const { image } = this.#places(volume);
    const [bytes, present] = [imageBytes(askedBytes), await sizeOfImage(image)];
    if (present === undefined) throw new Error(notHere(volume));
    if (present < bytes) await growImage(image, present, bytes);
    // Also what an earlier process left when it was killed.
    const mount = await this.#mountOf(volume);
    if (mount !== undefined) await runCommand('losetup', ['--set-capacity', mount.source]);
    for (const listener of this.#listeners) listener(volume);
    return Math.max(present, bytes);
  }

  /** Told of each volume whose file has grown. May not throw. */
  onGrown(listener: (volume: VolumeId) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Takes a volume away with all its data. Is gone: success. @throws {Error} A pod has it. */
  async remove(volume: VolumeId): Promise<void> {
    using _ = await this.#turn(volume);
    const { directory } = this.#places(volume);
    const mount = await this.#mountOf(volume);
    if (mount !== undefined) {
      if ((await shownElsewhere(mount)).length > 0) throw new Error(`${volume.name} is mounted by a pod`);
      await runCommand('umount', [mount.path], { timeoutMs: unmountMs });
    }
    await rm(directory, { recursive: true, force: true });
  }

  /**
   * Shows a volume to a pod. Idempotent.
   * @throws {Error} in upstream's words: it is not there, or another node has it.
   */
  async publish(volume: VolumeId, { target, nodeDirectory, isShared, options }: Publication): Promise<void> {
    using _ = await this.#turn(volume);
    const mount = (await this.#mountOf(volume)) ?? (await this.#mount(volume, options));
    const own = await realpath(nodeDirectory);
    const shown = (await shownElsewhere(mount)).map(({ path }) => path);
    if (shown.includes(await realpath(target))) return;
    if (!isShared && shown.some((path) => !isWithin(path, own)))
      throw new Error(
        `Multi-Attach error for volume "${volume.name}" Volume is already exclusively attached to one node and can't be attached to another`,
      );
    await runCommand('mount', ['--bind', mount.path, target]);
  }

  /**
   * Has the file system of a volume that is mounted fill its file.
   * @returns false: it can't as long as it is mounted; it is done when it is mounted again.
   */
  async growFileSystem(volume: VolumeId): Promise<boolean> {
    using _ = await this.#turn(volume);
    const mount = await this.#mountOf(volume);
    if (mount === undefined) throw new Error(`${volume.name} is not mounted`);
    return fillDevice(mount.source);
  }

  /** Unmounts what no pod has any more. */
  async release(): Promise<void> {
    for (const volume of await this.list()) {
      using _ = await this.#turn(volume);
      const mount = await this.#mountOf(volume);
      if (mount !== undefined && (await shownElsewhere(mount)).length === 0)
        await runCommand('umount', [mount.path], { timeoutMs: unmountMs });
    }
  }

  async #mount(volume: VolumeId, options: readonly string[]): Promise<MountEntry> {
    const { image, mounted } = this.#places(volume);
    if (!existsSync(image)) throw new Error(notHere(volume));
    await mkdir(mounted, { recursive: true, mode: 0o700 });
    await using device = await heldDevice(image);
    if (device === undefined) {
      await checkImage(image);
      await fillImage(image);
    }
    const [source, all] = device === undefined ? [image, ['loop', ...options]] : [device.path, options];
    await runCommand('mount', ['-t', 'ext4', '-o', ['rw', ...all].join(','), source, mounted]);
    const mount = await this.#mountOf(volume);
    if (mount === undefined) throw new Error(`${image} was mounted and is not to be found`);
    return mount;
  }

  async #mountOf(volume: VolumeId): Promise<MountEntry | undefined> {
    const { directory } = this.#places(volume);
    const real = await realpath(directory).catch(() => undefined);
    if (real === undefined) return undefined;
    const path = join(real, 'mounted');
    return (await mountTable()).find((entry) => entry.path === path);
  }

  async #turn(volume: VolumeId): Promise<Disposable> {
    const { directory } = this.#places(volume);
    const slots = this.#turns.get(directory) ?? new Slots(1);
    this.#turns.set(directory, slots);
    const turn = await slots.take();
    return {
      [Symbol.dispose]: () => {
        turn[Symbol.dispose]();
        if (slots.isIdle) this.#turns.delete(directory);
      },
    };
  }

  /** @throws {Error} Its name leads somewhere else. */
  #places({ clusterId, name }: VolumeId) {
    for (const part of [clusterId, name])
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(part))
        throw new Error(`${JSON.stringify(part)} is no name of a volume of this machine`);
    const directory = join(this.#directory, clusterId, name);
    return { directory, image: join(directory, 'image'), mounted: join(directory, 'mounted') };
  }
}

/** Each of which takes a program's start. */
const detachAttempts = 500;
const letGoAttempts = 500;

/**
 * The loop device that an image is attached to, held open: the kernel detaches one when its last user goes, and gives it to
 * another image. It may be without a mount that is seen here: a container that is ending has mounts of its own, and what is
 * in use there must not be touched from below; or it grows still.
 */
async function heldDevice(image: string): Promise<(AsyncDisposable & { readonly path: string }) | undefined> {
  // Not every kernel lets a file system grow that is mounted: who has this one yet is given the time to let it go.
  const patience = (await isOutgrown(image)) ? letGoAttempts : 0;
  for (let attempt = 1; attempt <= patience + detachAttempts; attempt += 1) {
    const path = await deviceOf(image);
    if (path === undefined) return undefined;
    if (attempt <= patience) continue;
    // While it is detached it can't be opened, or is no longer the image's.
    const held = await open(path).catch(() => undefined);
    if (held !== undefined && (await deviceOf(image)) === path)
      return { path, [Symbol.asyncDispose]: () => held.close() };
    await held?.close();
  }
  throw new Error(`the loop device of ${image} is being detached, and does not get there`);
}

async function deviceOf(image: string): Promise<string | undefined> {
  const found = await runCommand('losetup', ['--associated', image, '--noheadings', '--output', 'NAME']);
  return found.split('\n')[0]?.trim() || undefined;
}

const notHere = ({ name }: VolumeId): string => `volume ${name} is not on this machine`;

/** Where else the same file system is mounted. */
const shownElsewhere = async ({ device, path }: MountEntry): Promise<readonly MountEntry[]> =>
  (await mountTable()).filter((entry) => entry.device === device && entry.path !== path);

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
