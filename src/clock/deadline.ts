import type { Clock } from './clock.ts';

/** A signal that aborts in time. Dispose of it when the work is over, so that neither timer nor listener stays. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/** A timer that comes so late says that this process stood still, and nothing of who keeps it waiting. */
const lateMs = 250;

/**
 * A signal that aborts after `timeoutMs` (its reason is a `TimeoutError`, as of `AbortSignal.timeout`), or
 * with `parent` and its reason if that comes first. A process that stood still when the time was over waits once more:
 * what it waits for may have come long ago.
 *
 *     using deadline = withTimeout(clock, 5_000, signal);
 *     await fetch(url, { signal: deadline.signal });
 */
export function withTimeout(clock: Clock, timeoutMs: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  const onParentAbort = (): void => controller.abort(parent?.reason);
  if (parent?.aborted) onParentAbort();
  else parent?.addEventListener('abort', onParentAbort, { once: true });
  const giveUp = (): void =>
    controller.abort(new DOMException(`Gave up after ${timeoutMs} ms`, 'TimeoutError'));
  const dueMs = clock.monotonic() + timeoutMs;
  let timer = clock.after(timeoutMs, () => {
    if (clock.monotonic() - dueMs < lateMs) giveUp();
    else timer = clock.after(timeoutMs, giveUp);
  });
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      timer[Symbol.dispose]();
      parent?.removeEventListener('abort', onParentAbort);
    },
  };
}

/** Waits for work no longer than until the signal aborts; the work goes on. @throws what the work throws, or the signal's reason. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
