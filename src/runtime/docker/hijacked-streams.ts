import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock/index.ts';
import type { ContainerStreams, OutputChunk } from '../process.ts';
import { Demultiplexer } from './output-frames.ts';

/** After the process' end, how long nothing may come before its output is taken for complete. */
const drainMs = 2_000;

/** A process' input and outputs over one connection that the Engine has given up to it. */
export class HijackedStreams implements ContainerStreams {
  readonly output: AsyncIterable<OutputChunk>;
  readonly #socket: Duplex;
  /** Whoever reads has taken all that came, and waits. */
  #isWaiting = false;
  #drained: Disposable | undefined;

  constructor(socket: Duplex, isTerminal: boolean) {
    this.#socket = socket;
    // A cut connection is told by the output's end, also while nobody reads.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#drained?.[Symbol.dispose]());
    this.output = this.#read(new Demultiplexer(isTerminal));
  }

  async write(bytes: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (!socket.writable || socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off('drain', done).off('close', done);
        resolve();
      };
      socket.on('drain', done).on('close', done);
      if (socket.destroyed) done();
    });
  }

  endInput(): void {
    if (this.#socket.writable) this.#socket.end();
  }

  /** The process has ended: what it said may still be on its way, and its end is not always told. */
  endSoon(clock: Clock): void {
    if (this.#socket.destroyed) return;
    this.#drained?.[Symbol.dispose]();
    this.#drained = clock.after(drainMs, () => {
      if (this.#isWaiting) this.#socket.destroy();
      else this.endSoon(clock);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }

  async *#read(demultiplexer: Demultiplexer): AsyncGenerator<OutputChunk, void> {
    const chunks = (this.#socket as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    try {
      for (;;) {
        this.#isWaiting = true;
        const next = await chunks.next();
        this.#isWaiting = false;
        if (next.done) return;
        for (const { stream, bytes } of demultiplexer.push(next.value)) yield { stream, bytes };
      }
    } catch {
      // The connection was cut: the container, the engine or whoever reads has gone.
    }
  }
}
