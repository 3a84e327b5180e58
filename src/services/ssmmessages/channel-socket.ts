import type { WebSocket } from 'ws';
import { uuid } from '../../clock/index.ts';
import { encodeAgentMessage, tokenOf } from '../../session-channel/index.ts';
import type { SsmMessagesContext } from './context.ts';

/** From the connection to its first frame, which is its token. */
const openingMs = 10_000;
const pingIntervalMs = 30_000;
/** Nothing heard for so long, though pings were sent: the other side is gone. */
const silenceMs = 75_000;
/** More waiting to be read than any window of messages: the other side does not read. */
const mostBacklogBytes = 8 * 1024 * 1024;

/** A WebSocket that carries messages, from its token on. It ends once, also when nobody says so. */
export class ChannelSocket {
  readonly #context: SsmMessagesContext;
  readonly #socket: WebSocket;
  #lastHeardMs: number;
  #timer: Disposable | undefined;
  #isOpen = true;
  #onMessage: ((frame: Buffer) => void) | undefined;
  #onClose: () => void = () => {};

  /** @param admit Given the token, takes the connection or says why not. @param signal Ends it when it aborts. */
  constructor(
    context: SsmMessagesContext,
    socket: WebSocket,
    signal: AbortSignal,
    admit: (token: string, channel: ChannelSocket) => string | undefined,
  ) {
    this.#context = context;
    this.#socket = socket;
    this.#lastHeardMs = context.clock.monotonic();
    const onAbort = (): void => this.close(1001, 'The server is stopping');
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', (error) => context.log.debug('A session’s connection failed', { error }));
    socket.on('pong', () => this.#heard());
    socket.on('ping', () => this.#heard());
    socket.on('close', () => {
      signal.removeEventListener('abort', onAbort);
      this.#end();
    });
    socket.on('message', (data, isBinary) => {
      this.#heard();
      const frame = bytesOf(data);
      if (this.#onMessage !== undefined) {
        if (isBinary) this.#onMessage(frame);
        return;
      }
      if (!this.#isOpen) return;
      const token = isBinary ? undefined : tokenOf(frame.toString());
      const refusal = token === undefined ? 'The first frame carries no token' : admit(token, this);
      if (refusal !== undefined) this.close(1008, refusal);
    });
    this.#timer = context.clock.after(openingMs, () => this.close(1008, 'No token came'));
    if (signal.aborted) onAbort();
  }

  /** The connection is admitted: from now on its messages go here. */
  open(onMessage: (frame: Buffer) => void, onClose: () => void): void {
    this.#onMessage = onMessage;
    this.#onClose = onClose;
    this.#timer?.[Symbol.dispose]();
    this.#pingLater();
  }

  forward(frame: Buffer): void {
    if (!this.#isOpen) return;
    if (this.#socket.bufferedAmount > mostBacklogBytes) this.close(1008, 'Messages are not read');
    else this.#socket.send(frame, () => {});
  }

  send(messageType: string, payload: Buffer = Buffer.alloc(0)): void {
    const { clock, random } = this.#context;
    this.forward(
      encodeAgentMessage({
        messageType,
        schemaVersion: 1,
        createdAtMs: Math.trunc(clock.now()),
        sequenceNumber: 0,
        flags: 3,
        messageId: uuid(random),
        payloadType: 0,
        payload,
      }),
    );
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.#socket.close(code, reason);
    this.#end();
  }

  #heard(): void {
    this.#lastHeardMs = this.#context.clock.monotonic();
  }

  #pingLater(): void {
    if (!this.#isOpen) return;
    const { clock } = this.#context;
    this.#timer = clock.after(pingIntervalMs, () => {
      if (clock.monotonic() - this.#lastHeardMs > silenceMs) {
        this.#socket.terminate();
        this.#end();
        return;
      }
      this.#socket.ping();
      this.#pingLater();
    });
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#timer?.[Symbol.dispose]();
    this.#onClose();
  }
}

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
