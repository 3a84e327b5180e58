import type { Clock } from '../../clock/index.ts';
import { isEngineAway, type OutputLine, type OutputStream, type Runtime } from '../../runtime/index.ts';
import { hashOf, tailLength } from './log-events.ts';
import { newLines } from './new-lines.ts';
import { type LogPosition, readBackFrom } from './position.ts';
import { ResumeFilter } from './resume-filter.ts';

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
  /** The last lines of each stream. */
  const last = { stdout: [] as OutputLine[], stderr: [] as OutputLine[] };
  const hasRead = (): boolean => last.stdout.length + last.stderr.length > 0;
  async function* noted(lines: AsyncIterable<OutputLine>): AsyncGenerator<OutputLine, void> {
    for await (const line of lines) {
      const kept = last[line.stream];
      kept.push(line);
      if (kept.length >= 2 * tailLength) kept.splice(0, tailLength);
      yield line;
    }
  }
  const resumed = (): [filter: ResumeFilter, fromMs: number] => {
    const position = { ...positionOf('stdout', last.stdout), ...positionOf('stderr', last.stderr) };
    const fromMs = Math.max(sinceMs, readBackFrom(position));
    return [new ResumeFilter(position, { knowsEmptyLines: true }), fromMs];
  };
  /** However slowly that is read, it holds nothing, and leaves little to catch up with once attached. */
  async function* past(): AsyncGenerator<OutputLine, void> {
    const [filter, fromMs] = resumed();
    for await (const line of wholeLines(runtime.pastOutput(container, fromMs, signal)))
      yield* filter.push(line);
    // Where the lines known have not come, the log may have yet to get them.
    yield* filter.releaseFound();
  }
  function live(): AsyncIterable<OutputLine> {
    if (!hasRead()) return runtime.output(container, { sinceMs }, signal);
    const [filter, fromMs] = resumed();
    const open = (until: AbortSignal) => runtime.output(container, { sinceMs: fromMs }, until);
    return newLines(open, filter, clock, signal);
  }
  for (;;) {
    try {
      if (hasRead()) yield* noted(past());
      yield* noted(live());
      return;
    } catch (error) {
      if (!hasRead() || signal.aborted || !isEngineAway(error)) throw error;
    }
    await clock.sleep(retryMs, signal);
  }
}

function positionOf(stream: OutputStream, lines: readonly OutputLine[]): LogPosition {
  if (lines.length === 0) return {};
  const timeMs = Math.max(...lines.map((line) => line.timeMs));
  return { [stream]: { timeMs, tail: lines.slice(-tailLength).map(hashOf) } };
}

/** Up to one that its container may still be writing. */
async function* wholeLines(lines: AsyncIterable<OutputLine>): AsyncGenerator<OutputLine, void> {
  for await (const line of lines) {
    if (line.isUnended) return;
    yield line;
  }
}
