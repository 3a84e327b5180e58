import { SqliteFile } from '../../../store/index.ts';
import type { Event, UnloggedEvent } from '../event.ts';
import { type EventLog, type LoggedEvent, maxEvents } from './event-log.ts';
import { Listeners } from './listeners.ts';

/** Events go into a row as many together as they came: each alone would cost most of what the row costs. */
const schema = `
  CREATE TABLE IF NOT EXISTS batch (last INTEGER PRIMARY KEY, events TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** A row for each event, as format 1 had it. */
const upgrades = {
  1: "INSERT INTO batch SELECT sequence, '[' || body || ']' FROM event; DROP TABLE event;",
};

/** In a row at most, for who reads a few has to take in a whole row. */
const longestBatch = 100;

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
  /** Nobody else writes the file, so that it is asked once. */
  #last: number | undefined;

  /** @param path The file; opened when it is first needed, made when it is not there. */
  constructor(path: string) {
    this.#path = path;
  }

  get last(): number {
    this.#last ??= Number(this.#file.one('SELECT max(last) AS last FROM batch')?.last ?? 0);
    return this.#last;
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
    const before = this.last;
    const last = before + events.length;
    this.#file.transact(() => {
      for (let start = 0; start < events.length; start += longestBatch) {
        const batch = events.slice(start, start + longestBatch);
        this.#file.run(
          'INSERT INTO batch VALUES (?, ?)',
          before + start + batch.length,
          JSON.stringify(batch),
        );
      }
      if (last % droppedTogether < events.length)
        this.#file.run('DELETE FROM batch WHERE last <= ?', last - maxEvents);
      if (cursor !== undefined) this.#setMark('cursor', cursor);
    });
    this.#last = last;
    if (events.length > 0) this.#listeners.tell();
  }

  read(after: number, limit: number): readonly LoggedEvent[] {
    const oldest = Math.max(after, this.last - maxEvents);
    const found: LoggedEvent[] = [];
    for (const row of this.#file.each(
      'SELECT last, events FROM batch WHERE last > ? ORDER BY last',
      oldest,
    )) {
      const events: readonly Event[] = JSON.parse(String(row.events));
      const before = Number(row.last) - events.length;
      for (const [place, event] of events.entries()) {
        const sequence = before + place + 1;
        if (sequence <= oldest) continue;
        if (found.length === limit) return found;
        found.push({ sequence, event });
      }
      if (found.length === limit) return found;
    }
    return found;
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
    this.#opened ??= new SqliteFile(this.#path, {
      ...{ schema, upgrades, version: 2 },
      pageBytes: 8192,
      durability: 'normal',
    });
    return this.#opened;
  }
}
