import type { Clock } from '../clock/index.ts';
import { EmbeddedStore, type Journal } from './embedded-store.ts';
import type { HistoryBounds } from './history.ts';
import { Keyspace } from './keyspace.ts';
import type { Store } from './store.ts';

export interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly history?: HistoryBounds;
}

/** A store that lasts as long as the process: for tests and simulations. */
export function openMemoryStore({ clock, history }: MemoryStoreOptions): Store {
  return new EmbeddedStore(
    clock,
    nowhere,
    { keyspace: new Keyspace(), leases: [], lastLeaseNumber: 0, forgotten: [] },
    history,
  );
}

const nowhere: Journal = { gather: () => undefined, append: () => {}, close: () => {} };
