import type { Collection, RecordKey } from '../../reconcile/index.ts';
import type { NewEvent } from './event.ts';

/**
 * What a room tells of one kind of its records: the events that a committed change of one amounts to. The same
 * change may be told again after a crash; what is told must depend on the change alone.
 */
export interface EventSource {
  // biome-ignore lint/suspicious/noExplicitAny: a list of sources over different record types; `eventSource` checks each.
  readonly collection: Collection<any, string>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly eventsOf: (change: SeenChange<any>) => readonly NewEvent[];
}

export interface SeenChange<T> {
  readonly key: RecordKey;
  /** From the key. */
  readonly scope: { readonly accountId: string; readonly region: string };
  /** Undefined for a record that is new. */
  readonly before: T | undefined;
  readonly after: T;
  /** Epoch milliseconds at which the change was seen. */
  readonly now: number;
}

export function eventSource<T extends object>(
  collection: Collection<T, string>,
  eventsOf: (change: SeenChange<T>) => readonly NewEvent[],
): EventSource {
  return { collection, eventsOf };
}
