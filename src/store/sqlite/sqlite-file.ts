import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';

export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SQLOutputValue>>;

export interface SqliteFileOptions {
  /** What makes the tables, where they are not there yet. */
  readonly schema: string;
  /** The format that this version reads and writes, from 1. */
  readonly version: number;
  /** By older format: what makes this one of it, once the tables are there. */
  readonly upgrades?: Readonly<Record<number, string>>;
  /**
   * Of a file that is made now: 4096 unless said. What is written many kilobytes at a time is written faster in
   * larger pages, and small things take as much room.
   */
  readonly pageBytes?: number;
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
  constructor(path: string, options: SqliteFileOptions) {
    const { schema, version, upgrades = {}, pageBytes = 4096, durability } = options;
    // What containers print is nobody else's to read; SQLite gives its other files the same mode.
    closeSync(openSync(path, 'a', 0o600));
    this.#database = new DatabaseSync(path);
    this.#database.exec(
      `PRAGMA page_size = ${pageBytes}; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability}; PRAGMA busy_timeout = 5000;`,
    );
    const found = Number(this.one('PRAGMA user_version')?.user_version);
    const upgrade = found === 0 || found === version ? '' : upgrades[found];
    if (upgrade === undefined) {
      this.#database.close();
      throw new Error(
        `Cannot open ${path}: it has format ${found}, this version of Catamaran reads ${version}`,
      );
    }
    this.#database.exec(`BEGIN IMMEDIATE; ${schema} ${upgrade} PRAGMA user_version = ${version}; COMMIT;`);
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

  /** As `all`, for who may stop before the last row. */
  each(sql: string, ...parameters: readonly SqlValue[]): Iterable<SqlRow> {
    return this.#statement(sql).iterate(...parameters);
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
