import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { BackOff, isPassing, retry } from '../back-off.ts';
import { Gate } from '../gate.ts';
import { type LogEvent, splitText } from '../logs/log-events.ts';
import type { LogStream } from '../logs/log-stream.ts';

/** amazon-ssm-agent's largest event. */
const mostEventBytes = 200_000;
/** A batch takes no further event from here on: even with one of bytes that are no characters PutLogEvents takes it. */
const enoughBatchBytes = 400_000;
/** Held for CloudWatch Logs. When it does not keep up, the session's output waits. */
const mostHeldBytes = 4_000_000;
/** What CloudWatch Logs did not take so long after the session's end is given up. */
const afterlifeMs = 10 * 60_000;
const newline = 0x0a;

export interface SessionTranscriptOptions {
  readonly stream: LogStream;
  readonly sessionId: string;
  readonly flushIntervalMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The end of all patience. */
  readonly abandoned: AbortSignal;
}

/**
 * The log of one session: what its terminal said, in a log stream of its own. As in amazon-ssm-agent's upload an
 * event is as many whole lines as fit, with plain line ends; other than there, lines are sent while the session
 * lasts, so that a crash costs the last few seconds and not the session.
 */
export class SessionTranscript {
  readonly #options: SessionTranscriptOptions;
  /** What was said and is in no event yet. */
  #said: Buffer[] = [];
  #saidBytes = 0;
  /** The same with what is being sent. */
  #heldBytes = 0;
  readonly #changed = new Gate();
  readonly #hasRoom = new Gate();
  readonly #givenUp = new AbortController();
  #isEnded = false;
  #isOver = false;
  #afterlife: Disposable | undefined;

  constructor(options: SessionTranscriptOptions) {
    this.#options = options;
  }

  /** Resolves when there is room for more, when the signal aborts, and at once when nothing can be logged. */
  async write(said: Buffer, signal: AbortSignal): Promise<void> {
    if (this.#isOver) return;
    this.#said.push(said);
    this.#saidBytes += said.length;
    this.#heldBytes += said.length;
    this.#changed.open();
    while (this.#heldBytes >= mostHeldBytes && !this.#isOver && !signal.aborted)
      await this.#hasRoom.wait(signal);
  }

  /** Nothing more is said: `run` sends the rest and resolves. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (!this.#isOver) this.#afterlife = this.#options.clock.after(afterlifeMs, () => this.#givenUp.abort());
    this.#changed.open();
  }

  /** Makes the stream and sends, until all was sent after `end` or it is given up. Never rejects. */
  async run(): Promise<void> {
    const { stream, sessionId, log } = this.#options;
    try {
      await this.#trying((signal) => stream.createOnce(signal));
      await this.#sendAll();
    } catch (error) {
      log.warn('An exec session is not logged any more', {
        ...{ sessionId, stream: stream.name, unsentBytes: this.#heldBytes, error },
      });
    } finally {
      this.#isOver = true;
      this.#said = [];
      this.#hasRoom.open();
      this.#afterlife?.[Symbol.dispose]();
    }
  }

  get #signal(): AbortSignal {
    return AbortSignal.any([this.#options.abandoned, this.#givenUp.signal]);
  }

  async #sendAll(): Promise<void> {
    const { stream, clock, flushIntervalMs, log, sessionId } = this.#options;
    const signal = this.#signal;
    for (;;) {
      signal.throwIfAborted();
      if (this.#saidBytes === 0) {
        if (this.#isEnded) return;
        await this.#changed.wait(signal);
        continue;
      }
      const dueMs = clock.monotonic() + flushIntervalMs;
      const mayWait = () => !this.#isEnded && !signal.aborted && this.#saidBytes < mostEventBytes;
      while (mayWait() && clock.monotonic() < dueMs)
        await this.#changed.wait(signal, clock, dueMs - clock.monotonic());
      const { events, bytes } = this.#takeEvents();
      if (bytes > 0) {
        const rejected = events.length === 0 ? 0 : await this.#trying((until) => stream.put(events, until));
        if (rejected > 0)
          log.warn('CloudWatch Logs did not take events of a session', { sessionId, rejected });
        this.#heldBytes -= bytes;
        this.#hasRoom.open();
      } else {
        // Only the beginning of a line, e.g. a prompt.
        await this.#changed.wait(signal);
      }
    }
  }

  /** Until it succeeds or is refused for good. */
  #trying<T>(attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { stream, sessionId, clock, random, log } = this.#options;
    const signal = this.#signal;
    return retry(() => attempt(signal), {
      backOff: new BackOff({ leastMs: 200, mostMs: 10_000 }, random),
      clock,
      signal,
      isRetryable: (error) => !signal.aborted && isPassing(error),
      onFailure: (error, delayMs) =>
        log.debug('CloudWatch Logs is away: a session’s log waits', {
          ...{ sessionId, stream: stream.name, delayMs, error },
        }),
    });
  }

  /** Whole lines; at the end, and where a line is longer than an event, what there is. */
  #takeEvents(): { readonly events: readonly LogEvent[]; readonly bytes: number } {
    const timeMs = this.#options.clock.now();
    let rest = Buffer.concat(this.#said);
    const before = rest.length;
    const events: LogEvent[] = [];
    let batchBytes = 0;
    while (rest.length > 0 && batchBytes < enoughBatchBytes) {
      const length = eventLength(rest, this.#isEnded);
      if (length === 0) break;
      const text = rest.toString('utf8', 0, length).replaceAll('\r\n', '\n').replace(/\n$/, '');
      // Bytes that are no characters become longer ones.
      for (const piece of text === '' ? [] : splitText(text)) {
        const bytes = Buffer.byteLength(piece);
        events.push({ text: piece, bytes, timeMs, hashes: [], lastLineMs: timeMs });
        batchBytes += bytes;
      }
      rest = rest.subarray(length);
    }
    this.#said = rest.length === 0 ? [] : [rest];
    this.#saidBytes = rest.length;
    return { events, bytes: before - rest.length };
  }
}

function eventLength(bytes: Buffer, isLast: boolean): number {
  if (isLast && bytes.length <= mostEventBytes) return bytes.length;
  const lineLength = bytes.lastIndexOf(newline, mostEventBytes - 1) + 1;
  if (lineLength > 0 || bytes.length < mostEventBytes) return lineLength;
  let end = mostEventBytes;
  // Not inside a character: 10xxxxxx continues one, which has four bytes at most.
  while (end > mostEventBytes - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return end;
}
