import type { Clock, Random } from '../clock/index.ts';
import type { Log } from '../log.ts';
import { BackOff } from './back-off.ts';

/** A loop that ran this long is begun again soon after its failure. */
const longLifeMs = 60_000;

/**
 * Runs a loop that should end only when the signal aborts: one that ends earlier is begun again, after a pause that
 * grows. Many instances may share the process, so no loop's error may leave it. Never rejects.
 */
export async function keepRunning(
  name: string,
  loop: () => Promise<void>,
  options: {
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { clock, random, log, signal } = options;
  const backOff = new BackOff({ leastMs: 250, mostMs: 30_000 }, random);
  while (!signal.aborted) {
    const begunAtMs = clock.monotonic();
    const error = await loop().then(
      () => new Error('It ended by itself'),
      (reason: unknown) => reason,
    );
    if (signal.aborted) return;
    if (clock.monotonic() - begunAtMs >= longLifeMs) backOff.reset();
    const delayMs = backOff.nextDelayMs();
    log.error('Part of the agent failed: it is begun again', { part: name, delayMs, error });
    await clock.sleep(delayMs, signal).catch(() => {});
  }
}
