import type { Clock } from '../../../clock/index.ts';
import type { PodEvents } from '../events/pod-events.ts';
import type { Pod } from '../objects/pod.ts';
import type { PodEnd } from '../pods/pod-end.ts';
import type { PodWorker } from '../pods/pod-worker.ts';
import type { PodUse } from '../usage/pod-use.ts';
import { exceededStorage } from './local-storage.ts';
import { evictionMessage } from './messages.ts';
import { isCritical, ranked } from './ranking.ts';
import { type Observations, Pressures, type PressureType, type Shortage, shortages } from './thresholds.ts';

/** An evicted pod's containers have this long to be gone before the next is chosen. */
const goneWithinMs = 30_000;
const lookMs = 1_000;
const graceSeconds = 1;

type Evictable = Pick<PodWorker, 'pod' | 'view' | 'isActive' | 'hasRunning' | 'end'>;

/**
 * Ends pods that use more of the node's disk than they may, and, when the node itself is short of something, one pod after the
 * other until it is not, after what can be removed without harm.
 */
export class Evictions {
  readonly #options: EvictionsOptions;
  readonly #pressures: Pressures;
  #uses: readonly PodUse[] = [];

  constructor(options: EvictionsOptions) {
    this.#options = options;
    this.#pressures = new Pressures(options.transitionMs);
  }

  get pressures(): ReadonlySet<PressureType> {
    return this.#pressures.now;
  }

  /** What pods used when it last looked. */
  get uses(): readonly PodUse[] {
    return this.#uses;
  }

  /** Until the signal aborts. @throws {RuntimeError} the engine is away. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, checkMs } = this.#options;
    while (!signal.aborted) {
      const evicted = await this.look(signal);
      if (evicted.length === 0) await clock.sleep(checkMs, signal);
      else await this.#gone(evicted, signal);
    }
  }

  /** One look, and what follows from it. @returns whom it ended. */
  async look(signal: AbortSignal): Promise<readonly Evictable[]> {
    const { clock, workers, events, onPressure } = this.#options;
    const active = workers().filter((worker) => worker.isActive && worker.hasRunning);
    const { uses, found } = await this.#shortages(active);
    const before = this.#pressures.now;
    this.#pressures.observed(found, clock.monotonic());
    if (before.symmetricDifference(this.#pressures.now).size > 0) onPressure();
    const ended = active.filter((worker) => {
      const use = uses.find(({ pod }) => isSame(pod, worker.pod));
      const message = use && exceededStorage(use);
      return message !== undefined && this.#evict(worker, { message });
    });
    const [shortage] = found;
    if (ended.length > 0 || shortage === undefined) return ended;
    events.ofNode('Warning', 'EvictionThresholdMet', `Attempting to reclaim ${shortage.scarce}`);
    if (shortage.scarce !== 'memory') {
      await this.#options.reclaim(signal);
      if ((await this.#shortages(active)).found.length === 0) return [];
    }
    for (const use of ranked(uses, shortage.scarce)) {
      const worker = active.find(({ pod }) => isSame(pod, use.pod));
      const message = evictionMessage(shortage, use);
      if (worker && this.#evict(worker, { message, disruption: message })) return [worker];
    }
    return [];
  }

  async #shortages(
    workers: readonly Evictable[],
  ): Promise<{ readonly uses: readonly PodUse[]; readonly found: readonly Shortage[] }> {
    const { measure, observe } = this.#options;
    const uses = await measure(workers);
    this.#uses = uses;
    return { uses, found: shortages(await observe(uses)) };
  }

  #evict(worker: Evictable, end: Pick<PodEnd, 'message' | 'disruption'>): boolean {
    if (isCritical(worker.pod)) return false;
    this.#options.events.warning(worker.pod, 'Evicted', end.message);
    worker.end({ reason: 'Evicted', graceSeconds, ...end });
    return true;
  }

  /** What an evicted pod used is not free before it is gone. */
  async #gone(workers: readonly Evictable[], signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const deadlineMs = clock.monotonic() + goneWithinMs;
    while (workers.some((worker) => worker.hasRunning) && clock.monotonic() < deadlineMs)
      await clock.sleep(lookMs, signal);
  }
}

const isSame = (one: Pod, other: Pod): boolean => one.metadata.uid === other.metadata.uid;

export interface EvictionsOptions {
  readonly workers: () => readonly Evictable[];
  readonly measure: (workers: readonly Evictable[]) => Promise<readonly PodUse[]>;
  readonly observe: (uses: readonly PodUse[]) => Promise<Observations>;
  /** Removes what nothing uses any more from the node's disk. */
  readonly reclaim: (signal: AbortSignal) => Promise<void>;
  readonly events: Pick<PodEvents, 'warning' | 'ofNode'>;
  /** The node is short of something else than before. */
  readonly onPressure: () => void;
  readonly clock: Clock;
  readonly checkMs: number;
  readonly transitionMs: number;
}
