import type { Clock } from '../../src/clock/index.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import type { EventLog } from '../../src/services/events/index.ts';
import { type Store, StoreClosedError } from '../../src/store/index.ts';

/**
 * What a process holds of the world, until it is killed: from that instant its timers stay silent, its calls to
 * the engine are neither made nor answered, and nothing that it writes reaches the store or the event log.
 */
export class Mortal {
  #isDead = false;
  readonly #death = new AbortController();

  get signal(): AbortSignal {
    return this.#death.signal;
  }

  die(): void {
    this.#isDead = true;
    this.#death.abort(new Error('Killed'));
  }

  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (delayMs, task) => clock.after(delayMs, () => !this.#isDead && task()),
      sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
    };
  }

  runtime(runtime: Runtime): Runtime {
    return new Proxy(runtime, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property);
        if (typeof member !== 'function') return member;
        // Streams end with the signal of whoever reads them.
        if (property === 'events' || property === 'output') return member.bind(target);
        return async (...input: unknown[]) => {
          if (this.#isDead) return never();
          const result: unknown = await Reflect.apply(member, target, input);
          return this.#isDead ? never() : result;
        };
      },
    });
  }

  eventLog(log: EventLog): EventLog {
    return new Proxy(log, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property);
        if (typeof member !== 'function') return member;
        return property === 'append' && this.#isDead ? () => {} : member.bind(target);
      },
      set: (target, property, value) => this.#isDead || Reflect.set(target, property, value),
    });
  }

  store(store: Store): Store {
    return new Proxy(store, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property);
        if (typeof member !== 'function') return member;
        if (property !== 'commit') return member.bind(target);
        return (...input: unknown[]): unknown =>
          this.#isDead
            ? Promise.reject(new StoreClosedError('Killed'))
            : Reflect.apply(member, target, input);
      },
    });
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
