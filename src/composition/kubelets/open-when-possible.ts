import type { Clock } from '../../clock/index.ts';

const retryMs = 5_000;

/**
 * Opens something, and tries again where it can't be opened, until it is disposed of: e.g. a pod in the network of its node may
 * have the port that it needs, for as long as the pod is there.
 */
export function openWhenPossible(
  open: () => Promise<AsyncDisposable>,
  { clock, failed }: { readonly clock: Clock; readonly failed: (error: unknown) => void },
): AsyncDisposable {
  const closing = new AbortController();
  const { signal } = closing;
  const untilOpen = async (): Promise<AsyncDisposable | undefined> => {
    while (!signal.aborted) {
      try {
        return await open();
      } catch (error) {
        if (signal.aborted) break;
        failed(error);
        await clock.sleep(retryMs, signal).catch(() => {});
      }
    }
    return undefined;
  };
  const opening = untilOpen();
  return {
    [Symbol.asyncDispose]: async () => {
      closing.abort(new Error('It is not wanted open any more'));
      await (await opening)?.[Symbol.asyncDispose]();
    },
  };
}
