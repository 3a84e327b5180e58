import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { OutputLine, Runtime } from '../../runtime/index.ts';
import { BackOff, isPassing } from '../back-off.ts';
import { Gate } from '../gate.ts';
import { LogBuffer } from './log-buffer.ts';
import { LineGrouper } from './log-events.ts';
import type { LogStream } from './log-stream.ts';
import { newLines } from './new-lines.ts';
import { advance, type LogPosition, readBackFrom } from './position.ts';
import { ResumeFilter } from './resume-filter.ts';

/** A multi-line event that nothing ends is shipped after this long (the Engine's driver: 5 s). */
const multilineWaitMs = 5_000;
/** How long full buffers hold a container's output before it is read from the engine's log instead. */
const longestHoldMs = 5_000;

/**
 * Ships one container's output: a reading side, attached to the engine, and a sending side with the buffer between
 * them. The reading side never follows the engine's rotating files; it attaches, and where an attachment was cut
 * it reads back what it missed. The output of a container is never held for long: when CloudWatch Logs is away, the
 * agent lets go and reads the engine's own log later.
 */
export class LogShipper {
  readonly #options: LogShipperOptions;
  readonly #buffer: LogBuffer;
  readonly #grouper: LineGrouper;
  readonly #changed = new Gate();
  readonly #hasRoom = new Gate();
  /** Attachments made before a start, still to be read. */
  readonly #attachments: Attachment[] = [];
  readonly #attached = new Gate();
  /** Ends the newest attachment. */
  #cut: AbortController | undefined;
  /** Output was let go of: it is to be read back. */
  #isBehind = false;
  /** Whether the container is being started is for `hasStarted` or `detach` to say. */
  #isStarting = false;
  /** The start under way has no attachment: what it says is read back with the rest. */
  #startsUnattached = false;
  #shipped: LogPosition | undefined;
  #read: LogPosition | undefined;
  /** The container has ended and all it said was read. */
  #hasEnded = false;
  #isDone = false;
  #rejected = 0;

  constructor(options: LogShipperOptions) {
    this.#options = options;
    this.#buffer = new LogBuffer(options);
    this.#grouper = new LineGrouper(options.startsEvent);
    this.#shipped = options.position;
    this.#read = options.position;
  }

  /**
   * Attaches to a container about to be started: nothing it says will be missed.
   * @returns false when this shipper is done: the container needs another.
   */
  attach(): boolean {
    if (this.#isDone) return false;
    this.#isStarting = true;
    // Its lines would overtake those that are still to be read, and unread it would hold the container.
    this.#startsUnattached = this.#isBehind;
    if (this.#startsUnattached) return true;
    const { runtime, containerName, signal } = this.#options;
    const cut = new AbortController();
    this.#cut = cut;
    const until = AbortSignal.any([signal, cut.signal]);
    const lines = runtime.output(containerName, 'start', until)[Symbol.asyncIterator]();
    const first = lines.next();
    first.catch(() => {});
    this.#attachments.push({ lines: startingWith(first, lines), cut });
    this.#attached.open();
    if (this.#hasEnded) this.#beginReading();
    return true;
  }

  /** The start that was attached for took place. */
  hasStarted(): void {
    this.#isStarting = false;
    if (!this.#startsUnattached) return;
    this.#isBehind = true;
    this.#attached.open();
  }

  /**
   * Whether the start took place is not known: lets go of the attachment made for it. If it did, what was said is
   * read back; if not, the next attempt attaches anew, and nothing is read twice.
   */
  detach(): void {
    this.#cut?.abort();
    this.hasStarted();
  }

  /** Runs until the container has ended and all is shipped, or the signal aborts. */
  async run(): Promise<void> {
    this.#beginReading();
    await this.#sendAll();
  }

  #beginReading(): void {
    this.#hasEnded = false;
    void this.#readAll();
  }

  async #readAll(): Promise<void> {
    const { runtime, containerName, signal, clock, random } = this.#options;
    const backOff = new BackOff({ leastMs: 100, mostMs: 5_000 }, random);
    // Without an attachment an earlier agent has started it.
    let hasStarted = this.#attachments.length === 0;
    while (!signal.aborted) {
      try {
        const attachment = this.#attachments.shift();
        if (attachment) await this.#readLines(attachment.lines);
        else if (hasStarted || this.#isBehind) await this.#readBack();
        // Only when there is no attachment any more: until then the container would be held.
        while (this.#isBehind && this.#buffer.isFull && !signal.aborted) await this.#hasRoom.wait(signal);
        if (this.#attachments.length > 0) continue;
        const state = (await runtime.inspectContainer(containerName))?.status.state;
        const mayGoOn = this.#isBehind || this.#isStarting;
        if (state === undefined || (state === 'exited' && !mayGoOn)) break;
        hasStarted = state === 'running';
      } catch (error) {
        if (signal.aborted) break;
        hasStarted = true;
        this.#options.log.debug('Reading container output was interrupted', {
          container: containerName,
          error,
        });
      }
      // Cut off while the container runs (the engine restarted, or the buffer was full): read back, after a breath.
      await this.#attached.wait(signal, clock, backOff.nextDelayMs());
    }
    this.#emit(this.#grouper.finish());
    this.#hasEnded = true;
    this.#changed.open();
  }

  async #readBack(): Promise<void> {
    const { runtime, containerName, signal, clock } = this.#options;
    this.#isBehind = false;
    const position = this.#read;
    const sinceMs = readBackFrom(position);
    const open = (until: AbortSignal) => runtime.output(containerName, { sinceMs }, until);
    if (position === undefined) return this.#readLines(open(signal)[Symbol.asyncIterator]());
    return this.#readLines(newLines(open, new ResumeFilter(position), clock, signal));
  }

  /** To the end, or until there is no room for too long: then the rest is to be read back. */
  async #readLines(lines: AsyncIterator<OutputLine>): Promise<void> {
    try {
      for (;;) {
        const next = await lines.next();
        if (next.done) return;
        this.#take(next.value);
        if (this.#buffer.isFull && !(await this.#waitForRoom())) {
          this.#letGo();
          return;
        }
      }
    } finally {
      await lines.return?.();
    }
  }

  /** Also of what a restart was attached for meanwhile: its lines come after those that are read back now. */
  #letGo(): void {
    this.#isBehind = true;
    const waiting = this.#attachments.splice(0);
    for (const { lines, cut } of waiting) {
      cut.abort();
      lines.return?.().catch(() => {});
    }
    if (this.#isStarting && waiting.length > 0) this.#startsUnattached = true;
  }

  /** @returns false when there was none in time. */
  async #waitForRoom(): Promise<boolean> {
    const { clock, signal, log, containerName } = this.#options;
    const deadlineMs = clock.monotonic() + longestHoldMs;
    while (this.#buffer.isFull && !signal.aborted) {
      const leftMs = deadlineMs - clock.monotonic();
      if (leftMs <= 0) {
        log.warn('CloudWatch Logs does not keep up: its output will be read later', {
          container: containerName,
        });
        return false;
      }
      await this.#hasRoom.wait(signal, clock, leftMs);
    }
    return true;
  }

  #take(line: OutputLine): void {
    this.#emit(this.#grouper.push(line));
    this.#changed.open();
  }

  #emit(events: ReturnType<LineGrouper['finish']>): void {
    for (const event of events) {
      this.#read = advance(this.#read, event.lastLineMs, event.hashes);
      this.#buffer.add(event);
    }
  }

  async #sendAll(): Promise<void> {
    const { signal, clock, flushIntervalMs } = this.#options;
    while (!signal.aborted) {
      if (this.#buffer.isEmpty) {
        // Done in the same instant, so that an attachment comes either before or is told so.
        this.#isDone = this.#hasEnded;
        if (this.#isDone) return;
        await this.#changed.wait(signal, clock, this.#msUntilMultilineEnds());
        this.#endOldMultiline();
        if (this.#buffer.isEmpty) continue;
      }
      if (!this.#hasEnded && !this.#buffer.hasFullBatch)
        await this.#gather(clock.monotonic() + flushIntervalMs);
      if (signal.aborted) return;
      await this.#send();
      this.#reportLosses();
    }
  }

  /** Waits for more to send with the first, until the flush is due, the batch full or the container's end. */
  async #gather(deadlineMs: number): Promise<void> {
    const { signal, clock } = this.#options;
    while (!signal.aborted && !this.#hasEnded && !this.#buffer.hasFullBatch) {
      const leftMs = deadlineMs - clock.monotonic();
      if (leftMs <= 0) return;
      await this.#changed.wait(signal, clock, leftMs);
    }
  }

  async #send(): Promise<void> {
    const { stream, signal, clock, random, log, containerName } = this.#options;
    const batch = this.#buffer.nextBatch();
    const backOff = new BackOff({ leastMs: 200, mostMs: 30_000 }, random);
    for (;;) {
      try {
        // Not cut off by a closing agent: a batch taken but not noted would be sent again by the next one.
        this.#rejected += await stream.put(batch, this.#options.abandoned);
        break;
      } catch (error) {
        if (signal.aborted) return;
        if (!isPassing(error)) {
          log.error('CloudWatch Logs refuses log events: they are dropped', {
            container: containerName,
            stream: stream.name,
            error,
            events: batch.length,
          });
          break;
        }
        log.debug('CloudWatch Logs is away: sending again', {
          container: containerName,
          stream: stream.name,
          error,
        });
        await clock.sleep(backOff.nextDelayMs(), signal).catch(() => {});
        if (signal.aborted) return;
      }
    }
    this.#buffer.remove(batch);
    for (const event of batch) {
      this.#shipped = advance(this.#shipped, event.lastLineMs, event.hashes);
    }
    if (this.#shipped) this.#options.savePosition(this.#shipped);
    this.#hasRoom.open();
  }

  #msUntilMultilineEnds(): number | undefined {
    const { openSinceMs } = this.#grouper;
    return openSinceMs === undefined
      ? undefined
      : Math.max(1, openSinceMs + multilineWaitMs - this.#options.clock.now());
  }

  #endOldMultiline(): void {
    const { openSinceMs } = this.#grouper;
    if (openSinceMs === undefined || openSinceMs + multilineWaitMs > this.#options.clock.now()) return;
    this.#emit(this.#grouper.finish());
  }

  #reportLosses(): void {
    const { log, containerName, stream } = this.#options;
    const dropped = this.#buffer.takeDropped();
    if (dropped > 0) {
      log.warn('Log buffer was full: events were dropped', {
        container: containerName,
        stream: stream.name,
        dropped,
      });
    }
    if (this.#rejected > 0) {
      log.warn('CloudWatch Logs did not take events: too old or too new', {
        container: containerName,
        stream: stream.name,
        rejected: this.#rejected,
      });
      this.#rejected = 0;
    }
  }
}

interface Attachment {
  readonly lines: AsyncIterator<OutputLine>;
  readonly cut: AbortController;
}

export interface LogShipperOptions {
  readonly runtime: Runtime;
  readonly containerName: string;
  readonly stream: LogStream;
  readonly isNonBlocking: boolean;
  readonly bufferBytes: number;
  readonly flushIntervalMs: number;
  readonly startsEvent?: (line: string) => boolean;
  /** Where an earlier agent left off. */
  readonly position?: LogPosition;
  savePosition(position: LogPosition): void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Aborts later than `signal`: the end of all patience. */
  readonly abandoned: AbortSignal;
}

/** A first line that has been asked for already, and the rest. */
function startingWith(
  first: Promise<IteratorResult<OutputLine>>,
  rest: AsyncIterator<OutputLine>,
): AsyncIterator<OutputLine> {
  let asked: typeof first | undefined = first;
  return {
    next: () => {
      const next = asked ?? rest.next();
      asked = undefined;
      return next;
    },
    return: async () => (await rest.return?.()) ?? { done: true, value: undefined },
  };
}
