/**
 * Where log events live: an append-only store of its own beside the records, because events are many, are never
 * changed, and are read by time.
 *
 * Events of a group have one order: by timestamp, and among equal ones by arrival. A `Position` is a place
 * between two events in that order: just before the event with this timestamp and sequence number.
 */
export interface EventStore extends AsyncDisposable {
  /**
   * Adds events to a stream, made on first use. They are durable when the promise resolves; all or none.
   * @throws {EventStoreFullError} nothing was written: the disk is full.
   */
  append(stream: StreamRef, events: readonly NewEvent[], ingestionTime: number): Promise<void>;
  read(query: EventQuery): Promise<EventPage>;
  /** What is known of a group's streams, by stream id; streams that never had an event are absent. */
  summaries(groupId: string): Promise<ReadonlyMap<string, StreamSummary>>;
  /** Bytes of a group as AWS counts them: the messages in UTF-8 and 26 for each event. */
  storedBytes(groupId: string): Promise<number>;
  /** Deletes at most `limit` events of a group with a timestamp before `timestamp`. @returns how many. */
  deleteBefore(groupId: string, timestamp: number, limit: number): Promise<number>;
  /** Deletes at most `limit` events of a stream, at last the stream itself. @returns how many; below `limit`: all gone. */
  deleteStream(stream: StreamRef, limit: number): Promise<number>;
  /** Deletes at most `limit` events of a group, at last the group itself. @returns how many; below `limit`: all gone. */
  deleteGroup(groupId: string, limit: number): Promise<number>;
}

export interface StreamRef {
  readonly groupId: string;
  readonly streamId: string;
}

export interface NewEvent {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly message: string;
}

export interface StoredEvent extends NewEvent {
  readonly streamId: string;
  readonly ingestionTime: number;
  /** Unique in the store and growing with arrival. */
  readonly sequence: number;
}

export interface Position {
  readonly timestamp: number;
  readonly sequence: number;
}

/** Before every event. */
export const firstPosition: Position = { timestamp: 0, sequence: 0 };
/** Just before the first event of a time or later. */
export const positionAt = (timestamp: number): Position => ({ timestamp, sequence: 0 });
/** Just before, and just after, an event. */
export const justBefore = ({ timestamp, sequence }: Position): Position => ({ timestamp, sequence });
export const justAfter = ({ timestamp, sequence }: Position): Position => ({
  timestamp,
  sequence: sequence + 1,
});

export function comparePositions(a: Position, b: Position): number {
  return a.timestamp - b.timestamp || a.sequence - b.sequence;
}

export interface EventQuery {
  readonly groupId: string;
  /** Undefined: all of the group. */
  readonly streamIds?: ReadonlySet<string>;
  /** Events between these two. */
  readonly from: Position;
  readonly to: Position;
  /** `forward` begins at `from`, `backward` at `to`. */
  readonly direction: 'forward' | 'backward';
  /** At most this many events are returned, and not many more looked at. */
  readonly limit: number;
  /** Bytes, as `storedBytes` counts them, after which the page ends; at least one event is returned. */
  readonly maxBytes: number;
}

export interface EventPage {
  /** In the order of reading: for `backward`, the latest first. */
  readonly events: readonly StoredEvent[];
  /** Where to go on, as the next `from` (forward) or `to` (backward); undefined when the range was read to its end. */
  readonly next: Position | undefined;
}

export interface StreamSummary {
  readonly firstTimestamp: number | undefined;
  readonly lastTimestamp: number;
  readonly lastIngestionTime: number;
}

/** AWS adds 26 bytes for each event to its message (API reference, PutLogEvents). */
const eventOverheadBytes = 26;

export function eventBytes(message: string): number {
  return Buffer.byteLength(message) + eventOverheadBytes;
}

/** The disk is full. Nothing of the append was written. */
export class EventStoreFullError extends Error {
  override readonly name = 'EventStoreFullError';
}
