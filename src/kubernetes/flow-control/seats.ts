import type { Clock } from '../../clock/index.ts';
import { ApiError } from '../apiserver/status.ts';
import type { PriorityLevel } from './flow-objects.ts';
import { handOf } from './hand.ts';
import { type SeatLimits, seatLimits } from './limits.ts';

/** Whose seat is asked for. */
export interface Flow {
  readonly level: string;
  /** Of its schema and what tells its flows apart. */
  readonly id: () => string;
}

interface Waiting {
  readonly called: () => void;
}

interface Level {
  config: PriorityLevel;
  /** It is configured no more. */
  isLeaving: boolean;
  limits: SeatLimits;
  taken: number;
  waiting: number;
  /** By queue; the first was called longest ago. Empty ones are not kept. */
  readonly queues: Map<number, Waiting[]>;
}

/** As long as upstream lets a request wait: a quarter of what it may take. */
const longestWaitMs = 15_000;
const noLimits: SeatLimits = { nominal: 0, least: 0, most: 0 };

/**
 * The requests of one cluster that are answered at the same time. Each priority level has seats of its own, lends what it
 * says of them while nobody of its own wants them, and borrows of the others. Who finds none waits in one of his flow's
 * queues, and a level's queues are called in turn.
 */
export class Seats {
  readonly #total: number;
  readonly #clock: Clock;
  /** In the order in which they are looked at. A level that is no more stays until nobody sits or waits there. */
  readonly #levels = new Map<string, Level>();
  /** Those that levels lend. */
  #lent = 0;
  #borrowed = 0;
  #waiting = 0;

  constructor(total: number, clock: Clock) {
    this.#total = total;
    this.#clock = clock;
  }

  /** Of a level, for people and tests: seats that are taken, and requests that wait. */
  stateOf(name: string): { readonly taken: number; readonly waiting: number } {
    const { taken, waiting } = this.#levels.get(name) ?? { taken: 0, waiting: 0 };
    return { taken, waiting };
  }

  /** What is so from now on; who sits stays seated, who waits goes on waiting. */
  configure(levels: readonly PriorityLevel[]): void {
    const limits = seatLimits(this.#total, levels);
    const names = new Set(levels.map(({ name }) => name));
    for (const [name, level] of this.#levels) {
      if (names.has(name)) continue;
      // Who waits there is still called: by what is lent.
      Object.assign(level, { isLeaving: true, limits: { ...noLimits, most: this.#total } });
      this.#forgetIfOver(level);
    }
    for (const config of levels) {
      const own = limits.get(config.name) ?? noLimits;
      const present = this.#levels.get(config.name);
      if (present === undefined)
        this.#levels.set(config.name, {
          ...{ config, limits: own, isLeaving: false, taken: 0, waiting: 0, queues: new Map() },
        });
      else Object.assign(present, { config, limits: own, isLeaving: false });
    }
    const all = [...this.#levels.values()].filter(({ config }) => config.limited !== undefined);
    this.#lent = Math.max(0, this.#total - all.reduce((sum, level) => sum + level.limits.least, 0));
    this.#borrowed = all.reduce((sum, { taken, limits: { least } }) => sum + Math.max(0, taken - least), 0);
    while (this.#callNext());
  }

  /**
   * @param gone Aborts when nobody waits for the answer any more; asked for only where one has to wait.
   * @returns the seat, to be given back by disposing of it; undefined: none is needed.
   * @throws {ApiError} 429
   */
  take(flow: Flow, gone: () => AbortSignal): Disposable | Promise<Disposable> | undefined {
    const level = this.#levels.get(flow.level);
    if (level?.config.limited === undefined) return undefined;
    if (level.waiting === 0 && this.#isFree(level)) {
      this.#sit(level);
      return this.#seatOf(level);
    }
    return this.#wait(level, flow, gone());
  }

  #isFree({ taken, limits }: Level): boolean {
    return taken < limits.most && (taken < limits.least || this.#borrowed < this.#lent);
  }

  #sit(level: Level): void {
    if (level.taken >= level.limits.least) this.#borrowed++;
    level.taken++;
  }

  #seatOf(level: Level): Disposable {
    return {
      [Symbol.dispose]: () => {
        level.taken--;
        if (level.taken >= level.limits.least) this.#borrowed--;
        this.#callNext();
        this.#forgetIfOver(level);
      },
    };
  }

  /** Resolves seated. */
  async #wait(level: Level, flow: Flow, gone: AbortSignal): Promise<Disposable> {
    const queuing = level.config.limited?.queuing;
    if (queuing === undefined) throw tooManyRequests();
    const lengthOf = (queue: number): number => level.queues.get(queue)?.length ?? 0;
    const hand = handOf(flow.id(), queuing);
    const queue = hand.reduce((best, it) => (lengthOf(it) < lengthOf(best) ? it : best), hand[0] ?? 0);
    if (lengthOf(queue) >= queuing.queueLengthLimit) throw tooManyRequests();
    gone.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Disposable>();
    const leave = (why: unknown): void => {
      const line = level.queues.get(queue) ?? [];
      line.splice(line.indexOf(waiting), 1);
      if (line.length === 0) level.queues.delete(queue);
      this.#leaves(level);
      stop();
      this.#forgetIfOver(level);
      reject(why);
    };
    const left = (): void => leave(gone.reason);
    const timer = this.#clock.after(longestWaitMs, () => leave(tooManyRequests()));
    const stop = (): void => {
      timer[Symbol.dispose]();
      gone.removeEventListener('abort', left);
    };
    const waiting: Waiting = {
      called: () => {
        stop();
        resolve(this.#seatOf(level));
      },
    };
    gone.addEventListener('abort', left, { once: true });
    const line = level.queues.get(queue);
    if (line === undefined) level.queues.set(queue, [waiting]);
    else line.push(waiting);
    level.waiting++;
    this.#waiting++;
    return promise;
  }

  #leaves(level: Level): void {
    level.waiting--;
    this.#waiting--;
  }

  #forgetIfOver({ isLeaving, taken, waiting, config }: Level): void {
    if (isLeaving && taken === 0 && waiting === 0) this.#levels.delete(config.name);
  }

  /** Those who want their own seats go before those who would borrow. @returns whether somebody was called. */
  #callNext(): boolean {
    if (this.#waiting === 0) return false;
    const levels = [...this.#levels.values()].filter((level) => level.waiting > 0 && this.#isFree(level));
    const level = levels.find(({ taken, limits }) => taken < limits.nominal) ?? levels[0];
    if (level === undefined) return false;
    const [queue, line] = [...level.queues][0] as [number, Waiting[]];
    const called = line.shift();
    level.queues.delete(queue);
    // To the back of the round, as is its level.
    if (line.length > 0) level.queues.set(queue, line);
    this.#levels.delete(level.config.name);
    this.#levels.set(level.config.name, level);
    this.#leaves(level);
    this.#sit(level);
    called?.called();
    return true;
  }
}

const tooManyRequests = (): ApiError =>
  new ApiError(429, 'TooManyRequests', 'Too many requests, please try again later.', {
    retryAfterSeconds: 1,
  });
