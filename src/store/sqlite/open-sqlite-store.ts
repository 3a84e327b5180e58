import type { Clock } from '../../clock/index.ts';
import { EmbeddedStore, type Journal } from '../embedded-store.ts';
import type { Forgotten, HistoryBounds } from '../history.ts';
import { leaseNumber } from '../leases.ts';
import type { Batch } from '../staging.ts';
import type { Store } from '../store.ts';
import { rowId, StoreDatabase, type VersionRow } from './database.ts';
import { Replay } from './replay.ts';

export interface SqliteStoreOptions {
  /** Made if it is missing, for this user alone. One store at a time has it. */
  readonly directory: string;
  readonly clock: Clock;
  /** What is kept for watches and reads of the past without being asked. */
  readonly history?: HistoryBounds;
  /** The most that the database file may grow to; beyond it commits are refused as if the disk were full. */
  readonly maximumBytes?: number;
}

/**
 * The store for one control plane: what it has committed survives the process, and a crash of the machine as far
 * as its disk keeps what it has confirmed. Leases begin anew with their full time.
 * @throws {StoreLockedError} another process has the directory; the message names it.
 * @throws {StoreUnreadableError} the files are damaged, or another version's, or another program's.
 * @throws {StoreFullError}
 * @throws {StoreFailedError}
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { directory, clock, history, maximumBytes } = options;
  const database = new StoreDatabase(directory, maximumBytes);
  try {
    const replay = new Replay(database.opened());
    for (const row of database.rows()) replay.add(row);
    const beginning = replay.finish();
    const journal = new SqliteJournal(database, beginning.lastLeaseNumber);
    return new EmbeddedStore(clock, journal, beginning, history);
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Everything that was committed in one turn of the event loop, or while the disk was busy with the batch before,
 * shares one transaction. It is written on this thread, into the system's memory, and put on the disk from another.
 * A thread of its own for the database was tried and passed over: handing batches to and fro took twice the CPU,
 * and the thread 30 MB and 70 ms at the start.
 */
class SqliteJournal implements Journal {
  readonly #database: StoreDatabase;
  #lastLeaseNumber: number;
  /** Due in the next turn, when those who waited for this one have been answered. */
  #moving: NodeJS.Immediate | undefined;

  constructor(database: StoreDatabase, lastLeaseNumber: number) {
    this.#database = database;
    this.#lastLeaseNumber = lastLeaseNumber;
  }

  gather(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async append(batch: Batch, { compactRevision, versions: forgotten }: Forgotten): Promise<void> {
    const grantedLeases = batch.grantedLeases.map(({ id, ttlMs }) => ({ number: leaseNumber(id), ttlMs }));
    for (const { number } of grantedLeases) this.#lastLeaseNumber = Math.max(this.#lastLeaseNumber, number);
    await this.#database.write({
      versions: rowsOf(batch),
      grantedLeases,
      endedLeases: batch.endedLeases.map(leaseNumber),
      meta: { compactRevision, lastLeaseNumber: this.#lastLeaseNumber },
      forgotten,
    });
    if (this.#database.isLogLong) this.#moving ??= setImmediate(() => this.#moveLog());
  }

  close(): void {
    clearImmediate(this.#moving);
    this.#database.close();
  }

  #moveLog(): void {
    this.#moving = undefined;
    this.#database.moveLog();
  }
}

function rowsOf({ commits }: Batch): VersionRow[] {
  return commits.flatMap(({ revision, changes, leases }) =>
    changes.map((change, place): VersionRow => {
      const id = rowId(revision, place);
      if (change.type === 'delete') return [id, change.key, null, 0, null];
      const lease = leases.get(change.key);
      const { key, value, createRevision } = change.entry;
      return [
        id,
        key,
        JSON.stringify(value),
        createRevision,
        lease === undefined ? null : leaseNumber(lease),
      ];
    }),
  );
}
