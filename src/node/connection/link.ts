import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { AgentCredentials } from '../agent-credentials.ts';
import type { LinkStatus } from '../agent-options.ts';
import { BackOff } from '../back-off.ts';
import { parseJson, Reader } from '../reading.ts';
import { type AgentSocket, type OpenSocket, openSignedSocket, UpgradeRefusedError } from './signed-socket.ts';

/** The agent drops a link on which nothing came for one to two minutes: by chance, so that a fleet does not in step. */
const livenessMs = 60_000;
/** The agent closes a link of its own after 30 to 35 minutes. */
const lifetimeMs = 30 * 60_000;
const lifetimeSpreadMs = 5 * 60_000;
const inactiveInstanceWaitMs = 3_600_000;
/** A link that did not live this long is no reason to come back at once. */
const shortLifeMs = 1_000;

/** What one end of a link does, once it is open. */
export interface Session {
  /** One frame from the other side, in order. */
  receive(type: string, message: Reader): void;
  /** The link is gone. */
  close?(): void;
}

export type SendFrame = (type: string, message: object) => void;

export interface LinkOptions {
  readonly name: 'ACS' | 'TCS' | 'Records';
  /** Between attempts, at most. Default two minutes, as agents have it. */
  readonly longestWaitMs?: number;
  /** Where to connect, read afresh for each attempt. */
  url(): Promise<URL>;
  open(send: SendFrame): Session;
  /** The connection could not be made, so what is known of the other side may be out of date. */
  onFailure?(): void;
  /** Default: a real one. */
  readonly openSocket?: OpenSocket;
  /** For which it is signed; default `ecs`. */
  readonly service?: string;
  readonly region: string;
  readonly credentials: AgentCredentials;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Keeps a WebSocket to the control plane open until the signal aborts (ACS 9.4). The frames mean nothing here.
 */
export class Link {
  readonly #options: LinkOptions;
  #status: LinkStatus = { state: 'connecting' };

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get status(): LinkStatus {
    return this.#status;
  }

  async run(): Promise<void> {
    const { clock, random, signal, log, name, longestWaitMs: mostMs = 120_000 } = this.#options;
    const backOff = new BackOff({ leastMs: 250, mostMs }, random);
    while (!signal.aborted) {
      this.#status = { state: 'connecting' };
      const ending = await this.#connectOnce(backOff).catch((error: unknown): Ending => {
        log.error(`${name} link failed`, { error });
        return { type: 'failed', reason: error instanceof Error ? error.message : String(error) };
      });
      if (signal.aborted) break;
      const delayMs = reconnectDelayMs(ending, backOff);
      this.#status = { state: 'waiting', reason: ending.reason };
      const level = ending.type === 'closed' ? 'info' : 'warn';
      log[level](`${name} link ended: connecting again`, { reason: ending.reason, delayMs });
      await clock.sleep(delayMs, signal).catch(() => {});
    }
    this.#status = { state: 'closed' };
  }

  async #connectOnce(backOff: BackOff): Promise<Ending> {
    const { clock, random, signal, log, name, open } = this.#options;
    const ended = Promise.withResolvers<Ending>();
    let session: Session | undefined;
    let socket: AgentSocket | undefined;
    let openedAtMs = clock.monotonic();
    let liveness: Disposable | undefined;
    const early: string[] = [];

    const end = (ending: Ending): void => {
      ended.resolve(ending);
      socket?.terminate();
    };
    const stayAlive = (): void => {
      liveness?.[Symbol.dispose]();
      liveness = clock.after(livenessMs * (1 + random.float()), () => {
        end({
          type: 'closed',
          code: 1006,
          livedMs: clock.monotonic() - openedAtMs,
          reason: 'Nothing was heard for too long',
        });
      });
    };
    const receive = (text: string): void => {
      if (!session) {
        early.push(text);
        return;
      }
      stayAlive();
      backOff.reset();
      this.#dispatch(session, text);
    };

    try {
      const url = await this.#options.url();
      const openSocket = this.#options.openSocket ?? openSignedSocket;
      socket = await openSocket(url, { ...this.#options, onMessage: receive });
    } catch (error) {
      this.#options.onFailure?.();
      const reason = error instanceof Error ? error.message : String(error);
      return error instanceof UpgradeRefusedError
        ? { type: 'refused', code: error.code, reason: `${error.code}: ${reason}` }
        : { type: 'failed', reason };
    }

    openedAtMs = clock.monotonic();
    const live = socket;
    const onAbort = (): void => live.close(1000);
    signal.addEventListener('abort', onAbort);
    const expiry = clock.after(lifetimeMs + random.float() * lifetimeSpreadMs, () => {
      live.close(1000, 'ConnectionExpired: Reconnect to continue');
      end({
        type: 'closed',
        code: 1000,
        livedMs: lifetimeMs,
        reason: 'ConnectionExpired: Reconnect to continue',
      });
    });
    live.on('ping', stayAlive);
    live.on('error', (error) => log.debug(`${name} socket error`, { error }));
    live.on('close', (code, reason) => {
      const livedMs = clock.monotonic() - openedAtMs;
      ended.resolve({
        type: 'closed',
        code,
        livedMs,
        reason: reason.toString() || `Closed with code ${code}`,
      });
    });
    stayAlive();
    try {
      session = open((type, message) => live.send(JSON.stringify({ type, message }), () => {}));
      this.#status = { state: 'connected' };
      log.info(`${name} link is open`);
      for (const text of early) receive(text);
      if (live.readyState === live.CLOSED)
        end({ type: 'closed', code: 1006, livedMs: 0, reason: 'Closed at once' });
      if (signal.aborted) onAbort();
      return await ended.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      expiry[Symbol.dispose]();
      liveness?.[Symbol.dispose]();
      session?.close?.();
      live.terminate();
    }
  }

  #dispatch(session: Session, text: string): void {
    const { log, name } = this.#options;
    try {
      const frame = new Reader(parseJson(text), 'frame');
      session.receive(
        frame.string('type'),
        frame.object('message', (message) => message),
      );
    } catch (error) {
      // Nothing that is sent to the agent may end it.
      log.error(`${name} message could not be handled: it is left unacknowledged`, { error });
    }
  }
}

export type Ending =
  | { readonly type: 'closed'; readonly code: number; readonly livedMs: number; readonly reason: string }
  | { readonly type: 'refused'; readonly code: string; readonly reason: string }
  | { readonly type: 'failed'; readonly reason: string };

/** How long to wait before the next attempt (ACS 9.4). */
export function reconnectDelayMs(ending: Ending, backOff: BackOff): number {
  switch (ending.type) {
    case 'closed': {
      const isOrderly = [1000, 1001, 1006, 1011].includes(ending.code);
      if (!isOrderly || ending.livedMs < shortLifeMs) return backOff.nextDelayMs();
      backOff.reset();
      return 0;
    }
    case 'refused':
      return ending.code === 'InactiveInstanceException' ? inactiveInstanceWaitMs : backOff.nextDelayMs();
    case 'failed':
      return backOff.nextDelayMs();
  }
}
