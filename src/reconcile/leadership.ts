import { backoffMs, type Clock, type Random } from '../clock/index.ts';
import type { Log } from '../log.ts';
import { type Json, type LeaseId, LeaseNotFoundError, type Store } from '../store/index.ts';

export interface LeadershipOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The key that whoever leads holds, e.g. `/leases/reconcilers`. */
  readonly key: string;
  /**
   * Who asks. No two living processes may have the same name; a process that comes back under its old name gets
   * its old office back at once, without waiting for its old lease to run out.
   */
  readonly holder: string;
  /** How long a leader that fell silent keeps others waiting. */
  readonly ttlMs: number;
  onElected(): void;
  /** Resolves when nothing is done any more in the name of the office. */
  onLost(reason: Error): Promise<void>;
}

/**
 * Elects one of the processes that share a store. The office is a key that lives as long as its holder's lease;
 * whoever finds it absent puts it. A holder that can't renew its lease in time steps down by its own clock, at
 * the latest when the store would let another take over.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #stopping = new AbortController();
  readonly #firstTry = Promise.withResolvers<void>();
  readonly #campaign: Promise<void>;
  #isLeading = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#campaign = this.#run();
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** Resolves when the first attempt was won or lost. */
  get tried(): Promise<void> {
    return this.#firstTry.promise;
  }

  /** Steps down and lets another take over at once. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('Stopping'));
    await this.#campaign;
  }

  async #run(): Promise<void> {
    const { clock, random, log, key } = this.#options;
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#tryOnce(signal);
        failures = 0;
      } catch (error) {
        failures++;
        if (signal.aborted) break;
        const retryAfterMs = backoffMs(failures, random, { leastMs: 250, mostMs: this.#options.ttlMs });
        log.warn('Could not stand for leadership', { key, retryAfterMs, error });
        this.#firstTry.resolve();
        await clock.sleep(retryAfterMs, signal).catch(() => {});
      }
    }
    this.#firstTry.resolve();
  }

  async #tryOnce(signal: AbortSignal): Promise<void> {
    const { store, clock, log, key, holder, ttlMs } = this.#options;
    const entry = await store.get(key);
    const revision = await store.revision();
    if (entry !== undefined && holderOf(entry.value) !== holder) {
      this.#firstTry.resolve();
      await this.#untilChange(revision + 1, signal);
      return;
    }
    const askedMs = clock.monotonic();
    const lease = await store.grantLease(ttlMs);
    try {
      const outcome = await store.commit(
        [{ key, revision: entry?.revision ?? 0 }],
        [{ type: 'put', key, value: { holder, sinceMs: clock.now() }, lease }],
      );
      if (!outcome.committed || signal.aborted) return;
      this.#isLeading = true;
      log.info('Leading', { key, holder });
      this.#options.onElected();
      this.#firstTry.resolve();
      const reason = await this.#hold(lease, askedMs + ttlMs, outcome.revision + 1, signal);
      this.#isLeading = false;
      if (!signal.aborted) log.warn('No longer leading', { key, holder, error: reason });
      await this.#options.onLost(reason);
    } finally {
      await store.revokeLease(lease);
    }
  }

  /** Keeps the office until it is lost or given up. @returns why. */
  async #hold(lease: LeaseId, untilMs: number, fromRevision: number, signal: AbortSignal): Promise<Error> {
    const { store, clock, log, key, ttlMs } = this.#options;
    const term = new AbortController();
    const lose = (message: string, cause?: unknown): void => term.abort(new Error(message, { cause }));
    const onStop = (): void => lose('Leadership was given up');
    signal.addEventListener('abort', onStop, { once: true });
    const outlive = (): Disposable =>
      clock.after(untilMs - clock.monotonic(), () => lose('The lease could not be renewed in time'));
    let expiry = outlive();
    const watch = store.watch(key, fromRevision, {
      onBatch: ({ changes }) => {
        if (changes.some((change) => change.key === key)) lose('Somebody else wrote the leader key');
      },
      // Without the watch, the lease alone tells; that is what it is for.
      onError: (error) => log.warn('The watch of the leader key broke', { key, error }),
    });
    try {
      while (!term.signal.aborted) {
        await clock.sleep(ttlMs / 3, term.signal).catch(() => {});
        if (term.signal.aborted) break;
        const askedMs = clock.monotonic();
        try {
          await store.keepAlive(lease);
          untilMs = askedMs + ttlMs;
          expiry[Symbol.dispose]();
          expiry = outlive();
        } catch (error) {
          if (error instanceof LeaseNotFoundError) lose('The lease has ended', error);
          else log.warn('Could not renew the leader lease', { key, error });
        }
      }
    } finally {
      signal.removeEventListener('abort', onStop);
      expiry[Symbol.dispose]();
      watch[Symbol.dispose]();
    }
    return term.signal.reason;
  }

  /** Until the leader key changes; or for a lease's time, in case the watch missed it. */
  async #untilChange(fromRevision: number, signal: AbortSignal): Promise<void> {
    const { store, clock, key, ttlMs } = this.#options;
    const changed = new AbortController();
    const wake = (): void => changed.abort();
    signal.addEventListener('abort', wake, { once: true });
    const watch = store.watch(key, fromRevision, { onBatch: wake, onError: wake });
    try {
      await clock.sleep(ttlMs, changed.signal).catch(() => {});
    } finally {
      watch[Symbol.dispose]();
      signal.removeEventListener('abort', wake);
    }
  }
}

function holderOf(value: Json): Json | undefined {
  return typeof value === 'object' && value !== null && 'holder' in value ? value.holder : undefined;
}
