import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';

export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SQLOutputValue>>;

export interface SqliteFileOptions {
  /** What makes the tables, where they are not there yet. */
  readonly schema: string;
  /** The format that this version reads and writes, from 1. */
  readonly version: number;
  /**
   * `full`: what is committed survives a power cut, for a flush to the disk each time. `normal`: it survives the
   * end of the process, and the last moments before a power cut may be lost.
   */
  readonly durability: 'full' | 'normal';
}

/**
 * A SQLite file for bulk data beside the store (log events, metrics): what is appended, read by time and dropped
 * by age, and never watched.
 */
export class SqliteFile implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * @param path The file; made when it is not there.
   * @throws {Error} it has another format.
   */
  constructor(path: string, { schema, version, durability }: SqliteFileOptions) {
    // What containers print is nobody else's to read; SQLite gives its other files the same mode.
    closeSync(openSync(path, 'a', 0o600));
    this.#database = new DatabaseSync(path);
    this.#database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability}; PRAGMA busy_timeout = 5000;`,
    );
    const found = this.one('PRAGMA user_version')?.user_version;
    if (found !== 0 && found !== version) {
      this.#database.close();
      throw new Error(
        `Cannot open ${path}: it has format ${String(found)}, this version of Catamaran reads ${version}`,
      );
    }
    this.#database.exec(`BEGIN IMMEDIATE; ${schema} PRAGMA user_version = ${version}; COMMIT;`);
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** All that `run` writes, or nothing. */
  transact<R>(run: () => R): R {
    this.run('BEGIN IMMEDIATE');
    try {
      const result = run();
      this.run('COMMIT');
      return result;
    } catch (error) {
      // A full disk has already rolled back by itself.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  one(sql: string, ...parameters: readonly SqlValue[]): SqlRow | undefined {
    return this.#statement(sql).get(...parameters);
  }

  all(sql: string, ...parameters: readonly SqlValue[]): readonly SqlRow[] {
    return this.#statement(sql).all(...parameters);
  }

  run(sql: string, ...parameters: readonly SqlValue[]): void {
    this.#statement(sql).run(...parameters);
  }

  #statement(sql: string): StatementSync {
    const prepared = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

const SQLITE_FULL = 13;

/** Whether an error of SQLite says that the disk is full. */
export function isSqliteFull(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_FULL;
}
