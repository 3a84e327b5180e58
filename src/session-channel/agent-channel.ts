import { type Clock, type Random, withTimeout } from '../clock/index.ts';
import { DataChannel, pieceBytes } from './data-channel.ts';
import {
  agentSessionState,
  encryptedDataKey,
  encryptionChallenge,
  handshakeComplete,
  handshakeRefusal,
  handshakeRequest,
  messageTypes,
  payloadTypes,
  readEncryptionChallenge,
  readSizeData,
  type TerminalSize,
  terminateSessionFlag,
} from './payloads.ts';
import { SessionCipher, sealBytes } from './session-cipher.ts';

/** A person who has just called the API: the client's program is started, and it answers. */
const handshakeTimeoutMs = 60_000;

export interface AgentChannelOptions {
  readonly sessionId: string;
  /** E.g. `InteractiveCommands`. */
  readonly sessionType: string;
  readonly agentVersion: string;
  /** What is typed and said is encrypted from end to end. */
  readonly encryption?: SessionEncryption | undefined;
  readonly clock: Clock;
  readonly random: Random;
  send(frame: Buffer): void;
  /** What the client typed. The next comes when the promise has resolved. */
  input(bytes: Buffer): void | Promise<void>;
  resized(size: TerminalSize): void;
  /** The client, the service or the other end's silence ended the session. */
  ended(reason: string): void;
}

export interface SessionEncryption {
  readonly kmsKeyId: string;
  /** Has KMS decrypt the data key that the client has had made. */
  openDataKey(encrypted: Buffer): Promise<Buffer>;
}

const challengeBytes = 32;

/** The agent's end of a session: asks for the handshake, then hands over what is typed and sends what is said. */
export class AgentChannel implements Disposable {
  readonly #options: AgentChannelOptions;
  readonly #channel: DataChannel;
  readonly #response = Promise.withResolvers<Buffer>();
  readonly #challenged = Promise.withResolvers<Buffer>();
  #cipher: SessionCipher | undefined;
  #isReady = false;

  constructor(options: AgentChannelOptions) {
    this.#options = options;
    const { clock, random, send, ended } = options;
    this.#channel = new DataChannel({
      end: 'agent',
      clock,
      random,
      send,
      deliver: (payloadType, payload) => this.#deliver(payloadType, payload),
      closed: (output) => ended(output || 'The session was terminated'),
      failed: (error) => ended(error.message),
    });
  }

  receive(frame: Buffer): void {
    this.#channel.receive(frame);
  }

  /** @throws {Error} the client refuses, does not answer in time, or the signal aborts. */
  async handshake(signal: AbortSignal): Promise<void> {
    const { clock, agentVersion, sessionType, encryption } = this.#options;
    const beganMs = clock.monotonic();
    using deadline = withTimeout(clock, handshakeTimeoutMs, signal);
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void =>
      aborted.reject(
        signal.aborted ? signal.reason : new Error('The client did not answer the handshake in time'),
      );
    deadline.signal.addEventListener('abort', onAbort, { once: true });
    if (deadline.signal.aborted) onAbort();
    const request = handshakeRequest(agentVersion, sessionType, encryption?.kmsKeyId);
    void this.#channel.write(payloadTypes.handshakeRequest, request);
    const shaken = this.#shaken(<T>(work: Promise<T>) => Promise.race([work, aborted.promise]));
    await shaken.finally(() => deadline.signal.removeEventListener('abort', onAbort));
    this.#isReady = true;
    const complete = handshakeComplete(clock.monotonic() - beganMs);
    await this.#channel.write(payloadTypes.handshakeComplete, complete);
  }

  /** Takes the client's answer, and makes sure that both ends have the same data key. */
  async #shaken(inTime: <T>(work: Promise<T>) => Promise<T>): Promise<void> {
    const { encryption, random } = this.#options;
    const response = await inTime(this.#response.promise);
    const refusal = handshakeRefusal(response);
    if (refusal !== undefined) throw new Error(`The client refused the session: ${refusal}`);
    if (encryption === undefined) return;
    const encrypted = encryptedDataKey(response);
    if (encrypted === undefined) throw new Error('The client sent no data key for the encryption');
    const cipher = new SessionCipher('agent', await inTime(encryption.openDataKey(encrypted)), random);
    const challenge = Buffer.from(random.bytes(challengeBytes));
    const asked = encryptionChallenge(cipher.seal(challenge));
    await this.#channel.write(payloadTypes.encryptionChallengeRequest, asked);
    const answer = readEncryptionChallenge(await inTime(this.#challenged.promise));
    if (!cipher.open(answer).equals(challenge)) throw new Error('The client has another data key');
    this.#cipher = cipher;
  }

  /** Resolves when there is room for more. */
  async write(output: Buffer): Promise<void> {
    await writeSealed(this.#channel, output, this.#cipher);
  }

  /** Everything is said: resolves when the client has it all. A command that succeeded needs no further words. */
  async finish(isSuccess: boolean): Promise<void> {
    await this.#channel.flushed();
    if (!isSuccess) return;
    const state = agentSessionState(this.#options.sessionId, 'Terminating');
    this.#channel.tell(messageTypes.agentSessionState, state);
  }

  [Symbol.dispose](): void {
    this.#channel[Symbol.dispose]();
  }

  #deliver(payloadType: number, payload: Buffer): void | Promise<void> {
    if (payloadType === payloadTypes.handshakeResponse) {
      this.#response.resolve(payload);
      return;
    }
    if (payloadType === payloadTypes.encryptionChallengeResponse) {
      this.#challenged.resolve(payload);
      return;
    }
    const { input, resized, ended } = this.#options;
    switch (payloadType) {
      case payloadTypes.output:
        // Nobody types before there is something to type into.
        return this.#isReady ? input(this.#cipher?.open(payload) ?? payload) : undefined;
      case payloadTypes.size: {
        const size = readSizeData(payload);
        if (size !== undefined) resized(size);
        return;
      }
      case payloadTypes.flag:
        if (payload.length === 4 && payload.readUInt32BE(0) === terminateSessionFlag)
          ended('The client ended the session');
        return;
      default:
        return;
    }
  }
}

/** Each message is sealed by itself, and has room for its seal. */
export async function writeSealed(
  channel: DataChannel,
  bytes: Buffer,
  cipher: SessionCipher | undefined,
): Promise<void> {
  if (cipher === undefined) return channel.write(payloadTypes.output, bytes);
  const most = pieceBytes - sealBytes;
  for (let from = 0; from < bytes.length; from += most)
    await channel.write(payloadTypes.output, cipher.seal(bytes.subarray(from, from + most)));
}
