import type { Clock } from '../../clock/index.ts';
import { isEngineAway, type OutputLine, type Runtime } from '../../runtime/index.ts';
import { hashOf, tailLength } from './log-events.ts';
import { newLines } from './new-lines.ts';
import { type LogPosition, ResumeFilter, readBackFrom } from './position.ts';

const retryMs = 500;

/**
 * A container's output from a time on until it ends, for readers of any speed: whoever reads too slowly holds it for a few
 * seconds and goes on by the Engine's log, as does everybody when the Engine was away.
 * @param sinceMs Epoch milliseconds, exclusive.
 */
export async function* followOutput(
  { runtime, clock }: { readonly runtime: Pick<Runtime, 'output' | 'pastOutput'>; readonly clock: Clock },
  container: string,
  sinceMs: number,
  signal: AbortSignal,
): AsyncGenerator<OutputLine, void> {
  let last: OutputLine[] = [];
  async function* noted(lines: AsyncIterable<OutputLine>): AsyncGenerator<OutputLine, void> {
    for await (const line of lines) {
      last.push(line);
      if (last.length >= 2 * tailLength) last = last.slice(-tailLength);
      yield line;
    }
  }
  async function* after(
    open: (fromMs: number, until: AbortSignal) => AsyncIterable<OutputLine>,
  ): AsyncGenerator<OutputLine, void> {
    const position = positionOf(last);
    const filter = new ResumeFilter(position, { knowsEmptyLines: true });
    const from = Math.max(sinceMs, readBackFrom(position));
    yield* noted(newLines((until) => open(from, until), filter, clock, signal));
  }
  const live = (from: number, until: AbortSignal) => runtime.output(container, { sinceMs: from }, until);
  for (;;) {
    try {
      if (last.length === 0) yield* noted(live(sinceMs, signal));
      else {
        // However slowly that is read, it holds nothing, and leaves little to catch up with once attached.
        yield* after((from, until) => wholeLines(runtime.pastOutput(container, from, until)));
        yield* after(live);
      }
      return;
    } catch (error) {
      if (last.length === 0 || signal.aborted || !isEngineAway(error)) throw error;
    }
    await clock.sleep(retryMs, signal);
  }
}

const positionOf = (lines: readonly OutputLine[]): LogPosition => ({
  timeMs: Math.max(...lines.map(({ timeMs }) => timeMs)),
  tail: lines.slice(-tailLength).map(hashOf),
});

/** Up to one that its container may still be writing. */
async function* wholeLines(lines: AsyncIterable<OutputLine>): AsyncGenerator<OutputLine, void> {
  for await (const line of lines) {
    if (line.isUnended) return;
    yield line;
  }
}
