import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../../../clock/index.ts';
import { writeWhole } from '../../write-whole.ts';
import { logRing } from '../configuration/log-lines.ts';
import type { Generation } from '../generation.ts';

const againMs = 1_000;
const rememberEveryMs = 1_000;
/** A process that only finishes what it has ends when nobody reads from it any more. */
const silenceMs = 2_000;
/** A line that has not ended by then is not one. */
const mostLineBytes = 131_072;

export interface LogReaderOptions {
  readonly generation: Generation;
  /** Whole lines, the oldest first, each once. */
  readonly told: (lines: readonly string[]) => void;
  readonly clock: Clock;
}

/**
 * Reads the lines that a process keeps, as they come. The process tells all that it still has to whoever asks anew, so how
 * far the reading came is kept beside its configuration: by time, as lines begin with theirs.
 */
export class LogReader implements AsyncDisposable {
  readonly #options: LogReaderOptions;
  readonly #ending = new AbortController();
  readonly #reading: Promise<void>;
  #socket: Socket | undefined;
  #readUntil: number;
  #rememberedAt = 0;
  #toldAt = 0;

  constructor(options: LogReaderOptions) {
    this.#options = options;
    this.#readUntil = remembered(options.generation.paths.read);
    this.#reading = this.#read();
  }

  /** The process takes nothing new from now on: it is read until it says nothing for a while. */
  async endWhenSilent(): Promise<void> {
    const { clock } = this.#options;
    this.#toldAt = clock.monotonic();
    while (!this.#ending.signal.aborted && clock.monotonic() - this.#toldAt < silenceMs) {
      await clock.sleep(silenceMs, this.#ending.signal).catch(() => {});
    }
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error('Nobody reads the log any more'));
    this.#socket?.destroy();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await this.#readOnce();
      await clock.sleep(againMs, signal).catch(() => {});
    }
    this.#remember();
  }

  /** Until the connection ends. */
  #readOnce(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = connect({ path: this.#options.generation.paths.socket });
    this.#socket = socket;
    let rest = '';
    // What was told to the reader before this connection.
    let isKnown = (line: string): boolean => timeOf(line) <= this.#readUntil;
    socket.setEncoding('latin1');
    // What goes wrong with it shows in its end.
    socket.on('error', () => {});
    socket.on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > mostLineBytes) socket.destroy();
      const first = lines.findIndex((line) => line !== '' && !isKnown(line));
      if (first === -1) return;
      isKnown = () => false;
      this.#tell(lines.slice(first).filter((line) => line !== ''));
    });
    socket.on('close', () => resolve());
    socket.write(`show events ${logRing} -w\n`);
    return promise;
  }

  #tell(lines: readonly string[]): void {
    const { told, clock } = this.#options;
    this.#readUntil = lines.reduce((last, line) => Math.max(last, timeOf(line)), this.#readUntil);
    this.#toldAt = clock.monotonic();
    told(lines);
    if (this.#toldAt - this.#rememberedAt >= rememberEveryMs) this.#remember();
  }

  #remember(): void {
    const { generation, clock } = this.#options;
    this.#rememberedAt = clock.monotonic();
    if (this.#readUntil > 0) writeWhole(generation.paths.read, String(this.#readUntil));
  }
}

function timeOf(line: string): number {
  return Number.parseInt(line, 10) || 0;
}

function remembered(path: string): number {
  try {
    return timeOf(readFileSync(path, 'utf8'));
  } catch {
    return 0;
  }
}
