import type { Duplex } from 'node:stream';
import { ByteQueue } from '../byte-queue.ts';
import { controlFrame, dataFrame, type Frame, FrameReader, fin, kinds } from './frames.ts';
import { HeaderBlocks, type Headers } from './header-blocks.ts';

/** Streams of one session at a time. */
const mostStreams = 512;
/** Sent by a client and not yet taken, of one stream; beyond that the session's connection is not read. */
const mostWaitingBytes = 1024 * 1024;
const largestChunkBytes = 32 * 1024;
const refusedStream = 3;

/**
 * The server's end of a SPDY/3.1 session, as far as clients of Kubernetes speak it: they open the streams and do not use
 * its flow control, so the connection's own is what slows them.
 */
export class SpdySession {
  readonly #transport: Duplex;
  readonly #blocks = new HeaderBlocks();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #over = new AbortController();

  /** @param onStream Told of every stream that the client opens. */
  constructor(transport: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#transport = transport;
    this.#onStream = onStream;
    transport.on('error', () => transport.destroy());
    transport.on('close', () => this.#end());
  }

  /** Aborts with the session. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Reads until either side has ended it. */
  async run(): Promise<void> {
    const reader = new FrameReader();
    try {
      for await (const chunk of this.#transport as AsyncIterable<Buffer>)
        for (const frame of reader.push(chunk)) await this.#take(frame);
    } catch {
      // Cut, or not what was agreed on: either way it is over.
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#transport.destroy();
    this.#end();
  }

  /** Resolves when there is room for more. */
  async send(frame: Buffer): Promise<void> {
    const transport = this.#transport;
    if (!transport.writable || transport.write(frame)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        transport.off('drain', done).off('close', done);
        resolve();
      };
      transport.on('drain', done).on('close', done);
      if (transport.destroyed) done();
    });
  }

  forget(id: number): void {
    this.#streams.delete(id);
  }

  async #take(frame: Frame): Promise<void> {
    if (frame.type === 'data') {
      await this.#streams.get(frame.streamId)?.receive(frame.payload, (frame.flags & fin) !== 0);
      return;
    }
    const { kind, flags, payload } = frame;
    switch (kind) {
      case kinds.synStream:
        return this.#opened(payload, flags);
      case kinds.rstStream:
        this.#streams.get(payload.readUInt32BE(0) & 0x7fff_ffff)?.end();
        return;
      case kinds.headers:
        // Not used, but the next block can only be read after this one.
        await this.#blocks.read(payload.subarray(4));
        return;
      case kinds.ping:
        return this.send(controlFrame(kinds.ping, 0, payload));
      default:
        // Settings, window updates and a goodbye change nothing here.
        return;
    }
  }

  async #opened(payload: Buffer, flags: number): Promise<void> {
    const id = payload.readUInt32BE(0) & 0x7fff_ffff;
    const headers = await this.#blocks.read(payload.subarray(10));
    const own = Buffer.alloc(4);
    own.writeUInt32BE(id);
    if (this.#streams.size >= mostStreams || this.#streams.has(id)) {
      return this.send(
        controlFrame(kinds.rstStream, 0, Buffer.concat([own, Buffer.from([0, 0, 0, refusedStream])])),
      );
    }
    const stream = new SpdyStream(this, id, headers);
    this.#streams.set(id, stream);
    await this.send(controlFrame(kinds.synReply, 0, Buffer.concat([own, await this.#blocks.write({})])));
    if ((flags & fin) !== 0) await stream.receive(Buffer.alloc(0), true);
    this.#onStream(stream);
  }

  #end(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(new Error('The session is over'));
    for (const stream of this.#streams.values()) stream.end();
    this.#streams.clear();
    this.#blocks[Symbol.dispose]();
  }
}

/** One stream of a session, opened by the client. Each side ends its own half. */
export class SpdyStream {
  readonly headers: Headers;
  readonly #session: SpdySession;
  readonly #id: number;
  readonly #input = new ByteQueue(() => {
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  });
  #isClosed = false;
  #room = Promise.withResolvers<void>();

  constructor(session: SpdySession, id: number, headers: Headers) {
    this.#session = session;
    this.#id = id;
    this.headers = headers;
  }

  /** Resolves when there is room for more of the client's. */
  async receive(bytes: Buffer, isLast: boolean): Promise<void> {
    this.#input.push(bytes);
    if (isLast) this.#input.end();
    else if (this.#input.size > mostWaitingBytes) await this.#room.promise;
  }

  /** What the client sends, until it ends its half. May be read once. */
  input(): AsyncIterable<Uint8Array> {
    return this.#input.read();
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#isClosed; at += largestChunkBytes)
      await this.#session.send(dataFrame(this.#id, 0, bytes.subarray(at, at + largestChunkBytes)));
  }

  /** Nothing more will be written. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#session.forget(this.#id);
    await this.#session.send(dataFrame(this.#id, fin, Buffer.alloc(0)));
  }

  /** Nothing more is taken of what the client sends. */
  end(): void {
    this.#input.end();
    this.#room.resolve();
  }
}
