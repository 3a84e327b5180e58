import type { Event, UnloggedEvent } from '../event.ts';

/**
 * The bus's memory: the newest events in the order in which they came, and how far those who follow have come. What
 * is appended together with a cursor is told exactly once, whenever the process ends.
 */
export interface EventLog extends AsyncDisposable {
  /**
   * Adds events, and moves the cursor when one is given: both or neither. The oldest events beyond `maxEvents` go.
   * Listeners hear of it afterwards.
   */
  append(events: readonly UnloggedEvent[], cursor?: number): void;
  /** At most `limit` events after a sequence number, oldest first. */
  read(after: number, limit: number): readonly LoggedEvent[];
  /** The sequence number of the last event; 0 before the first. */
  readonly last: number;
  /** The store's revision up to which changes have been told; undefined before the first. */
  readonly cursor: number | undefined;
  /** The sequence number up to which events were handed to rules' targets. */
  delivered: number;
  onAppend(listener: () => void): Disposable;
}

export interface LoggedEvent {
  readonly sequence: number;
  readonly event: Event;
}

/** A day and more of a busy fleet's events; at a few kilobytes each some fifty megabytes. */
export const maxEvents = 20_000;
