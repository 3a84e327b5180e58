import type { Random } from './clock/index.ts';

/** What somebody has to tell of an object. */
export interface Told {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** What becomes of it: a new event, one more of an event that is there, or nothing. */
export type Correlated =
  | { readonly as: 'new'; readonly id: string; readonly message: string }
  | {
      readonly as: 'again';
      readonly id: string;
      readonly message: string;
      readonly count: number;
      /** The name that the event got. */
      readonly name: string;
    };

/** Events of one reason that differ only in their message become one from the tenth within ten minutes on. */
const mostSimilar = 10;
const similarForMs = 600_000;
/** Of one object: so many at once, and afterwards one in five minutes. */
const burst = 25;
const refillMs = 300_000;
/** Of each of the memories below; what was told longest ago is forgotten first. */
const kept = 4_096;

/** Nanoseconds in a millisecond. */
const fineness = 1_000_000n;

interface Similar {
  readonly messages: Set<string>;
  lastAt: number;
}

/**
 * Decides which events are written, as upstream's event correlator does: an object can't fill the store by being in
 * trouble. It remembers what it has seen in this process; after a restart events are counted anew.
 */
export class EventCorrelation {
  readonly #similar = new Memory<Similar>();
  readonly #written = new Memory<{ readonly name: string; count: number }>();
  #lastName = 0n;
  readonly #allowance = new Memory<{ tokens: number; at: number }>();

  /** @param object Identifies who tells of whom. Undefined: it is not written. */
  next(object: string, { type, reason, message }: Told, now: number): Correlated | undefined {
    if (!this.#isAllowed(object, now)) return undefined;
    const group = [object, type, reason].join('\n');
    const similar = this.#similar.get(group) ?? { messages: new Set<string>(), lastAt: now };
    if (now - similar.lastAt > similarForMs) similar.messages.clear();
    similar.lastAt = now;
    similar.messages.add(message);
    this.#similar.set(group, similar);
    const isCombined = similar.messages.size >= mostSimilar;
    if (isCombined && similar.messages.size > mostSimilar)
      for (const oldest of similar.messages) {
        similar.messages.delete(oldest);
        break;
      }
    const id = isCombined ? group : `${group}\n${message}`;
    const told = isCombined ? `(combined from similar events): ${message}` : message;
    const written = this.#written.get(id);
    if (written === undefined) return { as: 'new', id, message: told };
    this.#written.set(id, { ...written, count: written.count + 1 });
    return { as: 'again', id, message: told, name: written.name, count: written.count + 1 };
  }

  /**
   * A name for a new event of an object: its own and the time in nanoseconds, as upstream's. So lists, which are in the
   * order of names, show what happened in the order in which it was told. The place within the millisecond is
   * a matter of chance, as others may tell of the same object.
   */
  nameOf(object: string, now: number, random: Random): string {
    const at = BigInt(Math.trunc(now)) * fineness + BigInt(random.integer(Number(fineness)));
    this.#lastName = at > this.#lastName ? at : this.#lastName + 1n;
    return `${object}.${this.#lastName.toString(16)}`;
  }

  /** An event was written under this name. */
  wrote(id: string, name: string): void {
    this.#written.set(id, { name, count: 1 });
  }

  /** The event is not there any more. */
  forget(id: string): void {
    this.#written.delete(id);
  }

  #isAllowed(object: string, now: number): boolean {
    const before = this.#allowance.get(object) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, before.tokens + (now - before.at) / refillMs);
    this.#allowance.set(object, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    return tokens >= 1;
  }
}

/** A map that forgets what was set longest ago. */
class Memory<T> {
  readonly #entries = new Map<string, T>();

  get(key: string): T | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= kept) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
