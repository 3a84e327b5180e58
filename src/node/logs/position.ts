import type { OutputStream } from '../../runtime/index.ts';
import { parseJson, Reader } from '../reading.ts';
import { isHashOf, tailLength } from './log-events.ts';

/**
 * How far a container's output has been shipped, of each stream that has said something: the time of the last line and
 * digests of the last lines. Times alone would not do: an attached line carries the time at which the agent read it, the
 * engine's log the time at which the engine did. So after a restart the agent reads back a little more than it needs
 * and looks for the lines it knows (`resume-filter.ts`). Either stream for itself: the log may have their lines in
 * another order than they came in.
 */
export type LogPosition = Readonly<Partial<Record<OutputStream, StreamPosition>>>;

export interface StreamPosition {
  readonly timeMs: number;
  readonly tail: readonly string[];
}

/** How far the engine's times and ours may be apart: the read-back begins so long before the position. */
export const marginMs = 5_000;

export function readBackFrom(position: LogPosition | undefined): number {
  const last = Math.max(position?.stdout?.timeMs ?? 0, position?.stderr?.timeMs ?? 0);
  return Math.max(0, last - marginMs);
}

export function advance(
  position: LogPosition | undefined,
  timeMs: number,
  hashes: readonly string[],
): LogPosition {
  const next: { -readonly [Name in OutputStream]?: StreamPosition } = { ...position };
  for (const name of ['stdout', 'stderr'] as const) {
    const added = hashes.filter((hash) => isHashOf(hash, name));
    if (added.length === 0) continue;
    const before = position?.[name];
    next[name] = {
      timeMs: Math.max(timeMs, before?.timeMs ?? 0),
      tail: [...(before?.tail ?? []), ...added].slice(-tailLength),
    };
  }
  return next;
}

export function readPosition(text: string | undefined): LogPosition | undefined {
  if (text === undefined) return undefined;
  const reader = new Reader(parseJson(text), 'log position');
  const streamOf = (at: Reader): StreamPosition => ({
    timeMs: at.number('timeMs'),
    tail: at.optionalStrings('tail') ?? [],
  });
  // A version before took both streams for one.
  if (reader.raw('timeMs') !== undefined) return { stdout: streamOf(reader), stderr: streamOf(reader) };
  const [stdout, stderr] = [
    reader.optionalObject('stdout', streamOf),
    reader.optionalObject('stderr', streamOf),
  ];
  return { ...(stdout && { stdout }), ...(stderr && { stderr }) };
}
