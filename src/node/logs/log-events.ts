import { crc32 } from 'node:zlib';
import type { OutputLine, OutputStream } from '../../runtime/index.ts';

/** CloudWatch Logs API reference, PutLogEvents. */
export const maximumBatchBytes = 1_048_576;
export const maximumBatchEvents = 10_000;
export const eventOverheadBytes = 26;
export const maximumEventBytes = 262_144 - eventOverheadBytes;
/** "The log events in the batch … can't span more than 24 hours". */
const maximumBatchSpanMs = 24 * 3_600_000;

/** What becomes one event in the stream: a line, or several of a multi-line event. */
export interface LogEvent {
  readonly text: string;
  readonly bytes: number;
  readonly timeMs: number;
  /** Its last lines, for the position: see `position.ts`. */
  readonly hashes: readonly string[];
  readonly lastLineMs: number;
}

/** Of each stream its own: the engine's log may have their lines in another order than they came in. */
export const hashOf = ({ stream, text }: OutputLine): string =>
  `${markOf(stream)}${crc32(text).toString(36)}`;

const markOf = (stream: OutputStream): string => (stream === 'stderr' ? '!' : '');

export const isHashOf = (hash: string, stream: OutputStream): boolean =>
  hash.startsWith('!') === (stream === 'stderr');

/** Joins lines to events: each its own, or from one that `startsEvent` to the next. */
export class LineGrouper {
  readonly #startsEvent: ((line: string) => boolean) | undefined;
  #lines: OutputLine[] = [];
  #bytes = 0;

  constructor(startsEvent?: (line: string) => boolean) {
    this.#startsEvent = startsEvent;
  }

  /** When the first line of the unfinished event was written. */
  get openSinceMs(): number | undefined {
    return this.#lines[0]?.timeMs;
  }

  push(line: OutputLine): readonly LogEvent[] {
    if (!this.#startsEvent) return eventsOf([line]);
    const bytes = Buffer.byteLength(line.text) + 1;
    const isFull = this.#bytes + bytes > maximumEventBytes;
    const finished = isFull || this.#startsEvent(line.text) ? this.finish() : [];
    this.#lines.push(line);
    this.#bytes += bytes;
    return finished;
  }

  /** Ends the event that is being gathered. */
  finish(): readonly LogEvent[] {
    const lines = this.#lines;
    this.#lines = [];
    this.#bytes = 0;
    return lines.length === 0 ? [] : eventsOf(lines);
  }
}

/** An event of these lines, or several where it would be larger than CloudWatch Logs takes. Empty lines are no events. */
function eventsOf(lines: readonly OutputLine[]): readonly LogEvent[] {
  const first = lines[0];
  const last = lines.at(-1);
  if (!first || !last) return [];
  const text = lines.map((line) => line.text).join('\n');
  if (text === '') return [];
  const hashes = lines
    .filter((line) => line.text !== '')
    .slice(-tailLength)
    .map(hashOf);
  const pieces = splitText(text);
  return pieces.map((piece, index) => ({
    text: piece,
    bytes: Buffer.byteLength(piece),
    timeMs: first.timeMs,
    hashes: index === pieces.length - 1 ? hashes : [],
    lastLineMs: last.timeMs,
  }));
}

/** Lines that a position remembers. */
export const tailLength = 32;

/** Pieces that CloudWatch Logs takes as events, never cut inside a character. */
export function splitText(text: string): readonly string[] {
  if (Buffer.byteLength(text) <= maximumEventBytes) return [text];
  const bytes = Buffer.from(text);
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    let end = Math.min(bytes.length, start + maximumEventBytes);
    // Never inside a character: 10xxxxxx continues one.
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    pieces.push(bytes.toString('utf8', start, end));
    start = end;
  }
  return pieces;
}

/** How many events from the front of the queue make the next batch. */
export function batchLength(queue: readonly LogEvent[]): number {
  let bytes = 0;
  let earliestMs = Number.POSITIVE_INFINITY;
  let latestMs = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (const event of queue) {
    bytes += event.bytes + eventOverheadBytes;
    earliestMs = Math.min(earliestMs, event.timeMs);
    latestMs = Math.max(latestMs, event.timeMs);
    if (count === maximumBatchEvents || bytes > maximumBatchBytes) break;
    if (latestMs - earliestMs > maximumBatchSpanMs) break;
    count += 1;
  }
  return count;
}
