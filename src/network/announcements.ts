import { type Clock, withTimeout } from '../clock/index.ts';
import { NetworkError } from './network.ts';

/** Those who wait until something is known, such as the topology that an interface is in. */
export class Announcements {
  readonly #looks = new Set<() => void>();

  /** More may be known now: all who wait look again. */
  announce(): void {
    for (const look of this.#looks) look();
  }

  /**
   * What `find` finds, as soon as it finds something.
   * @throws {NetworkError} `late`, when nothing was found in time. @throws the signal's reason.
   */
  async until<T>(
    find: () => T | undefined,
    options: {
      readonly clock: Clock;
      readonly withinMs: number;
      readonly late: string;
      readonly signal: AbortSignal;
    },
  ): Promise<T> {
    const { clock, withinMs, late, signal } = options;
    signal.throwIfAborted();
    const found = find();
    if (found !== undefined) return found;
    using deadline = withTimeout(clock, withinMs, signal);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = (): void => {
      const known = find();
      if (known !== undefined) resolve(known);
    };
    const giveUp = (): void => reject(signal.aborted ? signal.reason : new NetworkError(late));
    this.#looks.add(look);
    deadline.signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await promise;
    } finally {
      this.#looks.delete(look);
      deadline.signal.removeEventListener('abort', giveUp);
    }
  }
}
