import type { Entry, Store, Watch } from '../../store/index.ts';
import { type StoredObject, storedObject } from './object-store.ts';

/** What happened to an object, in the order in which it did. */
export interface ObjectEvent {
  readonly revision: number;
  /** Undefined: it was made. */
  readonly before: StoredObject | undefined;
  /** Undefined: it is gone. */
  readonly after: StoredObject | undefined;
}

export interface Listener {
  onEvent(event: ObjectEvent): void;
  /** The store can't be followed any more: list again. */
  onEnd(): void;
}

/** Events that are kept for those who come back; whoever has missed more finds them in the store's history. */
const keptEvents = 4_096;

/**
 * Who watches what. All watchers of a resource share one watch of the store and one memory of what the objects were
 * before, which the store's events do not tell; both go with the last watcher. Somebody who resumes from an older revision
 * than the memory reaches starts a new one from the store's history.
 */
export class Watches implements Disposable {
  readonly #store: Store;
  readonly #followed = new Map<string, FollowedPrefix>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Every event after `revision` of the objects under a prefix.
   * @throws {CompactedError} the revision is older than the history. @throws {RangeError} it is not there yet.
   */
  async watch(prefix: string, revision: number, listener: Listener): Promise<Disposable> {
    const present = this.#followed.get(prefix);
    if (present?.reachesBackTo(revision)) return present.add(revision, listener);
    const followed: FollowedPrefix = await FollowedPrefix.open(this.#store, prefix, revision, () => {
      if (this.#followed.get(prefix) === followed) this.#followed.delete(prefix);
    });
    this.#followed.set(prefix, followed);
    return followed.add(revision, listener);
  }

  [Symbol.dispose](): void {
    for (const followed of [...this.#followed.values()]) followed.end();
  }
}

class FollowedPrefix {
  readonly #objects: Map<string, StoredObject>;
  readonly #onEmpty: () => void;
  readonly #listeners = new Set<Listener>();
  #events: ObjectEvent[] = [];
  /** Every event after this one is in `#events`. */
  #start: number;
  #watch: Watch | undefined;

  private constructor(entries: readonly Entry[], revision: number, onEmpty: () => void) {
    this.#objects = new Map(entries.map((entry) => [entry.key, storedObject(entry)]));
    this.#start = revision;
    this.#onEmpty = onEmpty;
  }

  static async open(
    store: Store,
    prefix: string,
    revision: number,
    onEmpty: () => void,
  ): Promise<FollowedPrefix> {
    const { entries } = await store.read(prefix, { revision });
    const followed = new FollowedPrefix(entries, revision, onEmpty);
    followed.#watch = store.watch(prefix, revision + 1, {
      onBatch: ({ changes, revision: at }) => {
        for (const change of changes)
          followed.#note(change.key, change.type === 'put' ? storedObject(change.entry) : undefined, at);
      },
      onError: () => followed.end(),
    });
    return followed;
  }

  reachesBackTo(revision: number): boolean {
    return revision >= this.#start;
  }

  add(revision: number, listener: Listener): Disposable {
    for (const event of this.#events) if (event.revision > revision) listener.onEvent(event);
    this.#listeners.add(listener);
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener);
        if (this.#listeners.size === 0) this.end();
      },
    };
  }

  end(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    this.#onEmpty();
    for (const listener of [...this.#listeners]) listener.onEnd();
    this.#listeners.clear();
  }

  #note(key: string, after: StoredObject | undefined, revision: number): void {
    const before = this.#objects.get(key);
    if (after === undefined) this.#objects.delete(key);
    else this.#objects.set(key, after);
    if (before === undefined && after === undefined) return;
    const event = { revision, before, after };
    this.#events.push(event);
    if (this.#events.length > keptEvents * 1.25) {
      const dropped = this.#events.length - keptEvents;
      this.#start = this.#events[dropped - 1]?.revision ?? this.#start;
      this.#events = this.#events.slice(dropped);
    }
    for (const listener of this.#listeners) listener.onEvent(event);
  }
}
