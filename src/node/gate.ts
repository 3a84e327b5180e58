import type { Clock } from '../clock/index.ts';

/** Waiting for something to change. A change between two waits is not missed. */
export class Gate {
  #isOpen = false;
  #open: (() => void) | undefined;

  open(): void {
    this.#isOpen = true;
    this.#open?.();
  }

  /** Resolves when the gate was opened since the last wait, after `timeoutMs`, or when the signal aborts. */
  async wait(signal: AbortSignal, clock?: Clock, timeoutMs?: number): Promise<void> {
    if (!this.#isOpen && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#open = resolve;
      const onAbort = () => resolve();
      signal.addEventListener('abort', onAbort);
      const timer = timeoutMs === undefined ? undefined : clock?.after(timeoutMs, resolve);
      await promise;
      timer?.[Symbol.dispose]();
      signal.removeEventListener('abort', onAbort);
      this.#open = undefined;
    }
    this.#isOpen = false;
  }
}
