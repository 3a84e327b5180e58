import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { BackOff, retry } from '../back-off.ts';
import { Slots } from '../slots.ts';

const concurrency = 4;

/**
 * Removes in the background what belongs to no task, each thing with its own back-off: one that can't be removed
 * holds up neither the others nor whoever found it.
 */
export class OrphanRemoval {
  readonly #options: OrphanRemovalOptions;
  readonly #slots = new Slots(concurrency);
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: OrphanRemovalOptions) {
    this.#options = options;
  }

  /** What is being removed already is left alone. Ends without effect when the signal aborts. */
  add(orphan: Orphan): void {
    if (this.#underWay.has(orphan.name)) return;
    this.#options.log.info('Removing what an interrupted start left behind', { name: orphan.name });
    const removal = this.#remove(orphan).finally(() => this.#underWay.delete(orphan.name));
    this.#underWay.set(orphan.name, removal);
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  async #remove({ name, isOrphan, remove }: Orphan): Promise<void> {
    const { clock, random, signal, log } = this.#options;
    const attempt = async (): Promise<void> => {
      using _slot = await this.#slots.take();
      // Its task may have come while this waited.
      if (!signal.aborted && isOrphan()) await remove();
    };
    let lastReason: string | undefined;
    await retry(attempt, {
      backOff: new BackOff({ leastMs: 100, mostMs: 60_000 }, random),
      clock,
      signal,
      isRetryable: () => true,
      onFailure: (error) => {
        const reason = error instanceof Error ? error.message : String(error);
        if (reason !== lastReason) log.warn('Orphan could not be removed: trying again', { name, error });
        lastReason = reason;
      },
    }).catch((error: unknown) => {
      if (!signal.aborted) log.error('Orphan is left behind', { name, error });
    });
  }
}

export interface Orphan {
  /** Unique among containers and sandboxes together. */
  readonly name: string;
  isOrphan(): boolean;
  remove(): Promise<void>;
}

export interface OrphanRemovalOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}
