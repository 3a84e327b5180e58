import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Image, type Runtime, unpackImage } from '../../../runtime/index.ts';
import { codeOf } from '../../error-code.ts';

export interface ImageVolumesOptions {
  readonly runtime: Pick<Runtime, 'saveImage'>;
  /** The kubelet's own. */
  readonly stateDirectory: string;
}

const plugin = 'plugins/kubernetes.io~image';

/**
 * The files of images that pods mount, each image once per node in `image-volumes/<id>`, and there as long as a pod uses it.
 * A pod's directory names what it uses, so all that has to be known is on disk, and goes with the pod.
 */
export class ImageVolumes {
  readonly #options: ImageVolumesOptions;
  /** One thing at a time: an image that is being written is not taken away. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ImageVolumesOptions) {
    this.#options = options;
  }

  /** Idempotent. @returns the directory with the image's files. @throws {RuntimeError}; {Error} it can't be unpacked. */
  mount(podUid: string, image: Pick<Image, 'id'>, signal: AbortSignal): Promise<string> {
    return this.#inTurn(async () => {
      const { runtime, stateDirectory } = this.#options;
      const name = image.id.replace(/^sha256:/, '');
      const uses = join(stateDirectory, 'pods', podUid, plugin);
      await mkdir(uses, { recursive: true, mode: 0o750 });
      // First of all: what nobody uses is removed.
      await writeFile(join(uses, name), '');
      const directory = join(this.#directory, name);
      const isThere = await stat(directory).then(
        () => true,
        () => false,
      );
      if (!isThere) await unpackImage(runtime.saveImage(image.id, signal), directory, signal);
      return directory;
    });
  }

  /** Removes what no pod uses, and what was left half written. */
  collect(): Promise<void> {
    return this.#inTurn(async () => {
      const found = await entriesOf(this.#directory);
      if (found.length === 0) return;
      const pods = join(this.#options.stateDirectory, 'pods');
      const used = await Promise.all(
        (await entriesOf(pods)).map((uid) => entriesOf(join(pods, uid, plugin))),
      );
      for (const name of found)
        if (!used.flat().includes(name))
          await rm(join(this.#directory, name), { recursive: true, force: true });
    });
  }

  get #directory(): string {
    return join(this.#options.stateDirectory, 'image-volumes');
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const acting = this.#turn.then(act);
    this.#turn = acting.catch(() => {});
    return acting;
  }
}

async function entriesOf(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    return [];
  });
}
