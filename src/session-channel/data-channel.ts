import { type Clock, type Random, uuid } from '../clock/index.ts';
import { type AgentMessage, decodeAgentMessage, encodeAgentMessage } from './agent-message.ts';
import {
  acknowledgedSequenceNumber,
  acknowledgement,
  channelClosedOutput,
  messageTypes,
} from './payloads.ts';

/** A stream message's payload at most, as the agent and the plugin cut it. */
export const pieceBytes = 1024;
/** Messages on their way at most; the plugin holds 10,000 that come out of order. */
const mostUnacknowledged = 512;
/** How far ahead of the expected message one may be to be held. */
const mostHeld = 10_000;
const resendIntervalMs = 100;
/** Of the messages that are due, how many are sent again in one interval. */
const mostResentAtOnce = 64;
const firstRetransmissionTimeoutMs = 200;
const mostRetransmissionTimeoutMs = 1_000;
const firstRoundTripMs = 100;
const clockGranularityMs = 10;
/** A message that nobody acknowledged for this long: the other end is gone. */
const patienceMs = 5 * 60_000;

export interface DataChannelOptions {
  readonly end: 'agent' | 'client';
  readonly clock: Clock;
  readonly random: Random;
  send(frame: Buffer): void;
  /** Stream data in its order, one at a time: the next is delivered and acknowledged when the promise has resolved. */
  deliver(payloadType: number, payload: Buffer): void | Promise<void>;
  /** `channel_closed` came: the session is over. */
  closed(output: string): void;
  /** The channel can't go on. */
  failed(error: Error): void;
}

interface Outgoing {
  readonly frame: Buffer;
  readonly sequenceNumber: number;
  sentAtMs: number;
  waitsSinceMs: number;
  isResent: boolean;
}

interface Held {
  readonly message: AgentMessage;
  isAcknowledged: boolean;
}

/**
 * One end of a session's data channel, whatever carries its frames: stream messages arrive whole, once and in order,
 * though frames may be lost, repeated or late. Each is acknowledged; what is not is sent again after the round trip
 * that is measured (as TCP reckons it). At most 512 are on their way, so whoever writes is held up by a slow reader.
 */
export class DataChannel implements Disposable {
  readonly #options: DataChannelOptions;
  readonly #outgoing = new Map<number, Outgoing>();
  readonly #held = new Map<number, Held>();
  #nextSequenceNumber = 0;
  #expectedSequenceNumber = 0;
  #roundTripMs = firstRoundTripMs;
  #roundTripVariationMs = 0;
  #retransmissionTimeoutMs = firstRetransmissionTimeoutMs;
  #isPaused = false;
  #isDelivering = false;
  #isOver = false;
  #resend: Disposable | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(options: DataChannelOptions) {
    this.#options = options;
  }

  /** Takes a binary frame. What is no message is left out: the sender repeats what was one. */
  receive(frame: Buffer): void {
    if (this.#isOver) return;
    const message = decodeAgentMessage(frame);
    if (message === undefined) return;
    const { inputStreamData, outputStreamData } = messageTypes;
    switch (message.messageType) {
      case this.#options.end === 'agent' ? inputStreamData : outputStreamData:
        this.#publish();
        this.#take(message);
        break;
      case messageTypes.acknowledge:
        this.#publish();
        this.#acknowledged(acknowledgedSequenceNumber(message.payload));
        break;
      case messageTypes.channelClosed:
        this[Symbol.dispose]();
        this.#options.closed(channelClosedOutput(message.payload));
        break;
      case messageTypes.startPublication:
        this.#publish();
        break;
      case messageTypes.pausePublication:
        this.#isPaused = true;
        break;
      default:
        break;
    }
  }

  /** Sends a payload in pieces; resolves when the last is on its way, or the channel is over. Nothing is empty. */
  async write(payloadType: number, payload: Buffer): Promise<void> {
    for (let from = 0; from < payload.length; from += pieceBytes) {
      while (this.#outgoing.size >= mostUnacknowledged && !this.#isOver) await this.#wake.promise;
      if (this.#isOver) return;
      this.#sendStream(payloadType, payload.subarray(from, from + pieceBytes));
    }
  }

  /** Resolves when everything that was written is acknowledged, or the channel is over. */
  async flushed(): Promise<void> {
    while (this.#outgoing.size > 0 && !this.#isOver) await this.#wake.promise;
  }

  /** Sends a message outside the sequence. */
  tell(messageType: string, payload: Buffer): void {
    if (!this.#isOver) this.#options.send(this.#encode(messageType, 0, 3, 0, payload));
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#resend?.[Symbol.dispose]();
    this.#outgoing.clear();
    this.#held.clear();
    this.#changed();
  }

  #sendStream(payloadType: number, payload: Buffer): void {
    const { end, clock, send } = this.#options;
    const sequenceNumber = this.#nextSequenceNumber;
    this.#nextSequenceNumber += 1;
    const messageType = end === 'agent' ? messageTypes.outputStreamData : messageTypes.inputStreamData;
    const isFirst = sequenceNumber === 0 && end === 'agent';
    const frame = this.#encode(messageType, sequenceNumber, isFirst ? 1 : 0, payloadType, payload);
    const nowMs = clock.monotonic();
    this.#outgoing.set(sequenceNumber, {
      frame,
      sequenceNumber,
      sentAtMs: nowMs,
      waitsSinceMs: nowMs,
      isResent: false,
    });
    if (!this.#isPaused) send(frame);
    this.#resendLater();
  }

  #encode(
    messageType: string,
    sequenceNumber: number,
    flags: number,
    payloadType: number,
    payload: Buffer,
  ): Buffer {
    const { clock, random } = this.#options;
    return encodeAgentMessage({
      messageType,
      schemaVersion: 1,
      createdAtMs: Math.trunc(clock.now()),
      sequenceNumber,
      flags,
      messageId: uuid(random),
      payloadType,
      payload,
    });
  }

  /** Whoever sends is there. */
  #publish(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const nowMs = this.#options.clock.monotonic();
    for (const outgoing of this.#outgoing.values()) outgoing.waitsSinceMs = nowMs;
  }

  #acknowledged(sequenceNumber: number | undefined): void {
    const outgoing = sequenceNumber === undefined ? undefined : this.#outgoing.get(sequenceNumber);
    if (outgoing === undefined) return;
    this.#outgoing.delete(outgoing.sequenceNumber);
    // Which of its sendings was answered is not known.
    if (!outgoing.isResent) this.#measured(this.#options.clock.monotonic() - outgoing.sentAtMs);
    this.#changed();
  }

  #measured(roundTripMs: number): void {
    this.#roundTripVariationMs =
      (3 / 4) * this.#roundTripVariationMs + (1 / 4) * Math.abs(this.#roundTripMs - roundTripMs);
    this.#roundTripMs = (7 / 8) * this.#roundTripMs + (1 / 8) * roundTripMs;
    this.#retransmissionTimeoutMs = Math.min(
      mostRetransmissionTimeoutMs,
      this.#roundTripMs + Math.max(clockGranularityMs, 4 * this.#roundTripVariationMs),
    );
  }

  #resendLater(): void {
    this.#resend ??= this.#options.clock.after(resendIntervalMs, () => {
      this.#resend = undefined;
      if (this.#isOver || this.#outgoing.size === 0) return;
      if (!this.#isPaused) this.#resendDue();
      if (!this.#isOver) this.#resendLater();
    });
  }

  #resendDue(): void {
    const { clock, send, failed } = this.#options;
    const nowMs = clock.monotonic();
    let resent = 0;
    for (const outgoing of this.#outgoing.values()) {
      if (nowMs - outgoing.waitsSinceMs > patienceMs) {
        this[Symbol.dispose]();
        failed(new Error(`Nobody acknowledged what was sent for ${patienceMs / 60_000} minutes`));
        return;
      }
      if (nowMs - outgoing.sentAtMs <= this.#retransmissionTimeoutMs) continue;
      outgoing.sentAtMs = nowMs;
      outgoing.isResent = true;
      send(outgoing.frame);
      resent += 1;
      if (resent === mostResentAtOnce) return;
    }
  }

  #take(message: AgentMessage): void {
    const { sequenceNumber } = message;
    const expected = this.#expectedSequenceNumber;
    if (sequenceNumber >= expected + mostHeld || sequenceNumber < 0) return;
    const held = this.#held.get(sequenceNumber);
    if (sequenceNumber < expected || held?.isAcknowledged) {
      // Its acknowledgement was lost.
      this.#acknowledge(message);
      return;
    }
    if (held !== undefined) return;
    const isNext = sequenceNumber === expected;
    this.#held.set(sequenceNumber, { message, isAcknowledged: !isNext && !this.#isDelivering });
    if (!isNext && !this.#isDelivering) this.#acknowledge(message);
    this.#deliver();
  }

  #deliver(): void {
    while (!this.#isDelivering && !this.#isOver) {
      const held = this.#held.get(this.#expectedSequenceNumber);
      if (held === undefined) return;
      const { payloadType, payload } = held.message;
      let delivered: void | Promise<void>;
      try {
        delivered = this.#options.deliver(payloadType, payload);
      } catch (cause) {
        this.#fail(cause);
        return;
      }
      if (delivered === undefined) {
        this.#delivered(held);
        continue;
      }
      this.#isDelivering = true;
      delivered.then(
        () => {
          this.#isDelivering = false;
          this.#delivered(held);
          this.#deliver();
        },
        (cause: unknown) => this.#fail(cause),
      );
    }
  }

  #fail(cause: unknown): void {
    if (this.#isOver) return;
    this[Symbol.dispose]();
    this.#options.failed(new Error('What came could not be taken', { cause }));
  }

  #delivered(held: Held): void {
    if (this.#isOver) return;
    this.#held.delete(this.#expectedSequenceNumber);
    this.#expectedSequenceNumber += 1;
    if (!held.isAcknowledged) this.#acknowledge(held.message);
  }

  #acknowledge(message: AgentMessage): void {
    this.tell(messageTypes.acknowledge, acknowledgement(message));
  }

  #changed(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}
