import { join } from 'node:path';
import type { Clock } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import { type Image, type Runtime, RuntimeError } from '../../../runtime/index.ts';
import { readIfThere, replaceFile } from '../whole-file.ts';

interface Pulled {
  readonly sizeBytes: number;
  readonly lastUsedMs: number;
}

const fileName = 'images.json';
/** One that has just come is there for somebody. */
const leastAgeMs = 2 * 60_000;

/**
 * The images that this node has brought to the machine, which others share: only those are its own to remove, and only while no
 * container of the Engine is made from them.
 */
export class PulledImages {
  readonly #options: PulledImagesOptions;
  readonly #path: string;
  readonly #images: Map<string, Pulled>;

  constructor(options: PulledImagesOptions) {
    this.#options = options;
    this.#path = join(options.stateDirectory, fileName);
    this.#images = new Map(Object.entries(this.#read()));
  }

  /** It was not there before. */
  pulled(reference: string, { sizeBytes = 0 }: Image): void {
    this.#images.set(reference, { sizeBytes, lastUsedMs: this.#options.clock.now() });
    this.#write();
  }

  /** A container is to be made from it. */
  used(reference: string): void {
    const known = this.#images.get(reference);
    if (known) this.#images.set(reference, { ...known, lastUsedMs: this.#options.clock.now() });
  }

  get totalBytes(): number {
    return [...this.#images.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /**
   * Removes images until so many bytes are free, the longest unused first.
   * @param needed References that pods of the node are to run.
   * @returns how many bytes were freed.
   * @throws {RuntimeError} the engine is away.
   */
  async remove(bytes: number, needed: ReadonlySet<string>): Promise<number> {
    const { runtime, clock } = this.#options;
    const oldest = [...this.#images]
      .filter(
        ([reference, { lastUsedMs }]) => !needed.has(reference) && clock.now() - lastUsedMs >= leastAgeMs,
      )
      .toSorted(([, one], [, other]) => one.lastUsedMs - other.lastUsedMs);
    let freed = 0;
    for (const [reference, { sizeBytes }] of oldest) {
      if (freed >= bytes) break;
      try {
        await runtime.removeImage(reference);
      } catch (error) {
        if (error instanceof RuntimeError && error.code === 'Unsupported') continue;
        throw error;
      }
      this.#images.delete(reference);
      this.#write();
      freed += sizeBytes;
    }
    return freed;
  }

  /** A full disk keeps no image from being used, and none from being removed. */
  #write(): void {
    try {
      replaceFile(this.#path, `${JSON.stringify(Object.fromEntries(this.#images))}\n`);
    } catch (error) {
      this.#options.log.warn('The images that this node pulled cannot be written down', { error });
    }
  }

  #read(): Readonly<Record<string, Pulled>> {
    try {
      return JSON.parse(readIfThere(this.#path) ?? '{}');
    } catch (error) {
      this.#options.log.warn('The images that this node pulled are not known: they stay', { error });
      return {};
    }
  }
}

export interface PulledImagesOptions {
  readonly runtime: Pick<Runtime, 'removeImage'>;
  readonly stateDirectory: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}
