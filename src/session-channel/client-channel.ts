import type { Clock, Random } from '../clock/index.ts';
import { writeSealed } from './agent-channel.ts';
import { DataChannel } from './data-channel.ts';
import {
  customerMessage,
  encryptionAction,
  encryptionChallenge,
  handshakeResponse,
  type ProcessedAction,
  payloadTypes,
  readEncryptionChallenge,
  requestedActions,
  sizeData,
  type TerminalSize,
} from './payloads.ts';
import { SessionCipher } from './session-cipher.ts';

/** Sessions that are a terminal, by the names that agents give them. */
const terminalSessionTypes = ['Standard_Stream', 'InteractiveCommands', 'NonInteractiveCommands'];

export interface ClientChannelOptions {
  readonly clientVersion: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Has KMS make a data key, where a session is to be encrypted; absent: such sessions are refused. */
  newDataKey?(kmsKeyId: string): Promise<{ readonly plain: Buffer; readonly encrypted: Buffer }>;
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
  #cipher: SessionCipher | undefined;

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
    return writeSealed(this.#channel, input, this.#cipher);
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
        return this.#answer(payload);
      case payloadTypes.encryptionChallengeRequest:
        void this.#channel.write(payloadTypes.encryptionChallengeResponse, this.#sealedAgain(payload));
        return;
      case payloadTypes.handshakeComplete:
        this.#options.ready(customerMessage(payload));
        return;
      case payloadTypes.output:
      case payloadTypes.error:
      case payloadTypes.stdErr:
        return this.#options.output(this.#cipher?.open(payload) ?? payload);
      default:
        return;
    }
  }

  async #answer(request: Buffer): Promise<void> {
    const actions: ProcessedAction[] = [];
    for (const { type, sessionType, kmsKeyId } of requestedActions(request)) {
      if (type === encryptionAction) actions.push(await this.#encrypt(kmsKeyId));
      else if (type !== 'SessionType') actions.push({ type, error: `Unsupported action ${type}` });
      else if (terminalSessionTypes.includes(sessionType)) actions.push({ type });
      else actions.push({ type, error: `Unknown session type ${sessionType}` });
    }
    const response = handshakeResponse(this.#options.clientVersion, actions);
    void this.#channel.write(payloadTypes.handshakeResponse, response);
  }

  async #encrypt(kmsKeyId: string): Promise<ProcessedAction> {
    const { newDataKey, random } = this.#options;
    const type = encryptionAction;
    if (newDataKey === undefined) return { type, error: `Unsupported action ${type}` };
    try {
      const { plain, encrypted } = await newDataKey(kmsKeyId);
      this.#cipher = new SessionCipher('client', plain, random);
      return { type, dataKey: encrypted };
    } catch (error) {
      return { type, error: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Shows that both ends have the same data key. */
  #sealedAgain(payload: Buffer): Buffer {
    const challenge = this.#cipher?.open(readEncryptionChallenge(payload));
    if (challenge === undefined || this.#cipher === undefined)
      throw new Error('The session is not encrypted');
    return encryptionChallenge(this.#cipher.seal(challenge));
  }
}
