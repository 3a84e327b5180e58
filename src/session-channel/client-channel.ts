import type { Clock, Random } from '../clock/index.ts';
import { DataChannel } from './data-channel.ts';
import {
  customerMessage,
  handshakeResponse,
  payloadTypes,
  requestedActions,
  sizeData,
  type TerminalSize,
} from './payloads.ts';

/** Sessions that are a terminal, by the names that agents give them. */
const terminalSessionTypes = ['Standard_Stream', 'InteractiveCommands', 'NonInteractiveCommands'];

export interface ClientChannelOptions {
  readonly clientVersion: string;
  readonly clock: Clock;
  readonly random: Random;
  send(frame: Buffer): void;
  /** The handshake is over: what is written now is heard. `message` is for the person, and mostly empty. */
  ready(message: string): void;
  /** What the session said. The next comes when the promise has resolved. */
  output(bytes: Buffer): void | Promise<void>;
  /** The session is over; `output` says why, and is empty when it ended as it should. */
  closed(output: string): void;
  failed(error: Error): void;
}

/** The client's end of a session, as session-manager-plugin holds it: answers the handshake, then is a terminal. */
export class ClientChannel implements Disposable {
  readonly #options: ClientChannelOptions;
  readonly #channel: DataChannel;

  constructor(options: ClientChannelOptions) {
    this.#options = options;
    const { clock, random, send, closed, failed } = options;
    this.#channel = new DataChannel({
      end: 'client',
      clock,
      random,
      send,
      closed,
      failed,
      deliver: (payloadType, payload) => this.#deliver(payloadType, payload),
    });
  }

  receive(frame: Buffer): void {
    this.#channel.receive(frame);
  }

  /** Resolves when there is room for more. */
  write(input: Buffer): Promise<void> {
    return this.#channel.write(payloadTypes.output, input);
  }

  resize(size: TerminalSize): void {
    void this.#channel.write(payloadTypes.size, sizeData(size));
  }

  [Symbol.dispose](): void {
    this.#channel[Symbol.dispose]();
  }

  #deliver(payloadType: number, payload: Buffer): void | Promise<void> {
    switch (payloadType) {
      case payloadTypes.handshakeRequest:
        void this.#channel.write(payloadTypes.handshakeResponse, this.#answerTo(payload));
        return;
      case payloadTypes.handshakeComplete:
        this.#options.ready(customerMessage(payload));
        return;
      case payloadTypes.output:
      case payloadTypes.error:
      case payloadTypes.stdErr:
        return this.#options.output(payload);
      default:
        return;
    }
  }

  #answerTo(request: Buffer): Buffer {
    const actions = requestedActions(request).map(({ type, sessionType }) => {
      if (type !== 'SessionType') return { type, error: `Unsupported action ${type}` };
      return terminalSessionTypes.includes(sessionType)
        ? { type }
        : { type, error: `Unknown session type ${sessionType}` };
    });
    return handshakeResponse(this.#options.clientVersion, actions);
  }
}
