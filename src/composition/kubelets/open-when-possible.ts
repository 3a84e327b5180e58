import type { Clock } from '../../clock/index.ts';

const retryMs = 5_000;

export interface TriedOpening extends AsyncDisposable {
  /** Resolves when it is open, could not be opened the first time, or is not wanted any more. */
  readonly tried: Promise<void>;
}

/**
 * Opens something, and tries again where it can't be opened, until it is disposed of: e.g. a pod in the network of its node may
 * have the port that it needs, for as long as the pod is there.
 */
export function openWhenPossible(
  open: (signal: AbortSignal) => Promise<AsyncDisposable>,
  { clock, failed }: { readonly clock: Clock; readonly failed: (error: unknown) => void },
): TriedOpening {
  const closing = new AbortController();
  const { signal } = closing;
  const tried = Promise.withResolvers<void>();
  const untilOpen = async (): Promise<AsyncDisposable | undefined> => {
    while (!signal.aborted) {
      try {
        return await open(signal);
      } catch (error) {
        if (signal.aborted) break;
        failed(error);
        tried.resolve();
        await clock.sleep(retryMs, signal).catch(() => {});
      }
    }
    return undefined;
  };
  const opening = untilOpen().finally(tried.resolve);
  return {
    tried: tried.promise,
    [Symbol.asyncDispose]: async () => {
      closing.abort(new Error('It is not wanted open any more'));
      await (await opening)?.[Symbol.asyncDispose]();
    },
  };
}
