import type { Clock } from '../../clock/index.ts';
import { type OutputLine, type Runtime, RuntimeError } from '../../runtime/index.ts';
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
    { timeMs, tail }: LogPosition,
    open: (fromMs: number, until: AbortSignal) => AsyncIterable<OutputLine>,
  ): AsyncGenerator<OutputLine, void> {
    const filter = new ResumeFilter({ timeMs, tail }, { knowsEmptyLines: true });
    const from = Math.max(sinceMs, readBackFrom({ timeMs, tail }));
    yield* noted(newLines((until) => open(from, until), filter, clock, signal));
  }
  const live = (from: number, until: AbortSignal) => runtime.output(container, { sinceMs: from }, until);
  for (;;) {
    try {
      if (last.length === 0) yield* noted(live(sinceMs, signal));
      else {
        // As slowly as he reads, nothing is held by it: there is little left to catch up with when he is attached.
        yield* after(positionOf(last), (from, until) =>
          wholeLines(runtime.pastOutput(container, from, until)),
        );
        yield* after(positionOf(last), live);
      }
      return;
    } catch (error) {
      if (last.length === 0 || signal.aborted || !isBrokenOff(error)) throw error;
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

const isBrokenOff = (error: unknown): boolean =>
  error instanceof RuntimeError && error.code === 'EngineUnavailable';
