/**
 * Time, as a thing that is passed in. Everything that waits does so through a `Clock`, so that the whole
 * control plane can run in a simulation where an hour takes a millisecond.
 */
export interface Clock {
  /** Milliseconds since the epoch. May jump (the machine's clock was set); use it for dates only. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. Use it for durations and deadlines. */
  monotonic(): number;
  /** Runs `task` once after `delayMs`. Disposing the handle before then cancels it. Never keeps the process alive by itself. */
  after(delayMs: number, task: () => void): Disposable;
  /** Resolves after `delayMs`; rejects with the signal's reason as soon as it aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
