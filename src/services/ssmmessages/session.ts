import { uuid } from '../../clock/index.ts';
import {
  channelClosed,
  decodeAgentMessage,
  messageTypes,
  readAgentSessionState,
} from '../../session-channel/index.ts';
import type { ChannelSocket } from './channel-socket.ts';
import type { SsmMessagesContext } from './context.ts';

export type SessionEnd = 'agent' | 'client';

/** Both ends connect within this time of the session's start: tokens are good for no longer. */
const openingMs = 60_000;
/** Amazon ECS: a session that is idle for 20 minutes is closed. */
const idleMs = 20 * 60_000;
/** Session Manager's longest maximum duration. */
const mostDurationMs = 24 * 3_600_000;
/** An agent says on its control channel with which words a session ends: about when it ends its data channel. */
const wordsMs = 1_000;

/** What either end may send to the other. */
const relayed: Readonly<Record<SessionEnd, readonly string[]>> = {
  agent: [messageTypes.outputStreamData, messageTypes.acknowledge],
  client: [messageTypes.inputStreamData, messageTypes.acknowledge],
};

/**
 * One session: joins the data channels of its two ends and relays their messages as they are. It ends once: when an
 * end leaves, when the agent says so, or when time is up; then both ends hear why.
 */
export class Session {
  readonly id: string;
  readonly target: string;
  readonly #context: SsmMessagesContext;
  readonly #onOver: () => void;
  readonly #ends = new Map<SessionEnd, ChannelSocket>();
  readonly #timers = new Map<'idle' | 'opening' | 'duration' | 'words', Disposable>();
  #isOver = false;

  constructor(context: SsmMessagesContext, id: string, target: string, onOver: () => void) {
    this.#context = context;
    this.id = id;
    this.target = target;
    this.#onOver = onOver;
    this.#endAfter('opening', openingMs, 'The session was not opened in time');
    this.#endAfter('duration', mostDurationMs, 'The session has reached its maximum duration');
  }

  /** @returns false when this end is there already. */
  attach(end: SessionEnd, socket: ChannelSocket): boolean {
    if (this.#isOver || this.#ends.has(end)) return false;
    this.#ends.set(end, socket);
    socket.open(
      (frame) => this.#relay(end, frame),
      () => this.#left(end),
    );
    if (this.#ends.size === 2) {
      this.#timers.get('opening')?.[Symbol.dispose]();
      this.#restIdle();
      for (const one of this.#ends.values()) one.send(messageTypes.startPublication);
    } else {
      socket.send(messageTypes.pausePublication);
    }
    return true;
  }

  has(end: SessionEnd): boolean {
    return this.#ends.has(end);
  }

  /** @param output What the client is told; empty for a session that ended as it should. */
  close(output: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const timer of this.#timers.values()) timer[Symbol.dispose]();
    for (const socket of this.#ends.values()) {
      socket.send(messageTypes.channelClosed, this.closedMessage(output));
      socket.close(1000, '');
    }
    this.#onOver();
  }

  closedMessage(output: string): Buffer {
    const { clock, random } = this.#context;
    return channelClosed({
      messageId: uuid(random),
      sessionId: this.id,
      createdAtMs: Math.trunc(clock.now()),
      output,
    });
  }

  #relay(from: SessionEnd, frame: Buffer): void {
    const message = decodeAgentMessage(frame);
    if (message === undefined || this.#isOver) return;
    const { messageType, payload } = message;
    if (relayed[from].includes(messageType)) {
      if (messageType === messageTypes.inputStreamData) this.#restIdle();
      this.#ends.get(from === 'agent' ? 'client' : 'agent')?.forward(frame);
    } else if (from === 'agent' && messageType === messageTypes.agentSessionState) {
      if (readAgentSessionState(payload) === 'Terminating' && !this.#timers.has('words'))
        this.#endAfter('words', wordsMs, '');
    } else if (messageType === messageTypes.channelClosed) {
      this.close('');
    }
  }

  #left(end: SessionEnd): void {
    if (end === 'client') this.close('');
    else if (!this.#timers.has('words'))
      this.#endAfter('words', wordsMs, 'The connection to the container was lost');
  }

  #restIdle(): void {
    this.#endAfter('idle', idleMs, 'The session was idle for 20 minutes');
  }

  #endAfter(why: 'idle' | 'opening' | 'duration' | 'words', delayMs: number, output: string): void {
    this.#timers.get(why)?.[Symbol.dispose]();
    this.#timers.set(
      why,
      this.#context.clock.after(delayMs, () => this.close(output)),
    );
  }
}
