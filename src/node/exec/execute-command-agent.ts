import { uuid } from '../../clock/index.ts';
import {
  decodeAgentMessage,
  encodeAgentMessage,
  messageTypes,
  readJson,
  readStartSession,
  type SessionRequest,
  taskComplete,
  textOf,
} from '../../session-channel/index.ts';
import { BackOff } from '../back-off.ts';
import { type ExecuteCommandAgentOptions, runExecSession } from './exec-session.ts';

/** Beyond what the service lets begin: whoever sends more is not it. */
const mostSessions = 20;
/** A channel that lived this long is opened again soon after its end. */
const longLifeMs = 10_000;

/**
 * Takes one container's sessions: keeps its control channel open and runs each session that it hears of. It stands
 * where in AWS an amazon-ssm-agent runs inside the container, and speaks as that does.
 */
export class ExecuteCommandAgent {
  readonly target: string;
  readonly #options: ExecuteCommandAgentOptions;
  readonly #closing = new AbortController();
  readonly #sessions = new Map<string, { readonly abort: AbortController; readonly done: Promise<void> }>();
  readonly #linked: Promise<void>;
  #isClosing = false;
  #send: (frame: Buffer) => void = () => {};

  constructor(options: ExecuteCommandAgentOptions) {
    this.#options = options;
    this.target = options.target;
    this.#linked = this.#stayConnected();
  }

  /** Ends its sessions, with what runs in them; their clients are told why. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const sessions = [...this.#sessions.values()];
    for (const { abort } of sessions) abort.abort(new Error('The container or its agent has stopped'));
    await Promise.all(sessions.map(({ done }) => done));
    this.#closing.abort();
    await this.#linked;
  }

  /** Never rejects. */
  async #stayConnected(): Promise<void> {
    const { clock, random, log, target } = this.#options;
    const { signal } = this.#closing;
    const backOff = new BackOff({ leastMs: 250, mostMs: 5_000 }, random);
    while (!signal.aborted) {
      const beganMs = clock.monotonic();
      const reason = await this.#connectOnce().catch((error: unknown) => error);
      if (signal.aborted) return;
      if (clock.monotonic() - beganMs > longLifeMs) backOff.reset();
      const delayMs = backOff.nextDelayMs();
      log.debug('A control channel ended: it is opened again', { target, delayMs, reason });
      await clock.sleep(delayMs, signal).catch(() => {});
    }
  }

  /** @returns why it ended. */
  async #connectOnce(): Promise<string> {
    const { api, target, onConnected } = this.#options;
    const { signal } = this.#closing;
    const socket = await api.openControlChannel(target, signal, (frame) => this.#receive(frame));
    const ended = Promise.withResolvers<string>();
    socket.on('close', (code, reason) => ended.resolve(reason.toString() || `Closed with code ${code}`));
    socket.on('error', (error) => ended.resolve(error.message));
    const onAbort = (): void => socket.close(1000);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    if (socket.readyState === socket.CLOSED) ended.resolve('Closed at once');
    this.#send = (frame) => socket.send(frame, () => {});
    onConnected();
    try {
      return await ended.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#send = () => {};
      socket.terminate();
    }
  }

  #receive(frame: Buffer): void {
    const message = decodeAgentMessage(frame);
    if (message === undefined) return;
    if (message.messageType === messageTypes.interactiveShell) {
      const request = readStartSession(message.payload);
      if (request !== undefined) this.#begin(request);
    } else if (message.messageType === messageTypes.channelClosed) {
      this.#sessions
        .get(textOf(readJson(message.payload), 'SessionId'))
        ?.abort.abort(new Error('The session was terminated'));
    }
  }

  #begin(request: SessionRequest): void {
    const { sessionId } = request;
    if (this.#sessions.has(sessionId) || this.#isClosing) return;
    if (this.#sessions.size >= mostSessions) return;
    const abort = new AbortController();
    const done = this.#run(request, abort.signal).finally(() => this.#sessions.delete(sessionId));
    this.#sessions.set(sessionId, { abort, done });
  }

  /** Never rejects. */
  async #run(request: SessionRequest, signal: AbortSignal): Promise<void> {
    const { log, target } = this.#options;
    const { sessionId, logGroup } = request;
    let isSuccess = true;
    let output: string;
    try {
      output = await runExecSession(request, this.#options, signal);
    } catch (error) {
      isSuccess = false;
      const words = error instanceof Error ? error.message : String(error);
      output = words;
      log.info('An exec session failed or was ended', { sessionId, target, reason: words });
    }
    this.#tell(
      messageTypes.agentTaskComplete,
      taskComplete({ sessionId, targetId: target, isSuccess, output, logGroup }),
    );
  }

  #tell(messageType: string, payload: Buffer): void {
    const { clock, random } = this.#options;
    this.#send(
      encodeAgentMessage({
        messageType,
        ...{ schemaVersion: 1, sequenceNumber: 0, flags: 3, payloadType: 0 },
        createdAtMs: Math.trunc(clock.now()),
        messageId: uuid(random),
        payload,
      }),
    );
  }
}
