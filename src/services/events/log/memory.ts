import type { UnloggedEvent } from '../event.ts';
import { type EventLog, type LoggedEvent, maxEvents } from './event-log.ts';
import { Listeners } from './listeners.ts';

/** Events in memory: for tests and simulations. */
export class MemoryEventLog implements EventLog {
  readonly #listeners = new Listeners();
  /** As JSON, oldest first. */
  #events: string[] = [];
  #last = 0;
  #cursor: number | undefined;
  delivered = 0;

  get last(): number {
    return this.#last;
  }

  get cursor(): number | undefined {
    return this.#cursor;
  }

  append(events: readonly UnloggedEvent[], cursor?: number): void {
    for (const event of events) this.#events.push(JSON.stringify(event));
    this.#last += events.length;
    // Cut now and then, for a cut copies what stays.
    if (this.#events.length > 2 * maxEvents) this.#events = this.#events.slice(-maxEvents);
    this.#cursor = cursor ?? this.#cursor;
    if (events.length > 0) this.#listeners.tell();
  }

  read(after: number, limit: number): readonly LoggedEvent[] {
    // Sequence numbers have no gaps, so a place is found by counting.
    const oldest = Math.max(0, this.#events.length - maxEvents);
    const first = this.#last - this.#events.length + 1;
    const start = Math.max(oldest, after + 1 - first);
    return this.#events
      .slice(start, start + limit)
      .map((text, place) => ({ sequence: first + start + place, event: JSON.parse(text) }));
  }

  onAppend(listener: () => void): Disposable {
    return this.#listeners.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#events = [];
  }
}
