import { EventEmitter } from 'node:events';
import type { Clock, Random } from '../../src/clock/index.ts';
import type { SimProcess } from './sim-process.ts';

export interface NetworkFaults {
  /** A message takes up to so long. */
  readonly mostDelayMs: number;
  /** Probabilities, of each message. */
  readonly lostRequests: number;
  readonly lostAnswers: number;
  readonly repeatedRequests: number;
  readonly lateRequests: number;
  readonly brokenSockets: number;
  readonly lostFrames: number;
  readonly repeatedFrames: number;
}

export const noNetworkFaults: NetworkFaults = {
  mostDelayMs: 2,
  lostRequests: 0,
  lostAnswers: 0,
  repeatedRequests: 0,
  lateRequests: 0,
  brokenSockets: 0,
  lostFrames: 0,
  repeatedFrames: 0,
};

/** The caller does not know whether its request was carried out. */
export class UnknownOutcomeError extends Error {
  override readonly name = 'TimeoutError';
}

/** The request was certainly not carried out. */
export class UnreachableError extends Error {
  override readonly name = 'ECONNREFUSED';
}

const requestTimeoutMs = 30_000;

/** What lies between processes: messages that take their time, are lost, come twice, or late. */
export class Network {
  readonly #clock: Clock;
  readonly #random: Random;
  /** Machines that are cut off. */
  readonly #cut = new Map<string, number>();
  faults: NetworkFaults = noNetworkFaults;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Nothing gets to or from this host for so long; what is on a connection waits, as TCP has it. */
  cut(host: string, forMs: number): void {
    this.#cut.set(host, this.#clock.monotonic() + forMs);
  }

  heal(): void {
    this.#cut.clear();
    this.faults = noNetworkFaults;
  }

  happens(probability: number): boolean {
    return probability > 0 && this.#random.float() < probability;
  }

  delayMs(): number {
    return this.#random.float() * this.faults.mostDelayMs;
  }

  /** How long this host is still cut off. */
  cutForMs(host: string): number {
    return Math.max(0, (this.#cut.get(host) ?? 0) - this.#clock.monotonic());
  }

  /**
   * One request and its answer, at most once carried out unless it is `repeatable`: then what was sent may arrive
   * twice, and long after.
   * @throws {UnknownOutcomeError} {@link UnreachableError} or what the server answered.
   */
  request<T>(
    from: { readonly process: SimProcess; readonly host: string; readonly signal?: AbortSignal },
    to: () => SimProcess | undefined,
    serve: () => Promise<T>,
    isRepeatable: boolean,
  ): Promise<T> {
    const answered = Promise.withResolvers<T>();
    const timer = this.#clock.after(requestTimeoutMs, () => {
      from.process.deliver(() => answered.reject(new UnknownOutcomeError('No answer within 30 s')));
    });
    const onAbort = (): void => answered.reject(from.signal?.reason);
    from.signal?.addEventListener('abort', onAbort, { once: true });
    const settle = (task: () => void): void => {
      if (this.happens(this.faults.lostAnswers) || this.cutForMs(from.host) > 0) return;
      this.#clock.after(this.delayMs(), () => from.process.deliver(task));
    };
    const arrive = (): void => {
      const server = to();
      if (server === undefined || server.isDead) {
        settle(() => answered.reject(new UnreachableError('Connection refused')));
        return;
      }
      const reset = server.onEnd(() =>
        settle(() => answered.reject(new UnknownOutcomeError('Connection reset'))),
      );
      server.deliver(() => {
        serve()
          .then(
            (output) => settle(() => answered.resolve(output)),
            (error: unknown) => settle(() => answered.reject(error)),
          )
          .finally(() => reset[Symbol.dispose]());
      });
    };
    const isLost = this.happens(this.faults.lostRequests) || this.cutForMs(from.host) > 0;
    if (!isLost) this.#clock.after(this.delayMs(), arrive);
    if (isRepeatable && this.happens(this.faults.repeatedRequests)) this.#clock.after(this.delayMs(), arrive);
    if (isRepeatable && this.happens(this.faults.lateRequests))
      this.#clock.after(this.#random.float() * 300_000, arrive);
    return answered.promise.finally(() => {
      timer[Symbol.dispose]();
      from.signal?.removeEventListener('abort', onAbort);
    });
  }

  /** Two ends of a connection; the first is `host`'s. */
  connect(host: string, ends: readonly [SimProcess, SimProcess]): readonly [SimSocket, SimSocket] {
    const one = new SimSocket(this, this.#clock, host, ends[0]);
    const other = new SimSocket(this, this.#clock, host, ends[1]);
    one.peer = other;
    other.peer = one;
    return [one, other];
  }
}

/** One end of a WebSocket, as `ws` has it, without a socket. */
export class SimSocket extends EventEmitter {
  readonly CLOSED = 3;
  readonly bufferedAmount = 0;
  readyState: 1 | 2 | 3 = 1;
  peer: SimSocket | undefined;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #host: string;
  readonly #process: SimProcess;
  readonly #end: Disposable;
  readonly #early: string[] = [];
  /** Nothing arrives before what was sent before it. */
  #arrivesAtMs = 0;

  constructor(network: Network, clock: Clock, host: string, process: SimProcess) {
    super();
    this.#network = network;
    this.#clock = clock;
    this.#host = host;
    this.#process = process;
    this.#end = process.onEnd(() => this.#leave(1006, ''));
  }

  send(text: string, sent?: () => void): void {
    if (this.readyState !== 1 || this.#process.isDead) return;
    const { faults } = this.#network;
    if (this.#network.happens(faults.brokenSockets)) {
      this.#close(1006, 'Connection reset');
      this.#leave(1006, '');
      return;
    }
    const times = this.#network.happens(faults.lostFrames)
      ? 0
      : this.#network.happens(faults.repeatedFrames)
        ? 2
        : 1;
    for (let time = 0; time < times; time += 1) this.#toPeer((peer) => peer.#receive(text));
    sent?.();
  }

  /** What came before somebody listens is kept for it. */
  override on(name: string, listener: (...values: never[]) => void): this {
    super.on(name, listener as (...values: unknown[]) => void);
    if (name === 'message') for (const text of this.#early.splice(0)) this.#receive(text);
    return this;
  }

  #receive(text: string): void {
    if (this.readyState !== 1) return;
    if (this.listenerCount('message') === 0) this.#early.push(text);
    else this.emit('message', text, false);
  }

  close(code = 1005, reason = ''): void {
    if (this.readyState !== 1) return;
    this.readyState = 2;
    this.#leave(code, reason);
    this.#clock.after(2 * this.#network.delayMs(), () => this.#close(code, reason));
  }

  terminate(): void {
    if (this.readyState === 3) return;
    this.#leave(1006, '');
    this.#clock.after(0, () => this.#close(1006, ''));
  }

  #leave(code: number, reason: string): void {
    this.#toPeer((peer) => peer.#close(code, reason));
  }

  #close(code: number, reason: string): void {
    this.#process.deliver(() => {
      if (this.readyState === 3) return;
      this.readyState = 3;
      this.#end[Symbol.dispose]();
      this.emit('close', code, Buffer.from(reason));
    });
  }

  #toPeer(task: (peer: SimSocket) => void): void {
    const { peer } = this;
    if (peer === undefined) return;
    const nowMs = this.#clock.monotonic();
    const wayMs = this.#network.delayMs() + this.#network.cutForMs(this.#host);
    this.#arrivesAtMs = Math.max(this.#arrivesAtMs, nowMs + wayMs);
    this.#clock.after(this.#arrivesAtMs - nowMs, () => peer.#process.deliver(() => task(peer)));
  }
}
