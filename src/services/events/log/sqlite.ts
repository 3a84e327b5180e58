import { SqliteFile } from '../../../store/index.ts';
import type { Event, UnloggedEvent } from '../event.ts';
import { type EventLog, type LoggedEvent, maxEvents } from './event-log.ts';
import { Listeners } from './listeners.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS event (sequence INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** How many of the oldest are dropped at a time: they are together in the file, and one alone would cost as much. */
const droppedTogether = 1_000;

/**
 * Events in a SQLite file. What was appended survives the end of the process; a power cut takes back the last
 * moments, events and cursor alike, and they are told again.
 */
export class SqliteEventLog implements EventLog {
  readonly #path: string;
  readonly #listeners = new Listeners();
  #opened: SqliteFile | undefined;
  #isClosed = false;

  /** @param path The file; opened when it is first needed, made when it is not there. */
  constructor(path: string) {
    this.#path = path;
  }

  get last(): number {
    return Number(this.#file.one('SELECT max(sequence) AS last FROM event')?.last ?? 0);
  }

  get cursor(): number | undefined {
    return this.#mark('cursor');
  }

  get delivered(): number {
    return this.#mark('delivered') ?? 0;
  }

  set delivered(sequence: number) {
    this.#setMark('delivered', sequence);
  }

  append(events: readonly UnloggedEvent[], cursor?: number): void {
    this.#file.transact(() => {
      for (const event of events)
        this.#file.run('INSERT INTO event (body) VALUES (?)', JSON.stringify(event));
      const { last } = this;
      if (last % droppedTogether < events.length)
        this.#file.run('DELETE FROM event WHERE sequence <= ?', last - maxEvents);
      if (cursor !== undefined) this.#setMark('cursor', cursor);
    });
    if (events.length > 0) this.#listeners.tell();
  }

  read(after: number, limit: number): readonly LoggedEvent[] {
    const rows = this.#file.all(
      'SELECT sequence, body FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?',
      Math.max(after, this.last - maxEvents),
      limit,
    );
    return rows.map((row) => {
      const event: Event = JSON.parse(String(row.body));
      return { sequence: Number(row.sequence), event };
    });
  }

  onAppend(listener: () => void): Disposable {
    return this.#listeners.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#opened?.[Symbol.dispose]();
  }

  #mark(name: string): number | undefined {
    const value = this.#file.one('SELECT value FROM mark WHERE name = ?', name)?.value;
    return value === undefined ? undefined : Number(value);
  }

  #setMark(name: string, value: number): void {
    this.#file.run('INSERT OR REPLACE INTO mark VALUES (?, ?)', name, value);
  }

  get #file(): SqliteFile {
    if (this.#isClosed) throw new Error('The event log is closed');
    this.#opened ??= new SqliteFile(this.#path, { schema, version: 1, durability: 'normal' });
    return this.#opened;
  }
}
