import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * A kept HTTP connection to this machine, one request at a time on it. Requests are complete messages, and of the
 * answer only status and end are looked at: what is to be measured is the server and not its client.
 */
export class KeptConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  /** Of an answer whose head has come: its bytes so far, and how many there will be. */
  #body:
    | {
        readonly status: number;
        /** Undefined: it ends with an empty chunk. */
        readonly length: number | undefined;
        readonly chunks: Buffer[];
        bytes: number;
      }
    | undefined;
  #waiting: PromiseWithResolvers<Answer> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The server has closed the connection')));
  }

  /** @param authority PEM, of who vouches for the server: then it is TLS. */
  static open(port: number, authority?: string): Promise<KeptConnection> {
    return new Promise((resolve, reject) => {
      const to = { port, host: '127.0.0.1', noDelay: true };
      const socket = authority === undefined ? connect(to) : connectSecurely({ ...to, ca: authority });
      socket.once('error', reject);
      socket.once(authority === undefined ? 'connect' : 'secureConnect', () => {
        socket.off('error', reject);
        resolve(new KeptConnection(socket));
      });
    });
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** The one before must have been answered. @throws {Error} the connection was closed. */
  send(request: string | Buffer): Promise<Answer> {
    if (!this.isOpen) return Promise.reject(new Error('The server has closed the connection'));
    this.#waiting = Promise.withResolvers();
    this.#socket.write(request);
    return this.#waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#body === undefined) {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      const headEnd = this.#received.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const head = this.#received.toString('latin1', 0, headEnd);
      const isChunked = /transfer-encoding: *chunked/i.test(head);
      const length = isChunked ? undefined : Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      this.#body = { status: Number(head.slice(9, 12)), length, chunks: [], bytes: 0 };
      chunk = this.#received.subarray(headEnd + 4);
      this.#received = Buffer.alloc(0);
    }
    this.#body.chunks.push(chunk);
    this.#body.bytes += chunk.length;
    const { status, length, chunks, bytes } = this.#body;
    // What is sent in chunks is JSON, which has no such line.
    if (length === undefined ? !endsWith(chunks, '0\r\n\r\n') : bytes < length) return;
    this.#body = undefined;
    this.#waiting?.resolve({ status, body: chunks.length === 1 ? chunk : Buffer.concat(chunks) });
    this.#waiting = undefined;
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

function endsWith(chunks: readonly Buffer[], end: string): boolean {
  let tail = '';
  for (let at = chunks.length - 1; at >= 0 && tail.length < end.length; at -= 1)
    tail = (chunks[at]?.subarray(-end.length).toString('latin1') ?? '') + tail;
  return tail.endsWith(end);
}
