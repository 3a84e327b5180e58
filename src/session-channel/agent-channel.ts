import { type Clock, type Random, withTimeout } from '../clock/index.ts';
import { DataChannel } from './data-channel.ts';
import {
  agentSessionState,
  handshakeComplete,
  handshakeRefusal,
  handshakeRequest,
  messageTypes,
  payloadTypes,
  readSizeData,
  type TerminalSize,
  terminateSessionFlag,
} from './payloads.ts';

/** A person who has just called the API: the client's program is started, and it answers. */
const handshakeTimeoutMs = 60_000;

export interface AgentChannelOptions {
  readonly sessionId: string;
  /** E.g. `InteractiveCommands`. */
  readonly sessionType: string;
  readonly agentVersion: string;
  readonly clock: Clock;
  readonly random: Random;
  send(frame: Buffer): void;
  /** What the client typed. The next comes when the promise has resolved. */
  input(bytes: Buffer): void | Promise<void>;
  resized(size: TerminalSize): void;
  /** The client, the service or the other end's silence ended the session. */
  ended(reason: string): void;
}

/** The agent's end of a session: asks for the handshake, then hands over what is typed and sends what is said. */
export class AgentChannel implements Disposable {
  readonly #options: AgentChannelOptions;
  readonly #channel: DataChannel;
  readonly #response = Promise.withResolvers<string | undefined>();
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
    const { clock, agentVersion, sessionType } = this.#options;
    const beganMs = clock.monotonic();
    using deadline = withTimeout(clock, handshakeTimeoutMs, signal);
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void =>
      aborted.reject(
        signal.aborted ? signal.reason : new Error('The client did not answer the handshake in time'),
      );
    deadline.signal.addEventListener('abort', onAbort, { once: true });
    if (deadline.signal.aborted) onAbort();
    void this.#channel.write(payloadTypes.handshakeRequest, handshakeRequest(agentVersion, sessionType));
    const refusal = await Promise.race([this.#response.promise, aborted.promise]);
    deadline.signal.removeEventListener('abort', onAbort);
    if (refusal !== undefined) throw new Error(`The client refused the session: ${refusal}`);
    this.#isReady = true;
    const complete = handshakeComplete(clock.monotonic() - beganMs);
    await this.#channel.write(payloadTypes.handshakeComplete, complete);
  }

  /** Resolves when there is room for more. */
  write(output: Buffer): Promise<void> {
    return this.#channel.write(payloadTypes.output, output);
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
      this.#response.resolve(handshakeRefusal(payload));
      return;
    }
    const { input, resized, ended } = this.#options;
    switch (payloadType) {
      case payloadTypes.output:
        // Nobody types before there is something to type into.
        return this.#isReady ? input(payload) : undefined;
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
