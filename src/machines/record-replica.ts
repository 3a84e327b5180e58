import { kindName, kindOfKey, type RecordKey, type State } from '../reconcile/index.ts';
import type { FollowedCollection } from './record-feed.ts';
import type { RecordsMessage } from './record-frames.ts';

/**
 * The control plane's records as a machine knows them, in a state of its own: they are there when the machine starts
 * and the control plane does not answer, and nobody else writes them.
 */
export class RecordReplica {
  readonly #state: State;
  readonly #collections: ReadonlyMap<string, FollowedCollection>;
  readonly #complete = Promise.withResolvers<void>();

  constructor(state: State, collections: readonly FollowedCollection[]) {
    this.#state = state;
    this.#collections = new Map(collections.map((each) => [kindName(each.service, each.noun), each]));
  }

  /** Resolves when everything was heard once since this process began. */
  get complete(): Promise<void> {
    return this.#complete.promise;
  }

  /** @returns what takes the messages of one connection, one after the other. */
  begin(): (message: RecordsMessage) => Promise<void> {
    const pages = new Map<RecordKey, object>();
    return async ({ records, part }) => {
      if (part === 'change') return this.#write(records);
      for (const [key, value] of records) if (value !== null) pages.set(key as RecordKey, value);
      if (part === 'page') return;
      const gone = [...this.#keys()].filter((key) => !pages.has(key));
      await this.#write([...pages, ...gone.map((key) => [key, null] as const)]);
      pages.clear();
      this.#complete.resolve();
    };
  }

  *#keys(): Iterable<RecordKey> {
    for (const collection of this.#collections.values())
      for (const { key } of this.#state.list(collection)) yield key;
  }

  /** What is of no collection that is followed is left out. */
  async #write(records: Iterable<readonly [key: string, value: object | null]>): Promise<void> {
    const entries = [...records];
    await this.#state.transact((tx) => {
      for (const [key, value] of entries) {
        const collection = this.#collections.get(kindOfKey(key) ?? '');
        if (collection === undefined) continue;
        if (value === null) tx.delete(collection, key as RecordKey);
        else tx.put(collection, key as RecordKey, value);
      }
    });
  }
}
