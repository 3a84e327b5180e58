import { longestLineBytes, type OutputStream } from '../line-splitter.ts';
import type { EngineApi } from './engine-api.ts';
import { Demultiplexer } from './output-frames.ts';

/** A whole line in the Engine's own log of a container. */
export interface LogEntry {
  readonly stream: OutputStream;
  readonly text: string;
  /** When the Engine read it, epoch nanoseconds. */
  readonly timeNanos: bigint;
  readonly isUnended?: true;
}

export const millisOf = (entry: LogEntry): number => Number(entry.timeNanos / 1_000_000n);

/** Longer texts are stored in parts of this size, each with the time of the first and all but the last unended. */
const partBytes = 16_384;
/** A part that was cut inside a character is stored a few bytes shorter or longer. */
const leastPartBytes = partBytes - 4;
const newline = 10;
const carriageReturn = 13;

/**
 * Reads what the Engine has kept of a container's output from `sinceNanos` on (inclusive), oldest first. It never
 * follows: of a log that is rotated while it is followed the Engine loses lines without a word.
 *
 * A line that is not ended yet is not yielded; the time of the oldest such is returned, to read again from there.
 * `isFinal`: nothing more will be written, so whatever is there is a line.
 */
export async function* readLog(
  api: EngineApi,
  containerId: string,
  isTerminal: boolean,
  sinceNanos: bigint,
  isFinal: boolean,
  signal: AbortSignal,
): AsyncGenerator<LogEntry, bigint | undefined> {
  const answer = await api.stream('GET', `/containers/${containerId}/logs`, {
    query: { stdout: 1, stderr: 1, timestamps: 1, since: sinceParameter(sinceNanos) },
    signal,
  });
  const frames = isTerminal ? terminalFrames(answer) : plainFrames(answer);
  const assembler = new LineAssembler();
  for await (const { stream, message } of frames) {
    const entry = assembler.push(stream, message);
    if (entry) yield entry;
  }
  if (!isFinal) return assembler.oldestOpenNanos();
  yield* assembler.finish();
  return undefined;
}

const sinceParameter = (nanos: bigint): string =>
  `${nanos / 1_000_000_000n}.${String(nanos % 1_000_000_000n).padStart(9, '0')}`;

interface StoredMessage {
  readonly stream: OutputStream;
  /** `2026-01-02T03:04:05.123456789Z text`, with the newline unless it is a part of a longer line. */
  readonly message: Buffer;
}

/** Each frame is one stored message. */
async function* plainFrames(answer: AsyncIterable<Buffer>): AsyncGenerator<StoredMessage, void> {
  const demultiplexer = new Demultiplexer(false);
  let parts: Buffer[] = [];
  for await (const chunk of answer) {
    for (const { stream, bytes, isLast } of demultiplexer.push(chunk)) {
      parts.push(bytes);
      if (!isLast) continue;
      yield { stream, message: Buffer.concat(parts) };
      parts = [];
    }
  }
}

/** A terminal's log has no frames: a message ends with its newline, or as a part at its full size. */
async function* terminalFrames(answer: AsyncIterable<Buffer>): AsyncGenerator<StoredMessage, void> {
  let rest = Buffer.alloc(0);
  for await (const chunk of answer) {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const space = rest.indexOf(' ');
      const lineEnd = rest.indexOf(newline);
      const partEnd = space + 1 + partBytes;
      const isPart = space >= 0 && (lineEnd < 0 ? rest.length > partEnd : lineEnd >= partEnd);
      const end = isPart ? partEnd : lineEnd + 1;
      if (end === 0) break;
      yield { stream: 'stdout', message: withoutReturn(rest.subarray(0, end)) };
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) yield { stream: 'stdout', message: rest };
}

function withoutReturn(message: Buffer): Buffer {
  return message.at(-1) === newline && message.at(-2) === carriageReturn
    ? Buffer.concat([message.subarray(0, -2), Buffer.from('\n')])
    : message;
}

/** Puts the parts of long lines together again. */
class LineAssembler {
  readonly #open = new Map<OutputStream, { timeNanos: bigint; parts: Buffer[]; bytes: number }>();

  push(stream: OutputStream, message: Buffer): LogEntry | undefined {
    const space = message.indexOf(' ');
    const timeNanos = nanosOf(message.toString('latin1', 0, Math.max(space, 0)));
    if (timeNanos === undefined) return undefined;
    const isEnded = message.at(-1) === newline;
    const part = message.subarray(space + 1, isEnded ? -1 : undefined);
    const open = this.#open.get(stream) ?? { timeNanos, parts: [], bytes: 0 };
    open.parts.push(part);
    open.bytes += part.length;
    // Shorter and unended: the last words of a container that has exited.
    const isWhole = isEnded || part.length < leastPartBytes || open.bytes >= longestLineBytes;
    if (!isWhole) {
      this.#open.set(stream, open);
      return undefined;
    }
    this.#open.delete(stream);
    const isCut = isEnded || open.bytes >= longestLineBytes;
    return {
      ...{ stream, text: Buffer.concat(open.parts).toString(), timeNanos: open.timeNanos },
      ...(!isCut && { isUnended: true }),
    };
  }

  oldestOpenNanos(): bigint | undefined {
    return [...this.#open.values()].map(({ timeNanos }) => timeNanos).sort((a, b) => (a < b ? -1 : 1))[0];
  }

  finish(): LogEntry[] {
    return [...this.#open].map(([stream, { timeNanos, parts }]) => ({
      stream,
      text: Buffer.concat(parts).toString(),
      timeNanos,
      isUnended: true,
    }));
  }
}

/** RFC 3339 with up to nine decimals to epoch nanoseconds; undefined when it is no time. */
export function nanosOf(time: string): bigint | undefined {
  const [, whole = '', decimals = '', zone = ''] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  const seconds = Date.parse(`${whole}${zone}`) / 1000;
  if (!Number.isInteger(seconds)) return undefined;
  return BigInt(seconds) * 1_000_000_000n + BigInt(decimals.padEnd(9, '0'));
}
