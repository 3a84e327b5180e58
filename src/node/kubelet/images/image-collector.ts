import type { Clock } from '../../../clock/index.ts';
import type { PodEvents } from '../events/pod-events.ts';
import type { PulledImages } from './pulled-images.ts';

/** In percent of the disk that is used: from when on images are removed, and until when. Upstream's defaults. */
const high = 85;
const low = 80;
const everyMs = 5 * 60_000;

/** Removes images that nobody uses when a node's disk fills up. */
export class ImageCollector {
  readonly #options: ImageCollectorOptions;

  constructor(options: ImageCollectorOptions) {
    this.#options = options;
  }

  /** Until the signal aborts. @throws {RuntimeError} the engine is away. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#options.clock.sleep(everyMs, signal);
      await this.collect();
    }
  }

  async collect(): Promise<void> {
    const { disk, images, needed, events } = this.#options;
    const { capacity, available } = await disk();
    const used = 100 - Math.floor((available * 100) / Math.max(1, capacity));
    if (used < high) return;
    const wanted = Math.floor((capacity * (100 - low)) / 100) - available;
    const freed = await images.remove(wanted, needed());
    if (freed >= wanted) return;
    const message = `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, but only found ${freed} bytes eligible to free.`;
    events.ofNode('Warning', 'FreeDiskSpaceFailed', message);
  }
}

export interface ImageCollectorOptions {
  readonly disk: () => Promise<{ readonly capacity: number; readonly available: number }>;
  readonly images: Pick<PulledImages, 'remove'>;
  /** References that pods of the node are to run. */
  readonly needed: () => ReadonlySet<string>;
  readonly events: Pick<PodEvents, 'ofNode'>;
  readonly clock: Pick<Clock, 'sleep'>;
}
