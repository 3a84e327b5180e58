import type { Clock } from '../../clock/index.ts';
import type { OutputStream } from '../line-splitter.ts';
import type { OutputLine } from '../runtime.ts';
import { type Attachment, streams } from './attachment.ts';
import { EngineError } from './engine-api.ts';
import { type LogEntry, millisOf } from './log-entries.ts';
import { type Candidate, findJoint } from './rejoin.ts';

const jointAttempts = 60;
const jointRetryMs = 25;
/** A stream that says nothing for this long after the attachment has no overlap to wait for. */
const quietMs = 250;

/** One stream on its way from the log to live (see rejoin.ts). */
interface Side {
  readonly stream: OutputStream;
  isJoined: boolean;
  /** The last entry read. */
  lastNanos: bigint;
  readonly candidates: Candidate<LogEntry>[];
  /** Live lines that the log is still to be searched for. */
  live: OutputLine[];
  /** Live lines that were delivered from the log. */
  skip: number;
}

/**
 * The Engine's log from `sinceNanos` on, then live output, joined as rejoin.ts tells.
 * @param attachedAfterMs A moment before the attachment was made, by the clock that stamps the log.
 */
export async function* resume(
  attachment: Attachment,
  read: (fromNanos: bigint, isFinal: boolean) => AsyncGenerator<LogEntry, bigint | undefined>,
  sinceNanos: bigint,
  attachedAfterMs: number,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<OutputLine, void> {
  const sides = streams.map(
    (stream): Side => ({
      stream,
      isJoined: false,
      lastNanos: -1n,
      candidates: [],
      live: [],
      skip: 0,
    }),
  );
  const sideOf = (stream: OutputStream): Side | undefined => sides.find((side) => side.stream === stream);
  let nextNanos = sinceNanos;
  let isReadable = true;

  /** Reads on in the log: what is older than the attachment is delivered, the rest may also come live. */
  async function* readOn(): AsyncGenerator<OutputLine, void> {
    if (!isReadable) return;
    const entries = read(nextNanos, attachment.isComplete);
    try {
      for (;;) {
        const next = await entries.next();
        if (next.done) {
          nextNanos = next.value ?? nextNanos;
          return;
        }
        const entry = next.value;
        nextNanos = entry.timeNanos + 1n;
        const side = sideOf(entry.stream);
        if (side === undefined || side.isJoined || entry.timeNanos <= side.lastNanos) continue;
        side.lastNanos = entry.timeNanos;
        if (millisOf(entry) < attachedAfterMs) yield lineOf(entry);
        else side.candidates.push({ entry, isDelivered: false });
      }
    } catch (error) {
      // Some log drivers cannot be read: then there is only what comes live.
      if (!(error instanceof EngineError)) throw error;
      isReadable = false;
    } finally {
      // Whoever takes the output may leave in the middle: the Engine's answer is not left open.
      await entries.return(undefined);
    }
  }
  const deliverAll = (side: Side): OutputLine[] =>
    side.candidates.flatMap((candidate) => {
      if (candidate.isDelivered) return [];
      candidate.isDelivered = true;
      return [lineOf(candidate.entry)];
    });
  const join = (side: Side, lines: readonly OutputLine[], skip: number): readonly OutputLine[] => {
    side.isJoined = true;
    const rest = side.live.slice(skip);
    side.skip = Math.max(0, skip - side.live.length);
    side.live = [];
    return [...lines, ...rest];
  };
  /** Sorts new live lines: joined streams go through, the others are collected. */
  const passing = (): readonly OutputLine[] =>
    attachment.take().filter((line) => {
      const side = sideOf(line.stream);
      if (!side) return true;
      if (!side.isJoined) side.live.push(line);
      else if (side.skip > 0) side.skip -= 1;
      else return true;
      return false;
    });

  yield* readOn();
  const quietAtMs = clock.monotonic() + quietMs;
  let hasSettled = false;
  while (!attachment.isComplete) {
    yield* passing();
    for (const side of sides) {
      if (side.isJoined || side.live.length === 0) continue;
      for (let attempt = 1; !side.isJoined; attempt += 1) {
        const sought = side.live.map((line) => line.text);
        yield* readOn();
        const mayLag = !isReadable || attempt === jointAttempts;
        const joint = findJoint(side.candidates, sought, { mayLag });
        if (joint) yield* join(side, joint.entries.map(lineOf), joint.skippedLines);
        // The log does not have it, and will not: it can't be read, or was rotated away meanwhile.
        else if (mayLag) yield* join(side, deliverAll(side), 0);
        else await clock.sleep(jointRetryMs, signal);
      }
    }
    if (sides.every((side) => side.isJoined)) {
      // Lines may have been read while the last stream was joined.
      yield* passing();
      await attachment.changed();
      continue;
    }
    if (!hasSettled && clock.monotonic() >= quietAtMs) {
      // Quiet streams: what the log was late with. What comes live from now on is compared with it.
      hasSettled = true;
      yield* readOn();
      for (const side of sides) {
        if (!side.isJoined && !attachment.hasHeard(side.stream)) yield* deliverAll(side);
      }
    }
    if (hasSettled) await attachment.changed();
    else await Promise.race([attachment.changed(), clock.sleep(quietMs, signal)]);
  }
  yield* passing();
  // It has exited, so the log has everything of the streams that never met, unless it can't be read.
  yield* readOn();
  for (const side of sides) {
    if (side.isJoined) continue;
    const sought = side.live.map((line) => line.text);
    const isInLog = sought.length === 0 || findJoint(side.candidates, sought) !== undefined;
    yield* join(side, deliverAll(side), isInLog ? sought.length : 0);
  }
}

export const lineOf = (entry: LogEntry): OutputLine => ({
  stream: entry.stream,
  text: entry.text,
  timeMs: millisOf(entry),
  ...(entry.isUnended && { isUnended: true }),
});
