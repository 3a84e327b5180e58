import type { Clock } from './clock.ts';
import { assertDelay, sleepWith } from './system-clock.ts';
import { type Timer, TimerHeap } from './timer-heap.ts';

export interface VirtualClockOptions {
  /**
   * Event-loop turns granted after each timer, in which the work it started goes on. One turn runs every
   * promise that waits for nothing outside the process; work that also crosses sockets or files needs more.
   * Default 1.
   */
  readonly turnsPerStep?: number;
}

/**
 * Time that stands still until told to move. Timers run in the order of their due time, then of their making,
 * each with the clock showing exactly its due time; between two of them, all the promises that the first has
 * set going are carried on until they wait for time again. The same program sees the same run every time.
 */
export class VirtualClock implements Clock {
  #startMs: number;
  readonly #turnsPerStep: number;
  readonly #timers = new TimerHeap();
  #elapsedMs = 0;
  #timersMade = 0;
  #moving = false;

  /** @param startMs Epoch milliseconds that `now` shows at first. */
  constructor(startMs: number, { turnsPerStep = 1 }: VirtualClockOptions = {}) {
    this.#startMs = startMs;
    this.#turnsPerStep = turnsPerStep;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, task: () => void): Disposable {
    assertDelay(delayMs);
    const timer: Timer = {
      dueMs: this.#elapsedMs + Math.max(0, delayMs),
      sequence: this.#timersMade++,
      task,
      isCancelled: false,
    };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => this.#timers.cancel(timer) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepWith((ms, task) => this.after(ms, task), delayMs, signal);
  }

  /** As when somebody sets the machine's clock: `now` shows so much more, or less, and nothing else changes. */
  jump(byMs: number): void {
    this.#startMs += byMs;
  }

  /** How many timers are waiting. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Moves time on by `durationMs`, running what falls due, and what that makes fall due, on the way. */
  async advance(durationMs: number): Promise<void> {
    assertDelay(durationMs);
    await this.#move(this.#elapsedMs + durationMs, () => false);
  }

  /**
   * Moves from timer to timer until `predicate` holds.
   * @throws {Error} it does not hold within `deadlineMs` of virtual time; `seen` adds to the message what was
   * there instead.
   */
  async runUntil(
    predicate: () => boolean,
    { deadlineMs, seen }: { readonly deadlineMs: number; readonly seen?: () => unknown },
  ): Promise<void> {
    const startedMs = this.#elapsedMs;
    if (await this.#move(startedMs + deadlineMs, predicate)) return;
    const what = seen === undefined ? '' : `; last seen: ${JSON.stringify(seen())}`;
    throw new Error(`Not reached within ${deadlineMs} ms of virtual time: ${predicate}${what}`);
  }

  async #move(untilMs: number, isReached: () => boolean): Promise<boolean> {
    if (this.#moving) throw new Error('Cannot move the clock: it is being moved already');
    this.#moving = true;
    try {
      await this.#settle();
      while (!isReached()) {
        const next = this.#timers.peek();
        if (next === undefined || next.dueMs > untilMs) {
          if (Number.isFinite(untilMs)) this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
          return false;
        }
        this.#timers.take();
        this.#elapsedMs = next.dueMs;
        next.task();
        await this.#settle();
      }
      return true;
    } finally {
      this.#moving = false;
    }
  }

  async #settle(): Promise<void> {
    for (let turn = 0; turn < this.#turnsPerStep; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
