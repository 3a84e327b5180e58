import type { RawData, WebSocket } from 'ws';
import { uuid } from '../../../clock/index.ts';
import type { EcsContext } from '../context.ts';
import { type InboundFrame, readFrame, type ServerMessages, writeFrame } from './frames.ts';

/** Agents give a link up after one to two minutes without a message. */
const heartbeatIntervalMs = 30_000;
/** Nothing heard in this time, though heartbeats were to be acknowledged: the agent, or the way to it, is gone. */
const silenceLimitMs = 75_000;
/** More than this waiting to be read, and the agent isn't reading. */
const maxBacklogBytes = 16 * 1024 * 1024;

/** What a link needs of a WebSocket that is open. */
export type AgentSocket = Pick<WebSocket, 'on' | 'send' | 'close' | 'terminate' | 'bufferedAmount'>;

export interface LinkOptions {
  readonly ecs: EcsContext;
  readonly socket: AgentSocket;
  /** Ends the link when it aborts: the server stops, the client has gone. */
  readonly signal: AbortSignal;
  /** For log lines: which agent this is. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether the agent acknowledges heartbeats, so that silence means something. */
  readonly expectsAnswers: boolean;
  readonly onFrame: (frame: InboundFrame) => void;
  readonly onClose: () => void;
}

/** One WebSocket to an agent: frames in and out, heartbeats, and its end, which comes once. */
export class Link implements Disposable {
  readonly #options: LinkOptions;
  readonly #onAbort = (): void => this.close(1001, 'The server is stopping');
  #heartbeat: Disposable | undefined;
  #lastHeardAtMs: number;
  #isOpen = true;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { ecs, socket, signal } = options;
    this.#lastHeardAtMs = ecs.clock.monotonic();
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('close', () => this.#end());
    socket.on('error', (error) => ecs.log.debug('An agent link failed', { ...options.fields, error }));
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
    else this.#beatLater();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send<Type extends keyof ServerMessages>(type: Type, message: ServerMessages[Type]): void {
    const { socket, ecs, fields } = this.#options;
    if (!this.#isOpen) return;
    if (socket.bufferedAmount > maxBacklogBytes) {
      ecs.log.warn('An agent does not read its messages: the link is cut', fields);
      this.#cut();
      return;
    }
    socket.send(writeFrame(type, message));
  }

  /** Says goodbye; codes 1000, 1001 and 1011 have the agent come back at once, others after a while. */
  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.#options.socket.close(code, reason);
    this.#end();
  }

  [Symbol.dispose](): void {
    this.#cut();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (!this.#isOpen) return;
    this.#lastHeardAtMs = this.#options.ecs.clock.monotonic();
    const frame = isBinary ? undefined : readFrame(data.toString());
    if (frame === undefined) {
      this.#options.ecs.log.warn('An agent sent something that is no frame: ignored', this.#options.fields);
      return;
    }
    this.#options.onFrame(frame);
  }

  #beatLater(): void {
    const { ecs, expectsAnswers, fields } = this.#options;
    this.#heartbeat = ecs.clock.after(heartbeatIntervalMs, () => {
      if (expectsAnswers && ecs.clock.monotonic() - this.#lastHeardAtMs > silenceLimitMs) {
        ecs.log.warn('An agent is silent: the link is cut', fields);
        this.#cut();
        return;
      }
      this.send('HeartbeatMessage', { messageId: uuid(ecs.random), healthy: true });
      this.#beatLater();
    });
  }

  #cut(): void {
    this.#options.socket.terminate();
    this.#end();
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#heartbeat?.[Symbol.dispose]();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#options.onClose();
  }
}
