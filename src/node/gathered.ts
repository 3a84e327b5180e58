import type { Clock } from '../clock/index.ts';

export interface GatheredOptions {
  readonly work: () => Promise<void>;
  /** It is tried again after a while. */
  readonly onFailure: (error: unknown) => void;
  /** What comes within this time is done together. */
  readonly gatherMs: number;
  readonly clock: Clock;
}

const retryMs = 1_000;

/** Work that is asked for often: it is done once for all that came within a moment, one time after the other, until it succeeds. */
export class Gathered implements AsyncDisposable {
  readonly #options: GatheredOptions;
  readonly #closing = new AbortController();
  #isDue = false;
  #running: Promise<void> | undefined;

  constructor(options: GatheredOptions) {
    this.#options = options;
  }

  poke(): void {
    this.#isDue = true;
    if (this.#closing.signal.aborted) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#isDue) this.poke();
    });
  }

  /** What is being done is finished. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('Nobody asks for it any more'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { work, onFailure, gatherMs, clock } = this.#options;
    const { signal } = this.#closing;
    try {
      await clock.sleep(gatherMs, signal);
    } catch {
      return;
    }
    this.#isDue = false;
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error);
      this.#isDue = true;
      await clock.sleep(retryMs, signal).catch(() => {});
    }
  }
}
