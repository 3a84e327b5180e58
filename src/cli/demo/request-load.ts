import { type Clock, withTimeout } from '../../clock/index.ts';
import type { LoadMoment } from './load-graph.ts';

/** Of a second. */
export const momentSeconds = 0.5;
export const perSecond = 40;
const answerMs = 5_000;

interface CountedMoment {
  readonly answered: Map<number, number>;
  failed: number;
}

/** Requests at a constant rate, each on a connection of its own, counted by who answered. */
export class RequestLoad implements AsyncDisposable {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #moments: CountedMoment[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #sending: Promise<void>;
  /** What went wrong last. */
  lastFailure: string | undefined;

  constructor(url: string, clock: Clock) {
    this.#url = url;
    this.#clock = clock;
    this.#sending = this.#send();
  }

  /** So far. */
  get moments(): readonly LoadMoment[] {
    return this.#moments;
  }

  count(): { readonly answered: number; readonly failed: number } {
    const answered = this.#moments.flatMap((moment) => [...moment.answered.values()]);
    return {
      answered: answered.reduce((sum, each) => sum + each, 0),
      failed: this.#moments.reduce((sum, { failed }) => sum + failed, 0),
    };
  }

  /** Sends nothing more, and waits for what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('Enough was asked'));
    await this.#sending;
    await Promise.all(this.#underWay);
  }

  async #send(): Promise<void> {
    const { signal } = this.#stopping;
    const beganAt = this.#clock.monotonic();
    for (let count = 0; !signal.aborted; count += 1) {
      const one = this.#ask(Math.floor(count / (perSecond * momentSeconds)));
      this.#underWay.add(one);
      void one.then(() => this.#underWay.delete(one));
      const waitMs = beganAt + ((count + 1) * 1_000) / perSecond - this.#clock.monotonic();
      try {
        if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
      } catch {
        return;
      }
    }
  }

  async #ask(index: number): Promise<void> {
    this.#moments[index] ??= { answered: new Map(), failed: 0 };
    const moment = this.#moments[index];
    using deadline = withTimeout(this.#clock, answerMs);
    try {
      const response = await fetch(this.#url, {
        headers: { connection: 'close' },
        signal: deadline.signal,
      });
      const text = await response.text();
      const revision = Number(/revision (\d+)/.exec(text)?.[1]);
      if (!response.ok || Number.isNaN(revision)) throw new Error(`${response.status} ${text.slice(0, 60)}`);
      moment.answered.set(revision, (moment.answered.get(revision) ?? 0) + 1);
    } catch (error) {
      moment.failed += 1;
      this.lastFailure =
        error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    }
  }
}
