import type { Clock } from '../../clock/index.ts';
import type { OutputLine } from '../../runtime/index.ts';
import type { ResumeFilter } from './resume-filter.ts';

/** How long nothing may come until what is held back is told. An engine with much to do may be silent amid its log. */
const quietMs = { again: 1_000, 'at all': 5_000 };

/**
 * Of a container's output, what comes after a position. Lines that may be known are held back until something newer comes,
 * the end, or nothing for a while.
 * @param open Output from a while before the position; ends with its signal.
 */
export async function* newLines(
  open: (signal: AbortSignal) => AsyncIterable<OutputLine>,
  filter: ResumeFilter,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<OutputLine, void> {
  const left = new AbortController();
  const lines = open(AbortSignal.any([signal, left.signal]))[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = lines.next();
      for (let { awaits } = filter; awaits !== undefined; { awaits } = filter) {
        if (await comesIn(quietMs[awaits], next, clock)) break;
        yield* awaits === 'again' ? filter.releaseFound() : filter.settle();
      }
      const { done, value } = await next;
      if (done) break;
      yield* filter.push(value);
    }
    yield* filter.settle();
  } finally {
    // Whoever leaves may do so while a line is awaited.
    left.abort();
    await lines.return?.();
  }
}

async function comesIn(ms: number, next: Promise<unknown>, clock: Clock): Promise<boolean> {
  const { promise: tooLate, resolve } = Promise.withResolvers<boolean>();
  using _ = clock.after(ms, () => resolve(false));
  const come = (): boolean => true;
  return await Promise.race([next.then(come, come), tooLate]);
}
