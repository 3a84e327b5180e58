import type { Clock } from './clock.ts';

export interface SystemClockOptions {
  /**
   * Whether a pending timer keeps the process running. A server lives by its listeners and says no (the
   * default); a command that sleeps between two looks has nothing else to live by and says yes.
   */
  readonly keepsProcessAlive?: boolean;
}

/** The longest delay that the platform's timers can count; longer ones fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Real time. */
export function systemClock({ keepsProcessAlive = false }: SystemClockOptions = {}): Clock {
  const now = (): number => Date.now();
  const monotonic = (): number => performance.now();

  const after = (delayMs: number, task: () => void): Disposable => {
    assertDelay(delayMs);
    const dueMs = monotonic() + delayMs;
    let timer: NodeJS.Timeout;
    const arm = (remainingMs: number): void => {
      timer = setTimeout(fire, Math.min(Math.ceil(remainingMs), longestTimerMs));
      if (!keepsProcessAlive) timer.unref();
    };
    // The platform counts whole milliseconds of its own and may be early by a part of one.
    const fire = (): void => {
      const remainingMs = dueMs - monotonic();
      if (remainingMs > 0) arm(remainingMs);
      else task();
    };
    arm(Math.max(0, delayMs));
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  };

  return { now, monotonic, after, sleep: (delayMs, signal) => sleepWith(after, delayMs, signal) };
}

/** `sleep` told with `after`, the same for every clock. */
export function sleepWith(after: Clock['after'], delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    const timer = after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

export function assertDelay(delayMs: number): void {
  if (Number.isNaN(delayMs)) throw new TypeError('Cannot wait: the delay is not a number');
}
