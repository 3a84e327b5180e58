import { CommandError, type EngineDescription } from '../cli/index.ts';
import type { Clock } from '../clock/index.ts';
import type { ServerFile } from '../installation/index.ts';
import { openSqliteStore, type Store, StoreLockedError } from '../store/index.ts';

/** A signal that aborts with `interruption`, until it is disposed of. */
export function whileStarting(
  interruption: AbortSignal | undefined,
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const abort = (): void => controller.abort(interruption?.reason);
  if (interruption?.aborted) abort();
  else interruption?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => interruption?.removeEventListener('abort', abort),
  };
}

/** What runs as its starter holds it: stopped once, by whoever asks first. */
export function run<Facts extends { readonly server: ServerFile; readonly engine: EngineDescription }>(
  opened: AsyncDisposableStack,
  facts: Facts,
  stopping: PromiseWithResolvers<void>,
): Facts & { readonly stopped: Promise<void>; stop(): Promise<void> } {
  const stopped = stopping.promise.finally(() => opened.disposeAsync());
  // Whoever awaits `stopped` or `stop` hears of a failure; until then it is nobody's unhandled rejection.
  stopped.catch(() => undefined);
  return {
    ...facts,
    stopped,
    stop: () => {
      stopping.resolve();
      return stopped;
    },
  };
}

const readyMs = 10_000;
const lookMs = 20;

/**
 * Until what people ask for right after a start is there. What takes longer than ten seconds may never come (an API server
 * whose port is taken): all else is not kept waiting for it.
 */
export async function untilReady(isReady: () => boolean, clock: Clock, signal: AbortSignal): Promise<void> {
  const end = clock.monotonic() + readyMs;
  while (!isReady() && clock.monotonic() < end) await clock.sleep(lookMs, signal);
}

/** Whoever holds the store is the only Catamaran on its state directory. @throws {CommandError} another one is. */
export async function openStore(path: string, clock: Clock): Promise<Store> {
  try {
    return await openSqliteStore({ directory: path, clock });
  } catch (error) {
    if (error instanceof StoreLockedError) {
      throw new CommandError(
        `${error.message}. Use that Catamaran, stop it with ./catamaran down, or give another --state`,
        { cause: error },
      );
    }
    throw error;
  }
}
