import type { Duplex, Readable } from 'node:stream';
import type { Clock } from '../../clock/index.ts';
import { Fields } from '../fields.ts';
import { LineSplitter, type OutputStream } from '../line-splitter.ts';
import type { OutputLine } from '../runtime.ts';
import { RuntimeError } from '../runtime-error.ts';
import type { EngineApi } from './engine-api.ts';
import { Demultiplexer } from './output-frames.ts';

/** Lines read from the socket and not yet taken, and their text; more and the container has to wait. */
const mostBufferedLines = 20_000;
const mostBufferedBytes = 4 * 1_048_576;
/**
 * How long readers who don't keep up may hold the container, all in all: for so long it can't say anything, and once it has
 * ended the Engine answers nothing about it.
 */
const longestHoldMs = 4_000;
/** After the container's exit, how long nothing may come before its output is taken for complete. */
const drainMs = 2_000;

export const streams: readonly OutputStream[] = ['stdout', 'stderr'];

/**
 * Attaches to a container and waits for its exit over a second connection.
 * @param condition `next-exit` for one that is yet to be started, `not-running` for one that runs.
 */
export async function attach(
  api: EngineApi,
  inspected: Fields,
  condition: 'next-exit' | 'not-running',
  clock: Clock,
  signal: AbortSignal,
): Promise<Attachment> {
  const isTerminal = inspected.object('Config').flag('Tty');
  const id = inspected.text('Id') ?? '';
  // Whoever answers this wait is the very engine that feeds the attachment: when both are cut, the engine has gone;
  // when only the attachment ends, the container has closed its output.
  const exit = new AbortController();
  const exited = await api.stream('POST', `/containers/${id}/wait`, {
    query: { condition },
    signal: AbortSignal.any([signal, exit.signal]),
  });
  try {
    const socket = await api.hijack('POST', `/containers/${id}/attach`, {
      query: { stream: 1, stdout: 1, stderr: 1 },
      signal,
    });
    return new Attachment(socket, exited, () => exit.abort(), isTerminal, clock, signal);
  } catch (error) {
    exited.destroy();
    throw error;
  }
}

/** Live output: the connection, and the lines that came over it and were not yet taken. */
export class Attachment implements Disposable {
  readonly #socket: Duplex;
  readonly #endWait: () => void;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #demultiplexer: Demultiplexer;
  readonly #splitters: Readonly<Record<OutputStream, LineSplitter>>;
  readonly #closed = Promise.withResolvers<void>();
  #lines: OutputLine[] = [];
  #bytes = 0;
  #wake = Promise.withResolvers<void>();
  #state: 'open' | 'exited' | 'cut' | 'closed' = 'open';
  #isEnded = false;
  #drained: Disposable | undefined;
  #held: { readonly sinceMs: number; readonly limit: Disposable } | undefined;
  /** Since the reader kept up last. */
  #heldMs = 0;
  #isLetGo = false;
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

  /** Lines until the container's exit. @throws {RuntimeError} as `take`. */
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

  /**
   * What came since the last call.
   * @throws {RuntimeError} `EngineUnavailable` when there is nothing, and the engine has gone or the container was held for too long.
   */
  take(): readonly OutputLine[] {
    const lines = this.#lines;
    this.#lines = [];
    this.#bytes = 0;
    if (lines.length === 0 && this.#state === 'cut') {
      const detail = this.#isLetGo
        ? 'it was read too slowly'
        : 'the connection to the container engine was cut';
      throw new RuntimeError(
        'EngineUnavailable',
        `Container output broke off: ${detail}. Read it back`,
        detail,
      );
    }
    this.#resume();
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
      for (const text of this.#splitters[stream].push(bytes)) this.#keep({ stream, text, timeMs });
    }
    if (this.#lines.length > mostBufferedLines || this.#bytes > mostBufferedBytes) this.#hold();
    if (this.#state === 'exited') this.#awaitDrain();
    if (this.#lines.length > 0) this.#changedNow();
  }

  #hold(): void {
    this.#socket.pause();
    this.#held ??= {
      sinceMs: this.#clock.monotonic(),
      limit: this.#clock.after(Math.max(0, longestHoldMs - this.#heldMs), () => this.#letGo()),
    };
  }

  #resume(): void {
    this.#heldMs = this.#held === undefined ? 0 : this.#heldMs + this.#clock.monotonic() - this.#held.sinceMs;
    this.#held?.limit[Symbol.dispose]();
    this.#held = undefined;
    this.#socket.resume();
  }

  /** What was not read yet is in the Engine's log, also of a container that has exited. */
  #letGo(): void {
    this.#isLetGo = true;
    this.#state = 'cut';
    this.#settle();
  }

  #keep(line: OutputLine): void {
    this.#lines.push(line);
    this.#bytes += Buffer.byteLength(line.text);
  }

  /** The last of the output. The container itself may go on without one. */
  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
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
    const isWhole = this.#state === 'exited' && this.#isEnded;
    if (isWhole) this.#keepRests();
    this.#changedNow();
    if (this.#state === 'open' || (this.#state === 'exited' && !isWhole)) return;
    this.#drained?.[Symbol.dispose]();
    this.#held?.limit[Symbol.dispose]();
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#socket.destroy();
    this.#endWait();
    this.#closed.resolve();
  }

  /** What has no newline; a line that is cut off is read back whole. */
  #keepRests(): void {
    const timeMs = this.#clock.now();
    for (const stream of streams) {
      for (const text of this.#splitters[stream].finish()) this.#keep({ stream, text, timeMs });
    }
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
