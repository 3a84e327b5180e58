import { setImmediate } from 'node:timers';
import { isSqliteFull, SqliteFile } from '../../../store/index.ts';
import {
  comparePositions,
  type EventPage,
  type EventQuery,
  type EventStore,
  EventStoreFullError,
  eventBytes,
  justAfter,
  justBefore,
  type NewEvent,
  type Position,
  type StoredEvent,
  type StreamRef,
  type StreamSummary,
} from './event-store.ts';

/**
 * `sequence` is the row's own number and the last column of both indexes, so that either order, of a stream and
 * of a group, is one walk along an index.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS log_group (
    id INTEGER PRIMARY KEY, group_id TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS log_stream (
    id INTEGER PRIMARY KEY, log_group INTEGER NOT NULL, stream_id TEXT NOT NULL,
    last_timestamp INTEGER NOT NULL, last_ingestion INTEGER NOT NULL,
    UNIQUE (log_group, stream_id)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, log_group INTEGER NOT NULL, log_stream INTEGER NOT NULL,
    timestamp INTEGER NOT NULL, ingestion INTEGER NOT NULL, bytes INTEGER NOT NULL, message TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS event_by_stream ON event (log_stream, timestamp, sequence);
  CREATE INDEX IF NOT EXISTS event_by_group ON event (log_group, timestamp, sequence);
`;

/** Up to here the streams' own orders are merged; above it is cheaper to walk the group's. */
const maxMergedStreams = 100;

interface PendingAppend {
  readonly stream: StreamRef;
  readonly events: readonly NewEvent[];
  readonly ingestionTime: number;
  resolve(): void;
  reject(error: unknown): void;
}

interface EventRow {
  readonly sequence: number;
  readonly timestamp: number;
  readonly log_stream: number;
}

/**
 * Events in a SQLite file. Appends of one turn of the event loop share a transaction, so that many writers pay
 * for one flush to the disk together.
 */
export class SqliteEventStore implements EventStore {
  readonly #file: SqliteFile;
  readonly #pending: PendingAppend[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #isClosed = false;

  /** @param path The file; made when it is not there. */
  constructor(path: string) {
    this.#file = new SqliteFile(path, { schema, version: 1, durability: 'full' });
  }

  append(stream: StreamRef, events: readonly NewEvent[], ingestionTime: number): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('Cannot append: the event store is closed'));
    if (events.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#pending.push({ stream, events, ingestionTime, resolve, reject });
      this.#flushing ??= setImmediate(() => this.#flush());
    });
  }

  async read(query: EventQuery): Promise<EventPage> {
    const { groupId, streamIds } = query;
    const group = this.#groupNumber(groupId);
    if (group === undefined || query.limit < 1) return { events: [], next: undefined };
    if (streamIds === undefined) return this.#readAlong('log_group', group, query, () => true);
    const wanted = this.#streamNumbers(group, streamIds);
    const [first, ...others] = wanted.keys();
    if (first === undefined) return { events: [], next: undefined };
    if (others.length === 0) return this.#readAlong('log_stream', first, query, () => true);
    if (wanted.size <= maxMergedStreams) return this.#readMerged([first, ...others], query);
    return this.#readAlong('log_group', group, query, (stream) => wanted.has(stream));
  }

  async summaries(groupId: string): Promise<ReadonlyMap<string, StreamSummary>> {
    const group = this.#groupNumber(groupId);
    const rows = this.#file.all(
      `SELECT stream_id, last_timestamp, last_ingestion,
         (SELECT min(timestamp) FROM event WHERE event.log_stream = log_stream.id) AS first_timestamp
       FROM log_stream WHERE log_group = ?`,
      group ?? 0,
    );
    return new Map(
      rows.map((row) => [
        String(row.stream_id),
        {
          firstTimestamp: row.first_timestamp === null ? undefined : Number(row.first_timestamp),
          lastTimestamp: Number(row.last_timestamp),
          lastIngestionTime: Number(row.last_ingestion),
        },
      ]),
    );
  }

  async storedBytes(groupId: string): Promise<number> {
    return Number(this.#file.one('SELECT bytes FROM log_group WHERE group_id = ?', groupId)?.bytes ?? 0);
  }

  async deleteBefore(groupId: string, timestamp: number, limit: number): Promise<number> {
    const group = this.#groupNumber(groupId);
    if (group === undefined) return 0;
    return this.#deleteEvents(group, 'log_group = ? AND timestamp < ?', [group, timestamp], limit);
  }

  async deleteStream({ groupId, streamId }: StreamRef, limit: number): Promise<number> {
    const group = this.#groupNumber(groupId);
    if (group === undefined) return 0;
    const [stream] = this.#streamNumbers(group, new Set([streamId])).keys();
    if (stream === undefined) return 0;
    const deleted = this.#deleteEvents(group, 'log_stream = ?', [stream], limit);
    if (deleted < limit) this.#file.run('DELETE FROM log_stream WHERE id = ?', stream);
    return deleted;
  }

  async deleteGroup(groupId: string, limit: number): Promise<number> {
    const group = this.#groupNumber(groupId);
    if (group === undefined) return 0;
    const deleted = this.#deleteEvents(group, 'log_group = ?', [group], limit);
    if (deleted < limit) {
      this.#file.transact(() => {
        this.#file.run('DELETE FROM log_stream WHERE log_group = ?', group);
        this.#file.run('DELETE FROM log_group WHERE id = ?', group);
      });
    }
    return deleted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    this.#file[Symbol.dispose]();
  }

  #flush(): void {
    this.#flushing = undefined;
    const batch = this.#pending.splice(0);
    if (batch.length === 0) return;
    try {
      this.#file.transact(() => {
        for (const pending of batch) this.#insert(pending);
      });
    } catch (cause) {
      const error = isSqliteFull(cause)
        ? new EventStoreFullError('The disk is full: no log events can be stored', { cause })
        : new Error('Cannot store log events', { cause });
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const { resolve } of batch) resolve();
  }

  #insert({ stream, events, ingestionTime }: PendingAppend): void {
    let bytes = 0;
    let lastTimestamp = 0;
    for (const { timestamp, message } of events) {
      bytes += eventBytes(message);
      lastTimestamp = Math.max(lastTimestamp, timestamp);
    }
    const group = this.#file.one(
      `INSERT INTO log_group (group_id, bytes) VALUES (?, ?)
       ON CONFLICT (group_id) DO UPDATE SET bytes = bytes + excluded.bytes RETURNING id`,
      stream.groupId,
      bytes,
    )?.id;
    const streamNumber = this.#file.one(
      `INSERT INTO log_stream (log_group, stream_id, last_timestamp, last_ingestion) VALUES (?, ?, ?, ?)
       ON CONFLICT (log_group, stream_id) DO UPDATE SET
         last_timestamp = max(last_timestamp, excluded.last_timestamp), last_ingestion = excluded.last_ingestion
       RETURNING id`,
      Number(group),
      stream.streamId,
      lastTimestamp,
      ingestionTime,
    )?.id;
    for (const { timestamp, message } of events) {
      this.#file.run(
        'INSERT INTO event (log_group, log_stream, timestamp, ingestion, bytes, message) VALUES (?, ?, ?, ?, ?, ?)',
        Number(group),
        Number(streamNumber),
        timestamp,
        ingestionTime,
        eventBytes(message),
        message,
      );
    }
  }

  /** Walks one order, a stream's or the whole group's, skipping streams that are not wanted. */
  #readAlong(
    order: 'log_group' | 'log_stream',
    number: number,
    query: EventQuery,
    isWanted: (stream: number) => boolean,
  ): EventPage {
    const rows = this.#rowsAlong(order, number, query, query.limit + 1);
    return this.#page(rows, query, isWanted);
  }

  /** Merges the streams' own orders. */
  #readMerged(streams: readonly number[], query: EventQuery): EventPage {
    const sign = query.direction === 'forward' ? 1 : -1;
    const rows = streams
      .flatMap((stream) => this.#rowsAlong('log_stream', stream, query, query.limit + 1))
      .sort((a, b) => sign * comparePositions(a, b));
    return this.#page(rows, query, () => true);
  }

  #rowsAlong(
    order: 'log_group' | 'log_stream',
    number: number,
    { from, to, direction }: EventQuery,
    limit: number,
  ): readonly EventRow[] {
    const way = direction === 'forward' ? 'ASC' : 'DESC';
    const rows = this.#file.all(
      `SELECT sequence, timestamp, log_stream FROM event
       WHERE ${order} = ? AND (timestamp, sequence) >= (?, ?) AND (timestamp, sequence) < (?, ?)
       ORDER BY timestamp ${way}, sequence ${way} LIMIT ?`,
      number,
      from.timestamp,
      from.sequence,
      to.timestamp,
      to.sequence,
      limit,
    );
    return rows.map((row) => ({
      sequence: Number(row.sequence),
      timestamp: Number(row.timestamp),
      log_stream: Number(row.log_stream),
    }));
  }

  /** Takes rows until the page is full; one row more than the limit shows that there is more. */
  #page(rows: readonly EventRow[], query: EventQuery, isWanted: (stream: number) => boolean): EventPage {
    const events: StoredEvent[] = [];
    let bytes = 0;
    let lastSeen: Position | undefined;
    let looked = 0;
    const next = (): Position | undefined =>
      lastSeen && (query.direction === 'forward' ? justAfter(lastSeen) : justBefore(lastSeen));
    for (const row of rows) {
      if (looked === query.limit) return { events, next: next() };
      looked += 1;
      if (isWanted(row.log_stream)) {
        const event = this.#event(row.sequence);
        bytes += event.bytes;
        if (events.length > 0 && bytes > query.maxBytes) return { events, next: next() };
        events.push(event.event);
      }
      lastSeen = row;
    }
    return { events, next: undefined };
  }

  #event(sequence: number): { event: StoredEvent; bytes: number } {
    const row = this.#file.one(
      `SELECT event.timestamp, event.ingestion, event.bytes, event.message, log_stream.stream_id
       FROM event JOIN log_stream ON log_stream.id = event.log_stream WHERE event.sequence = ?`,
      sequence,
    );
    if (row === undefined) throw new Error(`Cannot read event ${sequence}: the event store's index names it`);
    return {
      bytes: Number(row.bytes),
      event: {
        sequence,
        streamId: String(row.stream_id),
        timestamp: Number(row.timestamp),
        ingestionTime: Number(row.ingestion),
        message: String(row.message),
      },
    };
  }

  #deleteEvents(group: number, condition: string, parameters: readonly number[], limit: number): number {
    return this.#file.transact(() => {
      const rows = this.#file.all(
        `DELETE FROM event WHERE sequence IN (
           SELECT sequence FROM event WHERE ${condition} ORDER BY timestamp, sequence LIMIT ?
         ) RETURNING bytes`,
        ...parameters,
        limit,
      );
      const bytes = rows.reduce((sum, row) => sum + Number(row.bytes), 0);
      if (rows.length > 0)
        this.#file.run('UPDATE log_group SET bytes = bytes - ? WHERE id = ?', bytes, group);
      return rows.length;
    });
  }

  #groupNumber(groupId: string): number | undefined {
    const row = this.#file.one('SELECT id FROM log_group WHERE group_id = ?', groupId);
    return row && Number(row.id);
  }

  /** The streams that have events, by their number. */
  #streamNumbers(group: number, streamIds: ReadonlySet<string>): ReadonlyMap<number, string> {
    const rows = this.#file.all(
      'SELECT id, stream_id FROM log_stream WHERE log_group = ? AND stream_id IN (SELECT value FROM json_each(?))',
      group,
      JSON.stringify([...streamIds]),
    );
    return new Map(rows.map((row) => [Number(row.id), String(row.stream_id)]));
  }
}
