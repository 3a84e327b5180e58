/**
 * The store: keys in order, JSON values, and one revision for each commit. It is etcd's model, and its one idea
 * is that the revision is the only notion of "when": preconditions, reads of the past and watches all speak of
 * it. Values that go in are copied and values that come out are frozen, so an entry may be kept and shared.
 * It refuses what is not JSON, keys that are not printable ASCII, and a second process on the same directory.
 */
export type { HistoryBounds } from './history.ts';
export type { Json } from './json.ts';
export { frozenJson, jsonEqual } from './json.ts';
export type { MemoryStoreOptions } from './memory-store.ts';
export { openMemoryStore } from './memory-store.ts';
export { OrderedKeys } from './ordered-keys.ts';
export type { SqliteStoreOptions } from './sqlite/open-sqlite-store.ts';
export { openSqliteStore } from './sqlite/open-sqlite-store.ts';
export type { SqlRow } from './sqlite/sqlite-file.ts';
export { isSqliteFull, SqliteFile } from './sqlite/sqlite-file.ts';
export type {
  Change,
  CommitResult,
  Entry,
  LeaseId,
  Precondition,
  ReadOptions,
  ReadResult,
  Store,
  Watch,
  WatchBatch,
  WatchObserver,
  Write,
} from './store.ts';
export {
  CompactedError,
  LeaseNotFoundError,
  StoreClosedError,
  StoreFullError,
  StoreLockedError,
} from './store.ts';
