import {
  chmodSync,
  closeSync,
  existsSync,
  fdatasync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { promisify } from 'node:util';
import type { Version } from '../keyspace.ts';
import { StoreFailedError, StoreFullError, StoreLockedError, StoreUnreadableError } from '../store.ts';

/** A version of a key as a row: id, key, JSON text (null when deleted), create revision, lease number. */
export type VersionRow = readonly [
  id: number,
  key: string,
  value: string | null,
  createRevision: number,
  lease: number | null,
];

/** What one transaction writes. */
export interface Rows {
  readonly versions: readonly VersionRow[];
  readonly grantedLeases: readonly LeaseRow[];
  readonly endedLeases: readonly number[];
  readonly meta: Meta;
  readonly forgotten: readonly Version[];
}

export interface LeaseRow {
  readonly number: number;
  readonly ttlMs: number;
}

export interface Meta {
  readonly compactRevision: number;
  /** The highest number that a lease ever had. */
  readonly lastLeaseNumber: number;
}

/** What the file says of itself when it is opened. */
export interface Opened {
  readonly meta: Meta;
  readonly leases: readonly LeaseRow[];
}

/** Rows are numbered by revision, then by their place in the commit. */
const rowsPerRevision = 65_536;

export function rowId(revision: number, place: number): number {
  return revision * rowsPerRevision + place;
}

/** What a row's number says: the version's commit, and its place in it. */
export function versionOfRow(id: number): Version {
  return { revision: Math.floor(id / rowsPerRevision), place: id % rowsPerRevision };
}

/**
 * The store's file. Every version of a key that history still shows is a row, appended in the order of the
 * commits and found by its number, so a commit touches the end of one table and nothing else. Rows are read
 * once, at the start; from then on memory answers.
 *
 * The connection holds the file's lock (the kernel's, so it ends with the process however that ends) until it is
 * closed. The pid file beside it is only there to say who.
 */
export class StoreDatabase {
  readonly #directory: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  /** The write-ahead log, to have it put on the disk. It carries no locks, so it may be opened beside SQLite. */
  readonly #log: number;
  #meta: Meta;
  #unmovedBytes = 0;
  #failure: StoreFailedError | undefined;

  /**
   * @throws {StoreLockedError}
   * @throws {StoreUnreadableError}
   * @throws {StoreFullError}
   * @throws {StoreFailedError}
   */
  constructor(directory: string, maximumBytes: number | undefined) {
    this.#directory = directory;
    const path = join(directory, 'store.db');
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      makePrivate(path);
      this.#database = new DatabaseSync(path);
    } catch (error) {
      throw asStoreError(error, `Cannot open the store ${path}`);
    }
    try {
      lock(this.#database);
      prepareSchema(this.#database);
      if (maximumBytes !== undefined) limit(this.#database, maximumBytes);
      this.#statements = prepareStatements(this.#database);
      this.#meta = readMeta(this.#database);
      this.#log = openSync(`${path}-wal`, 'r');
    } catch (error) {
      this.#database.close();
      if (resultCode(error) === sqliteBusy) throw heldElsewhere(directory);
      throw asStoreError(error, `Cannot open the store ${path}`);
    }
    try {
      writeFileSync(pidFile(directory), `${process.pid}\n`, { mode: 0o600 });
    } catch {
      // On a full disk the lock holds all the same; who is refused is then not told by whom.
    }
  }

  opened(): Opened {
    const leases = this.#database.prepare('SELECT number, ttl_ms FROM leases ORDER BY number').all();
    return {
      meta: this.#meta,
      leases: leases.map((row) => ({ number: Number(row.number), ttlMs: Number(row.ttl_ms) })),
    };
  }

  /** All rows, in the order of the commits. @throws {StoreUnreadableError} */
  *rows(): Generator<VersionRow, void> {
    try {
      const all = this.#database.prepare(
        'SELECT id, key, value, create_revision, lease FROM versions ORDER BY id',
      );
      for (const { id, key, value, create_revision, lease } of all.iterate())
        yield [
          Number(id),
          String(key),
          value === null ? null : String(value),
          Number(create_revision),
          lease === null ? null : Number(lease),
        ];
    } catch (error) {
      throw asStoreError(error, `Cannot read the store in ${this.#directory}`);
    }
  }

  /**
   * Writes everything in one transaction, which is on the disk when the promise resolves. Only one at a time.
   * @throws {StoreFullError} nothing was written.
   * @throws {StoreFailedError} it may or may not have been written, and nothing more will be: to go on from here
   * could give its revision to a second commit.
   */
  async write(rows: Rows): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#writeOnce(rows);
    } catch (error) {
      if (!(error instanceof StoreFullError) || !this.moveLog()) throw error;
      // Moving the log has made room in it.
      this.#writeOnce(rows);
    }
    await this.#syncLog();
  }

  /**
   * SQLite in its mode `synchronous = NORMAL` keeps the file whole through any crash and leaves out one thing that
   * `FULL` does: to sync the log after each transaction. It would do so on this thread, where a busy disk (an
   * image is being pulled) holds up everything else for as much as a second; so it is done here, elsewhere.
   */
  async #syncLog(): Promise<void> {
    try {
      await syncData(this.#log);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #writeOnce({ versions, grantedLeases, endedLeases, meta, forgotten }: Rows): void {
    const { begin, commit, putVersion, dropVersion, putLease, dropLease, putMeta } = this.#statements;
    try {
      begin.run();
      for (const [id, key, value, createRevision, lease] of versions) {
        putVersion.run(id, key, value, createRevision, lease);
        this.#unmovedBytes += key.length + (value?.length ?? 0);
      }
      for (const { number, ttlMs } of grantedLeases) putLease.run(number, ttlMs);
      for (const number of endedLeases) dropLease.run(number);
      for (const { revision, place } of forgotten) dropVersion.run(rowId(revision, place));
      const { compactRevision, lastLeaseNumber } = meta;
      if (compactRevision !== this.#meta.compactRevision || lastLeaseNumber !== this.#meta.lastLeaseNumber)
        putMeta.run(compactRevision, lastLeaseNumber);
      commit.run();
      this.#meta = meta;
      this.#unmovedBytes += bytesPerTransaction;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      if (resultCode(error) === sqliteFull) throw asStoreError(error, this.#attempt);
      throw this.#fail(error);
    }
  }

  #fail(cause: unknown): StoreFailedError {
    this.#failure = new StoreFailedError(asStoreError(cause, this.#attempt).message, { cause });
    return this.#failure;
  }

  get #attempt(): string {
    return `Cannot write to the store in ${this.#directory}`;
  }

  /**
   * Moves the write-ahead log's content into the table, after which the log begins anew. SQLite would do so within
   * some commit, which then takes many times as long; this is to be called when the commit has been answered.
   * @returns whether there was anything to move, and room for it.
   */
  moveLog(): boolean {
    if (this.#unmovedBytes === 0) return false;
    this.#unmovedBytes = 0;
    try {
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
      return true;
    } catch {
      // The log keeps everything; when it has grown again, so is this tried again.
      return false;
    }
  }

  /** Whether the log has grown long enough to be moved. */
  get isLogLong(): boolean {
    return this.#unmovedBytes >= movedBytes;
  }

  close(): void {
    rmSync(pidFile(this.#directory), { force: true });
    closeSync(this.#log);
    this.#database.close();
  }
}

interface Statements {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly putVersion: StatementSync;
  readonly dropVersion: StatementSync;
  readonly putLease: StatementSync;
  readonly dropLease: StatementSync;
  readonly putMeta: StatementSync;
}

const syncData = promisify(fdatasync);

/** About SQLite's own page count for a full log. */
const movedBytes = 4 * 1024 * 1024;

/** The pages that every transaction writes again, whatever it says. */
const bytesPerTransaction = 3 * 4096;

const schemaVersion = 1;

/** "Cata" */
const applicationId = 0x43617461;

/** Made by us and for us alone; SQLite gives its other files the same mode. */
function makePrivate(path: string): void {
  // An existing file must not be opened and closed here: if a store of this process holds it, closing any other
  // descriptor would end its lock (that is how POSIX locks are).
  if (existsSync(path)) chmodSync(path, 0o600);
  else closeSync(openSync(path, 'wx', 0o600));
}

function lock(database: DatabaseSync): void {
  // In this order the log's index lives in memory and the lock is taken with the first look at the file.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  database.exec('PRAGMA wal_autocheckpoint = 8000; PRAGMA trusted_schema = OFF');
  database.exec('BEGIN IMMEDIATE; COMMIT');
}

function prepareSchema(database: DatabaseSync): void {
  const version = pragma(database, 'user_version');
  const application = pragma(database, 'application_id');
  const isNew = pragma(database, 'schema_version') === 0 && version === 0 && application === 0;
  if (isNew) {
    database.exec(`
      BEGIN;
      CREATE TABLE versions (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL,
        value TEXT,
        create_revision INTEGER NOT NULL,
        lease INTEGER
      ) STRICT;
      CREATE TABLE leases (number INTEGER PRIMARY KEY, ttl_ms INTEGER NOT NULL) STRICT;
      CREATE TABLE meta (compact_revision INTEGER NOT NULL, last_lease_number INTEGER NOT NULL) STRICT;
      INSERT INTO meta VALUES (0, 0);
      PRAGMA application_id = ${applicationId};
      PRAGMA user_version = ${schemaVersion};
      COMMIT;
    `);
    return;
  }
  if (application !== applicationId)
    throw new StoreUnreadableError('it is a database of another program; use another directory');
  if (version !== schemaVersion)
    throw new StoreUnreadableError(
      `its format is version ${version}, and this Catamaran reads version ${schemaVersion}; use the Catamaran that wrote it`,
    );
}

function limit(database: DatabaseSync, maximumBytes: number): void {
  const pages = Math.max(1, Math.floor(maximumBytes / pragma(database, 'page_size')));
  database.exec(`PRAGMA max_page_count = ${pages}`);
}

function prepareStatements(database: DatabaseSync): Statements {
  return {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    putVersion: database.prepare('INSERT INTO versions VALUES (?, ?, ?, ?, ?)'),
    dropVersion: database.prepare('DELETE FROM versions WHERE id = ?'),
    putLease: database.prepare('INSERT INTO leases VALUES (?, ?)'),
    dropLease: database.prepare('DELETE FROM leases WHERE number = ?'),
    putMeta: database.prepare('UPDATE meta SET compact_revision = ?, last_lease_number = ?'),
  };
}

function readMeta(database: DatabaseSync): Meta {
  const row = database.prepare('SELECT compact_revision, last_lease_number FROM meta').get();
  if (row === undefined) throw new StoreUnreadableError('its table `meta` is empty');
  return { compactRevision: Number(row.compact_revision), lastLeaseNumber: Number(row.last_lease_number) };
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function pidFile(directory: string): string {
  return join(directory, 'store.pid');
}

function heldElsewhere(directory: string): StoreLockedError {
  const pid = existsSync(pidFile(directory)) ? readFileSync(pidFile(directory), 'utf8').trim() : '';
  const holder = pid === '' ? 'another process' : `process ${pid}`;
  return new StoreLockedError(
    `The store in ${directory} is in use by ${holder}: stop that first, or use another directory`,
  );
}

/** The error as the store's callers know it. SQLite's result codes: https://sqlite.org/rescode.html */
function asStoreError(cause: unknown, attempt: string): Error {
  const message = `${attempt}: ${cause instanceof Error ? cause.message : cause}`;
  if (cause instanceof StoreUnreadableError) return new StoreUnreadableError(message);
  switch (resultCode(cause)) {
    case sqliteFull:
      return new StoreFullError(`${attempt}: the disk is full; make room and try again`, { cause });
    case sqliteCorrupt:
    case sqliteNotADatabase:
      return new StoreUnreadableError(`${message}; restore it from a copy, or move it away`, { cause });
    default:
      return new StoreFailedError(message, { cause });
  }
}

const sqliteBusy = 5;
const sqliteCorrupt = 11;
const sqliteFull = 13;
const sqliteNotADatabase = 26;

/** SQLite's primary result code; its "disk full" for the same from the file system. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff;
  return 'code' in error && error.code === 'ENOSPC' ? sqliteFull : undefined;
}
