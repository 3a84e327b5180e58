import { statfs } from 'node:fs/promises';
import { hex, type Random } from '../../clock/index.ts';
import type {
  ContainerSpec,
  Image,
  Mount,
  SandboxDisk,
  SandboxDiskSpace,
  SandboxDiskSupport,
} from '../runtime.ts';
import { isEngineAway } from '../runtime-error.ts';
import type { Containers } from './containers.ts';
import { Disks } from './disks.ts';
import { roleLabel } from './labels.ts';
import { pauseReference } from './pause-image.ts';

const MiB = 1_048_576;
const probeBytes = 8 * MiB;

interface SandboxDisksParts {
  /** Where they are; undefined: none were wanted. */
  readonly directory: string | undefined;
  /** The Engine runs under this kernel, so that its files may be ours to see. */
  readonly isLocal: boolean;
  readonly containers: Containers;
  readonly random: Random;
  readonly labels: Readonly<Record<string, string>>;
  readonly makePauseImage: () => Promise<void>;
  /** Those that sandboxes are on, whoever made them. */
  readonly disksInUse: () => Promise<ReadonlySet<string>>;
}

/**
 * Whether sandboxes can be given disks here, and which they have. Whether the Engine really writes on one shows when a
 * container that it has started has a root file system of the disk's size.
 */
export class SandboxDisks {
  readonly #parts: SandboxDisksParts;
  readonly #disks: Disks | undefined;
  #support: Promise<SandboxDiskSupport> | undefined;

  constructor(parts: SandboxDisksParts) {
    this.#parts = parts;
    this.#disks = parts.directory === undefined ? undefined : new Disks(parts.directory);
  }

  /** An Engine that is away just now is asked again. */
  support(): Promise<SandboxDiskSupport> {
    this.#support ??= this.#probe().catch((error: unknown) => {
      this.#support = undefined;
      throw error;
    });
    return this.#support;
  }

  async make(disk: SandboxDisk): Promise<void> {
    await this.#disks?.make(disk);
  }

  /** Before each start of a container whose sandbox has a disk. */
  async hold(disk: string, container: string): Promise<void> {
    const { directory } = await this.#parts.containers.layerOf(container);
    if (directory !== undefined) await this.#disks?.hold(disk, directory);
  }

  /** Removes a container of a sandbox that may have a disk. */
  async removeContainer(disk: string | undefined, container: string): Promise<void> {
    const { containers } = this.#parts;
    if (disk === undefined) return containers.remove(container);
    const { directory } = await containers.layerOf(container);
    await containers.remove(container);
    if (directory !== undefined) await this.#disks?.release(disk, directory);
  }

  async removeVolume(disk: string, volume: string): Promise<void> {
    await this.#disks?.removeVolume(disk, volume);
  }

  volumeDirectory(disk: string, volume: string): Promise<string> | undefined {
    return this.#disks?.volumeDirectory(disk, volume);
  }

  async space(disk: string): Promise<SandboxDiskSpace | undefined> {
    return this.#disks?.space(disk);
  }

  /** @param isWanted Whether there is still a sandbox that has it. */
  async remove(disk: string, isWanted?: () => Promise<boolean>): Promise<void> {
    await this.#disks?.remove(disk, isWanted);
  }

  /** Takes away what nobody has, e.g. what an Engine that was set up anew has forgotten. */
  async removeAll(): Promise<void> {
    for (const name of (await this.#disks?.names()) ?? []) await this.#disks?.remove(name);
  }

  async #probe(): Promise<SandboxDiskSupport> {
    const { containers, random, labels, isLocal, makePauseImage, disksInUse } = this.#parts;
    const disks = this.#disks;
    if (disks === undefined) return { works: false, why: 'no directory for disks of tasks was given' };
    if (process.platform !== 'linux' || process.getuid?.() !== 0 || !isLocal)
      return { works: false, why: 'that takes Catamaran as root on the Linux machine of the engine' };
    const name = `probe-${hex(random, 12)}`;
    const container = `catamaran-disk-${name}`;
    try {
      // What no sandbox is on was left by a process that was killed, or by an Engine that was set up anew.
      // A disk is made after its sandbox's record, so in this order none is taken that another process is just making.
      const names = await disks.names();
      const inUse = await disksInUse();
      for (const left of names) if (!inUse.has(left)) await disks.remove(left);
      await makePauseImage();
      await disks.make({ name, sizeBytes: probeBytes });
      await containers.createNamed(container, {
        Image: pauseReference,
        Labels: { ...labels, [roleLabel]: 'disk-probe' },
        HostConfig: { NetworkMode: 'none', CapDrop: ['ALL'], LogConfig: { Type: 'none', Config: {} } },
      });
      const { directory } = await containers.layerOf(container);
      if (directory === undefined)
        return { works: false, why: "the engine's storage driver is not overlay2, the one that is known" };
      await disks.hold(name, directory);
      const { status } = await containers.start(container);
      if (status.state !== 'running')
        throw new Error(`a container was ${status.state} right after its start`);
      const { blocks, bsize } = await statfs(`/proc/${status.pid}/root`);
      const space = await disks.space(name);
      if (blocks * bsize !== space?.sizeBytes)
        return {
          works: false,
          why: 'the engine does not write where it was told to: it may have mounts of its own',
        };
      return { works: true, how: 'a container was started on a disk of its own' };
    } catch (error) {
      if (isEngineAway(error)) throw error;
      return { works: false, why: error instanceof Error ? error.message : String(error) };
    } finally {
      // What is left is taken away by the next probe, or by `purge`.
      await containers.remove(container).catch(() => {});
      await disks.remove(name).catch(() => {});
    }
  }
}

/** Named here, so that they are on the sandbox's disk: the Engine's own are on the machine's. */
export function mountsOfImage(spec: ContainerSpec, image: Image | undefined): readonly Mount[] {
  const taken = new Set([
    ...(spec.mounts ?? []).map(({ target }) => target),
    ...(spec.tmpfs ?? []).map(({ containerPath }) => containerPath),
  ]);
  return (image?.volumes ?? []).flatMap((target, index) =>
    taken.has(target)
      ? []
      : [
          {
            type: 'volume' as const,
            name: `${spec.name}-image-${index}`,
            target,
            isReadOnly: false,
            scope: 'sandbox' as const,
          },
        ],
  );
}
