import type { Beginning } from '../embedded-store.ts';
import { parseFrozenJson } from '../json.ts';
import { Keyspace, type PlacedEntry, type Version } from '../keyspace.ts';
import { leaseId } from '../leases.ts';
import { type Change, StoreUnreadableError } from '../store.ts';
import { type Opened, type VersionRow, versionOfRow } from './database.ts';

/**
 * Makes the key space out of the rows, which come in the order of the commits: those before the compact
 * revision are its ground, the rest its history.
 */
export class Replay {
  readonly #opened: Opened;
  readonly #ground = new Map<string, PlacedEntry>();
  readonly #leaseOfKey = new Map<string, number>();
  readonly #forgotten: Version[] = [];
  #keyspace: Keyspace | undefined;
  #commit: { readonly revision: number; readonly changes: Change[] } | undefined;

  constructor(opened: Opened) {
    this.#opened = opened;
  }

  /** @throws {StoreUnreadableError} */
  add(row: VersionRow): void {
    const version = versionOfRow(row[0]);
    const { revision } = version;
    const change = changeOf(row, revision);
    const lease = row[4];
    if (lease === null) this.#leaseOfKey.delete(change.key);
    else this.#leaseOfKey.set(change.key, lease);
    if (revision < this.#opened.meta.compactRevision) {
      this.#lay(change, version);
      return;
    }
    if (revision !== this.#commit?.revision) {
      this.#apply();
      this.#commit = { revision, changes: [] };
    }
    this.#commit.changes.push(change);
  }

  /** @throws {StoreUnreadableError} */
  finish(): Beginning {
    const { meta, leases } = this.#opened;
    this.#apply();
    const keysOf = Map.groupBy(this.#leaseOfKey.keys(), (key) => this.#leaseOfKey.get(key));
    return {
      keyspace: this.#keyspace ?? new Keyspace(this.#ground.values(), meta.compactRevision),
      leases: leases.map(({ number, ttlMs }) => ({
        id: leaseId(number),
        ttlMs,
        keys: keysOf.get(number) ?? [],
      })),
      lastLeaseNumber: meta.lastLeaseNumber,
      forgotten: this.#forgotten,
    };
  }

  /** What a compaction left behind when the process ended before all was dropped shows up here. */
  #lay(change: Change, version: Version): void {
    const { key } = change;
    this.#forget(key);
    if (change.type === 'put') this.#ground.set(key, { entry: change.entry, place: version.place });
    else this.#forgotten.push(version);
  }

  #forget(key: string): void {
    const before = this.#ground.get(key);
    if (before !== undefined) this.#forgotten.push({ revision: before.entry.revision, place: before.place });
    this.#ground.delete(key);
  }

  #apply(): void {
    if (this.#commit === undefined) return;
    const { compactRevision } = this.#opened.meta;
    const { revision, changes } = this.#commit;
    this.#commit = undefined;
    if (revision === compactRevision) for (const { key } of changes) this.#forget(key);
    this.#keyspace ??= new Keyspace(this.#ground.values(), compactRevision);
    if (revision !== this.#keyspace.revision + 1)
      throw new StoreUnreadableError(
        `The store is damaged: revision ${revision} follows ${this.#keyspace.revision}; restore it from a copy`,
      );
    this.#keyspace.apply(revision, changes);
  }
}

function changeOf([, key, text, createRevision]: VersionRow, revision: number): Change {
  if (text === null) return { type: 'delete', key };
  try {
    return { type: 'put', key, entry: { key, value: parseFrozenJson(text), revision, createRevision } };
  } catch (cause) {
    throw new StoreUnreadableError(
      `The store is damaged: ${key} at revision ${revision} is not JSON; restore it from a copy`,
      { cause },
    );
  }
}
