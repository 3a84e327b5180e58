import type { Clock } from '../clock/index.ts';

export interface KeySource {
  /** All that there are now. */
  keys(): readonly string[];
  /** Told of every commit that may have changed one. */
  subscribe(changed: (key: string) => void): Disposable;
}

const retryMs = 1_000;

/**
 * Has each key made, now and after every change of it: one after the other for the same key, side by side for different
 * ones. Changes that come meanwhile are made together, so that a burst of them costs as much as the last. What fails is
 * tried again each second.
 * @param make Its signal aborts when the following ends.
 * @param failed Told of each failure.
 */
export function followKeys(
  source: KeySource,
  make: (key: string, signal: AbortSignal) => Promise<void>,
  failed: (key: string, error: unknown) => void,
  clock: Clock,
): AsyncDisposable {
  const closing = new AbortController();
  const working = new Map<string, Promise<void>>();
  const changed = new Set<string>();
  const work = async (key: string): Promise<void> => {
    // Not within the commit that told of it.
    await Promise.resolve();
    while (changed.delete(key) && !closing.signal.aborted) {
      try {
        await make(key, closing.signal);
      } catch (error) {
        if (closing.signal.aborted) break;
        failed(key, error);
        clock.after(retryMs, () => !closing.signal.aborted && note(key));
      }
    }
    // In the same turn as the loop's end: what is noted later begins anew.
    working.delete(key);
  };
  const note = (key: string): void => {
    changed.add(key);
    if (!working.has(key)) working.set(key, work(key));
  };
  const subscription = source.subscribe(note);
  for (const key of source.keys()) note(key);
  return {
    [Symbol.asyncDispose]: async () => {
      subscription[Symbol.dispose]();
      closing.abort(new Error('Not followed any more'));
      await Promise.all(working.values());
    },
  };
}
