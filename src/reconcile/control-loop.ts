import { backoffMs, type Clock, type Random } from '../clock/index.ts';
import type { Log } from '../log.ts';
import { type Outcome, type Reconciler, RefusedError, TerminalError, type Watched } from './reconciler.ts';
import type { RecordChange, State } from './state.ts';
import { WorkQueue } from './work-queue.ts';

export interface ControlLoopOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called when the last work was done. */
  readonly onIdle: () => void;
}

export interface LoopStats {
  readonly name: string;
  /** Keys waiting for a place. */
  readonly queued: number;
  /** Keys being reconciled. */
  readonly running: number;
  /** Keys that failed and wait for their next try. */
  readonly retrying: number;
  /** Keys that asked to be looked at again later. */
  readonly sleeping: number;
  /** Failed runs since the start. */
  readonly failures: number;
}

/**
 * Runs one reconciler: from changes to keys, from keys to runs, from what a run says to the key's next turn.
 *
 * A change always brings its key back at once, even one that waits: whoever repairs the cause of a failure need
 * not wait for the back-off. The exception is a change during a run that then fails. It may be the run's own
 * doing, so the key backs off as if nothing had changed; otherwise a failing run that also writes would spin.
 */
export class ControlLoop {
  readonly #reconciler: Reconciler;
  readonly #options: ControlLoopOptions;
  readonly #concurrency: number;
  readonly #queue = new WorkQueue();
  /** Keys that wait for their time. */
  readonly #timers = new Map<string, Disposable>();
  /** Failures in a row. */
  readonly #failuresOf = new Map<string, number>();
  #subscriptions: Disposable[] = [];
  #term: AbortController | undefined;
  #isPumpDue = false;
  #failures = 0;
  /** Pending while somebody waits for the last run to end. */
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(reconciler: Reconciler, options: ControlLoopOptions) {
    this.#reconciler = reconciler;
    this.#options = options;
    this.#concurrency = reconciler.concurrency ?? 16;
  }

  get isIdle(): boolean {
    return this.#queue.depth === 0 && this.#queue.running === 0;
  }

  stats(): LoopStats {
    let retrying = 0;
    for (const key of this.#timers.keys()) if (this.#failuresOf.has(key)) retrying++;
    return {
      name: this.#reconciler.name,
      queued: this.#queue.depth,
      running: this.#queue.running,
      retrying,
      sleeping: this.#timers.size - retrying,
      failures: this.#failures,
    };
  }

  /** Looks at everything there is, then at every change. */
  start(): void {
    this.#term = new AbortController();
    for (const watched of this.#reconciler.watches) {
      const { collection } = watched;
      this.#subscriptions.push(
        this.#options.state.subscribe(collection, (change) => this.#addKeys(watched, change)),
      );
      for (const { key, value } of this.#options.state.list(collection))
        this.#addKeys(watched, { key, before: undefined, after: value });
    }
  }

  /** Aborts what runs, forgets what waits; resolves when nothing runs any more. */
  async stop(reason: Error): Promise<void> {
    for (const subscription of this.#subscriptions.splice(0)) subscription[Symbol.dispose]();
    for (const timer of this.#timers.values()) timer[Symbol.dispose]();
    this.#timers.clear();
    this.#failuresOf.clear();
    this.#queue.clear();
    this.#term?.abort(reason);
    this.#term = undefined;
    if (this.#queue.running > 0) {
      this.#drained ??= Promise.withResolvers();
      await this.#drained.promise;
    }
    this.#options.onIdle();
  }

  #addKeys({ keys, collection }: Watched, change: RecordChange<object>): void {
    try {
      for (const key of keys(change)) this.#add(key);
    } catch (error) {
      this.#options.log.error('A change could not be mapped to keys of work', {
        reconciler: this.#reconciler.name,
        record: change.key,
        noun: collection.noun,
        error,
      });
    }
  }

  #add(key: string): void {
    this.#timers.get(key)?.[Symbol.dispose]();
    this.#timers.delete(key);
    this.#queue.add(key);
    this.#pumpSoon();
  }

  #addAfter(key: string, delayMs: number): void {
    this.#timers.set(
      key,
      this.#options.clock.after(delayMs, () => this.#add(key)),
    );
  }

  /** Not at once, as changes come in the middle of somebody's commit. */
  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    queueMicrotask(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#term !== undefined && this.#queue.running < this.#concurrency) {
      const key = this.#queue.take();
      if (key === undefined) return;
      void this.#run(key, this.#term);
    }
  }

  async #run(key: string, term: AbortController): Promise<void> {
    let outcome: Outcome | undefined;
    let failure: unknown;
    try {
      outcome = await this.#reconciler.reconcile(key, term.signal);
    } catch (error) {
      failure = error;
    }
    const hasChanged = this.#queue.giveBack(key);
    if (!term.signal.aborted) {
      if (outcome === undefined) this.#afterFailure(key, failure, hasChanged);
      else this.#afterSuccess(key, outcome, hasChanged);
      this.#pump();
    }
    if (this.#queue.running === 0) {
      this.#drained?.resolve();
      this.#drained = undefined;
    }
    if (this.isIdle) this.#options.onIdle();
  }

  #afterSuccess(key: string, outcome: Outcome, hasChanged: boolean): void {
    this.#failuresOf.delete(key);
    if (hasChanged) this.#add(key);
    else if (outcome.type === 'again') this.#addAfter(key, outcome.afterMs);
  }

  #afterFailure(key: string, error: unknown, hasChanged: boolean): void {
    const { log, random } = this.#options;
    const reconciler = this.#reconciler.name;
    this.#failures++;
    if (error instanceof TerminalError && !hasChanged) {
      this.#failuresOf.delete(key);
      log.error('Reconciling failed for good, until something changes', { reconciler, key, error });
      return;
    }
    const failures = (this.#failuresOf.get(key) ?? 0) + 1;
    this.#failuresOf.set(key, failures);
    const retryAfterMs = backoffMs(failures, random, retryBounds);
    this.#addAfter(key, retryAfterMs);
    const told = { reconciler, key, failures, retryAfterMs };
    if (error instanceof RefusedError)
      log.info('Reconciling was refused', { ...told, reason: error.message });
    else log.warn('Reconciling failed', { ...told, error });
  }
}

const retryBounds = { leastMs: 250, mostMs: 120_000 };
