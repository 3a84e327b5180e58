import type { Duplex, Readable } from 'node:stream';
import type { Clock } from '../../clock/index.ts';
import { Fields } from '../fields.ts';
import { LineSplitter, type OutputStream } from '../line-splitter.ts';
import { type OutputLine, RuntimeError } from '../runtime.ts';
import { type EngineApi, EngineError } from './engine-api.ts';
import { failed } from './failures.ts';
import { type LogEntry, millisOf, readLog } from './log-entries.ts';
import { Demultiplexer } from './output-frames.ts';
import { type Candidate, findJoint } from './rejoin.ts';

/** Lines read from the socket and not yet taken; more and the container has to wait. */
const mostBufferedLines = 20_000;
/** After the container's exit, how long nothing may come before its output is taken for complete. */
const drainMs = 2_000;
/** How far the Engine's clock may be off from ours: a rounding on the same machine, anything short of absurd elsewhere. */
const clockSlackMs = { sameMachine: 2, otherMachine: 30_000 };
const jointAttempts = 60;
const jointRetryMs = 25;
/** A stream that says nothing for this long after the attachment has no overlap to wait for. */
const quietMs = 250;

const streams: readonly OutputStream[] = ['stdout', 'stderr'];

/**
 * What containers say, by attachment. The Engine is never asked to follow its log: files that rotate meanwhile lose
 * lines. The Engine writes to an attachment before the container may go on, so nothing is lost, and whoever reads too
 * slowly holds the container.
 */
export class Outputs {
  readonly #api: EngineApi;
  readonly #clock: Clock;
  readonly #slackMs: number;
  /** By container name: attachments under way or open. */
  readonly #attachments = new Map<string, Set<Promise<Attachment>>>();

  constructor(api: EngineApi, clock: Clock, isSameMachine: boolean) {
    this.#api = api;
    this.#clock = clock;
    this.#slackMs = isSameMachine ? clockSlackMs.sameMachine : clockSlackMs.otherMachine;
  }

  /** Resolves when every attachment asked for has been made, so that a start loses nothing. */
  async attached(name: string): Promise<void> {
    await Promise.allSettled(this.#attachments.get(name) ?? []);
  }

  /** The container is gone: its attachments end. */
  async end(name: string): Promise<void> {
    for (const result of await Promise.allSettled(this.#attachments.get(name) ?? [])) {
      if (result.status === 'fulfilled') result.value.close();
    }
  }

  /** @throws {RuntimeError} `EngineUnavailable` when the Engine went away under it: read back from the last line. */
  lines(
    name: string,
    from: 'start' | { readonly sinceMs: number },
    signal: AbortSignal,
  ): AsyncIterable<OutputLine> {
    // Begun now and not with the first line asked for: the container may be started in between.
    const opening = from === 'start' ? this.#attach(name, 'next-exit', signal) : undefined;
    return from === 'start'
      ? this.#readFromStart(name, opening, signal)
      : this.#readSince(name, from.sinceMs, signal);
  }

  async *#readFromStart(
    name: string,
    opening: Promise<Attachment> | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<OutputLine, void> {
    try {
      using attachment = await (opening ?? this.#attach(name, 'next-exit', signal));
      yield* attachment.lines();
    } catch (error) {
      if (!signal.aborted)
        throw failed(`Cannot read the output of container '${name}'`, 'Unsupported', error);
    }
  }

  async *#readSince(name: string, sinceMs: number, signal: AbortSignal): AsyncGenerator<OutputLine, void> {
    try {
      const inspected = await this.#inspect(name, signal);
      const id = inspected.text('Id') ?? name;
      const isTerminal = inspected.object('Config').flag('Tty');
      const sinceNanos = BigInt(Math.trunc(sinceMs) + 1) * 1_000_000n;
      const state = inspected.object('State');
      if (!state.flag('Running') && state.text('Status') !== 'created') {
        for await (const entry of readLog(this.#api, id, isTerminal, sinceNanos, true, signal))
          yield lineOf(entry);
        return;
      }
      const condition = state.flag('Running') ? 'not-running' : 'next-exit';
      const attachedAfterMs = this.#clock.now() - this.#slackMs;
      using attachment = await this.#attach(name, condition, signal);
      const read = (fromNanos: bigint, isFinal: boolean) =>
        readLog(this.#api, id, isTerminal, fromNanos, isFinal, signal);
      yield* resume(attachment, read, sinceNanos, attachedAfterMs, this.#clock, signal);
    } catch (error) {
      if (!signal.aborted)
        throw failed(`Cannot read the output of container '${name}'`, 'Unsupported', error);
    }
  }

  #attach(name: string, condition: 'next-exit' | 'not-running', signal: AbortSignal): Promise<Attachment> {
    const making = this.#makeAttachment(name, condition, signal);
    const all = this.#attachments.get(name) ?? new Set();
    this.#attachments.set(name, all.add(making));
    const forget = (): void => {
      all.delete(making);
      if (all.size === 0 && this.#attachments.get(name) === all) this.#attachments.delete(name);
    };
    making.then((attachment) => attachment.closed.then(forget), forget);
    return making;
  }

  async #makeAttachment(
    name: string,
    condition: 'next-exit' | 'not-running',
    signal: AbortSignal,
  ): Promise<Attachment> {
    const inspected = await this.#inspect(name, signal);
    const isTerminal = inspected.object('Config').flag('Tty');
    const id = inspected.text('Id') ?? name;
    // Whoever answers this wait is the very engine that feeds the attachment: when both are cut, the engine has gone;
    // when only the attachment ends, the container has closed its output.
    const exit = new AbortController();
    const exited = await this.#api.stream('POST', `/containers/${id}/wait`, {
      query: { condition },
      signal: AbortSignal.any([signal, exit.signal]),
    });
    try {
      const socket = await this.#api.hijack('POST', `/containers/${id}/attach`, {
        query: { stream: 1, stdout: 1, stderr: 1 },
        signal,
      });
      return new Attachment(socket, exited, () => exit.abort(), isTerminal, this.#clock, signal);
    } catch (error) {
      exited.destroy();
      throw error;
    }
  }

  async #inspect(name: string, signal: AbortSignal): Promise<Fields> {
    return new Fields(
      await this.#api.json('GET', `/containers/${encodeURIComponent(name)}/json`, { signal }),
    );
  }
}

/** Live output: the connection, and the lines that came over it and were not yet taken. */
class Attachment implements Disposable {
  readonly #socket: Duplex;
  readonly #endWait: () => void;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #demultiplexer: Demultiplexer;
  readonly #splitters: Readonly<Record<OutputStream, LineSplitter>>;
  readonly #closed = Promise.withResolvers<void>();
  #lines: OutputLine[] = [];
  #wake = Promise.withResolvers<void>();
  #state: 'open' | 'exited' | 'cut' | 'closed' = 'open';
  #isEnded = false;
  #drained: Disposable | undefined;
  #heardOf = new Set<OutputStream>();
  readonly #onAbort = (): void => this.close();

  constructor(
    socket: Duplex,
    exited: Readable,
    endWait: () => void,
    isTerminal: boolean,
    clock: Clock,
    signal: AbortSignal,
  ) {
    this.#socket = socket;
    this.#endWait = endWait;
    this.#clock = clock;
    this.#signal = signal;
    this.#demultiplexer = new Demultiplexer(isTerminal);
    this.#splitters = { stdout: new LineSplitter(isTerminal), stderr: new LineSplitter(isTerminal) };
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
    socket.on('error', () => this.#become('cut'));
    let answer = '';
    exited.setEncoding('utf8');
    exited.on('data', (text: string) => {
      answer += text;
    });
    exited.on('end', () => this.#become(isExit(answer) ? 'exited' : 'cut'));
    exited.on('error', () => this.#become('cut'));
    if (signal.aborted) this.close();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Resolves when it is closed, from whichever side. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** All has come: what `take` returns next is the last. */
  get isComplete(): boolean {
    return this.#state === 'closed' || (this.#state === 'exited' && this.#isEnded);
  }

  /** The stream has said something since the attachment, be it less than a line. */
  hasHeard(stream: OutputStream): boolean {
    return this.#heardOf.has(stream);
  }

  /** Lines until the container's exit. @throws {RuntimeError} `EngineUnavailable` when the engine went away. */
  async *lines(): AsyncGenerator<OutputLine, void> {
    for (;;) {
      for (const line of this.take()) yield line;
      if (this.isComplete) {
        for (const line of this.take()) yield line;
        return;
      }
      await this.changed();
    }
  }

  /** What came since the last call. @throws {RuntimeError} `EngineUnavailable` when there is nothing and the engine has gone. */
  take(): readonly OutputLine[] {
    const lines = this.#lines;
    this.#lines = [];
    if (lines.length === 0 && this.#state === 'cut') {
      const detail = 'the connection to the container engine was cut';
      throw new RuntimeError(
        'EngineUnavailable',
        `Container output broke off: ${detail}. Read it back`,
        detail,
      );
    }
    this.#socket.resume();
    return lines;
  }

  /** Resolves when there is something to take, to be complete or to be cut. */
  async changed(): Promise<void> {
    if (this.#lines.length > 0 || this.isComplete || this.#state === 'cut') return;
    await this.#wake.promise;
  }

  close(): void {
    this.#become('closed');
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #take(chunk: Buffer): void {
    const timeMs = this.#clock.now();
    for (const { stream, bytes } of this.#demultiplexer.push(chunk)) {
      this.#heardOf.add(stream);
      for (const text of this.#splitters[stream].push(bytes)) this.#lines.push({ stream, text, timeMs });
    }
    if (this.#lines.length > mostBufferedLines) this.#socket.pause();
    if (this.#state === 'exited') this.#awaitDrain();
    if (this.#lines.length > 0) this.#changedNow();
  }

  /** The last of the output. The container itself may go on without one. */
  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const timeMs = this.#clock.now();
    for (const stream of streams) {
      for (const text of this.#splitters[stream].finish()) this.#lines.push({ stream, text, timeMs });
    }
    this.#settle();
  }

  #become(state: 'exited' | 'cut' | 'closed'): void {
    if (this.#state === 'closed' || this.#state === state) return;
    // What the container said to its end is all there, whatever becomes of the engine.
    if (state === 'cut' && this.#state === 'exited') {
      this.#end();
      return;
    }
    this.#state = state;
    if (state === 'exited' && !this.#isEnded) this.#awaitDrain();
    this.#settle();
  }

  /** Its end may never be told, when it had exited before the attachment was made. */
  #awaitDrain(): void {
    this.#drained?.[Symbol.dispose]();
    this.#drained = this.#clock.after(drainMs, () => {
      if (this.#socket.isPaused()) this.#awaitDrain();
      else this.#end();
    });
  }

  #settle(): void {
    this.#changedNow();
    if (this.#state === 'open' || (this.#state === 'exited' && !this.#isEnded)) return;
    this.#drained?.[Symbol.dispose]();
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#socket.destroy();
    this.#endWait();
    this.#closed.resolve();
  }

  #changedNow(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}

/** An engine that is stopped answers its waits with -1. */
function isExit(answer: string): boolean {
  try {
    return (Fields.parse(answer).number('StatusCode') ?? -1) >= 0;
  } catch {
    return false;
  }
}

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

async function* resume(
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
    try {
      const entries = read(nextNanos, attachment.isComplete);
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
        const joint = findJoint(side.candidates, sought);
        if (joint) yield* join(side, joint.entries.map(lineOf), joint.skippedLines);
        // The log does not have it, and will not: it can't be read, or was rotated away meanwhile.
        else if (!isReadable || attempt === jointAttempts) yield* join(side, deliverAll(side), 0);
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

const lineOf = (entry: LogEntry): OutputLine => ({
  stream: entry.stream,
  text: entry.text,
  timeMs: millisOf(entry),
});
