import type { Clock } from '../../src/clock/index.ts';
import { sleepWith } from '../../src/clock/system-clock.ts';

/** A machine's clock: it goes as time does, and may be set. */
export class MachineClock implements Clock {
  readonly #time: Clock;
  #offsetMs = 0;

  constructor(time: Clock) {
    this.#time = time;
  }

  /** Somebody sets the clock, so far from the right time. Durations are not touched. */
  set(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }

  now(): number {
    return this.#time.now() + this.#offsetMs;
  }

  monotonic(): number {
    return this.#time.monotonic();
  }

  after(delayMs: number, task: () => void): Disposable {
    return this.#time.after(delayMs, task);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return this.#time.sleep(delayMs, signal);
  }
}

export interface SimProcessOptions {
  readonly name: string;
  readonly clock: Clock;
  /** Asked at every point at which the process waits for the world: is this where it dies? */
  readonly mayDie: (point: string) => boolean;
  /** It has died by `mayDie`. */
  readonly onDeath: (point: string) => void;
}

/**
 * An operating system's process: what it holds of the world, until it is killed. From that instant its timers stay
 * silent, nothing that it asked for is answered, and nothing that it asks for is done. Everything that crosses its
 * border goes through `across`, which is where it may be killed: before the effect, or after it and before the
 * answer. It may also stop for a while, as a process does that gets no processor.
 */
export class SimProcess {
  readonly name: string;
  readonly #options: SimProcessOptions;
  readonly #timers = new Set<Disposable>();
  readonly #onEnd = new Set<() => void>();
  #isDead = false;
  #stalledUntilMs = 0;

  constructor(options: SimProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  readonly clock: Clock = {
    now: () => this.#options.clock.now(),
    monotonic: () => this.#options.clock.monotonic(),
    after: (delayMs, task) => this.#after(delayMs, task),
    sleep: (delayMs, signal) => sleepWith((ms, task) => this.#after(ms, task), delayMs, signal),
  };

  /** `kill -9`, at this instant of whatever it is doing. */
  kill(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#timers.clear();
    for (const end of this.#onEnd) end();
    this.#onEnd.clear();
  }

  /** Called when it is killed: what the operating system takes back from it. Dispose of it when that is over. */
  onEnd(task: () => void): Disposable {
    if (this.#isDead) task();
    else this.#onEnd.add(task);
    return { [Symbol.dispose]: () => this.#onEnd.delete(task) };
  }

  /** It gets no processor for so long. */
  stall(forMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#options.clock.monotonic() + forMs);
  }

  /** Something from outside arrives: now, or when it gets the processor again, or never. */
  deliver(task: () => void): void {
    if (this.#isDead) return;
    const waitMs = this.#stalledUntilMs - this.#options.clock.monotonic();
    if (waitMs > 0) this.#options.clock.after(waitMs, () => this.deliver(task));
    else task();
  }

  /** Something that it asks of the world. */
  async across<T>(point: string, work: () => Promise<T>): Promise<T> {
    if (this.#isOver(`before ${point}`)) return never();
    let result: T;
    try {
      result = await work();
    } catch (error) {
      if (this.#isOver(`after ${point}`)) return never();
      throw error;
    }
    return this.#isOver(`after ${point}`) ? never() : result;
  }

  #isOver(point: string): boolean {
    if (this.#isDead) return true;
    if (!this.#options.mayDie(point)) return false;
    this.kill();
    this.#options.onDeath(point);
    return true;
  }

  #after(delayMs: number, task: () => void): Disposable {
    const fire = (): void => {
      this.#timers.delete(handle);
      this.deliver(task);
    };
    let isCancelled = false;
    const timer = this.#isDead
      ? undefined
      : this.#options.clock.after(delayMs, () => {
          if (!isCancelled) fire();
        });
    const handle: Disposable = {
      [Symbol.dispose]: () => {
        isCancelled = true;
        this.#timers.delete(handle);
        timer?.[Symbol.dispose]();
      },
    };
    if (!this.#isDead) this.#timers.add(handle);
    return handle;
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}

/** The near end of what an agent asks of the control plane. */
export interface AgentSide {
  readonly host: string;
  readonly process: SimProcess;
}
